//! No macro that stands for code still to come, and no debug print, is left anywhere.

use super::Finding;
use super::rust_source::words;
use super::tree::Tree;

const MACROS: [(&str, &str); 3] = [
    (
        "todo",
        "write the code, or return an error that names what is missing",
    ),
    (
        "unimplemented",
        "write the code, or return an error that names what is missing",
    ),
    ("dbg", "remove it, or log through tracing"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, rust) in tree.rust() {
        for (at, word) in words(&rust.code) {
            let is_macro = rust.code[at + word.len()..].starts_with('!')
                && !rust.code[at + word.len()..].starts_with("!=");
            let known = MACROS.iter().find(|(name, _)| *name == word);
            if let (true, Some((name, advice))) = (is_macro, known) {
                let message = format!("{name}! is left; {advice}");
                findings.push(Finding::new(&file.path, rust.line_of(at), message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftover_macros_are_found() {
        let source = "fn a() {\n    todo!()\n}\nfn b() {\n    unimplemented!(\"x\")\n}\n\
                      fn c() {\n    std::dbg!(1);\n}\n// todo!()\nfn d(todo: u8) -> bool { todo!=1 }\n";
        let findings = check(&Tree::of_files([("a/tests/a.rs", source)]));
        let lines: Vec<_> = findings.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [2, 5, 8]);
    }
}
