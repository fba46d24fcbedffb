//! Row 61: state that belongs to no key is there exactly once after failures, and is shared out when the parallelism changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{
    Collector, GeneratorSource, KeyedProcessContext, KeyedProcessFunction, OperatorContext,
    OperatorListState, OperatorState, ProcessContext, ProcessFunction, StreamExecutionEnvironment,
};
use hurtig_env::World;
use hurtig_runtime::{Output, Progress, StreamOperator};
use hurtig_state::{KeyedWriter, StateImage};
use hurtig_testing::Ledger;
use hurtig_types::{Barrier, ErasedBatch, KeyGroupRange, Records, Result, options};
use parking_lot::Mutex;

use crate::checkpoints::{RECORDS, checkpointed, failing, numbers};
use crate::support::{environment, in_simulated_worlds, in_worlds_of_seeds, millis, sorted};

/// What each subtask was given back.
type Given<T> = Arc<Mutex<BTreeMap<u32, Vec<T>>>>;

fn taken<T>(given: &Given<T>) -> BTreeMap<u32, Vec<T>> {
    std::mem::take(&mut given.lock())
}

/// Runs a job over numbers without an end for a while, and stops it with a savepoint.
pub(crate) fn run_and_stop(
    world: &World,
    parallelism: u32,
    from: Option<&str>,
    build: impl FnOnce(&StreamExecutionEnvironment, hurtig_datastream::DataStream<u64>),
) -> String {
    let env = environment(world, parallelism);
    if let Some(savepoint) = from {
        env.set(options::STATE_RECOVERY_PATH.key(), savepoint);
    }
    let source = GeneratorSource::unbounded(|n| n).records_per_second(1_000.0);
    let stream = env
        .from_source(source, WatermarkStrategy::none(), "numbers")
        .uid("numbers");
    build(&env, stream);
    let client = env.execute_async("until the savepoint").unwrap();
    let stopped = world.block_on(async {
        world.clock().sleep(millis(200)).await;
        client
            .stop_with_savepoint(Some("memory://savepoints"))
            .await
    });
    stopped.unwrap().unwrap()
}

/// Keeps every number in a list, and its own place in a union list.
#[derive(Clone)]
struct Keep {
    numbers: OperatorListState<u64>,
    places: OperatorListState<(u32, u64)>,
    given_numbers: Given<u64>,
    given_places: Given<(u32, u64)>,
    at_start: (Vec<u64>, Vec<(u32, u64)>),
    subtask: u32,
    seen: u64,
}

impl Keep {
    fn new(given_numbers: &Given<u64>, given_places: &Given<(u32, u64)>) -> Self {
        Self {
            numbers: OperatorListState::new("numbers"),
            places: OperatorListState::union("places"),
            given_numbers: Arc::clone(given_numbers),
            given_places: Arc::clone(given_places),
            at_start: (Vec::new(), Vec::new()),
            subtask: 0,
            seen: 0,
        }
    }
}

impl ProcessFunction<u64> for Keep {
    type Out = u64;

    fn initialize_state(&mut self, state: &mut OperatorState) -> Result<()> {
        let numbers = self.numbers.get(state)?.to_vec();
        self.at_start = (numbers, self.places.take(state)?);
        Ok(())
    }

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.subtask = context.subtask;
        let (numbers, places) = std::mem::take(&mut self.at_start);
        self.given_numbers.lock().insert(self.subtask, numbers);
        self.given_places.lock().insert(self.subtask, places);
        Ok(())
    }

    fn process(
        &mut self,
        n: u64,
        ctx: &mut ProcessContext<'_>,
        _: &mut Collector<'_, u64>,
    ) -> Result<()> {
        self.seen += 1;
        self.numbers.push(ctx, n)
    }

    fn snapshot_state(&mut self, state: &mut OperatorState) -> Result<()> {
        self.places.set(state, vec![(self.subtask, self.seen)])
    }
}

