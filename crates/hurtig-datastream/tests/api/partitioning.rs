//! Rows 28 and 29: which subtask a record goes to.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use hurtig_datastream::DataStream;
use hurtig_env::World;
use hurtig_types::{ErrorKind, MaxParallelism};

use crate::support::{WithSubtask, environment, in_all_worlds, in_simulated_worlds, sorted};

const NUMBERS: u64 = 6000;

/// Which subtasks of the target each number came to, in the order in which they came.
type Placed = Vec<(u32, u64)>;

/// Sends numbers from `sources` subtasks (number n comes from subtask n % sources) to `targets` subtasks.
fn place(
    world: &World,
    sources: u32,
    targets: u32,
    partition: impl Fn(&DataStream<u64>) -> DataStream<u64>,
) -> Placed {
    let env = environment(world, 1);
    let numbers = env.from_sequence(0, NUMBERS - 1).parallelism(sources);
    let placed = partition(&numbers)
        .map_with(WithSubtask::default())
        .parallelism(targets);
    placed.execute_and_collect("place").unwrap()
}

fn subtask_of(placed: &Placed) -> BTreeMap<u64, u32> {
    let by_number: BTreeMap<u64, u32> = placed.iter().map(|(subtask, n)| (*n, *subtask)).collect();
    assert_eq!(
        by_number.len(),
        placed.len(),
        "each number comes to one subtask"
    );
    assert_eq!(placed.len() as u64, NUMBERS, "no number is lost");
    by_number
}

/// The k-th record of each source subtask goes to target `targets(source)[(k + some start) % …]`.
#[track_caller]
fn goes_round(placed: &Placed, sources: u32, targets: impl Fn(u32) -> Vec<u32>) {
    let subtask_of = subtask_of(placed);
    for source in 0..sources {
        let (step, round) = (sources as usize, targets(source));
        let mine: Vec<u32> = subtask_of
            .values()
            .skip(source as usize)
            .step_by(step)
            .copied()
            .collect();
        let start = round.iter().position(|target| *target == mine[0]);
        let start = start
            .unwrap_or_else(|| panic!("source {source} sends to {}, not to {round:?}", mine[0]));
        let expected: Vec<u32> = (0..mine.len())
            .map(|k| round[(start + k) % round.len()])
            .collect();
        assert_eq!(mine, expected, "source {source}");
    }
}

#[test]
fn forward_sends_each_record_to_the_subtask_of_the_same_index() {
    in_all_worlds(|world| {
        for parallelism in 1..=4 {
            for chained in [true, false] {
                let placed = place(&world, parallelism, parallelism, |numbers| match chained {
                    true => numbers.forward(),
                    false => numbers.clone().disable_chaining().forward(),
                });
                for (n, subtask) in subtask_of(&placed) {
                    assert_eq!(u64::from(subtask), n % u64::from(parallelism));
                }
            }
        }
    });
}

#[test]
fn forward_keeps_the_order_of_records() {
    in_simulated_worlds(|world| {
        let placed = place(&world, 3, 3, |numbers| {
            numbers
                .map(|n| n)
                .parallelism(3)
                .disable_chaining()
                .forward()
        });
        for subtask in 0..3 {
            let mine: Vec<u64> = placed
                .iter()
                .filter(|(of, _)| *of == subtask)
                .map(|(_, n)| *n)
                .collect();
            assert!(mine.is_sorted());
        }
    });
}

#[test]
fn forward_between_different_parallelisms_is_an_error_that_names_both() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        env.from_sequence(0, 9)
            .parallelism(2)
            .forward()
            .map(|n| n)
            .name("next")
            .parallelism(3)
            .discard();
        let error = env.plan().map(|_| ()).unwrap_err();
        let message = error.to_string();
        for part in ["Sequence Source", "parallelism 2", "next", "parallelism 3"] {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    });
}

#[test]
fn rebalance_sends_the_records_of_each_subtask_to_all_in_turn() {
    in_all_worlds(|world| {
        for (sources, targets) in [(1, 4), (2, 3), (2, 4), (4, 2), (3, 3)] {
            let placed = place(&world, sources, targets, DataStream::rebalance);
            goes_round(&placed, sources, |_| (0..targets).collect());
        }
    });
}

#[test]
fn different_parallelisms_without_a_partitioner_rebalance() {
    in_simulated_worlds(|world| {
        let placed = place(&world, 2, 3, Clone::clone);
        goes_round(&placed, 2, |_| (0..3).collect());
    });
}

#[test]
fn rescale_sends_the_records_of_each_subtask_in_turn_to_those_opposite() {
    in_all_worlds(|world| {
        let placed = place(&world, 2, 4, DataStream::rescale);
        goes_round(&placed, 2, |source| vec![source * 2, source * 2 + 1]);
        let placed = place(&world, 4, 2, DataStream::rescale);
        goes_round(&placed, 4, |source| vec![source / 2]);
        let placed = place(&world, 3, 3, DataStream::rescale);
        goes_round(&placed, 3, |source| vec![source]);
    });
}

