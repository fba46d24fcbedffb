//! Rows 21 and 35: what a broadcast stream changes is known to all subtasks, exactly once, after failures and under another parallelism.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hurtig_datastream::{
    BroadcastContext, BroadcastProcessFunction, BroadcastState, Collector, GeneratorSource,
    KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedProcessContext, OperatorContext,
    OperatorState, ProcessContext, ValueState, WatermarkStrategy,
};
use hurtig_testing::Ledger;
use hurtig_types::{Result, Timestamp};
use parking_lot::Mutex;

use crate::checkpoints::{checkpointed, failing, numbers};
use crate::operator_state::run_and_stop;
use crate::support::{
    Say, Splits, at, environment, in_simulated_worlds, in_worlds_of_seeds, millis, sorted,
};

/// Multiplies a number by the factor of its remainder, and says where.
#[derive(Clone)]
struct Multiply {
    factors: BroadcastState<u64, u64>,
    subtask: u32,
}

impl BroadcastProcessFunction<u64, (u64, u64)> for Multiply {
    type Out = (u32, u64);

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.subtask = context.subtask;
        Ok(())
    }

    fn process(
        &mut self,
        n: u64,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, (u32, u64)>,
    ) -> Result<()> {
        let factor = self.factors.get(ctx, &(n % 2))?.copied();
        out.collect((self.subtask, n * factor.unwrap_or(1)));
        Ok(())
    }

    fn process_broadcast(
        &mut self,
        (remainder, factor): (u64, u64),
        ctx: &mut BroadcastContext<'_>,
        _: &mut Collector<'_, (u32, u64)>,
    ) -> Result<()> {
        self.factors.insert(ctx, remainder, factor)?;
        Ok(())
    }
}

#[test]
fn a_rule_applies_to_all_subtasks_from_when_it_is_sent() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 3);
        let before = Say::Records((0..30).map(|n| (n, 0)).collect());
        let after = Say::Records((0..30).map(|n| (n, 0)).collect());
        let script = vec![
            Say::Wait(millis(500)),
            before,
            Say::Wait(millis(1000)),
            after,
        ];
        let stream = Splits::new([script]).stream(&env, WatermarkStrategy::none(), "numbers");
        let rules = [(0, 10), (1, 100)].map(|rule| Say::Records(vec![(rule, 0)]));
        let [first, second] = rules;
        let rules = Splits::new([vec![first, Say::Wait(millis(1000)), second]]);
        let rules = rules.stream(&env, WatermarkStrategy::none(), "rules");
        let multiply = Multiply {
            factors: BroadcastState::new("factors"),
            subtask: 0,
        };
        let results = stream
            .rebalance()
            .connect_broadcast(&rules)
            .process(multiply);
        let results = results.execute_and_collect("rules").unwrap();

        let odd = |factor: u64| move |n: u64| n * if n.is_multiple_of(2) { 10 } else { factor };
        let expected = (0..30).map(odd(1)).chain((0..30).map(odd(100)));
        let values = results.iter().map(|result| result.1);
        assert_eq!(
            sorted(values.collect()),
            sorted(expected.collect::<Vec<u64>>())
        );
        for subtask in 0..3 {
            assert_eq!(
                results.iter().filter(|result| result.0 == subtask).count(),
                20
            );
        }
    });
}

/// Counts broadcast records by their remainder, and tells each count with the subtask.
#[derive(Clone)]
struct CountRules {
    counts: BroadcastState<u64, u64>,
    subtask: u32,
}

impl BroadcastProcessFunction<u64, u64> for CountRules {
    type Out = (u32, u64, u64);

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        self.subtask = context.subtask;
        Ok(())
    }

    fn process(
        &mut self,
        _: u64,
        _: &mut ProcessContext<'_>,
        _: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        Ok(())
    }

    fn process_broadcast(
        &mut self,
        n: u64,
        ctx: &mut BroadcastContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let count = self.counts.get_or_insert_with(ctx, n % 5, || 0)?;
        *count += 1;
        out.collect((self.subtask, n % 5, *count));
        Ok(())
    }
}

