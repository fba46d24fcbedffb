//! Just enough of TOML to read a `Cargo.toml`: sections, keys, and values on one line.

/// A manifest as a list of entries.
pub(super) struct Manifest {
    entries: Vec<Entry>,
}

struct Entry {
    section: String,
    key: String,
    value: String,
    line: usize,
}

/// A crate that a manifest asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) line: usize,
}

impl Manifest {
    pub(super) fn parse(text: &str) -> Self {
        let (mut entries, mut section) = (Vec::new(), String::new());
        let mut open_brackets = 0;
        for (line, text) in (1..).zip(text.lines()) {
            let text = without_comment(text).trim();
            if open_brackets > 0 {
                open_brackets += bracket_balance(text);
            } else if let Some(name) = text.strip_prefix('[') {
                section = name.trim_matches(['[', ']', ' ']).to_owned();
            } else if let Some((key, value)) = text.split_once('=') {
                open_brackets = bracket_balance(value);
                let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
                entries.push(Entry {
                    section: section.clone(),
                    key,
                    value,
                    line,
                });
            }
        }
        Self { entries }
    }

    /// The value of a key; strings without their quotes.
    pub(super) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let entry = self
            .entries
            .iter()
            .find(|e| e.section == section && e.key == key)?;
        Some(entry.value.trim_matches('"'))
    }

    pub(super) fn package_name(&self) -> Option<&str> {
        self.value("package", "name")
    }

    /// The paths of targets that the manifest itself names.
    pub(super) fn target_paths(&self) -> impl Iterator<Item = &str> {
        let is_path = |entry: &&Entry| matches!(entry.key.as_str(), "path" | "build");
        let is_target = |entry: &&Entry| {
            matches!(
                entry.section.as_str(),
                "lib" | "bin" | "example" | "test" | "bench" | "package"
            )
        };
        self.entries
            .iter()
            .filter(is_path)
            .filter(is_target)
            .map(|e| e.value.trim_matches('"'))
    }

    /// What the shipped crate needs: dependencies, those of its build script, those of one platform;
    /// not those of its tests.
    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        let mut dependencies: Vec<Dependency> = Vec::new();
        for entry in &self.entries {
            let Some(name) = entry.dependency_name() else {
                continue;
            };
            // `[dependencies.name]` has a line for each of its keys.
            if dependencies.last().is_none_or(|last| last.name != name) {
                dependencies.push(Dependency {
                    name,
                    line: entry.line,
                });
            }
        }
        dependencies
    }
}

impl Entry {
    fn dependency_name(&self) -> Option<String> {
        let table = self.section.split_inclusive('.').collect::<Vec<_>>();
        let is_table = |part: &&&str| {
            matches!(
                part.trim_end_matches('.'),
                "dependencies" | "build-dependencies"
            )
        };
        let position = table.iter().position(|part| is_table(&part))?;
        if position > 0 && table[0] != "target." {
            return None; // `[workspace.dependencies]` asks for nothing.
        }
        let named_by_section = table[position + 1..].concat();
        let name = if named_by_section.is_empty() {
            let renamed = self
                .value
                .split_once("package")
                .and_then(|(_, rest)| rest.split('"').nth(1));
            renamed.unwrap_or_else(|| self.key.split('.').next().unwrap_or(&self.key))
        } else {
            named_by_section.as_str()
        };
        Some(name.trim_matches('"').to_owned())
    }
}

fn without_comment(line: &str) -> &str {
    let mut is_in_string = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => is_in_string = !is_in_string,
            '#' if !is_in_string => return &line[..at],
            _ => {}
        }
    }
    line
}

fn bracket_balance(text: &str) -> i32 {
    let count = |wanted: [char; 2]| text.matches(wanted).count() as i32;
    count(['[', '{']) - count([']', '}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[package]
name = "hurtig-types" # a name
keywords = [
    "a = b",
]

[[bin]]
name = "tool"
path = "src/tool.rs"

[dependencies]
hurtig-env = { path = "../env" }
bytes.workspace = true
other = { version = "1", package = "hurtig-state" }

[dependencies.hurtig-codec]
version = "1"
features = ["x"]

[target.'cfg(unix)'.dependencies]
libc = "0.2"

[build-dependencies]
cc = "1"

[dev-dependencies]
hurtig-testing.workspace = true

[workspace.dependencies]
serde = "1"
"#;

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(TEXT);
        assert_eq!(manifest.package_name(), Some("hurtig-types"));
        assert_eq!(manifest.target_paths().collect::<Vec<_>>(), ["src/tool.rs"]);
        let names: Vec<_> = manifest
            .dependencies()
            .into_iter()
            .map(|d| d.name)
            .collect();
        assert_eq!(
            names,
            [
                "hurtig-env",
                "bytes",
                "hurtig-state",
                "hurtig-codec",
                "libc",
                "cc"
            ]
        );
        let line_of_codec = manifest.dependencies()[3].line;
        assert_eq!(TEXT.lines().nth(line_of_codec - 1), Some("version = \"1\""));
    }
}