#[test]
fn shuffle_reaches_every_subtask_about_equally_and_repeats_under_its_seed() {
    let shuffled = |seed| subtask_of(&place(&World::simulated(seed), 2, 4, DataStream::shuffle));
    let first = shuffled(1);
    for target in 0..4 {
        let share = first.values().filter(|subtask| **subtask == target).count();
        assert!(
            (1300..1700).contains(&share),
            "subtask {target} got {share} of {NUMBERS}"
        );
    }
    assert_eq!(first, shuffled(1));
    assert_ne!(first, shuffled(2));
    let real = subtask_of(&place(&World::real(), 2, 4, DataStream::shuffle));
    assert!((0..4).all(|target| real.values().any(|subtask| *subtask == target)));
}

#[test]
fn broadcast_sends_every_record_to_every_subtask_in_order() {
    in_all_worlds(|world| {
        for targets in [1, 2, 4] {
            let placed = place(&world, 1, targets, DataStream::broadcast);
            for target in 0..targets {
                let mine: Vec<u64> = placed
                    .iter()
                    .filter(|(of, _)| *of == target)
                    .map(|(_, n)| *n)
                    .collect();
                assert_eq!(mine, (0..NUMBERS).collect::<Vec<_>>());
            }
        }
        let placed = place(&world, 3, 3, DataStream::broadcast);
        for target in 0..3 {
            let mine = placed
                .iter()
                .filter(|(of, _)| *of == target)
                .map(|(_, n)| *n)
                .collect();
            assert_eq!(sorted(mine), (0..NUMBERS).collect::<Vec<_>>());
        }
    });
}

#[test]
fn global_sends_every_record_to_the_first_subtask() {
    in_all_worlds(|world| {
        let placed = place(&world, 3, 4, DataStream::global);
        assert!(subtask_of(&placed).values().all(|subtask| *subtask == 0));
    });
}

#[test]
fn a_custom_partitioner_names_the_subtask_and_is_told_how_many_there_are() {
    in_all_worlds(|world| {
        for targets in 1..=4 {
            let placed = place(&world, 2, targets, |numbers| {
                let third = |third: &u64, subtasks: usize| {
                    assert!((1..=4).contains(&subtasks));
                    *third as usize % subtasks
                };
                numbers.partition_custom("thirds", third, |n| n / 3)
            });
            for (n, subtask) in subtask_of(&placed) {
                assert_eq!(u64::from(subtask), n / 3 % u64::from(targets));
            }
        }
    });
}

#[test]
fn every_record_of_a_key_reaches_the_subtask_that_owns_its_key_group() {
    in_all_worlds(|world| {
        for parallelism in 1..=8 {
            let keyed = |numbers: &DataStream<u64>| numbers.key_by(|n| n % 1000).as_stream();
            let placed = place(&world, 2, parallelism, keyed);
            let max_parallelism =
                MaxParallelism::default_for(NonZeroU32::new(parallelism).unwrap());
            for (n, subtask) in subtask_of(&placed) {
                let group = max_parallelism.key_group(&(n % 1000));
                assert_eq!(
                    subtask,
                    max_parallelism.subtask_of(group, parallelism),
                    "{n} at parallelism {parallelism}"
                );
            }
        }
    });
}

#[test]
fn the_max_parallelism_of_the_operator_and_of_the_job_decide_the_key_groups() {
    in_simulated_worlds(|world| {
        for groups in [4u32, 7, 128, 1000, 32768] {
            for own in [true, false] {
                let env = environment(&world, 4);
                let keyed = env
                    .from_sequence(0, NUMBERS - 1)
                    .map(|n| format!("key {n}"))
                    .key_by(String::clone);
                let placed = keyed.as_stream().map_with(WithSubtask::default());
                let placed = if own {
                    placed.max_parallelism(groups)
                } else {
                    env.set_max_parallelism(groups);
                    placed
                };
                let max_parallelism = MaxParallelism::new(groups).unwrap();
                for (subtask, key) in placed.execute_and_collect("groups").unwrap() {
                    let group = max_parallelism.key_group(&key);
                    assert_eq!(
                        subtask,
                        max_parallelism.subtask_of(group, 4),
                        "{key} of {groups} groups"
                    );
                }
            }
        }
    });
}

#[test]
fn a_parallelism_above_the_max_parallelism_is_an_error_that_says_so() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        env.from_sequence(0, 9)
            .map(|n| n)
            .name("wide")
            .parallelism(5)
            .max_parallelism(4)
            .discard();
        let error = env.plan().map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error
                .to_string()
                .contains("parallelism 5 (operator), above its max parallelism 4"),
            "{error}"
        );
    });
}