#[test]
fn lists_are_shared_out_evenly_and_union_lists_go_to_all_when_the_parallelism_changes() {
    in_simulated_worlds(|world| {
        let (numbers, places) = (Given::default(), Given::default());
        let run = |parallelism, from: Option<&str>| {
            run_and_stop(&world, parallelism, from, |_, stream| {
                let keep = Keep::new(&numbers, &places);
                let kept = stream.rebalance().process(keep).uid("keep");
                kept.discard().uid("end");
            })
        };
        let mut savepoint = run(3, None);
        assert!(taken(&numbers).into_values().all(|given| given.is_empty()));
        taken(&places);
        let (mut before, mut stored) = (3, 0);
        for parallelism in [5usize, 2, 2] {
            savepoint = run(parallelism as u32, Some(&savepoint));
            let (numbers, places) = (taken(&numbers), taken(&places));
            assert_eq!((numbers.len(), places.len()), (parallelism, parallelism));
            for list in places.values() {
                let subtasks: Vec<u32> = list.iter().map(|place| place.0).collect();
                assert_eq!(subtasks, (0..before as u32).collect::<Vec<_>>());
            }
            let seen: u64 = places[&0].iter().map(|place| place.1).sum();
            let count = distinct(&numbers);
            assert_eq!(count as u64, stored as u64 + seen);
            assert!(count > stored);
            if parallelism != before {
                let even = count / parallelism..=count.div_ceil(parallelism);
                assert!(numbers.values().all(|list| even.contains(&list.len())));
            }
            (before, stored) = (parallelism, count);
        }
    });
}

/// How many numbers there are, none of them twice.
fn distinct(given: &BTreeMap<u32, Vec<u64>>) -> usize {
    let all = sorted(given.values().flatten().copied().collect());
    assert!(all.is_sorted_by(|a, b| a < b), "a number is there twice");
    all.len()
}

#[test]
fn state_that_nobody_asks_for_outlives_the_job_that_does_not() {
    in_simulated_worlds(|world| {
        let (numbers, places) = (Given::default(), Given::default());
        let keeping = |parallelism, from: Option<&str>| {
            run_and_stop(&world, parallelism, from, |_, stream| {
                let keep = Keep::new(&numbers, &places);
                let kept = stream.rebalance().process(keep).uid("keep");
                kept.discard().uid("end");
            })
        };
        let savepoint = keeping(3, None);
        taken(&places);
        let idle = run_and_stop(&world, 2, Some(&savepoint), |_, stream| {
            let passed = stream.rebalance().process_fn(|n: u64, _, out| {
                out.collect(n);
                Ok(())
            });
            passed.uid("keep").discard().uid("end");
        });
        keeping(2, Some(&idle));
        let places = taken(&places);
        for list in places.values() {
            assert_eq!(list.len(), 3, "one of each who stored it");
        }
        let seen: u64 = places[&0].iter().map(|place| place.1).sum();
        assert_eq!(distinct(&taken(&numbers)) as u64, seen);
    });
}

/// Hands numbers on in packs of ten, and what is left at the end.
#[derive(Clone)]
struct Packs {
    pack: OperatorListState<u64>,
}

impl ProcessFunction<u64> for Packs {
    type Out = Vec<u64>;

    fn process(
        &mut self,
        n: u64,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Vec<u64>>,
    ) -> Result<()> {
        let pack = self.pack.get_mut(ctx)?;
        pack.push(n);
        if pack.len() >= 10 {
            out.collect(std::mem::take(pack));
        }
        Ok(())
    }

    fn end_input(
        &mut self,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Vec<u64>>,
    ) -> Result<()> {
        out.collect(self.pack.take(ctx)?);
        Ok(())
    }
}

