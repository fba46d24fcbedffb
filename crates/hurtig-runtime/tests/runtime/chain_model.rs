//! A chain of random shape, whose operators pause when they like and whose edges are full when they like, against a model that
//! does one thing after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use hurtig_env::{MonotonicTime, World};
use hurtig_exchange::EdgeWriter;
use hurtig_metrics::MetricGroup;
use hurtig_runtime::{
    ChainState, Node, NodeLabel, OperatorChain, OperatorContext, Output, OutputTag, Progress,
    Routes, StreamOperator, Target,
};
use hurtig_testing::Emitted;
use hurtig_types::{
    ErasedBatch, KeyGroupRange, MaxParallelism, OperatorId, Records, Result, Signal, Timestamp,
    Watermark,
};
use parking_lot::Mutex;
use proptest::prelude::*;

/// One step of SplitMix64: all that is random here follows from it.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = mix(self.0);
        self.0 % sides
    }
}

/// What node `node` makes of a value: up to three others, each for the main output or for the side.
fn expand(node: usize, value: u64) -> impl Iterator<Item = (u64, bool)> {
    let count = mix(value ^ node as u64) % 4;
    (0..count)
        .map(move |copy| mix(value.wrapping_mul(31) + copy * 7 + node as u64))
        .map(|made| {
            let value = made % 1_000_000;
            (value, value % 3 == 0)
        })
}

/// What a node makes of a watermark and of the end.
const WATERMARK_MARK: u64 = 2_000_000;
const END_MARK: u64 = 3_000_000;

/// Emits what [`expand`] says, as much or as little at a time as the dice say, and checks that nobody calls it out of turn.
struct Moody {
    node: usize,
    side: OutputTag<u64>,
    queue: VecDeque<(u64, bool)>,
    paused: bool,
    dice: Dice,
    life: Arc<Mutex<(usize, usize)>>,
}

impl Moody {
    fn begin(
        &mut self,
        values: impl Iterator<Item = u64>,
        output: &mut Output,
    ) -> Result<Progress> {
        assert!(
            !self.paused,
            "only `resume` may be called after `More` or `Blocked`"
        );
        let node = self.node;
        self.queue
            .extend(values.flat_map(|value| expand(node, value)));
        self.go_on(output)
    }

    fn go_on(&mut self, output: &mut Output) -> Result<Progress> {
        let (main, mut sides) = output.split::<u64>()?;
        assert!(main.is_empty(), "an operator begins with an empty output");
        for _ in 0..self.dice.below(6) {
            let Some((value, to_side)) = self.queue.pop_front() else {
                break;
            };
            if to_side {
                sides.push(&self.side, value, Timestamp::NONE)?;
            } else {
                main.values.push(value);
            }
        }
        let done = self.queue.is_empty() && self.dice.below(3) > 0;
        self.paused = !done;
        Ok(match (done, self.dice.below(2)) {
            (true, _) => Progress::Done,
            (false, 0) => Progress::More,
            (false, _) => Progress::Blocked,
        })
    }
}

impl StreamOperator for Moody {
    fn open(&mut self, _: &OperatorContext, _: &mut Output) -> Result<()> {
        self.life.lock().0 += 1;
        Ok(())
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        assert_eq!(input, 0);
        let values = std::mem::take(&mut batch.get_mut::<Records<u64>>()?.values);
        self.begin(values.into_iter(), output)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        let mark = WATERMARK_MARK + watermark.timestamp().as_millis() as u64;
        self.begin(std::iter::once(mark), output)
    }

    fn end_input(&mut self, _: usize, output: &mut Output) -> Result<Progress> {
        self.begin(std::iter::once(END_MARK), output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        assert!(self.paused, "a `Done` operator was resumed");
        self.go_on(output)
    }

    fn close(&mut self) -> Result<()> {
        self.life.lock().1 += 1;
        Ok(())
    }
}

/// An edge that is full when the dice say so.
struct MoodyEdge {
    log: Log,
    full: bool,
    batches: usize,
    dice: Dice,
}

impl EdgeWriter for MoodyEdge {
    fn write(&mut self, batch: &mut ErasedBatch, _: MonotonicTime, _: &Waker) -> Result<()> {
        assert!(!self.full, "a full edge was written to");
        self.batches += 1;
        assert!(
            self.batches <= 1,
            "more than one batch between two looks at the credit"
        );
        let values = std::mem::take(&mut batch.get_mut::<Records<u64>>()?.values);
        self.log
            .lock()
            .extend(values.into_iter().map(|value| Emitted::Record(value, None)));
        Ok(())
    }

