//! From graphs to tasks: gates, channels, chains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hurtig_checkpoint::Participant;
use hurtig_connect::BoxFuture;
use hurtig_env::{Lane, World};
use hurtig_exchange::{AlignmentMode, InputGate};
use hurtig_graph::{ChainInput, JobEdge, JobEdgeId, JobVertex, OperatorKind, Subtask};
use hurtig_metrics::MetricGroup;
use hurtig_state::StateImage;
use hurtig_state::store::SharedBackend;
use hurtig_types::{Error, OperatorId, Result, options};

use super::Job;
use super::channels::{Channels, find_edge, gate_options};
use super::checkpoints::{Restored, SnapshotDesk};
use super::client::JobClient;
use super::in_flight::{InFlight, edge_names, may_overtake};
use crate::task::{
    ChannelPlace, Head, Inputs, Node, NodeLabel, OperatorChain, SourceHead, Task, guarded,
    register_gate,
};
use crate::{Alignments, OperatorContext, ReviveReader, SnapshotEnumerator, SourceOperator};

/// A job, ready to run.
pub(super) struct Deployment {
    pub(super) tasks: Vec<DeployedTask>,
    pub(super) coordinators: Vec<(String, BoxFuture<'static, Result<()>>)>,
    /// Of the sources, for checkpoints.
    pub(super) enumerators: Vec<(OperatorId, Arc<dyn SnapshotEnumerator>)>,
    pub(super) revivals: Revivals,
}

/// What makes the readers of a job's sources anew, by the source; none where only all can be.
pub(super) type Revivals = BTreeMap<OperatorId, Option<Arc<dyn ReviveReader>>>;

/// A task with its name and where it runs.
pub(super) struct DeployedTask {
    /// In the order of the execution graph.
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) lane: Lane,
    pub(super) task: Task,
    pub(super) participant: Participant,
}

/// What tasks start from, and how they take checkpoints.
pub(super) struct DeployCheckpoints {
    pub(super) restored: Restored,
    pub(super) in_flight: InFlight,
    pub(super) mode: AlignmentMode,
    /// Whether barriers may overtake.
    pub(super) unaligned: bool,
    /// Whether they may on custom partitioned edges too.
    pub(super) unaligned_forced: bool,
    /// What keyed state lies in; none for memory.
    pub(super) backend: Option<SharedBackend>,
    pub(super) desk: SnapshotDesk,
}

impl DeployCheckpoints {
    /// Whether barriers may overtake on this edge.
    pub(super) const fn may_overtake(&self, edge: &JobEdge) -> bool {
        self.unaligned && may_overtake(&edge.partitioning, self.unaligned_forced)
    }
}

/// Makes the tasks of `job`, which start from what was restored, and hand in their snapshots at the desk.
pub(super) fn deploy(
    job: &Job,
    world: &World,
    client: &JobClient,
    mut checkpoints: DeployCheckpoints,
) -> Result<Deployment> {
    let edge_names = edge_names(&job.plan);
    let mut channels = Channels::connect(job, |_, _| true)?;
    let alignments = Alignments::default();
    let mut deployment = Deployment {
        tasks: Vec::new(),
        coordinators: Vec::new(),
        enumerators: Vec::new(),
        revivals: BTreeMap::new(),
    };
    for vertex in job.plan.job_graph.vertices() {
        let execution = job.plan.execution_graph.vertex(vertex.id);
        let subtasks = execution.map_or(&[][..], |vertex| &vertex.subtasks);
        let mut deployer = VertexDeployer {
            job,
            vertex,
            world,
            client,
            checkpoints: &mut checkpoints,
            edge_names: &edge_names,
            sources: Vec::new(),
        };
        deployer.start_source(subtasks, &alignments, &mut deployment)?;
        for subtask in subtasks {
            let place = deployment.tasks.len();
            let task = deployer.deploy_task(place, subtask, &mut channels)?;
            deployment.tasks.push(task);
        }
    }
    Ok(deployment)
}

/// Makes the tasks of one vertex.
pub(super) struct VertexDeployer<'a> {
    pub(super) job: &'a Job,
    pub(super) vertex: &'a JobVertex,
    pub(super) world: &'a World,
    pub(super) client: &'a JobClient,
    pub(super) checkpoints: &'a mut DeployCheckpoints,
    pub(super) edge_names: &'a BTreeMap<JobEdgeId, Arc<str>>,
    /// The source's readers, by subtask.
    pub(super) sources: Vec<Option<Box<dyn SourceOperator>>>,
}