#[test]
fn a_buffer_loses_and_repeats_nothing_over_many_failures() {
    in_worlds_of_seeds(4, |world| {
        let env = checkpointed(&world, 2);
        let ledger = Ledger::new();
        let pack = OperatorListState::new("pack");
        failing(&numbers(&env), 3_000)
            .rebalance()
            .process(Packs { pack })
            .sink_to(ledger.sink());
        let client = env.execute_async("packs").unwrap();
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 5, "{} restarts", client.restarts());
        let all = sorted(ledger.committed().concat());
        assert_eq!(all, (0..RECORDS).collect::<Vec<_>>());
    });
}

/// Keeps beside the keyed state how many records its subtask has seen of all keys.
#[derive(Clone)]
struct Tally {
    seen: OperatorListState<u64>,
}

impl KeyedProcessFunction<u64, u64> for Tally {
    type Out = u64;

    fn process(
        &mut self,
        n: u64,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, u64>,
    ) -> Result<()> {
        let seen = self.seen.get_mut(ctx)?;
        match seen.first_mut() {
            Some(seen) => *seen += 1,
            None => seen.push(1),
        }
        if n >= RECORDS - 1 {
            out.collect(seen.iter().sum());
        }
        Ok(())
    }
}

#[test]
fn a_keyed_function_keeps_state_without_a_key_too() {
    in_worlds_of_seeds(4, |world| {
        let env = checkpointed(&world, 1);
        let ledger = Ledger::new();
        let seen = OperatorListState::new("seen");
        failing(&numbers(&env), 7_000)
            .key_by(|n| n % 7)
            .process(Tally { seen })
            .sink_to(ledger.sink());
        let client = env.execute_async("tally").unwrap();
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 2, "{} restarts", client.restarts());
        assert_eq!(ledger.committed(), [RECORDS]);
    });
}

/// An operator of one's own that stores bytes of its own for each of its key groups.
struct Raw {
    groups: KeyGroupRange,
    bytes: BTreeMap<u32, Vec<u8>>,
    given: Given<u32>,
    subtask: u32,
}

impl StreamOperator for Raw {
    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        for piece in image.take_keyed("raw") {
            piece.read(|group, bytes: Vec<u8>| {
                assert_eq!(bytes, format!("bytes of {}", group.index()).into_bytes());
                let group = group.index() as u32;
                self.given
                    .lock()
                    .entry(self.subtask)
                    .or_default()
                    .push(group);
                self.bytes.insert(group, bytes);
                Ok(())
            })?;
        }
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        let mut writer = KeyedWriter::new(self.groups);
        for group in self.groups.groups() {
            let fresh = || format!("bytes of {}", group.index()).into_bytes();
            let bytes = self.bytes.entry(group.index() as u32).or_insert_with(fresh);
            writer.entry(group, bytes)?;
        }
        image.keyed.push(writer.finish("raw"));
        Ok(Progress::Done)
    }

    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        _: &mut Output,
    ) -> Result<Progress> {
        batch.get_mut::<Records<u64>>()?.clear();
        Ok(Progress::Done)
    }
}

#[test]
fn raw_bytes_by_key_group_come_to_who_owns_the_group() {
    in_simulated_worlds(|world| {
        let given = Given::default();
        let run = |parallelism, from: Option<&str>| {
            let given = Arc::clone(&given);
            run_and_stop(&world, parallelism, from, |_, stream| {
                let make = move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
                    Ok(Box::new(Raw {
                        groups: context.key_groups,
                        bytes: BTreeMap::new(),
                        given: Arc::clone(&given),
                        subtask: context.subtask,
                    }))
                };
                let raw = stream.key_by(|n| n % 7).transform::<u64>("Raw", "", make);
                raw.uid("raw").max_parallelism(128).discard().uid("end");
            })
        };
        let mut savepoint = run(3, None);
        for parallelism in [5, 2] {
            savepoint = run(parallelism, Some(&savepoint));
            let given = taken(&given);
            assert_eq!(given.len(), parallelism as usize);
            let all: Vec<u32> = given.into_values().flatten().collect();
            assert_eq!(
                all,
                (0..128).collect::<Vec<_>>(),
                "each group once, in order"
            );
        }
    });
}
