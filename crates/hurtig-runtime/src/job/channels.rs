//! The channels between the tasks of a job.

use std::collections::BTreeMap;

use hurtig_exchange::{ChannelSender, GateOptions, InputGate, gate};
use hurtig_graph::{JobEdge, JobEdgeId, JobVertex};
use hurtig_types::{Error, Result, VertexId, options};

use super::Job;

/// The ends of all channels, until their tasks take them.
pub(super) struct Channels {
    /// By vertex index and subtask.
    pub(super) gates: BTreeMap<(VertexId, u32), (InputGate, Vec<(JobEdgeId, u32)>)>,
    /// By edge and producing subtask; by the producer's channel index.
    pub(super) senders: BTreeMap<(JobEdgeId, u32), BTreeMap<u32, ChannelSender>>,
}

impl Channels {
    /// The channels between those subtasks of a job that are wanted: whole regions of it.
    pub(super) fn connect(job: &Job, wanted: impl Fn(VertexId, u32) -> bool) -> Result<Self> {
        let mut channels = Self {
            gates: BTreeMap::new(),
            senders: BTreeMap::new(),
        };
        for vertex in job.plan.job_graph.vertices() {
            let subtasks = 0..vertex.parallelism.get();
            for subtask in subtasks.filter(|subtask| wanted(vertex.id, *subtask)) {
                channels.connect_subtask(job, vertex, subtask)?;
            }
        }
        Ok(channels)
    }

    /// Makes the gate of one consumer: the channels of its edges in the order of the edges.
    fn connect_subtask(&mut self, job: &Job, vertex: &JobVertex, subtask: u32) -> Result<()> {
        let mut places = Vec::new();
        for edge_id in &vertex.inputs {
            let channels = job.plan.execution_graph.channels(*edge_id);
            for channel in channels.filter(|channel| channel.consumer_subtask == subtask) {
                places.push((
                    *edge_id,
                    channel.producer_subtask,
                    channel.producer_channel_index,
                ));
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        let options = gate_options(job, vertex.inputs.len())?;
        let (gate, senders) = gate(places.len(), options);
        let inputs = places.iter().map(|place| (place.0, place.1)).collect();
        for ((edge, producer, index), sender) in places.into_iter().zip(senders) {
            self.senders
                .entry((edge, producer))
                .or_default()
                .insert(index, sender);
        }
        self.gates.insert((vertex.id, subtask), (gate, inputs));
        Ok(())
    }
}

pub(super) fn find_edge(job: &Job, id: JobEdgeId) -> Result<&JobEdge> {
    let missing = || Error::bug(format!("{id:?} is not in the job graph"));
    job.plan.job_graph.edge(id).ok_or_else(missing)
}

pub(super) fn gate_options(job: &Job, edges: usize) -> Result<GateOptions> {
    let configuration = &job.configuration;
    let buffer = configuration.get(&options::SEGMENT_SIZE)?.bytes() as usize;
    let exclusive = configuration.get(&options::BUFFERS_PER_CHANNEL)? as usize;
    let floating = configuration.get(&options::FLOATING_BUFFERS_PER_GATE)? as usize;
    Ok(GateOptions {
        exclusive_bytes_per_channel: exclusive * buffer,
        floating_bytes: floating * buffer * edges,
    })
}