#[test]
fn every_subtask_has_each_change_once_after_many_failures() {
    const RULES: u64 = 1_000;
    in_worlds_of_seeds(4, |world| {
        let env = checkpointed(&world, 2);
        let ledger = Ledger::new();
        let rules = GeneratorSource::new(RULES, |n| n).records_per_second(500.0);
        let rules = env.from_source(rules, WatermarkStrategy::none(), "rules");
        let count = CountRules {
            counts: BroadcastState::new("counts"),
            subtask: 0,
        };
        failing(&numbers(&env), 3_000)
            .connect_broadcast(&rules)
            .process(count)
            .sink_to(ledger.sink());
        let client = env.execute_async("counted rules").unwrap();
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 5, "{} restarts", client.restarts());
        let expected = (0..2).flat_map(|subtask| {
            let counts = move |rule| (1..=RULES / 5).map(move |count| (subtask, rule, count));
            (0..5).flat_map(counts)
        });
        assert_eq!(sorted(ledger.committed()), expected.collect::<Vec<_>>());
    });
}

/// What each subtask was given back.
type Given = Arc<Mutex<BTreeMap<u32, BTreeMap<u64, u64>>>>;

/// Keeps the broadcast numbers, and tells what it was given back.
#[derive(Clone)]
struct KeepRules {
    rules: BroadcastState<u64, u64>,
    at_start: BTreeMap<u64, u64>,
    given: Given,
}

impl BroadcastProcessFunction<u64, u64> for KeepRules {
    type Out = u64;

    fn initialize_state(&mut self, state: &mut OperatorState) -> Result<()> {
        let rules = self.rules.view(state)?;
        self.at_start = rules.iter().map(|(key, value)| (*key, *value)).collect();
        Ok(())
    }

    fn open(&mut self, context: &OperatorContext) -> Result<()> {
        let at_start = std::mem::take(&mut self.at_start);
        self.given.lock().insert(context.subtask, at_start);
        Ok(())
    }

    fn process(
        &mut self,
        _: u64,
        _: &mut ProcessContext<'_>,
        _: &mut Collector<'_, u64>,
    ) -> Result<()> {
        Ok(())
    }

    fn process_broadcast(
        &mut self,
        n: u64,
        ctx: &mut BroadcastContext<'_>,
        _: &mut Collector<'_, u64>,
    ) -> Result<()> {
        *self.rules.get_or_insert_with(ctx, n, || 0)? += 1;
        Ok(())
    }
}

#[test]
fn every_subtask_has_all_of_it_under_another_parallelism() {
    in_simulated_worlds(|world| {
        let given = Given::default();
        let run = |parallelism, from: Option<&str>| {
            run_and_stop(&world, parallelism, from, |env, stream| {
                let rules = GeneratorSource::unbounded(|n| n).records_per_second(300.0);
                let rules = env
                    .from_source(rules, WatermarkStrategy::none(), "rules")
                    .uid("rules");
                let keep = KeepRules {
                    rules: BroadcastState::new("rules"),
                    at_start: BTreeMap::new(),
                    given: Arc::clone(&given),
                };
                let kept = stream.rebalance().connect_broadcast(&rules).process(keep);
                kept.uid("keep").discard().uid("end");
            })
        };
        let mut savepoint = run(3, None);
        let mut known = 0;
        for parallelism in [5, 2, 2] {
            given.lock().clear();
            savepoint = run(parallelism, Some(&savepoint));
            let given = given.lock();
            assert_eq!(given.len(), parallelism as usize);
            let first = &given[&0];
            assert!(first.len() > known, "{} rules", first.len());
            assert!(first.values().all(|count| *count == 1), "each change once");
            assert!(given.values().all(|rules| rules == first));
            known = first.len();
        }
    });
}

/// Sums by key; a broadcast record asks for all sums above it, and stays as the least one that timers tell.
#[derive(Clone)]
struct Sums {
    least: BroadcastState<(), u64>,
    sum: ValueState<u64>,
}

