//! What leaves the vertices: outputs of operators, and who reads them.

use std::sync::Arc;

use hurtig_exchange::{EdgeOptions, EdgeWriter, FlushPolicy};
use hurtig_graph::{BufferTimeout, ChainInput, JobEdge, JobEdgeId, Subtask};
use hurtig_types::{Error, OperatorId, Result, options};

use super::channels::{Channels, find_edge};
use super::deploy::VertexDeployer;
use crate::task::{Routes, Target};
use crate::{EdgeSpec, Output, Port};

impl VertexDeployer<'_> {
    /// Of each edge that leaves the vertex who writes it, and its name.
    pub(super) fn edge_places(&self) -> Result<Vec<(OperatorId, Arc<str>)>> {
        let place = |id: &JobEdgeId| {
            let edge = find_edge(self.job, *id)?;
            let operator = self.operator(edge.source_operator)?.operator_id;
            Ok((operator, self.edge_name(edge)))
        };
        self.vertex.outputs.iter().map(place).collect()
    }

    /// The output that an edge reads.
    pub(super) fn port(&self, edge: &JobEdge) -> Result<&Arc<dyn Port>> {
        let source = self.job.plan.job_graph.vertex(edge.source);
        let operator = source.and_then(|vertex| vertex.operators.get(edge.source_operator));
        let port = operator.and_then(|operator| {
            let side_output = edge.side_output.as_deref();
            self.job.program.port(operator.node, side_output)
        });
        let missing = || {
            Error::bug(format!(
                "edge {} leaves from no port {:?}",
                edge.id, edge.side_output
            ))
        };
        port.ok_or_else(missing)
    }

    /// The side outputs of an operator that somebody reads, in a fixed order.
    fn read_sides(&self, index: usize) -> Vec<String> {
        let chained = self
            .vertex
            .operators
            .iter()
            .filter_map(|operator| match &operator.input {
                ChainInput::Chained {
                    parent,
                    side_output,
                } if *parent == index => side_output.clone(),
                _ => None,
            });
        let edges = self
            .out_edges(index)
            .filter_map(|(_, edge)| edge.side_output.clone());
        let mut sides: Vec<String> = chained.chain(edges).collect();
        sides.sort();
        sides.dedup();
        sides
    }

    /// The edges that leave the vertex from this operator, with their place among all that leave it.
    fn out_edges(&self, index: usize) -> impl Iterator<Item = (usize, &JobEdge)> {
        let edges = self.vertex.outputs.iter().enumerate();
        let edges =
            edges.filter_map(|(place, id)| Some((place, self.job.plan.job_graph.edge(*id)?)));
        edges.filter(move |(_, edge)| edge.source_operator == index)
    }

    pub(super) fn output(&self, index: usize) -> Result<Output> {
        let node = self.operator(index)?.node;
        let side = |tag: String| {
            let batch = self.job.program.empty_batch(node, Some(&tag));
            (Arc::from(tag), batch)
        };
        let sides = self.read_sides(index).into_iter().map(side).collect();
        Ok(Output::new(self.job.program.empty_batch(node, None), sides))
    }

    pub(super) fn routes(&self, index: usize, before_chain: usize) -> Result<Routes> {
        let readers = |wanted: Option<&str>| {
            let chained =
                self.vertex
                    .operators
                    .iter()
                    .enumerate()
                    .filter_map(|(child, operator)| match &operator.input {
                        ChainInput::Chained {
                            parent,
                            side_output,
                        } if *parent == index && side_output.as_deref() == wanted => {
                            Some(Target::Node(child - before_chain))
                        }
                        _ => None,
                    });
            let edges = self.out_edges(index).filter_map(|(place, edge)| {
                (edge.side_output.as_deref() == wanted).then_some(Target::Edge(place))
            });
            chained.chain(edges).collect::<Vec<_>>()
        };
        let sides = self.read_sides(index);
        let sides = sides.iter().map(|tag| readers(Some(tag))).collect();
        Ok(Routes {
            main: readers(None),
            sides,
        })
    }

    /// The edges that leave the vertex, in the order of its outputs.
    pub(super) fn edges(
        &self,
        subtask: &Subtask,
        channels: &mut Channels,
    ) -> Result<Vec<Box<dyn EdgeWriter>>> {
        let make = |id: &JobEdgeId| {
            let edge = find_edge(self.job, *id)?;
            let mut writer = self.edge(edge, subtask, channels)?;
            if self.checkpoints.may_overtake(edge) {
                writer.allow_overtaking();
            }
            Ok(writer)
        };
        self.vertex.outputs.iter().map(make).collect()
    }

    fn edge(
        &self,
        edge: &JobEdge,
        subtask: &Subtask,
        channels: &mut Channels,
    ) -> Result<Box<dyn EdgeWriter>> {
        let senders = channels
            .senders
            .remove(&(edge.id, subtask.index))
            .unwrap_or_default();
        let buffer = self.job.configuration.get(&options::SEGMENT_SIZE)?.bytes() as usize;
        let target = self.job.plan.job_graph.vertex(edge.target);
        let seed = self
            .world
            .rng(&format!("{:?} of subtask {}", edge.id, subtask.index))
            .next_u64();
        let spec = EdgeSpec {
            senders: senders.into_values().collect(),
            options: EdgeOptions {
                buffer_bytes: buffer,
                flush: flush_policy(edge.buffer_timeout),
            },
            max_parallelism: target
                .map_or(self.vertex.max_parallelism, |target| target.max_parallelism),
            seed,
        };
        if let Some(partition) = edge
            .partition_node
            .and_then(|node| self.job.program.partition(node))
        {
            return Ok(partition.edge(spec));
        }
        self.port(edge)?.edge(&edge.partitioning, spec)
    }
}

fn flush_policy(timeout: BufferTimeout) -> FlushPolicy {
    match timeout {
        BufferTimeout::Never => FlushPolicy::WhenFull,
        BufferTimeout::After(timeout) if timeout.is_zero() => FlushPolicy::Always,
        BufferTimeout::After(timeout) => FlushPolicy::After(timeout),
    }
}
