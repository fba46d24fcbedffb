//! Row 20: union and connect.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use hurtig_datastream::{
    CoProcessFunction, Collector, KeyedCoProcessFunction, KeyedProcessContext, OutputTag,
    ProcessContext, ValueState, WatermarkStrategy,
};
use hurtig_types::{MaxParallelism, Result, Timestamp};

use crate::support::{
    Arrivals, Say, Splits, WithSubtask, at, environment, in_all_worlds, in_simulated_worlds,
    seconds, sorted,
};

#[test]
fn union_keeps_every_record_of_every_stream() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let (a, b, c) = (
                env.from_sequence(0, 2999),
                env.from_sequence(3000, 3999),
                env.from_collection(4000..5000),
            );
            let all = a
                .union(&[&b.map(|n| n), &c])
                .union(&[&env.from_sequence(5000, 5000)]);
            let all = sorted(all.execute_and_collect("union").unwrap());
            assert_eq!(all, (0..=5000).collect::<Vec<u64>>());
        }
    });
}

#[test]
fn union_of_a_stream_with_itself_has_every_record_twice() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let numbers = env.from_sequence(0, 999).map(|n| n);
        let twice = sorted(
            numbers
                .union(&[&numbers])
                .execute_and_collect("twice")
                .unwrap(),
        );
        assert_eq!(twice, (0..1000).flat_map(|n| [n, n]).collect::<Vec<u64>>());
    });
}

#[test]
fn union_of_nothing_but_a_stream_is_the_stream() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let same = env.from_sequence(0, 9).union(&[]).map(|n| n);
        assert_eq!(
            same.execute_and_collect("same").unwrap(),
            (0..10).collect::<Vec<u64>>()
        );
    });
}

/// Splits that say a record of this stream at these seconds of the clock: (second, timestamp).
fn clocked(name: u8, moments: &[(u64, i64)]) -> Splits<u8> {
    let mut script = Vec::new();
    let mut now = 0;
    for &(second, timestamp) in moments {
        script.push(Say::Wait(seconds(second - now)));
        script.push(Say::Records(vec![(name, timestamp)]));
        now = second;
    }
    Splits::new([script])
}

#[test]
fn the_watermark_of_a_union_is_the_lowest_of_its_streams_at_every_step() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let monotonous = || WatermarkStrategy::monotonous().per_event();
        let a =
            clocked(0, &[(0, 100), (2, 200), (4, 400), (7, 900)]).stream(&env, monotonous(), "a");
        let b = clocked(1, &[(1, 50), (3, 300), (6, 310)]).stream(&env, monotonous(), "b");
        let c = clocked(2, &[(0, 1000), (5, 1001)]).stream(&env, monotonous(), "c");
        let seen = a.union(&[&b, &c]).process_fn(|name, ctx, out| {
            out.collect((name, ctx.current_watermark().as_millis()));
            Ok(())
        });
        let seen = seen.execute_and_collect("union").unwrap();
        // At second 0 two streams speak, in any order; nobody has heard of b.
        assert!(
            seen[..2]
                .iter()
                .all(|(_, watermark)| *watermark == i64::MIN)
        );
        // b 50 → 49; a 200, b 300 → 199; a 400 → 299; c ends at second 5, b with 310 at second 6: then a alone counts.
        assert_eq!(
            seen[2..],
            [
                (1, i64::MIN),
                (0, 49),
                (1, 49),
                (0, 199),
                (2, 299),
                (1, 299),
                (0, 399)
            ]
        );
    });
}

#[test]
fn the_watermark_of_three_inputs_never_passes_the_lowest_of_what_was_seen_of_them() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let mut rng = world.rng("times");
        let mut source = |name: u8| {
            let mut time = 0;
            let mut record = || {
                time += rng.below(100) as i64;
                (name, time)
            };
            let records = (0..2000).map(|_| record()).collect();
            let strategy = WatermarkStrategy::monotonous().per_event();
            Splits::new([Splits::batches(records, 50)]).stream(&env, strategy, "timed")
        };
        let (a, b, c) = (source(0), source(1), source(2));
        let mut highest = BTreeMap::from([(0u8, i64::MIN), (1, i64::MIN), (2, i64::MIN)]);
        let mut left = BTreeMap::from([(0u8, 2000), (1, 2000), (2, 2000)]);
        let checked = a.union(&[&b, &c]).process_fn(move |name: u8, ctx, out| {
            // A stream whose last record was seen may have ended.
            let open = highest.iter().filter(|(name, _)| left[name] > 0);
            let lowest = open.map(|(_, time)| *time).min().unwrap_or(i64::MAX);
            let watermark = ctx.current_watermark().as_millis();
            assert!(
                watermark < lowest || watermark == i64::MIN,
                "{watermark} with {highest:?}"
            );
            highest.insert(name, ctx.timestamp().unwrap().as_millis());
            *left.get_mut(&name).unwrap() -= 1;
            out.collect(watermark > i64::MIN);
            Ok(())
        });
        let checked = checked.execute_and_collect("three inputs").unwrap();
        assert_eq!(checked.len(), 6000);
        assert!(checked.iter().any(|advanced| *advanced));
    });
}

