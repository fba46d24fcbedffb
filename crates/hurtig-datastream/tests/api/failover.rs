//! When a task fails, its region is started again: the others go on, and all that is committed is there once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{
    DataStream, GeneratorSource, MapFunction, OperatorContext, StreamExecutionEnvironment,
    TumblingEventTimeWindows,
};
use hurtig_env::World;
use hurtig_runtime::{ExecutionState, JobClient, JobStatus};
use hurtig_testing::{Ledger, ListSource};
use hurtig_types::{Error, Result};
use parking_lot::Mutex;

use crate::checkpoints::checkpointed;
use crate::support::{Say, Splits, in_worlds_of_seeds, millis, sorted};
use crate::unaligned::slow;

/// How often each subtask of each operator was opened.
#[derive(Clone, Default)]
struct Opens(Arc<Mutex<BTreeMap<(&'static str, u32), u32>>>);

impl Opens {
    fn of(&self, name: &'static str, subtask: u32) -> u32 {
        let opens = self.0.lock();
        opens.get(&(name, subtask)).copied().unwrap_or_default()
    }
}

/// Passes numbers on, counts how often it is opened, and fails at every `period`-th record that any subtask sees.
#[derive(Clone)]
struct Watched {
    name: &'static str,
    opens: Opens,
    seen: Arc<AtomicU64>,
    period: u64,
    /// The only subtask that fails, if not all may.
    only: Option<u32>,
    /// Whether it fails again.
    once: bool,
    may_fail: bool,
}

impl Watched {
    fn new(name: &'static str, opens: &Opens, period: u64) -> Self {
        Self {
            name,
            opens: opens.clone(),
            seen: Arc::default(),
            period,
            only: None,
            once: false,
            may_fail: true,
        }
    }

    fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Whether the so many-th record is one too many.
    fn is_due(&self, seen: u64) -> bool {
        let seen = if self.once { seen } else { seen % self.period };
        seen == self.period - 1
    }

    fn only_in(mut self, subtask: u32) -> Self {
        self.only = Some(subtask);
        self
    }
}

impl MapFunction<u64> for Watched {
    type Out = u64;

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        let mut opens = self.opens.0.lock();
        *opens.entry((self.name, context.subtask)).or_default() += 1;
        self.may_fail = self.only.is_none_or(|only| only == context.subtask);
        Ok(())
    }

    fn map(&mut self, value: u64) -> Result<u64> {
        if self.may_fail && self.is_due(self.seen.fetch_add(1, Ordering::Relaxed)) {
            return Err(Error::function(format!("{} is out of luck", self.name)));
        }
        Ok(value)
    }
}

const NEVER: u64 = u64::MAX;
const NUMBERS: u64 = 10_000;

fn numbers(env: &StreamExecutionEnvironment) -> DataStream<u64> {
    let source = GeneratorSource::new(NUMBERS, |n| n).records_per_second(10_000.0);
    let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO)
        .with_timestamps(|n: &u64| *n as i64);
    env.from_source(source, strategy, "numbers")
}

/// A pipeline of its own: running counts by remainder, behind a function that may fail.
fn pipeline(env: &StreamExecutionEnvironment, watched: Watched) -> Ledger<(u64, u64)> {
    let ledger = Ledger::new();
    numbers(env)
        .map_with(watched)
        .map(|n| (n % 7, 1))
        .key_by(|record| record.0)
        .sum(|record| &mut record.1)
        .sink_to(ledger.sink());
    ledger
}

fn all_counts() -> Vec<(u64, u64)> {
    let of = |key: u64| (1..=(NUMBERS - key).div_ceil(7)).map(move |count| (key, count));
    sorted((0..7).flat_map(of).collect())
}

fn run(world: &World, env: &StreamExecutionEnvironment) -> JobClient {
    let client = env.execute_async("job").unwrap();
    world.block_on(client.wait()).unwrap().unwrap();
    client
}