/// Readers that got into no task, because another operator could not be made, are closed all the same.
impl Drop for VertexDeployer<'_> {
    fn drop(&mut self) {
        for reader in self.sources.iter_mut().flatten() {
            if let Err(error) = guarded(|| reader.close()) {
                tracing::warn!(%error, "a source that never ran could not be closed");
            }
        }
    }
}

impl VertexDeployer<'_> {
    fn start_source(
        &mut self,
        subtasks: &[Subtask],
        alignments: &Alignments,
        deployment: &mut Deployment,
    ) -> Result<()> {
        let Some(head) = self.vertex.operators.first() else {
            return Ok(());
        };
        if !matches!(head.kind, OperatorKind::Source { .. }) {
            return Ok(());
        }
        let coordinator = Participant::Coordinator(head.operator_id);
        let restored = self.checkpoints.restored.remove(&coordinator);
        let restored = restored.and_then(|mut images| images.remove(&head.operator_id));
        let contexts: Result<Vec<_>> = subtasks
            .iter()
            .map(|subtask| self.context(0, subtask))
            .collect();
        let started = self
            .job
            .program
            .source(head.node)?
            .start(&contexts?, alignments, restored)?;
        deployment
            .enumerators
            .push((head.operator_id, started.checkpoints));
        deployment
            .revivals
            .insert(head.operator_id, started.revival);
        self.sources = started.readers.into_iter().map(Some).collect();
        deployment.coordinators.push((
            format!("coordinator of `{}`", head.name),
            started.coordinator,
        ));
        Ok(())
    }

    pub(super) fn deploy_task(
        &mut self,
        place: usize,
        subtask: &Subtask,
        channels: &mut Channels,
    ) -> Result<DeployedTask> {
        let vertex = self.vertex;
        let number = subtask.index + 1;
        Ok(DeployedTask {
            place,
            name: format!("{} ({number}/{})", vertex.name, vertex.parallelism),
            lane: if vertex.blocking {
                Lane::Dedicated
            } else {
                Lane::Compute
            },
            task: self.task(subtask, channels)?,
            participant: Participant::Subtask(vertex.id, subtask.index),
        })
    }

    /// What an operator of a subtask starts from.
    fn take_restored(&mut self, index: usize, subtask: &Subtask) -> Result<StateImage> {
        let operator = self.operator(index)?.operator_id;
        let participant = Participant::Subtask(self.vertex.id, subtask.index);
        let images = self.checkpoints.restored.get_mut(&participant);
        Ok(images
            .and_then(|images| images.remove(&operator))
            .unwrap_or_default())
    }

    fn task(&mut self, subtask: &Subtask, channels: &mut Channels) -> Result<Task> {
        let edges = self.edges(subtask, channels)?;
        // A source stands before the chain: the other operators move up by one.
        let before_chain = usize::from(!self.sources.is_empty());
        let mut nodes = Vec::new();
        for index in before_chain..self.vertex.operators.len() {
            let image = self.take_restored(index, subtask)?;
            nodes.push(
                self.node(index, subtask, before_chain)?
                    .starting_from(image),
            );
        }
        let place = (
            self.output(0)?,
            self.routes(0, before_chain)?,
            self.label(0, subtask)?,
        );
        let context = self.context(0, subtask)?;
        let source = self
            .sources
            .get_mut(subtask.index as usize)
            .and_then(Option::take);
        let head = match source {
            Some(source) => {
                let (output, routes, label) = place;
                let image = self.take_restored(0, subtask)?;
                let head = SourceHead::new(source, output, routes, label, &context);
                Head::Source(head.starting_from(image))
            }
            None => {
                let missing = || Error::bug(format!("`{}` has no inputs", self.vertex.name));
                let key = (self.vertex.id, subtask.index);
                let (gate, places) = channels.gates.remove(&key).ok_or_else(missing)?;
                let options = gate_options(self.job, self.vertex.inputs.len())?;
                let exclusive = options.exclusive_bytes_per_channel * gate.channels();
                let credit = exclusive + options.floating_bytes;
                register_gate(&self.task_metrics(subtask), &gate, credit);
                Head::Inputs(self.inputs(gate, places, subtask)?)
            }
        };
        let metrics = self.task_metrics(subtask);
        let mut chain = OperatorChain::new(nodes, edges);
        if self.checkpoints.unaligned {
            chain = chain.with_edge_places(self.edge_places()?);
        }
        let participant = Participant::Subtask(self.vertex.id, subtask.index);
        let receiver = self.checkpoints.desk.receiver(participant);
        let task = Task::new(head, chain, self.world.clock().clone(), &metrics);
        let task = task.with_checkpoints(receiver);
        Ok(if self.checkpoints.unaligned {
            task.with_overtaking()
        } else {
            task
        })
    }

    /// What a task reads, channel by channel, behind what was in flight.
    fn inputs(
        &self,
        gate: InputGate,
        places: Vec<(JobEdgeId, u32)>,
        subtask: &Subtask,
    ) -> Result<Inputs> {
        let edges: Result<Vec<_>> = places
            .iter()
            .map(|(edge, _)| find_edge(self.job, *edge))
            .collect();
        let edges = edges?;
        let input_of_channel = edges.iter().map(|edge| edge.input_index).collect();
        let mut inputs = Inputs::new(gate, input_of_channel, self.checkpoints.mode);
        if self.checkpoints.unaligned {
            let channels = edges.iter().zip(&places);
            let channels: Result<Vec<_>> = channels
                .map(|(edge, (_, producer))| self.channel_place(edge, *producer))
                .collect();
            inputs = inputs.with_overtaking(channels?);
        }
        let codec = |edge: &JobEdge| Ok(self.port(edge)?.codec());
        let in_flight = &self.checkpoints.in_flight;
        let replay = in_flight.replay_of(self.vertex, subtask, self.job, &codec)?;
        Ok(match replay {
            Some(replay) => inputs.starting_with(replay),
            None => inputs,
        })
    }

    fn channel_place(&self, edge: &JobEdge, producer: u32) -> Result<ChannelPlace> {
        let overtakes = self.checkpoints.may_overtake(edge);
        let codec = overtakes.then(|| Ok::<_, Error>(self.port(edge)?.codec()));
        Ok(ChannelPlace {
            edge: self.edge_name(edge),
            producer,
            codec: codec.transpose()?,
        })
    }

    pub(super) fn edge_name(&self, edge: &JobEdge) -> Arc<str> {
        self.edge_names
            .get(&edge.id)
            .cloned()
            .unwrap_or_else(|| Arc::from(""))
    }

    fn task_metrics(&self, subtask: &Subtask) -> MetricGroup {
        let job = self
            .client
            .metrics()
            .job_group(self.client.job_id().to_string(), self.client.job_name());
        job.task_group(
            self.vertex.id.to_string(),
            &self.vertex.name,
            subtask.index,
            0,
        )
    }

    pub(super) fn context(&self, index: usize, subtask: &Subtask) -> Result<OperatorContext> {
        let operator = self.operator(index)?;
        let interval = self
            .job
            .configuration
            .get(&options::AUTO_WATERMARK_INTERVAL)?;
        let configuration = &self.job.configuration;
        let checkpoints = configuration.get(&options::CHECKPOINTING_INTERVAL)? > Duration::ZERO;
        Ok(OperatorContext {
            name: operator.name.clone(),
            operator_id: operator.operator_id,
            subtask: subtask.index,
            parallelism: self.vertex.parallelism.get(),
            max_parallelism: self.vertex.max_parallelism,
            key_groups: subtask.key_groups,
            checkpoints,
            backend: self.checkpoints.backend.clone(),
            incremental: checkpoints && configuration.get(&options::INCREMENTAL_CHECKPOINTS)?,
            watermark_interval: interval,
            world: self.world.clone(),
            metrics: self
                .task_metrics(subtask)
                .operator_group(operator.operator_id.to_string(), &operator.name),
        })
    }

    pub(super) fn operator(&self, index: usize) -> Result<&hurtig_graph::ChainedOperator> {
        let missing = || Error::bug(format!("`{}` has no operator {index}", self.vertex.name));
        self.vertex.operators.get(index).ok_or_else(missing)
    }

    fn label(&self, index: usize, subtask: &Subtask) -> Result<NodeLabel> {
        Ok(NodeLabel {
            name: self.operator(index)?.name.clone(),
            subtask: subtask.index,
            parallelism: self.vertex.parallelism.get(),
        })
    }

    fn node(&self, index: usize, subtask: &Subtask, before_chain: usize) -> Result<Node> {
        let operator = self.operator(index)?;
        let context = self.context(index, subtask)?;
        let inbox = match &operator.input {
            ChainInput::Gates => hurtig_types::ErasedBatch::new(hurtig_types::Records::<()>::new()),
            ChainInput::Chained {
                parent,
                side_output,
            } => {
                let parent = self.operator(*parent)?.node;
                self.job.program.empty_batch(parent, side_output.as_deref())
            }
        };
        let made = self.job.program.operator(operator.node)?.create(&context);
        let made = made.map_err(|error| error.context(context.label()))?;
        let inputs = operator.input_types.len().max(1);
        let (output, routes) = (self.output(index)?, self.routes(index, before_chain)?);
        Ok(Node::new(
            self.label(index, subtask)?,
            context,
            made,
            inbox,
            inputs,
            output,
            routes,
        ))
    }
}
