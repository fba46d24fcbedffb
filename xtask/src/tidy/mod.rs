//! `cargo xtask tidy`: the habits of the house that rustc and clippy do not check.
//!
//! A rule is a function from the tree of files to findings, one rule a file. A finding can be
//! excused on its line, or on the line above, by a comment with a reason:
//!
//! ```text
//! let port = spec.parse().unwrap(); // tidy: allow(unwrap): checked by the caller's regex
//! ```
//!
//! An excuse that excuses nothing is itself a finding.

mod allows;
mod architecture;
mod crate_page;
mod dead_files;
mod file_length;
mod function_length;
mod layers;
mod line_length;
mod links;
mod manifest;
mod markers;
mod modules;
mod rust_source;
mod tree;
mod unfinished;
mod unwrap;
mod whitespace;

use std::fmt;
use std::path::Path;

use crate::Failure;
use tree::Tree;

/// A rule: its name, and the function that checks it.
struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: [Rule; 12] = [
    Rule {
        name: "line-length",
        check: line_length::check,
    },
    Rule {
        name: "file-length",
        check: file_length::check,
    },
    Rule {
        name: "function-length",
        check: function_length::check,
    },
    Rule {
        name: "whitespace",
        check: whitespace::check,
    },
    Rule {
        name: "unfinished",
        check: unfinished::check,
    },
    Rule {
        name: "markers",
        check: markers::check,
    },
    Rule {
        name: "unwrap",
        check: unwrap::check,
    },
    Rule {
        name: "crate-page",
        check: crate_page::check,
    },
    Rule {
        name: "architecture",
        check: architecture::check,
    },
    Rule {
        name: "layers",
        check: layers::check,
    },
    Rule {
        name: "links",
        check: links::check,
    },
    Rule {
        name: "dead-files",
        check: dead_files::check,
    },
];

/// Something that is not as it should be: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Checks the working tree and prints what it finds.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<bool, Failure> {
    if let Some(argument) = arguments.first() {
        return Err(format!("tidy takes no arguments, and was given {argument:?}").into());
    }
    let tree = Tree::of_repository(root)?;
    let findings = check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {} files, nothing to say", tree.len());
    } else {
        println!("tidy: {} files, {} findings", tree.len(), findings.len());
    }
    Ok(findings.is_empty())
}

/// All findings of all rules that no comment excuses, in order of path and line.
fn check(tree: &Tree) -> Vec<Finding> {
    let mut allows = allows::Allows::of(tree, RULES.map(|rule| rule.name));
    let mut findings = Vec::new();
    for rule in RULES {
        let found = (rule.check)(tree).into_iter();
        findings.extend(found.filter(|finding| !allows.excuse(rule.name, finding)));
    }
    findings.extend(allows.findings());
    findings.sort_unstable();
    findings.dedup();
    findings
}
