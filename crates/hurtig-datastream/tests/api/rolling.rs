//! Row 19: rolling aggregates against a model.

use std::collections::BTreeMap;

use hurtig_datastream::{DataStream, KeyedStream};
use hurtig_env::{Rng, World};
use serde::{Deserialize, Serialize};

use crate::support::{environment, in_all_worlds, in_worlds_of_seeds, sorted};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Reading {
    sensor: u64,
    value: i64,
    number: u64,
}

fn readings(seed: u64, count: u64) -> Vec<Reading> {
    let mut rng = Rng::from_seed(seed);
    let sensors = rng.range(1..200);
    let reading = |number| Reading {
        sensor: rng.below(sensors),
        value: rng.below(40) as i64 - 20,
        number,
    };
    (0..count).map(reading).collect()
}

/// What must come of the records, by sensor, in order.
fn model(
    records: &[Reading],
    fold: impl Fn(Reading, &Reading) -> Reading,
) -> BTreeMap<u64, Vec<Reading>> {
    let mut updates: BTreeMap<u64, Vec<Reading>> = BTreeMap::new();
    for record in records {
        let of_sensor = updates.entry(record.sensor).or_default();
        let next = of_sensor
            .last()
            .map_or(record.clone(), |last| fold(last.clone(), record));
        of_sensor.push(next);
    }
    updates
}

/// Runs the aggregate at parallelism 1 to 8 and compares.
#[track_caller]
fn emits_one_update_per_record(
    aggregate: impl Fn(&KeyedStream<Reading, u64>) -> DataStream<Reading>,
    fold: impl Fn(Reading, &Reading) -> Reading,
) {
    let check = |world: &World, seed| {
        let records = readings(seed, 5000);
        let expected = model(&records, &fold);
        for parallelism in 1..=8 {
            let env = environment(world, parallelism);
            let keyed = env
                .from_collection(records.clone())
                .key_by(|reading| reading.sensor);
            let mut updates: BTreeMap<u64, Vec<Reading>> = BTreeMap::new();
            for update in aggregate(&keyed).execute_and_collect("rolling").unwrap() {
                updates.entry(update.sensor).or_default().push(update);
            }
            assert_eq!(updates, expected, "at parallelism {parallelism}");
        }
    };
    in_worlds_of_seeds(3, |world| check(&world, world.seed().unwrap_or(0)));
    check(&World::real(), 99);
}

#[test]
fn reduce_emits_one_update_per_record_in_order_per_key() {
    emits_one_update_per_record(
        |keyed| {
            keyed.reduce(|a, b| Reading {
                value: a.value.wrapping_mul(31) ^ b.value,
                number: b.number,
                ..a
            })
        },
        |a, b| Reading {
            value: a.value.wrapping_mul(31) ^ b.value,
            number: b.number,
            ..a
        },
    );
}

#[test]
fn sum_adds_the_field_and_keeps_the_others_of_the_first_record() {
    emits_one_update_per_record(
        |keyed| keyed.sum(|reading| &mut reading.value),
        |kept, new| Reading {
            value: kept.value + new.value,
            ..kept
        },
    );
}

#[test]
fn min_keeps_the_lowest_field_and_the_others_of_the_first_record() {
    emits_one_update_per_record(
        |keyed| keyed.min(|reading| &mut reading.value),
        |kept, new| Reading {
            value: kept.value.min(new.value),
            ..kept
        },
    );
}

#[test]
fn max_keeps_the_highest_field_and_the_others_of_the_first_record() {
    emits_one_update_per_record(
        |keyed| keyed.max(|reading| &mut reading.value),
        |kept, new| Reading {
            value: kept.value.max(new.value),
            ..kept
        },
    );
}

#[test]
fn min_by_keeps_the_whole_record_and_of_equals_the_first() {
    emits_one_update_per_record(
        |keyed| keyed.min_by(|reading| reading.value),
        |kept, new| {
            if new.value < kept.value {
                new.clone()
            } else {
                kept
            }
        },
    );
}

#[test]
fn max_by_keeps_the_whole_record_and_of_equals_the_first() {
    emits_one_update_per_record(
        |keyed| keyed.max_by(|reading| reading.value),
        |kept, new| {
            if new.value > kept.value {
                new.clone()
            } else {
                kept
            }
        },
    );
}

