//! From unions, partitionings and side outputs to edges between operators.
//!
//! An operator's input is followed upwards to the operators that feed it. On the way the partitioning nearest to the
//! reader holds (of several the last one in the program wins), and so does the side output's tag.

use hurtig_types::{Error, Result};

use crate::{
    NodeId, Partitioning, StreamEdge, StreamGraph, Transformation, TransformationKind,
    Transformations,
};

/// What was met on the way up from a reader.
#[derive(Clone, Default)]
struct Route<'a> {
    partition: Option<(&'a Partitioning, NodeId)>,
    side_output: Option<&'a Transformation>,
}

/// An edge whose partitioning may still be open.
pub(crate) struct OpenEdge {
    pub(crate) source: NodeId,
    pub(crate) input_index: usize,
    pub(crate) chosen: Option<(Partitioning, NodeId)>,
    pub(crate) side_output: Option<String>,
    pub(crate) record_type: String,
}

impl OpenEdge {
    /// Closes it: forward between equal parallelism, else rebalance, where the program chose nothing.
    pub(crate) fn close(self, target: NodeId, equal_parallelism: bool) -> StreamEdge {
        let (partitioning, partition_node) = match self.chosen {
            Some((partitioning, node)) => (partitioning, Some(node)),
            None if equal_parallelism => (Partitioning::Forward, None),
            None => (Partitioning::Rebalance, None),
        };
        StreamEdge {
            source: self.source,
            target,
            input_index: self.input_index,
            partitioning,
            partition_node,
            side_output: self.side_output,
            record_type: self.record_type,
        }
    }
}

/// All edges into `operator`, input by input, in the order of the program.
pub(crate) fn edges_into(
    transformations: &Transformations,
    operator: &Transformation,
) -> Result<Vec<OpenEdge>> {
    let mut edges = Vec::new();
    for (input_index, &input) in operator.inputs.iter().enumerate() {
        let mut open = vec![(input, Route::default())];
        while let Some((id, mut route)) = open.pop() {
            let step = transformations
                .get(id)
                .ok_or_else(|| no_such_input(operator, id))?;
            match &step.kind {
                TransformationKind::Union => {}
                TransformationKind::Partition(partitioning) => {
                    route.partition.get_or_insert((partitioning, id));
                }
                TransformationKind::SideOutput { .. } => {
                    if let Some(outer) = route.side_output.replace(step) {
                        return Err(side_output_of_side_output(outer, step));
                    }
                }
                TransformationKind::Sink => return Err(reads_a_sink(operator, step)),
                _ => {
                    edges.push(open_edge(step, input_index, &route));
                    check_count(operator, edges.len())?;
                    continue;
                }
            }
            check_count(operator, open.len() + step.inputs.len())?;
            open.extend(
                step.inputs
                    .iter()
                    .rev()
                    .map(|&input| (input, route.clone())),
            );
        }
    }
    Ok(edges)
}

fn open_edge(source: &Transformation, input_index: usize, route: &Route<'_>) -> OpenEdge {
    let emitter = route.side_output.unwrap_or(source);
    let side_output = match route.side_output.map(|step| &step.kind) {
        Some(TransformationKind::SideOutput { tag }) => Some(tag.clone()),
        _ => None,
    };
    OpenEdge {
        source: source.id(),
        input_index,
        chosen: route
            .partition
            .map(|(partitioning, node)| (partitioning.clone(), node)),
        side_output,
        record_type: emitter.output_type.clone(),
    }
}

fn check_count(operator: &Transformation, edges: usize) -> Result<()> {
    if edges <= StreamGraph::INPUT_EDGES_MAX {
        return Ok(());
    }
    Err(Error::invalid_job(format!(
        "{} reads more than {} streams: unions of unions multiply their inputs, so make each union once",
        operator.label(),
        StreamGraph::INPUT_EDGES_MAX
    )))
}

fn no_such_input(operator: &Transformation, input: NodeId) -> Error {
    Error::invalid_job(format!(
        "{} reads node {input}, which the job does not have",
        operator.label()
    ))
}

fn reads_a_sink(operator: &Transformation, sink: &Transformation) -> Error {
    Error::invalid_job(format!(
        "{} reads the sink {}, which has no output: let it read what the sink reads",
        operator.label(),
        sink.label()
    ))
}

fn side_output_of_side_output(outer: &Transformation, inner: &Transformation) -> Error {
    Error::invalid_job(format!(
        "{} is a side output of {}, itself a side output: take both from the operator that emits them",
        outer.label(),
        inner.label()
    ))
}
