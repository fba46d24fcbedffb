//! Row 18: map, flat map, filter, project, process, map partition.

use hurtig_datastream::{Collector, ProcessContext, ProcessFunction, WatermarkStrategy};
use hurtig_types::{Error, ErrorKind, Result};

use crate::support::{
    Arrivals, Say, Splits, WithSubtask, environment, in_all_worlds, in_simulated_worlds, sorted,
};

#[test]
fn map_makes_one_result_of_each_record() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let doubled = env
                .from_sequence(0, 4999)
                .map(|n| n * 2)
                .execute_and_collect("double")
                .unwrap();
            assert_eq!(
                sorted(doubled),
                (0..5000).map(|n| n * 2).collect::<Vec<u64>>()
            );
        }
    });
}

#[test]
fn try_map_does_what_map_does_until_it_fails() {
    in_simulated_worlds(|world| {
        let parse = |text: String| Ok(text.parse::<u64>()?);
        let env = environment(&world, 2);
        let good = env
            .from_collection(["1", "2"].map(String::from))
            .try_map(parse);
        assert_eq!(sorted(good.execute_and_collect("good").unwrap()), [1, 2]);
        let env = environment(&world, 2);
        let bad = env
            .from_collection(["1", "x"].map(String::from))
            .try_map(parse);
        let error = bad.execute_and_collect("bad").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Function);
        assert!(error.to_string().contains("operator `Map`"), "{error}");
        assert!(
            error.to_string().ends_with("invalid digit found in string"),
            "{error}"
        );
    });
}

#[test]
fn filter_keeps_the_records_that_the_predicate_holds_for() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let kept = env
                .from_sequence(0, 9999)
                .filter(|n| n % 3 != 0)
                .execute_and_collect("filter")
                .unwrap();
            assert_eq!(
                sorted(kept),
                (0..10_000).filter(|n| n % 3 != 0).collect::<Vec<u64>>()
            );
        }
    });
}

#[test]
fn filters_that_keep_all_or_nothing_do() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 3);
        let (all, none) = (Arrivals::new(), Arrivals::new());
        let numbers = env.from_sequence(1, 5000);
        numbers.filter(|_| true).sink_to(all.clone());
        numbers.filter(|_| false).sink_to(none.clone());
        env.execute("all or nothing").unwrap();
        assert_eq!(sorted(all.values()), (1..=5000).collect::<Vec<u64>>());
        assert!(none.values().is_empty());
    });
}

#[test]
fn try_filter_does_what_filter_does_until_it_fails() {
    in_simulated_worlds(|world| {
        let even = |n: &u64| match n {
            666 => Err(Error::function("not this one")),
            n => Ok(n % 2 == 0),
        };
        let good = environment(&world, 2)
            .from_sequence(0, 99)
            .try_filter(even)
            .execute_and_collect("good")
            .unwrap();
        assert_eq!(sorted(good), (0..100).step_by(2).collect::<Vec<u64>>());
        let error = environment(&world, 2)
            .from_sequence(0, 999)
            .try_filter(even)
            .execute_and_collect("bad");
        let message = error.unwrap_err().to_string();
        assert!(
            message.starts_with("operator `Filter` (subtask 1/2), at numbers-0 record 666: "),
            "{message}"
        );
        assert!(message.ends_with("not this one"), "{message}");
    });
}

#[test]
fn flat_map_makes_any_number_of_results_and_keeps_their_order() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let arrivals = Arrivals::new();
            let counted = env
                .from_sequence(0, 299)
                .flat_map(|n| (0..n % 50).map(move |i| (n, i)));
            counted.sink_to(arrivals.clone());
            env.execute("flat map").unwrap();
            let expected: Vec<(u64, u64)> = (0..300)
                .flat_map(|n| (0..n % 50).map(move |i| (n, i)))
                .collect();
            for subtask in 0..parallelism {
                let mine = arrivals.of(subtask);
                let share = |(n, _): &&(u64, u64)| n % u64::from(parallelism) == u64::from(subtask);
                assert_eq!(
                    mine,
                    expected.iter().filter(share).copied().collect::<Vec<_>>()
                );
            }
        }
    });
}