#[test]
fn the_aggregate_of_a_field_that_is_no_number_ignores_what_compares_to_nothing() {
    let env = environment(&World::simulated(1), 1);
    let floats = env.from_collection([(0u8, 2.0f64), (0, f64::NAN), (0, 1.0), (0, 3.0)]);
    let lowest = floats.key_by(|record| record.0).min(|record| &mut record.1);
    let lowest: Vec<f64> = lowest
        .map(|record| record.1)
        .execute_and_collect("lowest")
        .unwrap();
    assert_eq!(lowest, [2.0, 2.0, 1.0, 1.0]);
}

#[test]
fn state_is_per_key_whatever_subtask_the_records_come_from() {
    in_all_worlds(|world| {
        for parallelism in 1..=8 {
            let env = environment(&world, parallelism);
            // Every key is made by every subtask of the source.
            let counts = env
                .generate(8000, |n| (n / 8 % 100, 1u64))
                .key_by(|pair| pair.0)
                .sum(|pair| &mut pair.1);
            let counts = sorted(counts.execute_and_collect("counts").unwrap());
            let expected: Vec<(u64, u64)> = (0..100)
                .flat_map(|key| (1..=80).map(move |count| (key, count)))
                .collect();
            assert_eq!(counts, expected, "at parallelism {parallelism}");
        }
    });
}

#[test]
fn aggregates_of_one_keyed_stream_do_not_share_their_state() {
    in_worlds_of_seeds(4, |world| {
        let env = environment(&world, 3);
        let keyed = env.generate(300, |n| (n % 3, 1u64)).key_by(|pair| pair.0);
        let both = keyed
            .sum(|pair| &mut pair.1)
            .union(&[&keyed.sum(|pair| &mut pair.1)]);
        let highest = both
            .key_by(|_| 0u8)
            .max(|pair| &mut pair.1)
            .map(|pair| pair.1);
        let highest = highest.execute_and_collect("two sums").unwrap();
        assert_eq!((highest.len(), highest.last()), (600, Some(&100)));
    });
}

#[test]
fn keys_of_strings_tuples_and_enums_work_as_numbers_do() {
    #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
    enum Colour {
        Red,
        Other(String),
    }

    in_worlds_of_seeds(4, |world| {
        let env = environment(&world, 4);
        let numbers = env.from_sequence(0, 999);
        let colour = |n: &u64| {
            if n.is_multiple_of(2) {
                Colour::Red
            } else {
                Colour::Other(format!("number {}", n % 10))
            }
        };
        let by_colour = numbers
            .map(|n| (n, 1u64))
            .key_by(move |pair| colour(&pair.0))
            .sum(|pair| &mut pair.1);
        let by_pair = numbers
            .map(|n| (n, 1u64))
            .key_by(|pair| (pair.0 % 4, "x".to_string()))
            .sum(|pair| &mut pair.1);
        let (colours, pairs) = (
            hurtig_datastream::CollectSink::new(),
            hurtig_datastream::CollectSink::new(),
        );
        by_colour.sink_to(colours.clone());
        by_pair.sink_to(pairs.clone());
        env.execute("keys").unwrap();
        let highest = |updates: Vec<(u64, u64)>| updates.into_iter().map(|(_, count)| count).max();
        assert_eq!(highest(colours.take()), Some(500));
        assert_eq!(highest(pairs.take()), Some(250));
    });
}

#[test]
fn rolling_aggregates_have_flinks_names_and_tell_which_they_are() {
    let env = environment(&World::simulated(1), 1);
    let keyed = env.from_collection(readings(1, 10)).key_by(|r| r.sensor);
    keyed.sum(|r| &mut r.value).discard();
    keyed.min(|r| &mut r.value).discard();
    keyed.max(|r| &mut r.value).discard();
    keyed.min_by(|r| r.value).discard();
    keyed.max_by(|r| r.value).discard();
    keyed.reduce(|kept, _| kept).discard();
    let plan = env.plan().unwrap();
    let nodes = plan.stream_graph.nodes().iter();
    let keyed: Vec<_> = nodes
        .filter(|node| node.name.starts_with("Keyed"))
        .map(|node| (node.name.as_str(), node.description.as_str()))
        .collect();
    let aggregation = |description| ("Keyed Aggregation", description);
    assert_eq!(
        keyed,
        [
            aggregation("Keyed Aggregation(sum)"),
            aggregation("Keyed Aggregation(min)"),
            aggregation("Keyed Aggregation(max)"),
            aggregation("Keyed Aggregation(minBy)"),
            aggregation("Keyed Aggregation(maxBy)"),
            ("Keyed Reduce", "Keyed Reduce"),
        ]
    );
}
