//! A record that a function fails at is shown with where it was read, and set aside if one wants that: once, whatever fails.

use std::time::Duration;

use hurtig_datastream::{
    Collector, DataStream, KeyedProcessContext, KeyedProcessFunction, OnError,
    StreamExecutionEnvironment, ValueState,
};
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_runtime::JobClient;
use hurtig_testing::Ledger;
use hurtig_types::{Error, Result, Timestamp};

use crate::checkpoints::{RECORDS, checkpointed, failing, numbers};
use crate::support::{environment, in_simulated_worlds, in_worlds_of_seeds, sorted};

const DIRECTORY: &str = "/dead";

/// An environment that sets records aside by default.
pub(crate) fn forgiving(world: &World, parallelism: u32) -> StreamExecutionEnvironment {
    let env = environment(world, parallelism);
    set_aside(&env);
    env
}

fn set_aside(env: &StreamExecutionEnvironment) {
    env.set("hurtig.dead-letter.policy", "dead-letter");
    env.set("hurtig.dead-letter.dir", DIRECTORY);
}

/// All letters that lie in files, as JSON.
pub(crate) fn letters(world: &World) -> Vec<serde_json::Value> {
    let place = world.storage().open(DIRECTORY).unwrap();
    let read = async {
        let listed = place.store.list_with_delimiter(Some(&place.path)).await;
        let mut lines = String::new();
        for file in listed.unwrap().objects {
            let bytes = place.store.get(&file.location).await.unwrap();
            let bytes = bytes.bytes().await.unwrap();
            lines += std::str::from_utf8(&bytes).unwrap();
        }
        lines
    };
    let lines = world.block_on(read).unwrap();
    let line = |line: &str| serde_json::from_str(line).unwrap();
    lines.lines().map(line).collect()
}

/// The numbers that were set aside, in order.
fn dead(world: &World) -> Vec<u64> {
    let letters = letters(world);
    let record = |letter: &serde_json::Value| letter["record"].as_u64().unwrap();
    sorted(letters.iter().map(record).collect())
}

pub(crate) fn is_poison(n: u64) -> bool {
    n % 10 == 3
}

pub(crate) fn check(n: u64) -> Result<u64> {
    if is_poison(n) {
        return Err(Error::function(format!("{n} is poison")));
    }
    Ok(n)
}

pub(crate) fn healthy(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    numbers.filter(|n| !is_poison(*n)).collect()
}

/// What comes of 0 to 99, of which every tenth is poison, and what is set aside.
fn of_a_hundred<U>(build: impl Fn(&DataStream<u64>) -> DataStream<U>, expected: Vec<U>)
where
    U: hurtig_types::Data + Ord + std::fmt::Debug,
{
    in_simulated_worlds(|world| {
        let env = forgiving(&world, 2);
        let results = build(&env.from_sequence(0, 99));
        let results = results.execute_and_collect("hundred").unwrap();
        assert_eq!(sorted(results), expected);
        let poison: Vec<u64> = (0..100).filter(|n| is_poison(*n)).collect();
        assert_eq!(dead(&world), poison);
    });
}

#[test]
fn a_map_goes_on_behind_a_record_that_it_fails_at() {
    of_a_hundred(|numbers| numbers.try_map(check), healthy(0..100));
}

#[test]
fn a_filter_goes_on_behind_a_record_that_it_fails_at() {
    let even = |n: &u64| check(*n).map(|n| n % 2 == 0);
    let expected: Vec<u64> = (0..100).filter(|n| n % 2 == 0).collect();
    of_a_hundred(move |numbers| numbers.try_filter(even), expected.clone());
    // Of values that own something.
    let texts: Vec<String> = sorted(expected.iter().map(u64::to_string).collect());
    in_simulated_worlds(|world| {
        let env = forgiving(&world, 1);
        let words = env.from_sequence(0, 99).map(|n| n.to_string());
        let kept = words.try_filter(move |word| even(&word.parse()?));
        assert_eq!(sorted(kept.execute_and_collect("texts").unwrap()), texts);
        assert_eq!(letters(&world).len(), 10);
    });
}