fn metric(client: &JobClient, name: &str) -> i64 {
    let group = client
        .metrics()
        .job_group(client.job_id().to_string(), client.job_name());
    group.gauge(name).get()
}

#[test]
fn failing_one_of_two_disconnected_pipelines_restarts_only_its_tasks() {
    in_worlds_of_seeds(10, |world| {
        let env = checkpointed(&world, 2);
        let opens = Opens::default();
        let failing = pipeline(&env, Watched::new("failing", &opens, 3_000));
        let steady = pipeline(&env, Watched::new("steady", &opens, NEVER));
        let client = run(&world, &env);
        assert!(client.restarts() >= 3, "{} restarts", client.restarts());
        assert_eq!(client.full_restarts(), 0);
        for subtask in 0..2 {
            assert_eq!(opens.of("failing", subtask), client.restarts() + 1);
            assert_eq!(opens.of("steady", subtask), 1);
        }
        assert_eq!(sorted(failing.committed()), all_counts());
        assert_eq!(sorted(steady.committed()), all_counts());
        assert!(client.checkpoints().completed > 5);
    });
}

#[test]
fn regions_that_fail_at_random_commit_what_they_commit_undisturbed() {
    let mut together = 0;
    in_worlds_of_seeds(20, |world| {
        let env = checkpointed(&world, 2);
        let mut rng = world.fresh_rng("periods");
        let opens = Opens::default();
        let pipelines = ["one", "two", "three"].map(|name| {
            let watched = Watched::new(name, &opens, rng.range(1_500..6_000));
            pipeline(&env, watched)
        });
        let windows = Ledger::new();
        numbers(&env)
            .map_with(Watched::new("windows", &opens, rng.range(1_500..6_000)))
            .key_by(|n| n % 5)
            .window(TumblingEventTimeWindows::of(millis(700)))
            .sum(|n| n)
            .sink_to(windows.sink());
        let client = run(&world, &env);
        assert_eq!(client.full_restarts(), 0);
        for ledger in pipelines {
            assert_eq!(sorted(ledger.committed()), all_counts());
        }
        let sum: u64 = windows.committed().into_iter().sum();
        assert_eq!(sum, NUMBERS * (NUMBERS - 1) / 2);
        let opened = ["one", "two", "three", "windows"].map(|name| opens.of(name, 0));
        together +=
            u32::from(opened.iter().sum::<u32>() - 4 > client.checkpoints().restores as u32);
    });
    assert!(together < 20);
}

#[test]
fn each_subtask_of_a_forward_pipeline_is_started_again_alone() {
    in_worlds_of_seeds(10, |world| {
        let env = checkpointed(&world, 3);
        let (opens, ledger) = (Opens::default(), Ledger::new());
        numbers(&env)
            .map_with(Watched::new("map", &opens, 900).only_in(1))
            .sink_to(ledger.sink());
        let client = run(&world, &env);
        let opened = [0, 1, 2].map(|subtask| opens.of("map", subtask));
        assert_eq!(opened, [1, client.restarts() + 1, 1]);
        assert!(client.restarts() > 1);
        assert_eq!(sorted(ledger.committed()), (0..NUMBERS).collect::<Vec<_>>());
    });
}

/// Lists that subtasks ask for one after the other, read slowly enough for checkpoints between.
fn shared_lists(env: &StreamExecutionEnvironment, opens: &Opens) -> Ledger<u64> {
    let lists = (0..60).map(|list| (0..20).map(|n| (list * 20 + n, 0)).collect());
    let source = ListSource::new(lists).batch_records(4);
    let ledger = Ledger::new();
    let sink = slow(&ledger, millis(2));
    env.from_source(source, WatermarkStrategy::none(), "lists")
        .map_with(Watched::new("map", opens, 190).only_in(1))
        .sink_to(sink);
    ledger
}