#[test]
fn flat_map_splits_lines_into_words_as_in_flinks_documentation() {
    let env = environment(&hurtig_env::World::simulated(1), 1);
    let lines = env.from_collection(["to be or not", "", "to be"].map(String::from));
    let words = lines.flat_map(|line| {
        line.split_whitespace()
            .map(String::from)
            .collect::<Vec<_>>()
    });
    assert_eq!(
        words.execute_and_collect("words").unwrap(),
        ["to", "be", "or", "not", "to", "be"]
    );
}

#[test]
fn try_flat_map_does_what_flat_map_does_until_it_fails() {
    in_simulated_worlds(|world| {
        let numbers = |line: String| {
            let numbers: std::result::Result<Vec<u64>, _> =
                line.split(',').map(str::parse).collect();
            Ok(numbers?)
        };
        let env = environment(&world, 1);
        let good = env
            .from_collection(["1,2", "3"].map(String::from))
            .try_flat_map(numbers);
        assert_eq!(good.execute_and_collect("good").unwrap(), [1, 2, 3]);
        let env = environment(&world, 1);
        let bad = env
            .from_collection(["1,2", "3,x"].map(String::from))
            .try_flat_map(numbers);
        let message = bad.execute_and_collect("bad").unwrap_err().to_string();
        assert!(
            message.starts_with("operator `Flat Map` (subtask 1/1), at collection record 1: "),
            "{message}"
        );
    });
}

#[test]
fn project_keeps_the_fields_that_were_asked_for() {
    let env = environment(&hurtig_env::World::simulated(1), 1);
    let people = env.from_collection([(1, "ann".to_string(), 30u8), (2, "bob".to_string(), 40)]);
    let ages = people.project(|(id, _, age)| (age, id));
    assert_eq!(
        ages.execute_and_collect("ages").unwrap(),
        [(30, 1), (40, 2)]
    );
}

#[test]
fn process_emits_none_one_or_many_and_may_say_last_words() {
    #[derive(Clone, Default)]
    struct Repeat {
        seen: u64,
    }

    impl ProcessFunction<u64> for Repeat {
        type Out = u64;

        fn process(
            &mut self,
            n: u64,
            _: &mut ProcessContext<'_>,
            out: &mut Collector<'_, u64>,
        ) -> Result<()> {
            self.seen += 1;
            (0..n % 4).for_each(|_| out.collect(n));
            Ok(())
        }

        fn end_input(
            &mut self,
            _: &mut ProcessContext<'_>,
            out: &mut Collector<'_, u64>,
        ) -> Result<()> {
            out.collect(1_000_000 + self.seen);
            Ok(())
        }
    }

    in_all_worlds(|world| {
        for parallelism in 1..=4u32 {
            let env = environment(&world, parallelism);
            let arrivals = Arrivals::new();
            env.from_sequence(0, 3999)
                .process(Repeat::default())
                .sink_to(arrivals.clone());
            env.execute("repeat").unwrap();
            let share = 4000 / u64::from(parallelism);
            let mut records = Vec::new();
            for subtask in 0..parallelism {
                let mut mine = arrivals.of(subtask);
                let last = mine.pop().unwrap() - 1_000_000;
                assert!((share..=share + 1).contains(&last), "{last} of {share}");
                records.append(&mut mine);
            }
            let expected: Vec<u64> = (0..4000).flat_map(|n| (0..n % 4).map(move |_| n)).collect();
            assert_eq!(sorted(records), expected);
        }
    });
}

