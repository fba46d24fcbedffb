//! `ARCHITECTURE.md` names the directory of every crate, so that it stays the map of the project.

use super::Finding;
use super::tree::Tree;

const MAP: &str = "ARCHITECTURE.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(map) = tree.file(MAP) else {
        let message = "there is no map of the project; write what each crate is for, by directory";
        return vec![Finding::new(MAP, 1, message)];
    };
    tree.packages
        .iter()
        .filter(|package| !package.directory.is_empty())
        .filter(|package| !names(&map.text, &package.directory) && !names(&map.text, &package.name))
        .map(|package| {
            let message = format!("{MAP} does not name {}; add it there", package.directory);
            Finding::new(package.path_of("Cargo.toml"), 1, message)
        })
        .collect()
}

/// Whether the name stands in the text, not as a part of a longer one.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_the_map_does_not_name_is_found() {
        let tree = Tree::of_files([
            (MAP, "- `crates/a-long`: this\n- `tool` does that\n"),
            ("Cargo.toml", "[workspace]\n"),
            ("crates/a-long/Cargo.toml", "[package]\nname = \"p\"\n"),
            ("crates/a/Cargo.toml", "[package]\nname = \"q\"\n"),
            ("tools/Cargo.toml", "[package]\nname = \"tool\"\n"),
        ]);
        let paths: Vec<_> = check(&tree)
            .into_iter()
            .map(|finding| finding.path)
            .collect();
        assert_eq!(paths, ["crates/a/Cargo.toml"]);
    }

    #[test]
    fn a_missing_map_is_found() {
        assert_eq!(check(&Tree::of_files([("a.rs", "")])).len(), 1);
    }
}