#[test]
fn a_flat_map_goes_on_behind_a_record_that_it_fails_at() {
    let twice = |n: u64| check(n).map(|n| [n, n + 1_000]);
    let expected = healthy(0..100);
    let expected = expected.iter().flat_map(|n| [*n, n + 1_000]).collect();
    of_a_hundred(move |numbers| numbers.try_flat_map(twice), sorted(expected));
}

#[test]
fn a_process_function_goes_on_behind_a_record_that_it_fails_at() {
    of_a_hundred(
        |numbers| {
            numbers.process_fn(|n, _, out| {
                out.collect(check(n)?);
                Ok(())
            })
        },
        healthy(0..100),
    );
}

/// Counts the records of a key, poison or not, and says how many when event time has passed the last of them.
#[derive(Clone)]
struct CountAndWait {
    seen: ValueState<u64>,
}

impl KeyedProcessFunction<u64, u64> for CountAndWait {
    type Out = (u64, u64);

    fn process(
        &mut self,
        value: u64,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        *self.seen.get_or_default(ctx)? += 1;
        check(value)?;
        ctx.register_event_time_timer(Timestamp::from_millis(1_000_000))
    }

    fn on_timer(
        &mut self,
        _: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let key = *ctx.current_key();
        out.collect((key, self.seen.get(ctx)?.copied().unwrap_or_default()));
        Ok(())
    }
}

#[test]
fn a_keyed_function_keeps_its_timers_and_what_it_did_to_its_state_before_it_failed() {
    of_a_hundred(
        |numbers| {
            let function = CountAndWait {
                seen: ValueState::new("seen"),
            };
            numbers.key_by(|n| n % 5).process(function)
        },
        (0..5).map(|key| (key, 20)).collect(),
    );
}

#[test]
fn timestamps_stay_with_their_records() {
    in_simulated_worlds(|world| {
        let env = forgiving(&world, 1);
        let times = numbers(&env)
            .filter(|n| *n < 1_000)
            .try_map(check)
            .process_fn(|n, ctx, out| {
                out.collect((n, ctx.timestamp().map(Timestamp::as_millis)));
                Ok(())
            });
        let times = times.execute_and_collect("times").unwrap();
        assert_eq!(times.len(), 900);
        assert!(times.iter().all(|(n, time)| *time == Some(*n as i64)));
    });
}

#[test]
fn a_letter_says_what_failed_where_and_why() {
    let world = World::simulated(1);
    let env = forgiving(&world, 1);
    let words = env.from_collection(["1", "x"].map(String::from));
    let numbers = words.try_map(|word| Ok(word.parse::<u64>()?)).name("parse");
    numbers.discard();
    let client = run(&world, &env);
    let letters = letters(&world);
    let letter = &letters[0];
    assert_eq!(letters.len(), 1);
    assert_eq!(letter["job"], "job");
    assert_eq!(letter["operator"], "parse");
    assert_eq!(letter["subtask"], 0);
    assert_eq!(letter["position"], "collection record 1");
    assert_eq!(letter["recordType"], "String");
    assert_eq!(letter["record"], "x");
    let error = letter["error"].as_str().unwrap();
    assert!(error.contains("invalid digit"), "{error}");
    let counted = client
        .metrics()
        .sum_over_subtasks("parse", "numRecordsDeadLettered");
    assert_eq!(counted, Some(1));
}

fn run(world: &World, env: &StreamExecutionEnvironment) -> JobClient {
    let client = env.execute_async("job").unwrap();
    world.block_on(client.wait()).unwrap().unwrap();
    client
}

#[test]
fn a_record_that_keeps_failing_shows_with_its_position_at_each_failure() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 1);
    env.set("restart-strategy.fixed-delay.attempts", "2");
    env.from_sequence(0, 99).try_map(check).discard();
    let client = env.execute_async("job").unwrap();
    assert!(world.block_on(client.wait()).unwrap().is_err());
    let failures = client.failures();
    assert_eq!(failures.len(), 3);
    for failure in failures {
        assert!(
            failure.message.contains("record 3: 3 is poison"),
            "{}",
            failure.message
        );
    }
}

