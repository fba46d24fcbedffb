//! Who takes what was in flight at an unaligned checkpoint, after the job was started from it at whatever parallelism.
//!
//! ```text
//!  of each channel (p, c) that was     what c had not read of it, and behind that what p had not sent
//!     c's parallelism is as it was     c takes it
//!     it changed, an edge by key       every subtask takes the records of its key groups
//!     it changed, records go anywhere  one subtask takes the channel, another the next
//! ```
//!
//! So what lay behind a producer is taken by its consumers as well: nothing is sent again, and each record is taken once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hurtig_checkpoint::{InFlightPiece, Metadata};
use hurtig_exchange::{BatchCodec, ChannelContents, InFlightElement};
use hurtig_graph::{JobEdge, JobEdgeId, JobVertex, Partitioning, Plan, Subtask};
use hurtig_types::{Error, KeyGroupRange, Result};

use super::Job;
use crate::task::{Replay, ReplayedChannel, ReplayedElement};

/// Whether barriers may overtake on an edge, as in Flink: not where a record in flight could not be given to another subtask, should the
/// parallelism change. A custom partitioner's is given to the same one if that is forced, and refused if the parallelism does change.
pub(super) const fn may_overtake(partitioning: &Partitioning, is_forced: bool) -> bool {
    match partitioning {
        Partitioning::KeyGroup
        | Partitioning::Rebalance
        | Partitioning::Shuffle
        | Partitioning::Global => true,
        Partitioning::Custom { .. } => is_forced,
        Partitioning::Forward | Partitioning::Rescale | Partitioning::Broadcast => false,
    }
}

/// The names of edges in checkpoints: who writes and who reads, by their ids, and how. Edges that agree in all that are counted.
pub(super) fn edge_names(plan: &Plan) -> BTreeMap<JobEdgeId, Arc<str>> {
    let graph = &plan.job_graph;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for edge in graph.edges() {
        let operator = |vertex, index: usize| {
            let vertex = graph.vertex(vertex);
            let operator = vertex.and_then(|vertex| vertex.operators.get(index));
            operator.map_or(String::new(), |it| it.operator_id.to_string())
        };
        let mut name = format!(
            "{} {} {}",
            operator(edge.source, edge.source_operator),
            edge.partitioning,
            operator(edge.target, 0)
        );
        if edge.input_index > 0 {
            name += &format!(" input {}", edge.input_index);
        }
        if let Some(side_output) = &edge.side_output {
            name += &format!(" side output {side_output}");
        }
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name += &format!(" number {count}");
        }
        names.insert(edge.id, Arc::from(name));
    }
    names
}

/// A channel that was.
struct Channel {
    producer: u32,
    consumer: u32,
    contents: ChannelContents,
}

/// What was in flight on an edge.
#[derive(Default)]
struct EdgeContents {
    name: Arc<str>,
    /// What consumers had not read.
    inputs: Vec<Channel>,
    /// What producers had not sent.
    outputs: Vec<Channel>,
    /// How many subtasks read it.
    consumers: u32,
}

/// What was in flight at the checkpoint from which a job starts, by edge.
#[derive(Default)]
pub(super) struct InFlight(BTreeMap<JobEdgeId, EdgeContents>);

impl InFlight {
    /// Finds the edges of these pieces.
    ///
    /// # Errors
    /// When records were in flight on an edge that is not there any more, or the key groups have changed.
    pub(super) fn of(pieces: Vec<InFlightPiece>, metadata: &Metadata, plan: &Plan) -> Result<Self> {
        let names = edge_names(plan);
        let mut edges = BTreeMap::<JobEdgeId, EdgeContents>::new();
        for piece in pieces {
            let channels: Result<Vec<_>> = piece
                .channels
                .iter()
                .map(|bytes| ChannelContents::decode(bytes))
                .collect();
            let channels =
                channels.map_err(|error| error.context(format!("the edge `{}`", piece.edge)))?;
            let edge = names.iter().find(|(_, name)| ***name == *piece.edge);
            let edge = edge.and_then(|(id, name)| Some((plan.job_graph.edge(*id)?, name)));
            let Some((edge, name)) = edge else {
                if channels.iter().any(ChannelContents::has_batches) {
                    return Err(unknown_edge(&piece));
                }
                continue;
            };
            let of = match edges.entry(edge.id) {
                std::collections::btree_map::Entry::Occupied(of) => of.into_mut(),
                std::collections::btree_map::Entry::Vacant(none) => none.insert(EdgeContents {
                    name: name.clone(),
                    consumers: consumers_of(edge, metadata, plan)?,
                    ..EdgeContents::default()
                }),
            };
            let has_batches = channels.iter().any(ChannelContents::has_batches);
            if has_batches && matches!(edge.partitioning, Partitioning::Custom { .. }) {
                check_unchanged(edge, of.consumers, plan)?;
            }
            of.add(piece.is_input, piece.subtask, channels);
        }
        Ok(Self(edges))
    }

