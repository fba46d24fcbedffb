//! The files that the rules look at: tracked ones and new ones, but none that git ignores.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use super::manifest::Manifest;
use super::modules;
use super::rust_source::RustSource;
use crate::Failure;

/// A file with text that some rule reads.
pub(super) struct File {
    /// The path from the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
    /// What is known about it if it is Rust.
    pub(super) rust: Option<RustSource>,
}

impl File {
    /// Rust that only a test or a benchmark uses.
    pub(super) fn is_test_path(&self) -> bool {
        is_test_path(&self.path)
    }
}

/// A directory with a `Cargo.toml` that names a package.
pub(super) struct Package {
    /// The path from the root; empty for the root itself.
    pub(super) directory: String,
    pub(super) name: String,
    pub(super) manifest: Manifest,
}

impl Package {
    /// The path from the root of a file of this package.
    pub(super) fn path_of(&self, file: &str) -> String {
        join(&self.directory, file)
    }
}

/// All files by path.
pub(super) struct Tree {
    files: BTreeMap<String, File>,
    /// Files that no rule reads, but that a link may point to.
    others: BTreeSet<String>,
    pub(super) packages: Vec<Package>,
    /// Rust files that are modules under `#[cfg(test)]`.
    test_modules: BTreeSet<String>,
}

const EXTENSIONS_READ: [&str; 3] = ["rs", "toml", "md"];

impl Tree {
    /// Reads the repository at `root`.
    pub(super) fn of_repository(root: &Path) -> Result<Self, Failure> {
        let listing = Command::new("git")
            .args(["ls-files", "-co", "--exclude-standard", "-z"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("cannot run git: {error}"))?;
        if !listing.status.success() {
            return Err(String::from_utf8_lossy(&listing.stderr).trim().into());
        }
        let (mut read, mut others) = (Vec::new(), BTreeSet::new());
        for path in String::from_utf8(listing.stdout)?.split_terminator('\0') {
            let full = root.join(path);
            if !full.is_file() {
                continue; // Removed and not yet staged, or a link to a directory.
            }
            if EXTENSIONS_READ.contains(&extension(path)) {
                let text = std::fs::read_to_string(&full);
                read.push((
                    path.to_owned(),
                    text.map_err(|error| format!("{path}: {error}"))?,
                ));
            } else {
                others.insert(path.to_owned());
            }
        }
        Ok(Self::new(read, others))
    }

    fn new(read: Vec<(String, String)>, others: BTreeSet<String>) -> Self {
        let files: BTreeMap<_, _> = read
            .into_iter()
            .map(|(path, text)| {
                let rust = (extension(&path) == "rs").then(|| RustSource::parse(&text));
                (path.clone(), File { path, text, rust })
            })
            .collect();
        let packages = files.values().filter_map(package).collect();
        let mut tree = Self {
            files,
            others,
            packages,
            test_modules: BTreeSet::new(),
        };
        tree.test_modules = modules::test_modules(&tree);
        tree
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.files.len() + self.others.len()
    }

    /// A file that was read.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// All files that were read and end so.
    pub(super) fn with_extension(&self, wanted: &str) -> impl Iterator<Item = &File> {
        self.files
            .values()
            .filter(move |file| extension(&file.path) == wanted)
    }

    /// All Rust files, with what is known about them.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&File, &RustSource)> {
        self.files
            .values()
            .filter_map(|file| Some((file, file.rust.as_ref()?)))
    }

    /// The Rust files that are shipped: neither tests nor benchmarks.
    pub(super) fn shipped_rust(&self) -> impl Iterator<Item = (&File, &RustSource)> {
        self.rust()
            .filter(|(file, _)| !file.is_test_path() && !self.test_modules.contains(&file.path))
    }

    /// Whether there is such a file, or a directory that holds one.
    pub(super) fn contains(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        let first_file = self
            .files
            .range(inside.clone()..)
            .next()
            .map(|(path, _)| path);
        let first_other = self.others.range(inside.clone()..).next();
        path.is_empty()
            || self.files.contains_key(path)
            || self.others.contains(path)
            || [first_file, first_other]
                .into_iter()
                .flatten()
                .any(|p| p.starts_with(&inside))
    }

