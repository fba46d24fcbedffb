//! A chain of operators: a tree whose root takes the input and whose leaves write to edges.

use std::sync::Arc;
use std::task::{Poll, Waker};

use hurtig_env::MonotonicTime;
use hurtig_exchange::{EdgeWriter, OVERDRAFT_BYTES_MAX};
use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{
    Barrier, CheckpointId, ErasedBatch, OperatorId, Result, Signal, Timestamp, Watermark,
};

use super::node::{Node, Routes, guarded};
use super::overtaking::pieces_of;
use crate::{Output, Progress};

/// Who reads an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The node of this index in the same chain.
    Node(usize),
    /// The edge of this index.
    Edge(usize),
}

/// How a chain left off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// Everything that was handed in has passed through: there is room for more.
    Idle,
    /// There is more to do, and nothing it waits for.
    Busy,
    /// An edge waits for credit.
    BlockedOnOutput,
    /// An operator waits for something outside.
    BlockedOnOperator,
}

/// Operators that hand batches on by direct calls.
///
/// Nodes stand in preorder: a parent before its children. The chain always works at the last node that has something to do;
/// so a node runs only when everything behind it is done, each holds at most one batch, and what a chain keeps in memory is bounded
/// by its length, however much an operator has to say. All progress is in the nodes: a chain can stop after any call and go on later.
pub struct OperatorChain {
    nodes: Vec<Node>,
    edges: Vec<Box<dyn EdgeWriter>>,
    ended: bool,
    /// The barrier that is passing through.
    barrier: Option<Barrier>,
    /// Where barriers may overtake: of each edge who writes it, and its name.
    edge_places: Vec<(OperatorId, Arc<str>)>,
}

impl OperatorChain {
    /// A chain of these nodes, whose routes refer to each other and to the edges by index.
    pub fn new(nodes: Vec<Node>, edges: Vec<Box<dyn EdgeWriter>>) -> Self {
        Self {
            nodes,
            edges,
            ended: false,
            barrier: None,
            edge_places: Vec::new(),
        }
    }

    /// The same chain, for checkpoints that hold what was in flight: of each edge which operator writes it, and its name.
    #[must_use]
    pub fn with_edge_places(mut self, places: Vec<(OperatorId, Arc<str>)>) -> Self {
        self.edge_places = places;
        self
    }

    /// Opens the operators, those behind first: nobody gets records before it is open.
    ///
    /// # Errors
    /// What the first operator that can't work answered.
    pub fn open(&mut self) -> Result<()> {
        self.nodes.iter_mut().rev().try_for_each(Node::open)
    }

    /// The watermark at which a barrier had interrupted the first operator.
    pub(super) fn interrupted_at(&self) -> Option<Watermark> {
        self.nodes.first()?.operator.interrupted_at()
    }

    /// Works until everything has passed, something is missing, or `calls_max` calls were made.
    ///
    /// # Errors
    /// What an operator answered, with its name, subtask and source position.
    pub fn run(&mut self, waker: &Waker, calls_max: usize) -> Result<ChainState> {
        self.run_within(waker, calls_max, 0)
    }

    /// As [`run`](Self::run), and goes on without credit until so many bytes wait for it on some edge: so it comes to the point where a
    /// barrier that overtakes can pass.
    pub(super) fn run_within(
        &mut self,
        waker: &Waker,
        calls_max: usize,
        overdraft_bytes_max: usize,
    ) -> Result<ChainState> {
        let mut blocked = None;
        for _ in 0..calls_max {
            if self.poll_drain(waker).is_pending() && !self.may_overdraw(overdraft_bytes_max) {
                return Ok(ChainState::BlockedOnOutput);
            }
            let Some(index) = self.last_busy() else {
                return Ok(ChainState::Idle);
            };
            if blocked == Some(index) {
                return Ok(ChainState::BlockedOnOperator);
            }
            let Some(node) = self.nodes.get_mut(index) else {
                return Ok(ChainState::Idle);
            };
            if node.work()? == Progress::Blocked {
                // What it put out before it had to wait is for those behind it, who need not wait as well.
                blocked = Some(index);
            }
            self.deliver(index, waker)?;
        }
        let waits = blocked.is_some() && blocked == self.last_busy();
        Ok(if waits {
            ChainState::BlockedOnOperator
        } else {
            ChainState::Busy
        })
    }

