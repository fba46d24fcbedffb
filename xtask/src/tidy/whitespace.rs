//! No tabs, no blanks at the end of a line, and one newline at the end of a file.

use super::Finding;
use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = ["rs", "toml", "md"]
        .into_iter()
        .flat_map(|ext| tree.with_extension(ext));
    for file in files {
        let mut find = |line, message| findings.push(Finding::new(&file.path, line, message));
        for (line, text) in (1..).zip(file.text.split('\n')) {
            if text.contains('\t') {
                find(line, "a tab; use spaces");
            }
            if text.ends_with(char::is_whitespace) {
                find(line, "blanks at the end of the line; remove them");
            }
        }
        let lines = file.text.lines().count();
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            find(lines, "no newline at the end of the file; add one");
        } else if file.text.ends_with("\n\n") {
            find(lines, "empty lines at the end of the file; remove them");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_and_trailing_blanks_are_found() {
        let tree = Tree::of_files([
            ("a.rs", "fn a() {}\n\tx\n"),
            ("b.md", "text  \nmore\n"),
            ("c.toml", "x = 1\r\n"),
            ("d.rs", "no end"),
            ("e.rs", "two\n\n"),
            ("f.rs", ""),
            ("Makefile", "a:\n\tb\n"),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        let expected = [
            ("a.rs", 2),
            ("d.rs", 1),
            ("e.rs", 2),
            ("c.toml", 1),
            ("b.md", 1),
        ];
        assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
    }
}
