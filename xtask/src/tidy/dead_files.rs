//! Every Rust file is compiled: it is a target of a package, a module of one, or named by one (as
//! tests of compile errors name their cases).

use std::collections::BTreeSet;

use super::Finding;
use super::modules::{declarations, is_target_root};
use super::rust_source::RustSource;
use super::tree::{Tree, join, parent};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut alive: BTreeSet<String> = BTreeSet::new();
    let roots = tree
        .rust()
        .map(|(file, _)| &file.path)
        .filter(|path| is_target_root(tree, path));
    let mut to_visit: Vec<String> = roots.cloned().collect();
    while let Some(path) = to_visit.pop() {
        let Some(rust) = tree.file(&path).and_then(|file| file.rust.as_ref()) else {
            continue;
        };
        if alive.insert(path.clone()) {
            let declared = declarations(&path, rust, is_target_root(tree, &path));
            to_visit.extend(
                declared
                    .into_iter()
                    .flat_map(|declaration| declaration.candidates),
            );
            to_visit.extend(named_files(tree, &path, rust));
        }
    }
    tree.rust()
        .filter(|(file, _)| !alive.contains(&file.path))
        .map(|(file, _)| {
            let message = "no `mod` line and no Cargo target leads here; declare it or delete it";
            Finding::new(&file.path, 1, message)
        })
        .collect()
}

/// Rust files that a string literal names, from the package's directory or from the file's own; the
/// last part of the name may hold a star.
fn named_files(tree: &Tree, path: &str, rust: &RustSource) -> Vec<String> {
    let package = tree
        .package_of(path)
        .map_or("", |package| package.directory.as_str());
    let names = rust
        .strings
        .iter()
        .map(|(_, name)| name)
        .filter(|name| name.ends_with(".rs"));
    let patterns: Vec<String> = names
        .flat_map(|name| [join(package, name), join(parent(path), name)])
        .collect();
    let is_named = |path: &String| patterns.iter().any(|pattern| matches(pattern, path));
    tree.rust()
        .map(|(file, _)| &file.path)
        .filter(|path| is_named(path))
        .cloned()
        .collect()
}

fn matches(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => path
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|between| !between.contains('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_nothing_leads_to_are_found() {
        let tree = Tree::of_files([
            (
                "p/Cargo.toml",
                "[package]\nname = \"p\"\n[[bin]]\nname = \"t\"\npath = \"tool/t.rs\"\n",
            ),
            ("p/build.rs", ""),
            ("p/src/lib.rs", "mod a;\nmod b;\n"),
            ("p/src/a.rs", "mod c;\n"),
            ("p/src/a/c.rs", ""),
            ("p/src/a/dead.rs", ""),
            ("p/src/b/mod.rs", "mod d;\n"),
            ("p/src/b/d.rs", ""),
            ("p/src/dead.rs", "mod e;\n"),
            ("p/src/dead/e.rs", ""),
            ("p/src/bin/x.rs", ""),
            (
                "p/tests/ui.rs",
                "mod common;\nfn f() { g(\"tests/ui/*.rs\") }\n",
            ),
            ("p/tests/ui/case.rs", ""),
            ("p/tests/common/mod.rs", ""),
            ("p/tests/lost/case.rs", ""),
            ("p/tool/t.rs", ""),
            ("stray.rs", ""),
        ]);
        let paths: Vec<_> = check(&tree)
            .into_iter()
            .map(|finding| finding.path)
            .collect();
        assert_eq!(
            paths,
            [
                "p/src/a/dead.rs",
                "p/src/dead.rs",
                "p/src/dead/e.rs",
                "p/tests/lost/case.rs",
                "stray.rs",
            ]
        );
    }
}
