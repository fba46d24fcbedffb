//! The differences that are known.

use std::fmt::Write;
use std::path::Path;

use super::Differences;

/// Lines `the query's name | why`, and comments.
pub(crate) struct Known(Vec<(String, String)>);

const FILE: &str = "known_differences.txt";
const HEAD: &str = "# Queries that Hurtig answers otherwise than Flink: `file: query | why`.\n\
                    # The test fails when one of them has become equal, but for those that differ by chance.\n";
/// How the reason of a difference begins that may be there or not: in Flink as well, it depends on which input is read first.
const BY_CHANCE: &str = "by chance: ";

impl Known {
    pub(crate) fn read(home: &Path) -> Self {
        let text = std::fs::read_to_string(home.join(FILE)).unwrap_or_default();
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parsed = lines.map(|line| {
            let parts = line.split_once(" | ");
            let (name, why) = parts.unwrap_or_else(|| panic!("{FILE}: `{line}` says no reason"));
            (name.to_string(), why.to_string())
        });
        Self(parsed.collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Whether it differs whenever it is asked.
    pub(crate) fn always_differs(&self, name: &str) -> bool {
        let mut all = self.0.iter();
        all.any(|(known, why)| known == name && !why.starts_with(BY_CHANCE))
    }

    /// As it should be: those that were not asked stay, new ones get their first line as the reason.
    pub(crate) fn rewritten(&self, differences: &Differences, asked: &[String]) -> Self {
        let mut all: Vec<_> = self
            .0
            .iter()
            .filter(|(name, why)| !asked.contains(name) || why.starts_with(BY_CHANCE))
            .cloned()
            .collect();
        for (name, difference) in differences {
            if all.iter().any(|(known, _)| known == name) {
                continue;
            }
            let known = self.0.iter().find(|(known, _)| known == name);
            let why = known.map_or_else(|| reason(difference), |(_, why)| why.clone());
            all.push((name.clone(), why));
        }
        all.sort();
        Self(all)
    }

    pub(crate) fn write(&self, home: &Path) {
        let mut text = HEAD.to_string();
        for (name, why) in &self.0 {
            let _ = writeln!(text, "{name} | {why}");
        }
        std::fs::write(home.join(FILE), text).unwrap();
    }
}

/// What Hurtig says, in a line.
fn reason(difference: &str) -> String {
    let says = |line: &str| line.trim().starts_with("Hurtig:");
    let line = difference.lines().find(|line| says(line));
    let line = line
        .or_else(|| difference.lines().next())
        .unwrap_or_default();
    line.trim().chars().take(160).collect()
}