    fn may_overdraw(&self, bytes_max: usize) -> bool {
        let mut edges = self.edges.iter();
        bytes_max > 0 && edges.all(|edge| edge.waiting_bytes() < bytes_max)
    }

    /// How much may wait for credit at `now`: while a barrier passes that overtakes, more than is usual.
    pub(super) fn overdraft_bytes_max(&self, is_due: bool, now: Timestamp) -> usize {
        let passes = self.barrier.is_some_and(|barrier| barrier.overtakes(now));
        if passes || is_due {
            OVERDRAFT_BYTES_MAX
        } else {
            0
        }
    }

    /// Whether nothing is on its way but what the first node is saying, and a barrier may pass that.
    pub(super) fn is_interruptible(&self) -> bool {
        self.barrier.is_none()
            && self.nodes.first().is_some_and(Node::is_interruptible)
            && self.last_busy() == Some(0)
    }

    /// The barrier that is passing through.
    pub(super) fn barrier(&self) -> Option<Barrier> {
        self.barrier
    }

    /// Whether a barrier has passed all nodes and waits for credit on an edge where it could overtake.
    pub(super) fn holds_back(&self, checkpoint: CheckpointId) -> bool {
        self.edges.iter().any(|edge| edge.holds_back(checkpoint))
    }

    /// Lets a barrier overtake on all edges.
    pub(super) fn hurry(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let mut edges = self.edges.iter_mut();
        edges.try_for_each(|edge| edge.hurry(checkpoint))
    }

    /// Adds to the images of a checkpoint what its barrier has overtaken behind the operators; how many bytes of records that is.
    pub(super) fn take_overtaken(
        &mut self,
        checkpoint: CheckpointId,
        images: &mut Vec<(OperatorId, StateImage)>,
    ) -> Result<u64> {
        let mut bytes = 0;
        for (edge, (operator, name)) in self.edges.iter_mut().zip(&self.edge_places) {
            let overtaken = edge.take_overtaken(checkpoint);
            let named = overtaken.into_iter().map(|it| (name.clone(), it));
            let (pieces, more) = pieces_of(ListMode::OutputInFlight, named)?;
            bytes += more;
            add_lists(images, *operator, pieces);
        }
        Ok(bytes)
    }

    /// Adds to the images of a checkpoint what lay before the first operator.
    pub(super) fn add_in_flight(
        &self,
        images: &mut Vec<(OperatorId, StateImage)>,
        pieces: Vec<ListPiece>,
    ) {
        if let Some(first) = self.nodes.first() {
            add_lists(images, first.operator_id(), pieces);
        }
    }

    /// The node to work at: the last that has something to do.
    fn last_busy(&self) -> Option<usize> {
        self.nodes.iter().rposition(Node::is_busy)
    }

    /// Hands a batch to the first node.
    pub fn accept_batch(&mut self, input: usize, batch: ErasedBatch) {
        if let Some(node) = self.nodes.first_mut() {
            node.accept_owned(input, batch);
        }
    }

    /// Hands a signal to the first node.
    pub fn accept_signal(&mut self, input: usize, signal: Signal) {
        self.note(signal);
        if let Some(node) = self.nodes.first_mut() {
            node.accept_signal(input, signal);
        }
    }

    /// Hands on what a source put out that stands before the first node.
    ///
    /// # Errors
    /// When types don't fit, which is a bug.
    pub fn accept_output(
        &mut self,
        output: &mut Output,
        routes: &Routes,
        waker: &Waker,
    ) -> Result<()> {
        output.signals.iter().for_each(|signal| self.note(*signal));
        Self::route(
            output,
            routes,
            &mut self.nodes,
            0,
            &mut self.edges,
            &mut self.ended,
            waker,
        )
    }

