//! Which files a path, directory or glob means.

use std::collections::BTreeSet;

use hurtig_env::object_store::path::Path;
use hurtig_env::object_store::{Error as StoreError, ObjectStoreExt};
use hurtig_env::{Location, Storage};
use hurtig_types::{Error, Result};

use crate::failure::store_error;
use crate::glob::{Pattern, Segment, hides};

/// How deep directories may lie in each other: a link that leads back up ends there.
const DEPTH_MAX: usize = 100;

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundFile {
    /// Its path or URL, as the user would write it.
    pub(crate) name: String,
    pub(crate) size: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The files, each once, in the order of their names.
    pub(crate) files: Vec<FoundFile>,
    /// How many names were passed over because they are hidden.
    pub(crate) hidden: usize,
}

/// Lists the files that `inputs` mean. Fails if one of them means none, unless `may_be_empty`.
pub(crate) async fn list(
    storage: &Storage,
    inputs: &[String],
    may_be_empty: bool,
) -> Result<Vec<FoundFile>> {
    let (mut files, mut known) = (Vec::new(), BTreeSet::new());
    for input in inputs {
        let found = list_one(storage, input).await?;
        if found.files.is_empty() && !may_be_empty {
            return Err(nothing_found(input, found.hidden));
        }
        for file in found.files {
            // Two inputs may mean the same file under different names.
            let place = storage.open(&file.name)?;
            if known.insert((store_of(&file.name).to_string(), place.path)) {
                files.push(file);
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn nothing_found(input: &str, hidden: usize) -> Error {
    let what = match Pattern::parse(input) {
        Ok(Pattern { segments, .. }) if !segments.is_empty() => {
            format!("nothing matches `{input}`")
        }
        _ => format!("there is no file `{input}`, and no directory of that name with files in it"),
    };
    Error::io(match hidden {
        0 => what,
        n => format!("{what} ({n} passed over: names that begin with `.` or `_` are hidden)"),
    })
}

/// The part of a URL that tells stores apart.
fn store_of(name: &str) -> &str {
    let Some((scheme, rest)) = name.split_once("://") else {
        return "";
    };
    if scheme == "file" {
        return "";
    }
    let authority = rest.find('/').unwrap_or(rest.len());
    name.get(..scheme.len() + 3 + authority).unwrap_or(name)
}

async fn list_one(storage: &Storage, input: &str) -> Result<Listing> {
    let literal = storage.open(input)?;
    match literal.store.head(&literal.path).await {
        Ok(meta) => {
            let file = FoundFile {
                name: input.to_string(),
                size: meta.size,
            };
            return Ok(Listing {
                files: vec![file],
                hidden: 0,
            });
        }
        Err(StoreError::NotFound { .. } | StoreError::NotImplemented { .. }) => {}
        Err(error) => return Err(store_error(input, &error)),
    }
    let pattern = Pattern::parse(input)
        .map_err(|error| Error::config(format!("the path `{input}` is no pattern: {error}")))?;
    if pattern.segments.is_empty() {
        return walk(&literal, input, &Segment::everything()).await;
    }
    let base = storage.open(if pattern.base.is_empty() {
        "."
    } else {
        &pattern.base
    })?;
    walk(&base, &pattern.base, &pattern.segments).await
}

/// A directory to look into, and which segments the names in it may match.
struct Step {
    directory: Path,
    name: String,
    segments: BTreeSet<usize>,
    depth: usize,
}

async fn walk(base: &Location, name: &str, segments: &[Segment]) -> Result<Listing> {
    let mut listing = Listing::default();
    let start = Step {
        directory: base.path.clone(),
        name: name.to_string(),
        segments: closure(segments, [0]),
        depth: 0,
    };
    let mut steps = vec![start];
    while let Some(step) = steps.pop() {
        if step.depth > DEPTH_MAX {
            let message = format!(
                "`{}` lies more than {DEPTH_MAX} directories deep",
                step.name
            );
            return Err(Error::io(format!("{message}: does a link lead back up?")));
        }
        let content = base
            .store
            .list_with_delimiter(Some(&step.directory))
            .await
            .map_err(|error| store_error(&step.name, &error))?;
        for object in content.objects {
            let Some(file) = object.location.filename() else {
                continue;
            };
            if step.means_file(segments, file) {
                let name = below(&step.name, file);
                listing.files.push(FoundFile {
                    name,
                    size: object.size,
                });
            } else {
                listing.hidden += usize::from(hides(file));
            }
        }
        for directory in content.common_prefixes {
            let Some(name) = directory.filename() else {
                continue;
            };
            let segments = step.segments_below(segments, name);
            if segments.is_empty() {
                listing.hidden += usize::from(hides(name));
            } else {
                let name = below(&step.name, name);
                steps.push(Step {
                    name,
                    directory,
                    segments,
                    depth: step.depth + 1,
                });
            }
        }
    }
    Ok(listing)
}

fn below(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_string(),
        directory => format!("{}/{name}", directory.trim_end_matches('/')),
    }
}

/// These segments, and those that `**` may skip to.
fn closure(segments: &[Segment], from: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    for mut index in from {
        all.insert(index);
        while segments.get(index) == Some(&Segment::AnyDirectories) {
            index += 1;
            all.insert(index);
        }
    }
    all
}

impl Step {
    fn means_file(&self, segments: &[Segment], name: &str) -> bool {
        let last = segments.len().saturating_sub(1);
        self.segments.contains(&last)
            && segments
                .get(last)
                .is_some_and(|segment| segment.matches(name))
    }

    fn segments_below(&self, segments: &[Segment], name: &str) -> BTreeSet<usize> {
        let next = self.segments.iter().filter_map(|index| {
            let segment = segments
                .get(*index)
                .filter(|segment| segment.matches(name))?;
            match segment {
                Segment::AnyDirectories => Some(*index),
                Segment::Name(_) => (index + 1 < segments.len()).then_some(index + 1),
            }
        });
        closure(segments, next)
    }
}
