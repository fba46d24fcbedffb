//! Bytes to be hashed in which no two different things look alike.

use std::fmt;

use hurtig_types::OperatorId;
use serde::{Deserialize, Serialize};

/// A sequence of fields, each with its length before it, so that `("ab", "c")` and `("a", "bc")` differ.
pub(crate) struct Fingerprint(Vec<u8>);

impl Fingerprint {
    /// Begins with what the fields are about, which keeps hashes of different kinds apart.
    pub(crate) fn of(subject: &str) -> Self {
        Self(Vec::with_capacity(128)).text(subject)
    }

    pub(crate) fn bytes(mut self, field: &[u8]) -> Self {
        self.0
            .extend_from_slice(&(field.len() as u64).to_le_bytes());
        self.0.extend_from_slice(field);
        self
    }

    pub(crate) fn text(self, field: &str) -> Self {
        self.bytes(field.as_bytes())
    }

    pub(crate) fn number(self, field: usize) -> Self {
        self.bytes(&(field as u64).to_le_bytes())
    }

    pub(crate) fn optional(self, field: Option<&str>) -> Self {
        match field {
            Some(field) => self.number(1).text(field),
            None => self.number(0),
        }
    }

    /// As many fields as there are items, and their number before them.
    pub(crate) fn list<'a>(self, fields: impl ExactSizeIterator<Item = &'a [u8]>) -> Self {
        let counted = self.number(fields.len());
        fields.fold(counted, Self::bytes)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn hash(self) -> OperatorId {
        OperatorId::from_description(&self.0)
    }
}

/// The hash of a whole job graph: equal on client and worker, or they run different jobs.
///
/// ```
/// use hurtig_graph::{JobSettings, Plan, Transformation, Transformations};
///
/// let compile = |path: &str| {
///     let mut job = Transformations::new();
///     let source = job.add(Transformation::source("lines", true, "String").description(path));
///     job.add(Transformation::sink("print", source, "String"));
///     Plan::compile(job, JobSettings::default())?.job_graph.graph_hash()
/// };
/// assert_eq!(compile("a.csv")?, compile("a.csv")?);
/// assert_ne!(compile("a.csv")?, compile("b.csv")?);
/// assert_eq!(compile("a.csv")?.to_string().len(), 32);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GraphHash(OperatorId);

impl GraphHash {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Fingerprint::of("job graph").bytes(bytes).hash())
    }

    /// Its 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for GraphHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for GraphHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
