//! A program's transformations together.

use serde::{Deserialize, Serialize};

use crate::{NodeId, Transformation};

/// All that the program said. Transformations refer to earlier ones only, so that there are no cycles.
///
/// ```
/// use hurtig_graph::{Transformation, Transformations};
///
/// let mut job = Transformations::new();
/// let source = job.add(Transformation::source("numbers", true, "i64"));
/// let sink = job.add(Transformation::sink("print", source, "i64"));
/// if let Some(sink) = job.get_mut(sink) {
///     sink.parallelism = Some(1);
/// }
/// assert_eq!(job.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["numbers", "print"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Transformations {
    steps: Vec<Transformation>,
}

impl Transformations {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a transformation, which gets the next number.
    pub fn add(&mut self, mut transformation: Transformation) -> NodeId {
        let id = NodeId::new(u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX));
        transformation.place_at(id);
        self.steps.push(transformation);
        id
    }

    /// The transformation of this number.
    pub fn get(&self, id: NodeId) -> Option<&Transformation> {
        self.steps.get(id.position()?)
    }

    /// The transformation of this number, to be changed after it was added: `stream.map(f).uid("x")`.
    pub fn get_mut(&mut self, id: NodeId) -> Option<&mut Transformation> {
        self.steps.get_mut(id.position()?)
    }

    /// All of them, in the order of the program.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Transformation> + ExactSizeIterator {
        self.steps.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
