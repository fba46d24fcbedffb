//! A program's transformations together.

use std::collections::BTreeMap;

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

    /// Those behind the first `count`, with all that they read, numbered anew; and the new number of each. It is what a program adds to
    /// a job that was run before: streams of that job can be read further, and nothing else of it runs again.
    ///
    /// ```
    /// use hurtig_graph::{Transformation, Transformations};
    ///
    /// let mut program = Transformations::new();
    /// let source = program.add(Transformation::source("numbers", true, "i64"));
    /// program.add(Transformation::sink("print", source, "i64"));
    /// let file = program.add(Transformation::sink("file", source, "i64"));
    ///
    /// let (job, numbers) = program.added_since(2);
    /// assert_eq!(job.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["numbers", "file"]);
    /// assert_eq!(numbers[&file].get(), 2);
    /// ```
    pub fn added_since(&self, count: usize) -> (Self, BTreeMap<NodeId, NodeId>) {
        let mut job = Self::new();
        let mut numbers = BTreeMap::new();
        for (step, _) in self
            .steps
            .iter()
            .zip(self.read_since(count))
            .filter(|(_, read)| *read)
        {
            let mut step = step.clone();
            let old = step.id();
            for input in &mut step.inputs {
                *input = numbers.get(input).copied().unwrap_or(*input);
            }
            numbers.insert(old, job.add(step));
        }
        (job, numbers)
    }

    /// By place: whether it is one of those behind the first `count`, or read by one.
    fn read_since(&self, count: usize) -> Vec<bool> {
        let mut read: Vec<bool> = (0..self.steps.len()).map(|place| place >= count).collect();
        // Inputs stand before what reads them: once backwards finds all.
        for (place, step) in self.steps.iter().enumerate().rev() {
            if read.get(place) != Some(&true) {
                continue;
            }
            for input in step.inputs.iter().filter_map(|input| input.position()) {
                if let Some(input) = read.get_mut(input) {
                    *input = true;
                }
            }
        }
        read
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