type Told = (&'static str, u64, u64);

impl KeyedBroadcastProcessFunction<u64, (u64, u64), u64> for Sums {
    type Out = (String, u64, u64);

    fn process(
        &mut self,
        (key, n): (u64, u64),
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        assert_eq!(*ctx.current_key(), key);
        *self.sum.get_or_default(ctx)? += n;
        ctx.register_event_time_timer(at(1_000_000))
    }

    fn process_broadcast(
        &mut self,
        least: u64,
        ctx: &mut KeyedBroadcastContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.least.insert(ctx, (), least)?;
        let sum = self.sum.clone();
        ctx.apply_to_keyed_state(&self.sum, |key, state| {
            let there = sum.get_or_default(state)?;
            out.collect(("asked".to_string(), *key, *there));
            *there += 1_000;
            Ok(())
        })
    }

    fn on_timer(
        &mut self,
        _: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let key = *ctx.current_key();
        let least = self.least.get(ctx, &())?.copied().unwrap_or(0);
        let sum = self.sum.take(ctx)?.unwrap_or(0);
        if sum >= least {
            out.collect(("timer".to_string(), key, sum));
        }
        Ok(())
    }
}

#[test]
fn a_broadcast_record_reaches_the_state_of_every_key_once_and_timers_see_what_it_changed() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 3);
        let records = (0..40).map(|n| ((n % 20, n), 0)).collect();
        let script = vec![Say::Records(records), Say::Wait(millis(1000))];
        let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO);
        let stream = Splits::new([script]).stream(&env, strategy, "numbers");
        let asks = vec![Say::Wait(millis(500)), Say::Records(vec![(1_040, 0)])];
        let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::ZERO);
        let asks = Splits::new([asks]).stream(&env, strategy, "asks");
        let sums = Sums {
            least: BroadcastState::new("least"),
            sum: ValueState::new("sum"),
        };
        let told = stream
            .key_by(|record| record.0)
            .connect_broadcast(&asks)
            .process(sums)
            .execute_and_collect("sums")
            .unwrap();
        let sum = |key: u64| 2 * key + 20;
        let asked = (0..20).map(|key| ("asked", key, sum(key)));
        let fired = (10..20).map(|key| ("timer", key, sum(key) + 1_000));
        let expected: Vec<Told> = asked.chain(fired).collect();
        let told = sorted(told);
        let told: Vec<Told> = told
            .iter()
            .map(|(what, key, sum)| (if what == "asked" { "asked" } else { "timer" }, *key, *sum))
            .collect();
        assert_eq!(told, expected);
    });
}

#[test]
fn a_keyed_function_has_sums_and_rules_exactly_once_after_failures() {
    in_worlds_of_seeds(3, |world| {
        let env = checkpointed(&world, 2);
        let ledger = Ledger::new();
        let rules = GeneratorSource::new(20, |n| n).records_per_second(10.0);
        let rules = env.from_source(rules, WatermarkStrategy::none(), "rules");
        let asked = failing(&numbers(&env), 4_000)
            .map(|n| (n % 7, 1))
            .key_by(|record| record.0)
            .connect_broadcast(&rules)
            .process(Sums {
                least: BroadcastState::new("least"),
                sum: ValueState::new("sum"),
            });
        asked.sink_to(ledger.sink());
        let client = env.execute_async("sums").unwrap();
        world.block_on(client.wait()).unwrap().unwrap();
        assert!(client.restarts() >= 4, "{} restarts", client.restarts());
        let mut by_key: BTreeMap<u64, Vec<(String, u64)>> = BTreeMap::new();
        for (what, key, sum) in ledger.committed() {
            by_key.entry(key).or_default().push((what, sum));
        }
        assert_eq!(by_key.len(), 7);
        for (key, mut told) in by_key {
            told.sort_by_key(|told| told.1);
            let (last, asked) = told.split_last().unwrap();
            // Those that were asked for before the key had its first record found nothing.
            let raised = asked.len() as u64 * 1_000;
            let of_key = (crate::checkpoints::RECORDS - key).div_ceil(7);
            assert_eq!(*last, ("timer".to_string(), of_key + raised));
            assert!(asked.iter().all(|told| told.0 == "asked"));
            let thousands: Vec<u64> = asked.iter().map(|told| told.1).collect();
            assert!(thousands.windows(2).all(|two| two[1] - two[0] >= 1_000));
        }
    });
}

#[test]
fn a_broadcast_state_that_nobody_could_change_is_an_error_that_says_what_to_do() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let rules = BroadcastState::<u64, u64>::new("rules");
        let stream = env
            .from_collection(vec![1u64])
            .process_fn(move |n, ctx, out| {
                if !rules.contains_key(ctx, &n)? {
                    out.collect(n);
                }
                Ok(())
            });
        let error = stream
            .execute_and_collect("no rules")
            .unwrap_err()
            .to_string();
        assert!(error.contains("`rules`"), "{error}");
        assert!(error.contains("connect_broadcast"), "{error}");
    });
}