    /// The package that a file belongs to: the innermost one around it.
    pub(super) fn package_of(&self, path: &str) -> Option<&Package> {
        self.packages
            .iter()
            .filter(|package| path.starts_with(&package.path_of("")))
            .max_by_key(|package| package.directory.len())
    }
}

fn package(file: &File) -> Option<Package> {
    let directory = match file.path.rsplit_once('/') {
        Some((directory, "Cargo.toml")) => directory,
        None if file.path == "Cargo.toml" => "",
        _ => return None,
    };
    let manifest = Manifest::parse(&file.text);
    let name = manifest.package_name()?.to_owned();
    Some(Package {
        directory: directory.to_owned(),
        name,
        manifest,
    })
}

fn is_test_path(path: &str) -> bool {
    let is_test_directory = |part: &str| matches!(part, "tests" | "benches" | "fuzz");
    path.starts_with("bench/")
        || path.ends_with("/tests.rs")
        || path
            .rsplit_once('/')
            .is_some_and(|(above, _)| above.split('/').any(is_test_directory))
}

/// What follows the last dot of a path's last part.
pub(super) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// `directory/relative` with `.` and `..` resolved; a path that leaves the root keeps a leading
/// `..`, and hence names nothing.
pub(super) fn join(directory: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut path = parts.join("/");
    if relative.is_empty() && !path.is_empty() {
        path.push('/');
    }
    path
}

/// The directory a path is in; empty at the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
impl Tree {
    /// A tree of the given files.
    pub(super) fn of_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut read, mut others) = (Vec::new(), BTreeSet::new());
        for (path, text) in files {
            if EXTENSIONS_READ.contains(&extension(path)) {
                read.push((path.to_owned(), text.to_owned()));
            } else {
                others.insert(path.to_owned());
            }
        }
        Self::new(read, others)
    }

    /// A tree with one crate that breaks no rule by itself; `source` is its `lib.rs`.
    pub(super) fn of_crate(directory: &str, source: &str) -> Self {
        let name = directory.rsplit('/').next().unwrap();
        let manifest = format!("[package]\nname = \"{name}\"\n\n[lints]\nworkspace = true\n");
        let workspace = "[workspace.lints.rust]\nmissing_docs = \"warn\"\n";
        Self::of_files([
            ("Cargo.toml", workspace),
            ("ARCHITECTURE.md", format!("`{directory}`\n").as_str()),
            (
                format!("{directory}/Cargo.toml").as_str(),
                manifest.as_str(),
            ),
            (format!("{directory}/src/lib.rs").as_str(), source),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join() {
        assert_eq!(join("docs/adr", "../glossary.md"), "docs/glossary.md");
        assert_eq!(join("", "./a//b"), "a/b");
        assert_eq!(join("docs", "../../x"), "../x");
        assert_eq!(join("crates/a", ""), "crates/a/");
    }

    #[test]
    fn a_directory_exists_if_it_holds_a_file() {
        let tree = Tree::of_files([("docs/a.md", ""), ("docs-old/pic.png", "")]);
        for present in ["docs", "docs/a.md", "docs-old", "docs-old/pic.png"] {
            assert!(tree.contains(present), "{present}");
        }
        for absent in ["doc", "docs/a", "docs-old/pic"] {
            assert!(!tree.contains(absent), "{absent}");
        }
    }

    #[test]
    fn tests_and_benchmarks_are_known_by_their_paths() {
        for path in [
            "a/tests/x.rs",
            "benches/x.rs",
            "bench/peers/src/main.rs",
            "a/src/tests.rs",
        ] {
            assert!(is_test_path(path), "{path}");
        }
        for path in [
            "a/src/contests.rs",
            "testing/src/lib.rs",
            "src/bench/mod.rs",
        ] {
            assert!(!is_test_path(path), "{path}");
        }
    }
}