    fn signal(&mut self, signal: Signal, _: &Waker) -> Result<()> {
        assert!(!self.full, "a full edge was written to");
        self.log.lock().push(signal.into());
        Ok(())
    }

    fn poll_drain(&mut self, _: &Waker) -> Poll<()> {
        self.batches = 0;
        self.full = self.dice.below(4) == 0;
        if self.full {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    fn flush_idle(&mut self, _: &Waker) -> Result<()> {
        Ok(())
    }

    fn flush_due(&mut self, _: MonotonicTime, _: &Waker) -> Result<()> {
        Ok(())
    }

    fn flush_deadline(&self) -> Option<MonotonicTime> {
        None
    }

    fn sent(&self) -> (u64, u64) {
        (0, 0)
    }
}

/// One node of the tree: whose child it is, by which output, and which of its outputs lead out of the chain.
#[derive(Clone, Debug)]
struct Branch {
    parent: usize,
    of_side: bool,
    main_edge: bool,
    side_edge: bool,
}

/// One thing that goes into the chain.
#[derive(Clone, Debug)]
enum Input {
    Batch(Vec<u64>),
    Watermark,
}

fn branches() -> impl Strategy<Value = Vec<Branch>> {
    let branch = (any::<usize>(), any::<bool>(), any::<bool>(), any::<bool>());
    prop::collection::vec(branch, 1..8).prop_map(|branches| {
        let number = |(index, (parent, of_side, main_edge, side_edge)): (usize, _)| Branch {
            parent: parent % usize::max(index, 1),
            of_side,
            main_edge,
            side_edge,
        };
        branches.into_iter().enumerate().map(number).collect()
    })
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let batch = prop::collection::vec(0u64..1_000_000, 1..12).prop_map(Input::Batch);
    prop::collection::vec(prop_oneof![3 => batch, 1 => Just(Input::Watermark)], 0..12)
}

fn context(name: &str) -> OperatorContext {
    OperatorContext {
        name: name.to_string(),
        operator_id: OperatorId::from_uid(name),
        subtask: 0,
        parallelism: 1,
        max_parallelism: MaxParallelism::new(128).unwrap(),
        key_groups: KeyGroupRange::new(0, 128),
        checkpoints: false,
        incremental: false,
        backend: None,
        watermark_interval: Duration::from_millis(200),
        world: World::simulated(0),
        metrics: MetricGroup::unregistered(),
    }
}

/// What came out of an edge.
type Log = Arc<Mutex<Vec<Emitted<u64>>>>;

/// The edges of a node: main and side, by index.
fn edges_of(branches: &[Branch]) -> Vec<[Option<usize>; 2]> {
    let mut numbers = 0..;
    let mut number = |wanted: bool| if wanted { numbers.next() } else { None };
    let edges = |branch: &Branch| [number(branch.main_edge), number(branch.side_edge)];
    branches.iter().map(edges).collect()
}

fn build(branches: &[Branch], seed: u64) -> (OperatorChain, Vec<Log>, Arc<Mutex<(usize, usize)>>) {
    let edges = edges_of(branches);
    let life = Arc::new(Mutex::new((0, 0)));
    let side = OutputTag::new("side");
    let mut nodes = Vec::new();
    for (index, edges) in edges.iter().enumerate() {
        let readers = |of_side: bool| -> Vec<Target> {
            let children = branches.iter().enumerate().skip(1);
            let children = children.filter(|(_, b)| b.parent == index && b.of_side == of_side);
            let children = children.map(|(child, _)| Target::Node(child));
            children
                .chain(edges[usize::from(of_side)].map(Target::Edge))
                .collect()
        };
        let (name, empty) = (format!("node {index}"), || {
            ErasedBatch::new(Records::<u64>::new())
        });
        let operator = Moody {
            node: index,
            side: side.clone(),
            queue: VecDeque::new(),
            paused: false,
            dice: Dice(seed ^ index as u64),
            life: Arc::clone(&life),
        };
        nodes.push(Node::new(
            NodeLabel {
                name: name.clone(),
                subtask: 0,
                parallelism: 1,
            },
            context(&name),
            Box::new(operator),
            empty(),
            1,
            Output::new(empty(), vec![(Arc::from("side"), empty())]),
            Routes {
                main: readers(false),
                sides: vec![readers(true)],
            },
        ));
    }
    let count = edges.iter().flatten().flatten().count();
    let logs: Vec<Log> = (0..count).map(|_| Arc::default()).collect();
    let edge = |(index, log): (usize, &Log)| -> Box<dyn EdgeWriter> {
        let dice = Dice(seed ^ 0xed6e ^ index as u64);
        Box::new(MoodyEdge {
            log: Arc::clone(log),
            full: false,
            batches: 0,
            dice,
        })
    };
    (
        OperatorChain::new(nodes, logs.iter().enumerate().map(edge).collect()),
        logs,
        life,
    )
}

/// What the model sends through the tree: one value or signal at a time, each to its end.
fn model(
    branches: &[Branch],
    item: &Emitted<u64>,
    node: usize,
    edges: &[[Option<usize>; 2]],
    logs: &mut [Vec<Emitted<u64>>],
) {
    let value = match item {
        Emitted::Record(value, _) => *value,
        Emitted::Watermark(millis) => WATERMARK_MARK + *millis as u64,
        Emitted::Status(_) | Emitted::Barrier(_) | Emitted::EndOfInput => END_MARK,
    };
    let mut emitted: Vec<(Emitted<u64>, [bool; 2])> = expand(node, value)
        .map(|(value, to_side)| (Emitted::Record(value, None), [!to_side, to_side]))
        .collect();
    if !matches!(item, Emitted::Record(..)) {
        emitted.push((item.clone(), [true, true]));
    }
    for (item, outputs) in emitted {
        for side in [false, true] {
            if !outputs[usize::from(side)] {
                continue;
            }
            if let Some(edge) = edges[node][usize::from(side)] {
                logs[edge].push(item.clone());
            }
            for (child, branch) in branches.iter().enumerate().skip(1) {
                if branch.parent == node && branch.of_side == side {
                    model(branches, &item, child, edges, logs);
                }
            }
        }
    }
}

/// Runs the chain until it is idle; it must come to that.
fn settle(chain: &mut OperatorChain, calls_max: usize) {
    for _ in 0..100_000 {
        if chain.run(Waker::noop(), calls_max).unwrap() == ChainState::Idle {
            return;
        }
    }
    panic!("the chain never comes to rest");
}

proptest! {
    /// Every edge gets exactly what the model says, in its order, with the signals in their places.
    #[test]
    fn a_chain_does_what_its_operators_would_do_one_after_the_other(
        branches in branches(),
        inputs in inputs(),
        seed: u64,
        calls_max in 1usize..8,
    ) {
        let edges = edges_of(&branches);
        let (mut chain, logs, life) = build(&branches, seed);
        let mut expected = vec![Vec::new(); logs.len()];
        chain.open().unwrap();
        for (index, input) in inputs.into_iter().enumerate() {
            match input {
                Input::Batch(values) => {
                    for value in &values {
                        model(&branches, &Emitted::Record(*value, None), 0, &edges, &mut expected);
                    }
                    chain.accept_batch(0, ErasedBatch::new(Records::from_values(values)));
                }
                Input::Watermark => {
                    let millis = index as i64;
                    model(&branches, &Emitted::Watermark(millis), 0, &edges, &mut expected);
                    let watermark = Watermark::new(Timestamp::from_millis(millis));
                    chain.accept_signal(0, Signal::Watermark(watermark));
                }
            }
            settle(&mut chain, calls_max);
        }
        model(&branches, &Emitted::EndOfInput, 0, &edges, &mut expected);
        chain.accept_signal(0, Signal::EndOfInput);
        settle(&mut chain, calls_max);
        let done = (0..1000).any(|_| chain.is_finished(Waker::noop()));
        prop_assert!(done);
        (0..2).for_each(|_| chain.close().unwrap());
        drop(chain);
        let logs: Vec<Vec<Emitted<u64>>> = logs.iter().map(|log| log.lock().clone()).collect();
        prop_assert_eq!(logs, expected);
        prop_assert_eq!(*life.lock(), (branches.len(), branches.len()));
    }
}