    /// A signal is entering the chain.
    fn note(&mut self, signal: Signal) {
        if let Signal::Barrier(barrier) = signal {
            self.barrier = Some(barrier);
        }
    }

    /// The barrier that has passed through all nodes, with what they handed over. Once for each barrier.
    pub fn take_snapshot(&mut self) -> Option<(Barrier, Vec<(OperatorId, StateImage)>)> {
        if self.barrier.is_none() || self.nodes.iter().any(|node| !node.has_image()) {
            return None;
        }
        let images = self.nodes.iter_mut().filter_map(Node::take_image).collect();
        Some((self.barrier.take()?, images))
    }

    /// The barrier at which an operator could not hand over its state.
    pub(super) fn failed_at_barrier(&self) -> Option<Barrier> {
        self.nodes.iter().find_map(Node::failed_at_barrier)
    }

    /// Encodes a part of the states that the last snapshot promised; whether there is more.
    pub fn encode_some(&mut self) -> bool {
        let nodes = self.nodes.iter_mut();
        nodes.fold(false, |more, node| node.operator.encode_some() | more)
    }

    /// A checkpoint is complete.
    ///
    /// # Errors
    /// What an operator answered that could not commit.
    pub fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        let mut nodes = self.nodes.iter_mut();
        nodes.try_for_each(|node| node.checkpoint_completed(checkpoint))
    }

    /// Tells nodes whose processing time has come; whether there were any. For an idle chain.
    pub fn fire_due(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        for node in &mut self.nodes {
            if node.operator.next_time().is_some_and(|time| time <= now) {
                node.accept_time(now);
                any = true;
            }
        }
        any
    }

    /// When the next processing-time timer is due.
    pub fn next_time(&self) -> Option<Timestamp> {
        self.nodes
            .iter()
            .filter_map(|node| node.operator.next_time())
            .min()
    }

    /// Lends time and waker to the nodes.
    pub fn lend(&mut self, now: Timestamp, monotonic: MonotonicTime, waker: &Waker) {
        for node in &mut self.nodes {
            node.output.lend(now, monotonic, waker);
        }
    }

    /// The task is about to wait.
    pub fn flush_idle(&mut self, waker: &Waker) -> Result<()> {
        let mut edges = self.edges.iter_mut();
        edges.try_for_each(|edge| edge.flush_idle(waker))
    }

    /// Sends partial batches that have waited long enough.
    pub fn flush_due(&mut self, now: MonotonicTime, waker: &Waker) -> Result<()> {
        let mut edges = self.edges.iter_mut();
        edges.try_for_each(|edge| edge.flush_due(now, waker))
    }

    /// When the next partial batch is due.
    pub fn flush_deadline(&self) -> Option<MonotonicTime> {
        self.edges
            .iter()
            .filter_map(|edge| edge.flush_deadline())
            .min()
    }

    /// Whether the end of input has passed through, and everything was sent.
    pub fn is_finished(&mut self, waker: &Waker) -> bool {
        let nodes_finished = self.nodes.iter().all(Node::is_finished);
        nodes_finished
            && (self.ended || !self.nodes.is_empty())
            && self.poll_drain(waker).is_ready()
    }

    /// Whether all is said, and something that was prepared waits for a checkpoint.
    pub(super) fn waits_for_commit(&self) -> bool {
        self.nodes.iter().all(Node::has_ended) && !self.is_committed()
    }

    /// Whether all that was prepared is committed.
    pub(super) fn is_committed(&self) -> bool {
        self.nodes.iter().all(|node| node.operator.is_committed())
    }

    /// Batches and bytes sent to other tasks.
    pub fn sent(&self) -> (u64, u64) {
        let sum = |total: (u64, u64), sent: (u64, u64)| (total.0 + sent.0, total.1 + sent.1);
        self.edges.iter().map(|edge| edge.sent()).fold((0, 0), sum)
    }

    /// Closes every operator, once, and returns the first error.
    ///
    /// # Errors
    /// What the first operator that could not be closed well answered.
    pub fn close(&mut self) -> Result<()> {
        let mut result = Ok(());
        for node in &mut self.nodes {
            let closed = node.close();
            if result.is_ok() {
                result = closed;
            }
        }
        result
    }

    fn poll_drain(&mut self, waker: &Waker) -> Poll<()> {
        let mut pending = false;
        for edge in &mut self.edges {
            pending |= edge.poll_drain(waker).is_pending();
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    /// Hands on what node `index` put out. Its children stand behind it and have nothing to do.
    fn deliver(&mut self, index: usize, waker: &Waker) -> Result<()> {
        let (before, behind) = self.nodes.split_at_mut(index + 1);
        let Some(node) = before.last_mut() else {
            return Ok(());
        };
        node.metrics.records_out(node.output.main.len());
        node.metrics.watermark_out(&node.output.signals);
        let (edges, ended) = (&mut self.edges, &mut self.ended);
        let Node { output, routes, .. } = node;
        guarded(|| Self::route(output, routes, behind, index + 1, edges, ended, waker))
            .map_err(|error| node.locate(error.context("handing on")))
    }

    /// `nodes` are those from index `first` on.
    fn route(
        output: &mut Output,
        routes: &Routes,
        nodes: &mut [Node],
        first: usize,
        edges: &mut [Box<dyn EdgeWriter>],
        ended: &mut bool,
        waker: &Waker,
    ) -> Result<()> {
        let (now, wall_clock) = (output.monotonic, output.now);
        let mut router = Router {
            nodes,
            first,
            edges,
            now,
            wall_clock,
            waker,
        };
        router.batch(&mut output.main, &routes.main)?;
        for (side, targets) in output.sides.iter_mut().zip(&routes.sides) {
            router.batch(&mut side.batch, targets)?;
        }
        for signal in output.signals.drain(..) {
            *ended |= signal == Signal::EndOfInput;
            router.signal(signal, routes)?;
        }
        Ok(())
    }
}

/// Adds lists to the image of an operator.
fn add_lists(
    images: &mut Vec<(OperatorId, StateImage)>,
    operator: OperatorId,
    pieces: Vec<ListPiece>,
) {
    if pieces.is_empty() {
        return;
    }
    if let Some((_, image)) = images.iter_mut().find(|(id, _)| *id == operator) {
        image.lists.extend(pieces);
        return;
    }
    let mut image = StateImage::default();
    image.lists.extend(pieces);
    images.push((operator, image));
}

struct Router<'a> {
    nodes: &'a mut [Node],
    first: usize,
    edges: &'a mut [Box<dyn EdgeWriter>],
    now: MonotonicTime,
    wall_clock: Timestamp,
    waker: &'a Waker,
}