#[test]
fn co_map_and_co_flat_map_see_each_record_of_their_own_stream() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let numbers = env.from_sequence(0, 999);
            let names = env.from_collection((0..500).map(|n| format!("name {n}")));
            let mapped = numbers
                .connect(&names)
                .map(|n| (n, String::new()), |name| (0, name));
            let mapped = mapped.execute_and_collect("co map").unwrap();
            assert_eq!(mapped.len(), 1500);
            assert_eq!(mapped.iter().map(|(n, _)| n).sum::<u64>(), 499_500);

            let env = environment(&world, parallelism);
            let numbers = env.from_sequence(0, 999);
            let names = env.from_collection((0..500).map(|n| format!("name {n}")));
            let flat = numbers.connect(&names).flat_map(
                |n| vec![n; (n % 3) as usize],
                |name| Some(name.len() as u64),
            );
            let flat = sorted(flat.execute_and_collect("co flat map").unwrap());
            let ours = (0..1000u64).flat_map(|n| vec![n; (n % 3) as usize]);
            let theirs = (0..500).map(|n| format!("name {n}").len() as u64);
            assert_eq!(flat, sorted(ours.chain(theirs).collect()));
        }
    });
}

#[test]
fn keyed_co_map_and_co_flat_map_see_both_streams_where_the_key_belongs() {
    in_all_worlds(|world| {
        let of_number = |n: u64| n % 100;
        let of_name = |name: &str| name.len() as u64;
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let numbers = env.from_sequence(0, 999).key_by(move |n| of_number(*n));
            let names = env.from_collection((0..500).map(|n| "x".repeat(n)));
            let both = numbers.connect(&names.key_by(move |name| of_name(name)));
            let mapped = both.map(of_number, move |name| of_name(&name));
            let twice = both.flat_map(move |n| [of_number(n); 2], move |name| [of_name(&name); 2]);
            let placed = mapped.union(&[&twice]).map_with(WithSubtask::default());
            let placed = placed.execute_and_collect("keyed co map").unwrap();
            assert_eq!(placed.len(), 3 * 1500);
            let parallelism = NonZeroU32::new(parallelism).unwrap();
            let max_parallelism = MaxParallelism::default_for(parallelism);
            for (subtask, key) in placed {
                let owner =
                    max_parallelism.subtask_of(max_parallelism.key_group(&key), parallelism.get());
                assert_eq!(subtask, owner, "{key}");
            }
        }
    });
}

#[test]
fn a_stream_connected_with_itself_is_both_inputs() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let numbers = env.from_sequence(0, 99).map(|n| n);
        let both = numbers.connect(&numbers).map(|n| n, |n| n + 1000);
        let both = sorted(both.execute_and_collect("both").unwrap());
        assert_eq!(both, (0..100).chain(1000..1100).collect::<Vec<u64>>());
    });
}

/// Sends what is above a threshold, which the second stream sets, to a side.
#[derive(Clone)]
struct Threshold {
    threshold: u64,
    above: OutputTag<u64>,
}

impl CoProcessFunction<u64, u64> for Threshold {
    type Out = (u64, i64, i64);

    fn process1(
        &mut self,
        n: u64,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        if n > self.threshold {
            return ctx.output(&self.above, n);
        }
        let time = ctx.timestamp().map_or(-1, Timestamp::as_millis);
        out.collect((n, time, ctx.current_watermark().as_millis()));
        Ok(())
    }

    fn process2(
        &mut self,
        threshold: u64,
        _: &mut ProcessContext<'_>,
        _: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.threshold = threshold;
        Ok(())
    }
}

#[test]
fn co_process_sees_timestamps_the_lowest_watermark_and_side_outputs() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let monotonous = || WatermarkStrategy::monotonous().per_event();
        let script = [
            Say::Records(vec![(1, 10), (50, 20)]),
            Say::Wait(seconds(2)),
            Say::Records(vec![(51, 30), (2, 40)]),
        ];
        let numbers = Splits::new([script.to_vec()]).stream(&env, monotonous(), "numbers");
        let script = [
            Say::Wait(seconds(1)),
            Say::Records(vec![(10, 15)]),
            Say::Wait(seconds(5)),
        ];
        let thresholds = Splits::new([script.to_vec()]).stream(&env, monotonous(), "thresholds");
        let above = OutputTag::new("above");
        let passed = numbers.connect(&thresholds).process(Threshold {
            threshold: 99,
            above: above.clone(),
        });
        let (below, aside) = (Arrivals::new(), Arrivals::new());
        passed.sink_to(below.clone());
        passed.side_output(&above).sink_to(aside.clone());
        env.execute("threshold").unwrap();
        assert_eq!(
            below.values(),
            [(1, 10, i64::MIN), (50, 20, i64::MIN), (2, 40, 14)]
        );
        assert_eq!(aside.timed(), [(51, Some(30))]);
    });
}

/// Enriches orders with the latest price of their product; orders that come before any price wait for it.
#[derive(Clone)]
struct Enrich {
    price: ValueState<u64>,
    waiting: ValueState<Vec<u64>>,
}