#[test]
fn letters_are_written_once_whatever_fails() {
    in_worlds_of_seeds(10, |world| {
        let env = checkpointed(&world, 2);
        set_aside(&env);
        env.set("hurtig.dead-letter.max-records", "100000");
        let ledger = Ledger::new();
        // Misfortune befalls any record, and is no fault of its own.
        let failing = failing(&numbers(&env), 3_000).on_error(OnError::Fail);
        failing.try_map(check).sink_to(ledger.sink());
        let client = run(&world, &env);
        assert!(client.restarts() >= 3);
        let poison: Vec<u64> = (0..RECORDS).filter(|n| is_poison(*n)).collect();
        assert_eq!(dead(&world), poison);
        assert_eq!(sorted(ledger.committed()), healthy(0..RECORDS));
    });
}

#[test]
fn no_more_are_set_aside_than_may_be() {
    let world = World::simulated(1);
    let env = forgiving(&world, 1);
    env.set("hurtig.dead-letter.max-records", "4");
    let error = env.from_sequence(0, 99).try_map(check);
    let error = error.execute_and_collect("many").unwrap_err().to_string();
    assert!(error.contains("hurtig.dead-letter.max-records"), "{error}");
    assert!(error.contains("record 43"), "{error}");
}

#[test]
fn the_bound_counts_over_restarts() {
    let world = World::simulated(1);
    let env = checkpointed(&world, 1);
    set_aside(&env);
    env.set("hurtig.dead-letter.max-records", "50");
    let failing = failing(&numbers(&env), 3_000).on_error(OnError::Fail);
    failing
        .try_map(|n| if n % 500 == 3 { check(n) } else { Ok(n) })
        .discard();
    let client = run(&world, &env);
    assert!(client.restarts() >= 3);
    assert_eq!(letters(&world).len(), 40);
}

#[test]
fn a_panic_is_not_skipped() {
    let world = World::simulated(1);
    let env = forgiving(&world, 1);
    let halves = env.from_sequence(0, 9).try_map(|n| Ok(10 / (n - 3)));
    let error = halves
        .execute_and_collect("halves")
        .unwrap_err()
        .to_string();
    assert!(error.contains("panicked"), "{error}");
    assert!(letters(&world).is_empty());
}

#[test]
fn what_no_record_is_to_blame_for_is_not_skipped() {
    let world = World::simulated(1);
    let env = forgiving(&world, 1);
    let sent = env.from_sequence(0, 9);
    let sent = sent.try_map(|_| Err::<u64, _>(Error::io("the server is gone")));
    assert!(sent.execute_and_collect("sent").is_err());
}

#[test]
fn an_operator_says_otherwise_than_the_job() {
    let world = World::simulated(1);
    let env = forgiving(&world, 1);
    let strict = env
        .from_sequence(0, 9)
        .try_map(check)
        .on_error(OnError::Fail);
    assert!(strict.execute_and_collect("strict").is_err());
    let env = environment(&world, 1);
    env.set("hurtig.dead-letter.dir", DIRECTORY);
    let lax = env.from_sequence(0, 9).try_map(check);
    let lax = lax.on_error(OnError::DeadLetter);
    assert_eq!(lax.execute_and_collect("lax").unwrap(), healthy(0..10));
}

#[test]
fn letters_that_would_go_nowhere_and_policies_that_cannot_be_are_refused() {
    let world = World::simulated(1);
    let refused = |key: &str, value: &str| {
        let env = environment(&world, 1);
        env.set(key, value);
        let checked = env.from_sequence(0, 9).try_map(check);
        checked.execute_and_collect("job").unwrap_err().to_string()
    };
    let nowhere = refused("hurtig.dead-letter.policy", "dead-letter");
    assert!(nowhere.contains("hurtig.dead-letter.dir"), "{nowhere}");
    let unknown = refused("hurtig.dead-letter.policy", "forget");
    assert!(
        unknown.contains("expected fail or dead-letter"),
        "{unknown}"
    );
    let env = environment(&world, 1);
    let mapped = env
        .from_sequence(0, 9)
        .map(|n| n)
        .on_error(OnError::DeadLetter);
    let error = mapped.execute_and_collect("job").unwrap_err().to_string();
    assert!(error.contains("`on_error`"), "{error}");
}

#[test]
fn letters_do_not_connect_what_was_apart() {
    let world = World::simulated(1);
    let env = forgiving(&world, 3);
    env.enable_checkpointing(Duration::from_secs(1));
    env.from_sequence(0, 9).try_map(check).discard();
    let plan = env.plan().unwrap();
    assert_eq!(plan.job_graph.vertices().len(), 1, "in the chain");
}