impl Router<'_> {
    /// The last reader gets the batch itself, the others copies.
    fn batch(&mut self, batch: &mut ErasedBatch, targets: &[Target]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let Some((last, others)) = targets.split_last() else {
            batch.clear();
            return Ok(());
        };
        for target in others {
            self.hand(&mut batch.duplicate(), *target)?;
        }
        self.hand(batch, *last)
    }

    fn hand(&mut self, batch: &mut ErasedBatch, target: Target) -> Result<()> {
        match target {
            Target::Node(index) => {
                if let Some(node) = self.nodes.get_mut(index - self.first) {
                    node.accept_batch(0, batch);
                }
            }
            Target::Edge(index) => {
                if let Some(edge) = self.edges.get_mut(index) {
                    edge.write(batch, self.now, self.waker)?;
                }
            }
        }
        Ok(())
    }

    fn signal(&mut self, signal: Signal, routes: &Routes) -> Result<()> {
        for target in routes.all() {
            match *target {
                Target::Node(index) => {
                    if let Some(node) = self.nodes.get_mut(index - self.first) {
                        node.accept_signal(0, signal);
                    }
                }
                Target::Edge(index) => {
                    if let Some(edge) = self.edges.get_mut(index) {
                        match signal {
                            Signal::Barrier(barrier) if barrier.overtakes(self.wall_clock) => {
                                edge.overtake(barrier, self.waker)?;
                            }
                            _ => edge.signal(signal, self.waker)?,
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