impl Enrich {
    fn new() -> Self {
        Self {
            price: ValueState::new("price"),
            waiting: ValueState::new("waiting"),
        }
    }
}

impl KeyedCoProcessFunction<u64, (u64, u64), (u64, String)> for Enrich {
    type Out = (u64, u64);

    fn process1(
        &mut self,
        (_, price): (u64, u64),
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, (u64, u64)>,
    ) -> Result<()> {
        self.price.set(ctx, price)?;
        for order in self.waiting.take(ctx)?.unwrap_or_default() {
            out.collect((order, price));
        }
        Ok(())
    }

    fn process2(
        &mut self,
        (product, order): (u64, String),
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, (u64, u64)>,
    ) -> Result<()> {
        assert_eq!(*ctx.current_key(), product);
        let order = order.parse()?;
        match self.price.get(ctx)?.copied() {
            Some(price) => out.collect((order, price)),
            None => self.waiting.get_or_default(ctx)?.push(order),
        }
        Ok(())
    }
}

#[test]
fn two_typed_streams_share_keyed_state_in_one_operator() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let prices = env.generate(100, |product| (product, product * 10));
            let orders = env.generate(3000, |order| (order % 100, order.to_string()));
            let enriched = prices
                .connect(&orders)
                .key_by(|price| price.0, |order| order.0)
                .process(Enrich::new());
            let enriched = sorted(enriched.execute_and_collect("enrich").unwrap());
            let expected: Vec<(u64, u64)> =
                (0..3000).map(|order| (order, order % 100 * 10)).collect();
            assert_eq!(enriched, expected, "at parallelism {parallelism}");
        }
    });
}

#[test]
fn streams_keyed_before_they_are_connected_share_state_as_well() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 3);
        let prices = env
            .generate(10, |product| (product, 7))
            .key_by(|price| price.0);
        let orders = env
            .generate(50, |order| (order % 10, order.to_string()))
            .key_by(|order| order.0);
        let enriched = sorted(
            prices
                .connect(&orders)
                .process(Enrich::new())
                .execute_and_collect("enrich")
                .unwrap(),
        );
        assert_eq!(
            enriched,
            (0..50).map(|order| (order, 7)).collect::<Vec<_>>()
        );
    });
}

/// Counts both streams, and tells the counts when both have come past the end of a second.
#[derive(Clone)]
struct CountBoth {
    counts: ValueState<(u64, u64)>,
}

impl CountBoth {
    fn second(ctx: &mut KeyedProcessContext<'_, u64>) -> Result<()> {
        let time = ctx.timestamp().unwrap_or_default().as_millis();
        ctx.register_event_time_timer(at(time / 1000 * 1000 + 999))
    }
}

impl KeyedCoProcessFunction<u64, u64, String> for CountBoth {
    type Out = (i64, u64, u64);

    fn process1(
        &mut self,
        _: u64,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.counts.get_or_default(ctx)?.0 += 1;
        Self::second(ctx)
    }

    fn process2(
        &mut self,
        _: String,
        ctx: &mut KeyedProcessContext<'_, u64>,
        _: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        self.counts.get_or_default(ctx)?.1 += 1;
        Self::second(ctx)
    }

    fn on_timer(
        &mut self,
        time: Timestamp,
        ctx: &mut KeyedProcessContext<'_, u64>,
        out: &mut Collector<'_, Self::Out>,
    ) -> Result<()> {
        let (first, second) = self.counts.get(ctx)?.copied().unwrap_or_default();
        out.collect((time.as_millis(), first, second));
        Ok(())
    }
}

#[test]
fn timers_of_two_keyed_streams_fire_when_both_have_come_past_them() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        // The first stream is done at once; the second says its last word after 5 seconds.
        let numbers = Splits::batches((0..20).map(|n| (n, n as i64 * 100)).collect(), 20);
        let numbers = Splits::new([numbers]).stream(
            &env,
            WatermarkStrategy::monotonous().per_event(),
            "numbers",
        );
        let late = vec![("b".to_string(), 1100), ("c".to_string(), 2000)];
        let names = [
            Say::Records(vec![("a".to_string(), 0)]),
            Say::Wait(seconds(5)),
            Say::Records(late),
        ];
        let names = Splits::new([names.to_vec()]).stream(
            &env,
            WatermarkStrategy::monotonous().per_event(),
            "names",
        );
        let counts = numbers
            .connect(&names)
            .key_by(|_| 0, |_| 0)
            .process(CountBoth {
                counts: ValueState::new("counts"),
            });
        let arrivals = Arrivals::new();
        counts.sink_to(arrivals.clone());
        env.execute("both").unwrap();
        let timed = arrivals.timed();
        // b, at 1.1 s of event time, has come past the first second; c past the second; the end past the third.
        assert_eq!(
            timed,
            [
                ((999, 20, 2), Some(999)),
                ((1999, 20, 3), Some(1999)),
                ((2999, 20, 3), Some(2999))
            ]
        );
        let clock = arrivals.all()[0].at;
        assert!(clock.as_millis() >= 5000, "{clock:?}");
    });
}