    /// What a subtask takes before all else; none if there is nothing.
    ///
    /// # Errors
    /// When the records are not of the edge's type.
    pub(super) fn replay_of(
        &self,
        vertex: &JobVertex,
        subtask: &Subtask,
        job: &Job,
        codec: &dyn Fn(&JobEdge) -> Result<Arc<dyn BatchCodec>>,
    ) -> Result<Option<Replay>> {
        let mut building = Building::default();
        for edge in &vertex.inputs {
            let (Some(contents), Some(edge)) = (self.0.get(edge), job.plan.job_graph.edge(*edge))
            else {
                continue;
            };
            let share = Sharing {
                edge,
                consumers_before: contents.consumers,
                consumers: vertex.parallelism.get(),
                subtask: subtask.index,
                key_groups: subtask.key_groups,
            };
            let added = building.add(contents, share, &codec(edge)?);
            added.map_err(|error| {
                error.context(format!("records in flight on the edge `{}`", contents.name))
            })?;
        }
        Ok(building.finish())
    }
}

impl EdgeContents {
    fn add(&mut self, is_input: bool, subtask: u32, channels: Vec<ChannelContents>) {
        for contents in channels {
            let peer = contents.peer;
            let (producer, consumer) = if is_input {
                (peer, subtask)
            } else {
                (subtask, peer)
            };
            let side = if is_input {
                &mut self.inputs
            } else {
                &mut self.outputs
            };
            side.push(Channel {
                producer,
                consumer,
                contents,
            });
        }
    }
}

fn unknown_edge(piece: &InFlightPiece) -> Error {
    let place = if piece.is_input { "before" } else { "behind" };
    Error::invalid_job(format!(
        "the checkpoint is unaligned and holds records in flight {place} operator {} (subtask {}), on the edge `{}`, which the \
         job does not have any more: let the job go on as it was and stop it with a savepoint, which holds none, to change it",
        piece.operator,
        piece.subtask + 1,
        piece.edge
    ))
}

/// Who takes a record at another parallelism, a custom partitioner alone could say, and of keys that are not in flight any more.
fn check_unchanged(edge: &JobEdge, consumers: u32, plan: &Plan) -> Result<()> {
    let reader = plan.job_graph.vertex(edge.target);
    let Some(reader) = reader.filter(|reader| reader.parallelism.get() != consumers) else {
        return Ok(());
    };
    let (name, now) = (&reader.name, reader.parallelism);
    Err(Error::invalid_job(format!(
        "the checkpoint holds records in flight to {consumers} subtasks of `{name}`, on an edge that is partitioned by a function, and \
         there are {now} now: start it with {consumers} and stop it with a savepoint, which holds none, to change that"
    )))
}

/// How many subtasks read an edge when the checkpoint was taken.
fn consumers_of(edge: &JobEdge, metadata: &Metadata, plan: &Plan) -> Result<u32> {
    let reader = plan.job_graph.vertex(edge.target);
    let Some((reader, operator)) =
        reader.and_then(|reader| Some((reader, reader.operators.first()?.operator_id)))
    else {
        return Err(Error::bug(format!("nobody reads edge {}", edge.id)));
    };
    let mut states = metadata.operators.iter();
    let Some(state) = states.find(|state| state.operator == operator) else {
        return Ok(reader.parallelism.get());
    };
    let (old, new) = (state.max_parallelism, reader.max_parallelism.get());
    if edge.partitioning == Partitioning::KeyGroup && old != new {
        return Err(Error::invalid_job(format!(
            "records by key were in flight to operator {operator} when its max parallelism was {old}, and it is {new} now, which \
             puts keys into other key groups: set its max parallelism (or `pipeline.max-parallelism`) to {old}"
        )));
    }
    Ok(state.parallelism)
}

