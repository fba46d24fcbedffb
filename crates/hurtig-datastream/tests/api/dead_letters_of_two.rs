//! Functions over two streams set records of both aside.

use hurtig_datastream::{
    BroadcastContext, BroadcastProcessFunction, CoProcessFunction, Collector,
    KeyedCoProcessFunction, KeyedProcessContext, ProcessContext, ValueState,
};
use hurtig_env::World;
use hurtig_types::Result;

use crate::dead_letters::{check, forgiving, healthy, is_poison, letters};
use crate::support::{in_simulated_worlds, sorted};

/// Numbers of both streams; those of the second are text.
#[derive(Clone)]
struct Numbers;

impl CoProcessFunction<u64, String> for Numbers {
    type Out = u64;

    fn process1(
        &mut self,
        n: u64,
        _: &mut ProcessContext<'_>,
        out: &mut Collector<'_, u64>,
    ) -> Result<()> {
        out.collect(check(n)?);
        Ok(())
    }

    fn process2(
        &mut self,
        text: String,
        _: &mut ProcessContext<'_>,
        out: &mut Collector<'_, u64>,
    ) -> Result<()> {
        out.collect(check(text.parse()?)?);
        Ok(())
    }
}

/// Counts what it has seen of a key, whichever stream it comes from.
#[derive(Clone)]
struct Counts(ValueState<u64>);

impl KeyedCoProcessFunction<u64, u64, String> for Counts {
    type Out = (u64, u64);

    fn process1(
        &mut self,
        n: u64,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let n = check(n)?;
        let count = self.0.get_or_default(ctx)?;
        *count += 1;
        out.collect((n % 7, *count));
        Ok(())
    }

    fn process2(
        &mut self,
        text: String,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.process1(text.parse()?, ctx, out)
    }
}

impl BroadcastProcessFunction<u64, String> for Numbers {
    type Out = u64;

    fn process(
        &mut self,
        n: u64,
        _: &mut ProcessContext<'_>,
        out: &mut Collector<'_, u64>,
    ) -> Result<()> {
        out.collect(check(n)?);
        Ok(())
    }

    fn process_broadcast(
        &mut self,
        text: String,
        _: &mut BroadcastContext<'_>,
        out: &mut Collector<'_, u64>,
    ) -> Result<()> {
        out.collect(check(text.parse()?)?);
        Ok(())
    }
}

/// What was set aside, as JSON, with its type.
fn dead(world: &World) -> Vec<(String, String)> {
    let letter = |letter: &serde_json::Value| {
        let text = |name: &str| letter[name].to_string();
        (text("recordType"), text("record"))
    };
    sorted(letters(world).iter().map(letter).collect())
}

/// The poison of both streams: numbers below a hundred, and text up to two hundred, so often.
fn poison(copies: usize) -> Vec<(String, String)> {
    let poison = |of: std::ops::Range<u64>| of.filter(|n| is_poison(*n));
    let first = poison(0..100).map(|n| ("\"u64\"".to_string(), n.to_string()));
    let second = poison(100..200).map(|n| ("\"String\"".to_string(), format!("\"{n}\"")));
    let second = second.flat_map(|letter| vec![letter; copies]);
    sorted(first.chain(second).collect())
}

#[test]
fn a_function_of_two_streams_goes_on_behind_records_of_either() {
    in_simulated_worlds(|world| {
        let env = forgiving(&world, 2);
        let texts = env.from_sequence(100, 199).map(|n| n.to_string());
        let both = env.from_sequence(0, 99).connect(&texts);
        let numbers = both.process(Numbers).execute_and_collect("two").unwrap();
        assert_eq!(sorted(numbers), healthy(0..200));
        assert_eq!(dead(&world), poison(1));
    });
}

#[test]
fn a_keyed_function_of_two_streams_goes_on_behind_records_of_either() {
    in_simulated_worlds(|world| {
        let env = forgiving(&world, 2);
        let texts = env.from_sequence(100, 199).map(|n| n.to_string());
        let texts = texts.key_by(|text| text.parse::<u64>().unwrap_or(0) % 7);
        let both = env.from_sequence(0, 99).key_by(|n| n % 7).connect(&texts);
        let counts = both.process(Counts(ValueState::new("count")));
        let counts = counts.execute_and_collect("two keyed").unwrap();
        let healthy = healthy(0..200);
        let count = |key: u64| healthy.iter().filter(move |n| **n % 7 == key).count() as u64;
        let expected = (0..7).flat_map(|key| (1..=count(key)).map(move |n| (key, n)));
        assert_eq!(sorted(counts), sorted(expected.collect()));
        assert_eq!(dead(&world), poison(1));
    });
}

#[test]
fn each_subtask_sets_a_broadcast_record_aside() {
    in_simulated_worlds(|world| {
        let env = forgiving(&world, 2);
        let texts = env.from_sequence(100, 199).map(|n| n.to_string());
        let both = env.from_sequence(0, 99).connect_broadcast(&texts);
        let numbers = both.process(Numbers);
        let numbers = numbers.execute_and_collect("broadcast").unwrap();
        let twice = healthy(100..200).into_iter().flat_map(|n| [n, n]);
        let expected = healthy(0..100).into_iter().chain(twice);
        assert_eq!(sorted(numbers), sorted(expected.collect()));
        assert_eq!(dead(&world), poison(2));
    });
}
