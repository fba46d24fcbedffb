//! No line of Rust is longer than 140 columns. (rustfmt aims at 100, and leaves some alone.)

use super::Finding;
use super::tree::Tree;

const COLUMNS_MAX: usize = 140;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, _) in tree.rust() {
        for (line, text) in (1..).zip(file.text.lines()) {
            let columns = text.chars().count();
            if columns > COLUMNS_MAX {
                let message =
                    format!("{columns} columns; break the line at 100, {COLUMNS_MAX} at most");
                findings.push(Finding::new(&file.path, line, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_found() {
        let (fits, too_long) = ("ü".repeat(140), "u".repeat(141));
        let tree = Tree::of_files([("a.rs", format!("{fits}\n{too_long}\n").as_str())]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].line, &findings[0].message[..11]),
            (2, "141 columns")
        );
    }
}