/// What of an edge one subtask takes.
struct Sharing<'a> {
    edge: &'a JobEdge,
    consumers_before: u32,
    consumers: u32,
    subtask: u32,
    key_groups: KeyGroupRange,
}

impl Sharing<'_> {
    fn is_unchanged(&self) -> bool {
        self.consumers_before == self.consumers
    }

    /// Whether the subtask takes what is in this channel, or some of it.
    fn takes(&self, channel: &Channel) -> bool {
        match self.edge.partitioning {
            Partitioning::Global => channel.consumer == self.subtask,
            _ if self.is_unchanged() => channel.consumer == self.subtask,
            Partitioning::KeyGroup => true,
            _ => channel.producer.wrapping_add(channel.consumer) % self.consumers == self.subtask,
        }
    }

    /// The key groups of the records that it takes, if not all.
    fn key_groups(&self) -> Option<KeyGroupRange> {
        let by_key = self.edge.partitioning == Partitioning::KeyGroup && !self.is_unchanged();
        by_key.then_some(self.key_groups)
    }

    /// Whether event time on this channel matters to the subtask: if subtasks have changed, that of all channels.
    fn knows(&self, channel: &Channel) -> bool {
        !self.is_unchanged() || channel.consumer == self.subtask
    }
}

/// A replay in the making.
#[derive(Default)]
struct Building {
    channels: Vec<ReplayedChannel>,
    elements: VecDeque<(usize, ReplayedElement)>,
}

impl Building {
    fn add(
        &mut self,
        of: &EdgeContents,
        share: Sharing<'_>,
        codec: &Arc<dyn BatchCodec>,
    ) -> Result<()> {
        // The last channel of these ends: what was sent last goes on behind what lay there.
        let mut places = BTreeMap::new();
        let sides = of.inputs.iter().chain(&of.outputs).zip(0..);
        for (channel, number) in sides.filter(|(channel, _)| share.knows(channel)) {
            let ends = (channel.producer, channel.consumer);
            let is_output = number >= of.inputs.len();
            let known = places.get(&ends).copied().filter(|_| is_output);
            let index = known.unwrap_or(self.channels.len());
            if known.is_none() {
                places.insert(ends, index);
                self.channels.push(ReplayedChannel {
                    edge: of.name.clone(),
                    producer: channel.producer,
                    input: share.edge.input_index,
                    codec: codec.clone(),
                    watermark: channel.contents.watermark,
                    status: channel.contents.status,
                });
            }
            if share.takes(channel) {
                self.take(index, &channel.contents, share.key_groups(), codec.as_ref())?;
            } else if let Some(known) = self.channels.get_mut(index) {
                let last = channel.contents.last_watermark();
                known.watermark = known.watermark.max(last);
                known.status = channel.contents.last_status();
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        channel: usize,
        contents: &ChannelContents,
        key_groups: Option<KeyGroupRange>,
        codec: &dyn BatchCodec,
    ) -> Result<()> {
        for element in &contents.elements {
            let element = match element {
                InFlightElement::Batch(bytes) => {
                    let batch = codec.decode(bytes, key_groups)?;
                    if batch.is_empty() {
                        continue;
                    }
                    ReplayedElement::Batch(batch)
                }
                InFlightElement::Watermark(watermark) => ReplayedElement::Watermark(*watermark),
                InFlightElement::Status(status) => ReplayedElement::Status(*status),
            };
            self.elements.push_back((channel, element));
        }
        Ok(())
    }

    fn finish(self) -> Option<Replay> {
        (!self.channels.is_empty()).then(|| Replay::new(self.channels, self.elements))
    }
}