#[test]
fn map_partition_is_called_once_per_subtask_also_for_an_empty_partition() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            let env = environment(&world, parallelism);
            let sums = env
                .from_sequence(1, 1000)
                .map_partition(|records| [records.iter().sum::<u64>()]);
            let sums = sums.execute_and_collect("sums").unwrap();
            assert_eq!(sums.len(), parallelism as usize);
            assert_eq!(sums.iter().sum::<u64>(), 500_500);
        }
        let env = environment(&world, 4);
        let counts = env
            .from_collection([1u64])
            .rebalance()
            .map_partition(|records| [records.len() as u64]);
        assert_eq!(
            sorted(counts.execute_and_collect("counts").unwrap()),
            [0, 0, 0, 1]
        );
    });
}

#[test]
fn map_partition_sees_its_records_in_order_and_may_make_more_than_a_batch() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let all = env.from_sequence(0, 20_000).map_partition(|records| {
            assert!(records.is_sorted());
            records.into_iter().rev()
        });
        assert_eq!(
            all.execute_and_collect("reversed").unwrap(),
            (0..=20_000).rev().collect::<Vec<u64>>()
        );
    });
}

#[test]
fn results_carry_the_event_time_of_the_record_they_were_made_of() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let records: Vec<(u64, i64)> = (0..5000).map(|n| (n, n as i64 * 10)).collect();
        let source = Splits::new([Splits::batches(records, 777)]);
        let timed = source.stream(&env, WatermarkStrategy::none(), "timed");
        let through = timed
            .map(|n| n + 1)
            .filter(|n| n % 2 == 1)
            .flat_map(|n| [n, n])
            .process_fn(|n, _, out| {
                out.collect(n);
                Ok(())
            })
            .try_map(Ok)
            .try_filter(|_| Ok(true))
            .map_with(WithSubtask::default())
            .project(|(_, n)| n)
            .disable_chaining();
        let arrivals = Arrivals::new();
        through.sink_to(arrivals.clone());
        env.execute("times").unwrap();
        let arrived = arrivals.timed();
        assert_eq!(arrived.len(), 5000);
        assert!(
            arrived
                .iter()
                .all(|(n, time)| *time == Some((*n as i64 - 1) * 10)),
            "{arrived:?}"
        );
    });
}

#[test]
fn a_stream_may_be_read_any_number_of_times_and_each_reader_gets_all() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let numbers = env.from_sequence(0, 2999).map(|n| n);
        let sinks: Vec<Arrivals<u64>> = (0..4).map(|_| Arrivals::new()).collect();
        numbers.sink_to(sinks[0].clone());
        numbers.map(|n| n).sink_to(sinks[1].clone());
        numbers.rebalance().map(|n| n).sink_to(sinks[2].clone());
        numbers.key_by(|n| *n).as_stream().sink_to(sinks[3].clone());
        env.execute("readers").unwrap();
        for sink in sinks {
            assert_eq!(sorted(sink.values()), (0..3000).collect::<Vec<u64>>());
        }
    });
}

#[test]
fn a_function_is_copied_per_subtask_and_keeps_what_it_counts_to_itself() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 4);
        let mut calls = 0u64;
        let counted = env.from_sequence(0, 399).map(move |_| {
            calls += 1;
            calls
        });
        let counted = sorted(counted.execute_and_collect("count").unwrap());
        assert_eq!(
            counted,
            (1..=100).flat_map(|n| [n; 4]).collect::<Vec<u64>>()
        );
    });
}

#[test]
fn records_with_and_without_event_time_can_share_a_stream() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let with = Splits::new([vec![Say::Records(vec![(1u64, 10), (2, 20)])]]);
        let with = with.stream(&env, WatermarkStrategy::none(), "with");
        let without = env.from_collection([3u64, 4]);
        let arrivals = Arrivals::new();
        with.union(&[&without]).map(|n| n).sink_to(arrivals.clone());
        env.execute("mixed").unwrap();
        assert_eq!(
            sorted(arrivals.timed()),
            [(1, Some(10)), (2, Some(20)), (3, None), (4, None)]
        );
    });
}
