//! Which Rust file brings in which: `mod` lines, and where rustc looks for their files.

use std::collections::BTreeSet;

use super::rust_source::{RustSource, words};
use super::tree::{Tree, join, parent};

/// A `mod name;` line.
pub(super) struct Declaration {
    /// The files in which rustc looks for the module.
    pub(super) candidates: Vec<String>,
    /// Whether it stands under `#[cfg(test)]`.
    pub(super) is_for_tests: bool,
}

/// The modules that a file declares. `is_root` says that it is the root of a target, whose modules
/// lie beside it and not in a directory of its name.
pub(super) fn declarations(path: &str, rust: &RustSource, is_root: bool) -> Vec<Declaration> {
    let directory = parent(path);
    let name = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .trim_end_matches(".rs");
    let own = if is_root || name == "mod" {
        directory.to_owned()
    } else {
        join(directory, name)
    };
    let own = own.trim_end_matches('/');
    let mut declarations = Vec::new();
    let mut around: Vec<(usize, &str)> = Vec::new(); // End and name of each module we are inside.
    let mut words = words(&rust.code).peekable();
    while let Some((at, word)) = words.next() {
        around.retain(|(end, _)| at < *end);
        let Some(&(name_at, name)) = words.peek() else {
            break;
        };
        if word != "mod" || !rust.code[at + 3..name_at].trim().is_empty() {
            continue;
        }
        let Some(end) = rust.body_or_end(name_at) else {
            break;
        };
        if rust.code.as_bytes()[end] == b'{' {
            around.push((rust.after_matching(end), name));
            continue;
        }
        let inside = around
            .iter()
            .fold(own.to_owned(), |path, (_, name)| join(&path, name));
        let candidates = match path_attribute(rust, at) {
            Some(given) if around.is_empty() => vec![join(directory, &given)],
            Some(given) => vec![join(&inside, &given)],
            None => vec![
                join(&inside, &format!("{name}.rs")),
                join(&inside, &format!("{name}/mod.rs")),
            ],
        };
        declarations.push(Declaration {
            candidates,
            is_for_tests: rust.is_in_test(at),
        });
    }
    declarations
}

/// The path in `#[path = "..."]`, if such an attribute stands before the item at this offset.
fn path_attribute(rust: &RustSource, item: usize) -> Option<String> {
    let before = &rust.code[..item];
    let end_of_last_item = before.rfind([';', '}', '{']).map_or(0, |at| at + 1);
    let attribute = end_of_last_item + before[end_of_last_item..].rfind("#[path")?;
    let inside = |(at, _): &&(usize, String)| (attribute..item).contains(at);
    rust.strings
        .iter()
        .find(inside)
        .map(|(_, path)| path.clone())
}

/// The files that are modules for tests, or modules of those.
pub(super) fn test_modules(tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut to_visit: Vec<(String, bool)> = tree
        .rust()
        .map(|(file, _)| (file.path.clone(), false))
        .collect();
    while let Some((path, is_for_tests)) = to_visit.pop() {
        let Some(rust) = tree.file(&path).and_then(|file| file.rust.as_ref()) else {
            continue;
        };
        for declaration in declarations(&path, rust, is_target_root(tree, &path)) {
            if is_for_tests || declaration.is_for_tests {
                for file in declaration
                    .candidates
                    .into_iter()
                    .filter(|file| tree.file(file).is_some())
                {
                    if found.insert(file.clone()) {
                        to_visit.push((file, true));
                    }
                }
            }
        }
    }
    found
}

/// Whether cargo builds a target from this file: by its place, or because the manifest says so.
pub(super) fn is_target_root(tree: &Tree, path: &str) -> bool {
    let Some(package) = tree.package_of(path) else {
        return false;
    };
    let inside = path.strip_prefix(&package.path_of("")).unwrap_or(path);
    let parts: Vec<&str> = inside.split('/').collect();
    let by_place = matches!(
        parts.as_slice(),
        ["build.rs"]
            | ["src", "lib.rs" | "main.rs"]
            | ["src", "bin", _]
            | ["src", "bin", _, "main.rs"]
            | ["tests" | "benches" | "examples", _]
            | ["tests" | "benches" | "examples", _, "main.rs"]
    );
    by_place
        || package
            .manifest
            .target_paths()
            .any(|target| package.path_of(target) == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_looked_for_where_rustc_does() {
        let source = "mod a;\npub(crate) mod b { mod c; }\n#[path = \"x/y.rs\"]\nmod d;\n\
                      #[cfg(test)]\nmod e;\n// mod f;\nfn modern() {}\n";
        let rust = RustSource::parse(source);
        let found = |path: &str, is_root: bool| -> Vec<String> {
            let all = declarations(path, &rust, is_root).into_iter();
            all.map(|declaration| declaration.candidates.concat())
                .collect()
        };
        assert_eq!(
            found("p/src/lib.rs", true),
            [
                "p/src/a.rsp/src/a/mod.rs",
                "p/src/b/c.rsp/src/b/c/mod.rs",
                "p/src/x/y.rs",
                "p/src/e.rsp/src/e/mod.rs",
            ]
        );
        assert_eq!(
            found("p/src/m.rs", false)[0],
            "p/src/m/a.rsp/src/m/a/mod.rs"
        );
        assert_eq!(
            found("p/src/m/mod.rs", false)[0],
            "p/src/m/a.rsp/src/m/a/mod.rs"
        );
        let for_tests: Vec<bool> = declarations("p/src/lib.rs", &rust, true)
            .iter()
            .map(|d| d.is_for_tests)
            .collect();
        assert_eq!(for_tests, [false, false, false, true]);
    }
}
