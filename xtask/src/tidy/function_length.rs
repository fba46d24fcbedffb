//! No shipped function has more than 80 lines.

use super::Finding;
use super::rust_source::{RustSource, words};
use super::tree::Tree;

const LINES_MAX: usize = 80;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, rust) in tree.shipped_rust() {
        for Function { name, line, lines } in functions(rust) {
            if lines > LINES_MAX {
                let message =
                    format!("fn {name} has {lines} lines; take parts out, {LINES_MAX} at most");
                findings.push(Finding::new(&file.path, line, message));
            }
        }
    }
    findings
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// The functions with a body, tests left out.
fn functions(rust: &RustSource) -> Vec<Function> {
    let mut functions = Vec::new();
    let mut words = words(&rust.code).peekable();
    while let Some((at, word)) = words.next() {
        let Some(&(name_at, name)) = words.peek() else {
            break;
        };
        // `fn(u8) -> u8` is a type: its next word does not follow the `fn` directly.
        let is_function = word == "fn" && rust.code[at + 2..name_at].trim().is_empty();
        if !is_function || rust.is_in_test(at) {
            continue;
        }
        let Some(body) = rust.body_or_end(name_at) else {
            break;
        };
        if rust.code.as_bytes()[body] == b'{' {
            let line = rust.line_of(at);
            let lines = rust.line_of(rust.after_matching(body) - 1) - line + 1;
            functions.push(Function {
                name: name.to_owned(),
                line,
                lines,
            });
        }
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_function_is_found() {
        let body = |lines: usize| format!("{{\n{}}}\n", "    f(\"{\");\n".repeat(lines - 2));
        let source = format!(
            "type F = fn(u8) -> u8;\ntrait T {{\n    fn declared(x: [u8; 3]);\n}}\nfn fits() {}\
             fn long<T>(x: T)\nwhere\n    T: Fn() -> [u8; 3],\n{}#[cfg(test)]\nmod tests {{\nfn t() {}}}\n",
            body(80),
            body(78),
            body(200),
        );
        let findings = check(&Tree::of_files([("a/src/lib.rs", source.as_str())]));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(
            findings[0].message.starts_with("fn long has 81 lines"),
            "{findings:?}"
        );
        assert_eq!(findings[0].line, 85);
    }
}
