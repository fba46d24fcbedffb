//! No leftover marker says that something is still to be done: do it, or file an issue.

use super::Finding;
use super::rust_source::words;
use super::tree::Tree;

// Put together, so that this file does not find itself.
const MARKERS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = ["rs", "toml", "md"]
        .into_iter()
        .flat_map(|ext| tree.with_extension(ext));
    for file in files {
        for (line, text) in (1..).zip(file.text.lines()) {
            for (_, marker) in words(text).filter(|(_, word)| MARKERS.contains(word)) {
                let message =
                    format!("{marker} is left; do it now, or file an issue and say which");
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
    fn markers_are_found_in_code_and_prose() {
        let [first, second, third] = MARKERS;
        let tree = Tree::of_files([
            (
                "a.rs",
                format!("// {first}: later\nlet {third}y = 1;\n").as_str(),
            ),
            ("b.md", format!("Well.\n- {second} this\n").as_str()),
            ("c.toml", format!("x = 1 # ({third})\n").as_str()),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        let expected = [("a.rs", 1), ("c.toml", 1), ("b.md", 2)];
        assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
    }
}
