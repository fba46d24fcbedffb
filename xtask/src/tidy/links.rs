//! Links in Markdown to files of the project lead somewhere.

use super::Finding;
use super::tree::{Tree, join, parent};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with_extension("md") {
        let mut is_in_fence = false;
        for (line, text) in (1..).zip(file.text.lines()) {
            if text.trim_start().starts_with("```") {
                is_in_fence = !is_in_fence;
            }
            if is_in_fence {
                continue;
            }
            for target in targets(&without_inline_code(text)) {
                let path = local_path(parent(&file.path), &target);
                if let Some(path) = path.filter(|path| !tree.contains(path)) {
                    let message =
                        format!("the link to {target} leads nowhere ({path}); correct it");
                    findings.push(Finding::new(&file.path, line, message));
                }
            }
        }
    }
    findings
}

/// What the links of a line point to: `[text](target "title")` and `[name]: target`.
fn targets(line: &str) -> Vec<String> {
    let inline = line.match_indices("](").filter_map(|(at, opening)| {
        let rest = &line[at + opening.len()..];
        let end = rest.find([')', ' '])?;
        Some(&rest[..end])
    });
    let definition = line.trim_start().strip_prefix('[').and_then(|rest| {
        let (name, target) = rest.split_once("]:")?;
        let is_name = !name.contains(']') && !name.starts_with('^');
        target.split_whitespace().next().filter(|_| is_name)
    });
    let unquoted = |target: &str| target.trim_matches(['<', '>']).to_owned();
    inline.chain(definition).map(unquoted).collect()
}

/// The path from the root of a link's target, if it is a file of ours.
fn local_path(directory: &str, target: &str) -> Option<String> {
    let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
    let path = target.split(['#', '?']).next().unwrap_or_default();
    if is_elsewhere || path.is_empty() {
        return None;
    }
    let path = path.replace("%20", " ");
    Some(match path.strip_prefix('/') {
        Some(from_root) => join("", from_root.trim_end_matches('/')),
        None => join(directory, path.trim_end_matches('/')),
    })
    .map(|path| path.trim_end_matches('/').to_owned())
}

/// The line with `code` blanked out.
fn without_inline_code(line: &str) -> String {
    let mut parts = line
        .split('`')
        .enumerate()
        .map(|(n, part)| if n % 2 == 0 { part } else { "" });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "`" + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_links_are_found() {
        let text = "See [a](adr/a.md#why), [b](../b.md), [c](/docs/c.md \"C\"), [up](../..).\n\
                    [web](https://example.org/x.md), [here](#here), ![pic](pic.svg), [dir](adr/).\n\
                    ```\n[code](nowhere.md)\n```\nThis is `[code](nowhere.md)` too, and [`x`](lost.md).\n\
                    [ref]: missing.md\n[^1]: a note\n[x]: <adr>\n";
        let tree = Tree::of_files([
            ("docs/index.md", text),
            ("docs/adr/a.md", ""),
            ("docs/pic.svg", ""),
            ("b.md", ""),
        ]);
        let found: Vec<_> = check(&tree)
            .into_iter()
            .map(|f| (f.line, f.message))
            .collect();
        let (lines, messages): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        assert_eq!(lines, [1, 1, 6, 7], "{messages:?}");
        assert!(
            messages[0].contains("docs/c.md") && messages[2].contains("lost.md"),
            "{messages:?}"
        );
    }
}