#[test]
fn splits_that_a_lost_reader_had_are_read_by_it_or_by_others_and_once() {
    in_worlds_of_seeds(20, |world| {
        let env = checkpointed(&world, 3);
        let opens = Opens::default();
        let ledger = shared_lists(&env, &opens);
        let client = run(&world, &env);
        assert!(client.restarts() > 1, "{} restarts", client.restarts());
        assert_eq!(client.full_restarts(), 0);
        assert_eq!(opens.of("map", 0), 1);
        assert_eq!(sorted(ledger.committed()), (0..1_200).collect::<Vec<_>>());
    });
}

#[test]
fn a_sink_in_the_chain_of_its_source_commits_its_last_words() {
    in_worlds_of_seeds(5, |world| {
        let env = checkpointed(&world, 3);
        let ledger = Ledger::new();
        numbers(&env).sink_to(ledger.sink());
        run(&world, &env);
        assert_eq!(sorted(ledger.committed()), (0..NUMBERS).collect::<Vec<_>>());
    });
}

#[test]
fn without_a_checkpoint_a_region_begins_anew() {
    in_worlds_of_seeds(10, |world| {
        let env = checkpointed(&world, 3);
        env.set("execution.checkpointing.interval", "1 h");
        env.set("restart-strategy.fixed-delay.attempts", "1");
        let opens = Opens::default();
        let ledger = shared_lists(&env, &opens);
        let client = env.execute_async("job").unwrap();
        // A second failure would be one too many: it has seen the first by then.
        let outcome = world.block_on(client.wait()).unwrap();
        let restored = client.checkpoints().restores;
        assert_eq!((client.restarts(), restored), (1, 0));
        assert!(outcome.is_err() || ledger.committed().len() == 1_200);
        assert_eq!(opens.of("map", 1), 2);
    });
}

#[test]
fn in_the_full_strategy_all_tasks_are_started_again() {
    in_worlds_of_seeds(3, |world| {
        let env = checkpointed(&world, 2);
        env.set("jobmanager.execution.failover-strategy", "full");
        let opens = Opens::default();
        let failing = pipeline(&env, Watched::new("failing", &opens, 3_000));
        let other = pipeline(&env, Watched::new("other", &opens, NEVER));
        let client = run(&world, &env);
        assert!(client.restarts() > 1);
        assert_eq!(client.full_restarts(), client.restarts());
        assert_eq!(opens.of("other", 0), client.restarts() + 1);
        assert_eq!(
            metric(&client, "fullRestarts"),
            i64::from(client.restarts())
        );
        assert_eq!(sorted(failing.committed()), all_counts());
        assert_eq!(sorted(other.committed()), all_counts());
    });
}

#[test]
fn an_unknown_failover_strategy_is_refused() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 1);
    env.set("jobmanager.execution.failover-strategy", "individual");
    numbers(&env).discard();
    let error = env.execute("job").err().unwrap();
    assert!(
        error.to_string().contains("expected region or full"),
        "{error}"
    );
}

#[test]
fn a_source_that_takes_no_splits_back_is_started_again_with_all_else() {
    in_worlds_of_seeds(5, |world| {
        let env = checkpointed(&world, 2);
        let opens = Opens::default();
        let steady = pipeline(&env, Watched::new("steady", &opens, NEVER));
        let script = (0..100).map(|n| [Say::Records(vec![(n, 0)]), Say::Wait(millis(3))]);
        Splits::new([script.flatten().collect::<Vec<_>>()])
            .stream(&env, WatermarkStrategy::none(), "script")
            .map_with(Watched::new("failing", &opens, 60).once())
            .discard();
        let client = run(&world, &env);
        assert!(client.restarts() > 0);
        assert_eq!(client.full_restarts(), client.restarts());
        assert_eq!(sorted(steady.committed()), all_counts());
    });
}

