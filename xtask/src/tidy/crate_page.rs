//! Each library opens with a page of documentation, and asks for documentation of what it shows.

use super::Finding;
use super::tree::{Package, Tree};

/// Fewer lines than this are a label, not a page.
const PAGE_LINES_MIN: usize = 3;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &tree.packages {
        let Some(file) = tree.file(&package.path_of("src/lib.rs")) else {
            continue;
        };
        let page = file
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .count();
        if page < PAGE_LINES_MIN {
            let message = "the crate does not open with a page; say in `//!` what it is, what it is \
                           not, how data flows through it, which laws it keeps";
            findings.push(Finding::new(&file.path, 1, message));
        }
        if !asks_for_docs(tree, package, &file.text) {
            let message = "the crate does not ask for documentation; add `[lints] workspace = true` \
                           to its Cargo.toml, or `#![warn(missing_docs)]` here";
            findings.push(Finding::new(&file.path, 1, message));
        }
    }
    findings
}

fn asks_for_docs(tree: &Tree, package: &Package, lib: &str) -> bool {
    let levels = ["warn", "deny", "forbid"];
    let by_attribute = levels
        .iter()
        .any(|level| lib.contains(&format!("#![{level}(missing_docs)]")));
    let by_manifest = package
        .manifest
        .value("lints.rust", "missing_docs")
        .is_some();
    let inherits = package.manifest.value("lints", "workspace") == Some("true");
    let workspace_asks = || {
        tree.file("Cargo.toml").is_some_and(|file| {
            let manifest = super::manifest::Manifest::parse(&file.text);
            manifest
                .value("workspace.lints.rust", "missing_docs")
                .is_some()
        })
    };
    by_attribute || by_manifest || (inherits && workspace_asks())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(source: &str, manifest: &str) -> usize {
        let manifest = format!("[package]\nname = \"a\"\n{manifest}");
        check(&Tree::of_files([
            ("a/Cargo.toml", manifest.as_str()),
            ("a/src/lib.rs", source),
        ]))
        .len()
    }

    #[test]
    fn a_page_and_the_lint_are_asked_for() {
        let page = "//! A.\n//!\n//! B.\n";
        let attribute = format!("{page}#![warn(missing_docs)]\n");
        assert_eq!(lines(&attribute, ""), 0);
        assert_eq!(lines(page, "[lints.rust]\nmissing_docs = \"warn\"\n"), 0);
        assert_eq!(lines(page, "[lints]\nworkspace = true\n"), 1);
        assert_eq!(lines("//! A.\n#![warn(missing_docs)]\n", ""), 1);
        assert_eq!(lines("pub fn f() {}\n", ""), 2);
    }

    #[test]
    fn the_workspace_may_ask_for_all() {
        let tree = Tree::of_crate("crates/hurtig-types", "//! A.\n//!\n//! B.\n");
        assert_eq!(check(&tree), []);
    }
}
