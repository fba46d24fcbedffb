//! The comments that excuse a finding: `tidy: allow(rule): reason`.

use super::Finding;
use super::tree::{File, Tree};

const OPENING: &str = "tidy: allow(";

struct Allow {
    path: String,
    line: usize,
    rule: String,
    has_reason: bool,
    is_used: bool,
}

/// All excuses in the tree, and which of them served.
pub(super) struct Allows {
    allows: Vec<Allow>,
    rules: Vec<&'static str>,
}

impl Allows {
    pub(super) fn of(tree: &Tree, rules: impl IntoIterator<Item = &'static str>) -> Self {
        let files = tree.with_extension("rs").chain(tree.with_extension("toml"));
        Self {
            allows: files.flat_map(allows_in).collect(),
            rules: rules.into_iter().collect(),
        }
    }

    /// Whether a comment on the finding's line, or on the one above, excuses it.
    pub(super) fn excuse(&mut self, rule: &str, finding: &Finding) -> bool {
        let allow = self.allows.iter_mut().find(|allow| {
            let is_near = allow.line == finding.line || allow.line + 1 == finding.line;
            is_near && allow.path == finding.path && allow.rule == rule && allow.has_reason
        });
        allow.map(|allow| allow.is_used = true).is_some()
    }

    /// Excuses without a reason, for no rule, or for nothing.
    pub(super) fn findings(self) -> Vec<Finding> {
        let rules = self.rules;
        let finding = |allow: Allow| {
            let rule = &allow.rule;
            let message = if !rules.contains(&rule.as_str()) {
                format!("no rule is called {rule}; there are {}", rules.join(", "))
            } else if !allow.has_reason {
                format!("allow({rule}) gives no reason; write one after a colon")
            } else if !allow.is_used {
                format!("allow({rule}) excuses nothing; remove it")
            } else {
                return None;
            };
            Some(Finding::new(allow.path, allow.line, message))
        };
        self.allows.into_iter().filter_map(finding).collect()
    }
}

fn allows_in(file: &File) -> impl Iterator<Item = Allow> {
    let is_in_string = |line: usize| {
        let rust = file.rust.as_ref();
        rust.is_some_and(|rust| {
            let mut openings = rust
                .strings
                .iter()
                .filter(|(_, text)| text.contains(OPENING));
            openings.any(|(start, text)| {
                (rust.line_of(*start)..=rust.line_of(start + text.len())).contains(&line)
            })
        })
    };
    (1..)
        .zip(file.text.lines())
        .filter_map(|(line, text)| parse(&file.path, line, text))
        .filter(move |allow| !is_in_string(allow.line))
}

fn parse(path: &str, line: usize, text: &str) -> Option<Allow> {
    let (before, after) = text.split_once(OPENING)?;
    let is_comment = before.contains("//") || before.trim_start().starts_with('#');
    let is_doc = before.trim_start().starts_with("//!") || before.trim_start().starts_with("///");
    if !is_comment || is_doc {
        return None;
    }
    let (rule, reason) = after.split_once(')')?;
    let has_reason = reason
        .strip_prefix(':')
        .is_some_and(|reason| !reason.trim().is_empty());
    Some(Allow {
        path: path.into(),
        line,
        rule: rule.into(),
        has_reason,
        is_used: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    fn messages(line: &str) -> Vec<String> {
        let source = format!("//! A\n//! b\n//! c\nfn f() {{\n    {line}\n}}\n");
        let tree = Tree::of_crate("crates/hurtig-types", &source);
        check(&tree)
            .into_iter()
            .map(|finding| finding.to_string())
            .collect()
    }

    #[test]
    fn an_excuse_with_a_reason_serves() {
        let excused = format!("x.unwrap(); // {OPENING}unwrap): x is checked above");
        assert_eq!(messages(&excused), Vec::<String>::new());
        let above = format!("// {OPENING}unwrap): x is checked above\n    x.unwrap();");
        assert_eq!(messages(&above), Vec::<String>::new());
    }

    #[test]
    fn other_excuses_are_findings() {
        let without_reason = messages(&format!("x.unwrap(); // {OPENING}unwrap)"));
        assert_eq!(without_reason.len(), 2, "{without_reason:?}");
        let unknown = messages(&format!("x(); // {OPENING}unwraps): so be it"));
        assert!(
            unknown[0].contains("no rule is called unwraps"),
            "{unknown:?}"
        );
        let unneeded = messages(&format!("x(); // {OPENING}unwrap): so be it"));
        assert!(unneeded[0].contains("excuses nothing"), "{unneeded:?}");
    }
}