#[test]
fn the_restart_strategy_is_asked_once_per_failed_region() {
    let world = World::simulated(7);
    let env = checkpointed(&world, 2);
    env.set("restart-strategy.fixed-delay.attempts", "2");
    let opens = Opens::default();
    pipeline(&env, Watched::new("failing", &opens, 2_000));
    pipeline(&env, Watched::new("steady", &opens, NEVER));
    let client = env.execute_async("job").unwrap();
    let outcome = world.block_on(client.wait()).unwrap();
    let error = outcome.err().unwrap().to_string();
    assert!(error.contains("failing is out of luck"), "{error}");
    assert_eq!((client.restarts(), client.full_restarts()), (2, 0));
    assert_eq!(opens.of("failing", 0), 3);
    assert_eq!(client.status(), JobStatus::Failed);
    let roots = client.failures();
    assert_eq!(roots.iter().filter(|it| it.is_root).count(), 3);
    assert!(roots.iter().all(|it| it.task.is_some()));
}

#[test]
fn a_region_that_is_started_again_shows_in_the_states_of_its_tasks_alone() {
    let world = World::simulated(3);
    let env = checkpointed(&world, 1);
    let opens = Opens::default();
    pipeline(&env, Watched::new("failing", &opens, 6_000));
    pipeline(&env, Watched::new("steady", &opens, NEVER));
    let client = run(&world, &env);
    let states: Vec<JobStatus> = client
        .states()
        .into_iter()
        .map(|(status, _)| status)
        .collect();
    assert_eq!(
        states,
        [
            JobStatus::Created,
            JobStatus::Running,
            JobStatus::Restarting,
            JobStatus::Running,
            JobStatus::Finished
        ]
    );
    let executions = client.executions();
    let attempts: Vec<u32> = executions.iter().map(|it| it.attempt).collect();
    assert_eq!(attempts.iter().filter(|attempt| **attempt == 1).count(), 2);
    assert_eq!(attempts.iter().filter(|attempt| **attempt == 0).count(), 2);
    let finished = |it: &hurtig_runtime::Execution| it.state() == ExecutionState::Finished;
    assert!(executions.iter().all(finished));
    assert_eq!(metric(&client, "numRestarts"), 1);
}

#[test]
fn what_barriers_have_overtaken_in_a_region_is_taken_once() {
    in_worlds_of_seeds(10, |world| {
        let env = checkpointed(&world, 2);
        env.set("execution.checkpointing.unaligned.enabled", "true");
        let opens = Opens::default();
        let failing = pipeline(&env, Watched::new("failing", &opens, 3_000));
        let steady = pipeline(&env, Watched::new("steady", &opens, NEVER));
        let client = run(&world, &env);
        assert!(client.restarts() > 1);
        assert_eq!(client.full_restarts(), 0);
        assert_eq!(opens.of("steady", 0), 1);
        assert_eq!(sorted(failing.committed()), all_counts());
        assert_eq!(sorted(steady.committed()), all_counts());
    });
}

#[test]
fn a_job_can_be_stopped_and_cancelled_while_its_regions_fail() {
    in_worlds_of_seeds(20, |world| {
        let env = checkpointed(&world, 2);
        env.set("execution.checkpointing.dir", "/checkpoints");
        let opens = Opens::default();
        pipeline(&env, Watched::new("failing", &opens, 500));
        pipeline(&env, Watched::new("steady", &opens, NEVER));
        let client = env.execute_async("job").unwrap();
        let mut rng = world.fresh_rng("when");
        let stops = rng.bool(0.5);
        let outcome = world.block_on(async {
            world.clock().sleep(millis(rng.range(1..600))).await;
            if stops {
                // It may be refused, because a region is being started again.
                let _ = client.stop_with_savepoint(Some("/savepoints")).await;
            }
            client.cancel();
            client.wait().await
        });
        let outcome = outcome.unwrap();
        assert!(outcome.is_ok() || client.status() == JobStatus::Canceled);
    });
}
