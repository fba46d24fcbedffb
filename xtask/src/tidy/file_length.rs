//! No shipped Rust file has more than 600 lines, its inline tests not counted.

use super::Finding;
use super::tree::Tree;

const LINES_MAX: usize = 600;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, rust) in tree.shipped_rust() {
        let end = rust.first_inline_test_module().unwrap_or(file.text.len());
        let lines = file.text[..end].lines().count();
        if lines > LINES_MAX {
            let message = format!("{lines} lines; split the file by concept, {LINES_MAX} at most");
            findings.push(Finding::new(&file.path, 1, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found_but_not_long_tests() {
        let fits = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "//\n".repeat(600),
            "\n".repeat(99)
        );
        let too_long = "//\n".repeat(601);
        let tree = Tree::of_files([
            ("a/src/fits.rs", fits.as_str()),
            ("a/src/long.rs", too_long.as_str()),
            ("a/tests/long.rs", too_long.as_str()),
            ("bench/long.rs", too_long.as_str()),
        ]);
        let paths: Vec<_> = check(&tree)
            .into_iter()
            .map(|finding| finding.path)
            .collect();
        assert_eq!(paths, ["a/src/long.rs"]);
    }
}
