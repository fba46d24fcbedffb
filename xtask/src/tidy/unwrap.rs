//! Shipped library code neither unwraps nor expects: it returns an error, or states why it cannot
//! fail.

use super::Finding;
use super::tree::Tree;

const DIRECTORIES: [&str; 3] = ["crates/", "connectors/", "formats/"];

const CALLS: [&str; 2] = [".unwrap()", ".expect("];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, rust) in tree.shipped_rust() {
        let is_library = DIRECTORIES
            .iter()
            .any(|directory| file.path.starts_with(directory))
            && file.path.contains("/src/");
        if !is_library {
            continue;
        }
        for call in CALLS {
            findings.extend(rust.shipped_matches(call).map(|at| {
                let name = call.trim_end_matches([')', '(']);
                let message = format!(
                    "{name} in library code; return an error, or use let-else; if it cannot fail, \
                     add `// tidy: allow(unwrap): why`"
                );
                Finding::new(&file.path, rust.line_of(at), message)
            }));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! a.unwrap()\nfn f() {\n    a.unwrap();\n    b\n        .expect(\"c\");\n\
                          d.unwrap_or(1);\n    \"e.unwrap()\";\n}\n\
                          #[cfg(test)]\nmod tests {\n    fn g() { a.unwrap() }\n}\n";

    #[test]
    fn unwraps_in_library_code_are_found() {
        let tree = Tree::of_files([
            ("crates/a/src/lib.rs", SOURCE),
            ("connectors/b/src/lib.rs", SOURCE),
            ("crates/a/tests/t.rs", SOURCE),
            ("examples/src/lib.rs", SOURCE),
        ]);
        let mut found: Vec<_> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        found.sort_unstable();
        let expected = [
            ("connectors/b/src/lib.rs", 3),
            ("connectors/b/src/lib.rs", 5),
            ("crates/a/src/lib.rs", 3),
            ("crates/a/src/lib.rs", 5),
        ];
        assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
    }

    #[test]
    fn a_module_file_for_tests_may_unwrap() {
        let tree = Tree::of_files([
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("crates/a/src/lib.rs", "#[cfg(test)]\nmod fixtures;\n"),
            ("crates/a/src/fixtures.rs", SOURCE),
        ]);
        assert_eq!(check(&tree), []);
    }
}
