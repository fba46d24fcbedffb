//! Row 23: side outputs.

use hurtig_datastream::{
    Collector, DataStream, KeyedProcessContext, KeyedProcessFunction, OutputTag, ProcessContext,
    ProcessFunction, StreamExecutionEnvironment, WatermarkStrategy,
};
use hurtig_types::{ErrorKind, Result};

use crate::support::{Arrivals, Splits, environment, in_all_worlds, in_simulated_worlds, sorted};

#[derive(Clone)]
struct Router {
    small: OutputTag<u64>,
    text: OutputTag<String>,
    pair: OutputTag<(u64, u64)>,
}

impl Router {
    fn new() -> Self {
        Self {
            small: OutputTag::new("small"),
            text: OutputTag::new("text"),
            pair: OutputTag::new("pair"),
        }
    }
}

impl ProcessFunction<u64> for Router {
    type Out = u64;

    fn process(
        &mut self,
        n: u64,
        ctx: &mut ProcessContext<'_>,
        out: &mut Collector<'_, u64>,
    ) -> Result<()> {
        match n % 10 {
            0 => ctx.output(&self.small, n),
            1 | 2 => ctx.output(&self.text, n.to_string()),
            3..=5 => ctx.output(&self.pair, (n, n)),
            _ => {
                out.collect(n);
                Ok(())
            }
        }
    }
}

fn routed(env: &StreamExecutionEnvironment) -> (DataStream<u64>, Router) {
    let router = Router::new();
    (env.from_sequence(0, 9999).process(router.clone()), router)
}

#[test]
fn one_input_is_routed_to_three_tagged_outputs_with_exact_counts() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let (main, router) = routed(&env);
            let (others, small, text, pair) = (
                Arrivals::new(),
                Arrivals::new(),
                Arrivals::new(),
                Arrivals::new(),
            );
            main.sink_to(others.clone());
            main.side_output(&router.small).sink_to(small.clone());
            main.side_output(&router.text)
                .rebalance()
                .sink_to(text.clone());
            main.side_output(&router.pair)
                .key_by(|pair| pair.0)
                .sum(|pair| &mut pair.1)
                .sink_to(pair.clone());
            env.execute("route").unwrap();
            let of = |digits: std::ops::Range<u64>| {
                (0..10_000u64).filter(move |n| digits.contains(&(n % 10)))
            };
            assert_eq!(sorted(others.values()), of(6..10).collect::<Vec<_>>());
            assert_eq!(sorted(small.values()), of(0..1).collect::<Vec<_>>());
            assert_eq!(
                sorted(text.values()),
                sorted(of(1..3).map(|n| n.to_string()).collect())
            );
            assert_eq!(
                sorted(pair.values()),
                of(3..6).map(|n| (n, n)).collect::<Vec<_>>()
            );
        }
    });
}

#[test]
fn a_side_output_that_nobody_reads_is_dropped() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let (main, _) = routed(&env);
        assert_eq!(main.execute_and_collect("unread").unwrap().len(), 4000);
        let env = environment(&world, 2);
        let (main, router) = routed(&env);
        assert_eq!(
            main.side_output(&router.text)
                .execute_and_collect("only a side")
                .unwrap()
                .len(),
            2000
        );
    });
}

#[test]
fn a_side_output_may_be_read_more_than_once() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let (main, router) = routed(&env);
        let (first, second) = (Arrivals::new(), Arrivals::new());
        main.side_output(&router.small).sink_to(first.clone());
        main.side_output(&OutputTag::<u64>::new("small"))
            .key_by(|n| *n)
            .as_stream()
            .sink_to(second.clone());
        env.execute("twice").unwrap();
        assert_eq!(first.values().len(), 1000);
        assert_eq!(sorted(first.values()), sorted(second.values()));
    });
}

#[test]
fn side_outputs_carry_the_time_of_their_record_and_the_watermark() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let records: Vec<(u64, i64)> = (0..50).map(|n| (n, n as i64 * 100)).collect();
        let source = Splits::new([Splits::batches(records, 50)]);
        let timed = source.stream(&env, WatermarkStrategy::monotonous().per_event(), "timed");
        let router = Router::new();
        let side = timed.process(router.clone()).side_output(&router.small);
        let seen = side.process_fn(|n, ctx, out| {
            out.collect((
                n,
                ctx.timestamp().unwrap().as_millis(),
                ctx.current_watermark().as_millis(),
            ));
            Ok(())
        });
        let seen = seen.execute_and_collect("timed").unwrap();
        // The watermark is that of the record before, which went elsewhere.
        assert_eq!(seen[0], (0, 0, i64::MIN));
        assert_eq!(
            seen[1..],
            [
                (10, 1000, 899),
                (20, 2000, 1899),
                (30, 3000, 2899),
                (40, 4000, 3899)
            ]
        );
    });
}

#[test]
fn a_keyed_function_has_side_outputs_too() {
    #[derive(Clone)]
    struct OddKeys(OutputTag<(u64, u64)>);

    impl KeyedProcessFunction<u64, u64> for OddKeys {
        type Out = u64;

        fn process(
            &mut self,
            n: u64,
            ctx: &mut KeyedProcessContext<'_, u64>,
            out: &mut Collector<'_, u64>,
        ) -> Result<()> {
            let key = *ctx.current_key();
            if key % 2 == 1 {
                return ctx.output(&self.0, (key, n));
            }
            out.collect(n);
            Ok(())
        }
    }

    in_simulated_worlds(|world| {
        let env = environment(&world, 3);
        let odd = OutputTag::new("odd");
        let even = env
            .from_sequence(0, 999)
            .key_by(|n| n % 7)
            .process(OddKeys(odd.clone()));
        let (main, side) = (Arrivals::new(), Arrivals::new());
        even.sink_to(main.clone());
        even.side_output(&odd).sink_to(side.clone());
        env.execute("odd").unwrap();
        assert_eq!(main.values().len() + side.values().len(), 1000);
        assert!(main.values().iter().all(|n| n % 7 % 2 == 0));
        assert!(
            side.values()
                .iter()
                .all(|(key, n)| n % 7 == *key && key % 2 == 1)
        );
    });
}

#[test]
fn a_tag_read_by_another_type_than_it_is_written_is_an_error_that_names_it() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let (main, _) = routed(&env);
        let wrong = main.side_output(&OutputTag::<String>::new("small"));
        let error = wrong.execute_and_collect("wrong type").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
        let message = error.to_string();
        for part in ["`Process`", "side output `small`", "u64", "String"] {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    });
}

#[test]
fn a_tag_read_by_two_types_is_an_error_before_the_job_starts() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let (main, router) = routed(&env);
        main.side_output(&router.small).discard();
        main.side_output(&OutputTag::<String>::new("small"))
            .discard();
        let error = env.plan().map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
        let message = error.to_string();
        for part in ["side output `small`", "u64", "String"] {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    });
}
