//! Which subtasks an edge connects, for all parallelisms up to 40 against a plain table, and in numbers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::num::NonZeroU32;

use common::{adorn, compile, sink, source, spread};
use hurtig_graph::{Channel, Distribution, DistributionPattern, Partitioning, Transformations};

fn distribution(partitioning: &Partitioning, producers: u32, consumers: u32) -> Distribution {
    let parallelism = |n| NonZeroU32::new(n).expect("not 0");
    Distribution::of(partitioning, parallelism(producers), parallelism(consumers))
}

/// The pairs that Flink's pointwise pattern connects: each subtask of the smaller side takes its share of the larger,
/// whose bounds are rounded down when producers are shared out and up when consumers are.
fn pointwise(producers: u32, consumers: u32) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for producer in 0..producers {
        for consumer in 0..consumers {
            let connected = if producers >= consumers {
                let bound = |index: u32| index * producers / consumers;
                bound(consumer) <= producer && producer < bound(consumer + 1)
            } else {
                let bound = |index: u32| (index * consumers).div_ceil(producers);
                bound(producer) <= consumer && consumer < bound(producer + 1)
            };
            if connected {
                pairs.push((producer, consumer));
            }
        }
    }
    pairs
}

#[test]
fn rescale_connects_as_the_formula_says() {
    for producers in 1..=40 {
        for consumers in 1..=40 {
            let distribution = distribution(&Partitioning::Rescale, producers, consumers);
            let pairs: Vec<(u32, u32)> = distribution
                .channels()
                .map(|channel| (channel.producer_subtask, channel.consumer_subtask))
                .collect();
            assert_eq!(
                pairs,
                pointwise(producers, consumers),
                "{producers} to {consumers}"
            );
            assert_eq!(pairs.len() as u32, producers.max(consumers));
        }
    }
}

#[test]
fn both_ends_number_their_channels_without_gaps_and_agree() {
    for partitioning in [Partitioning::Rescale, Partitioning::Rebalance] {
        for producers in 1..=40 {
            for consumers in 1..=40 {
                check_numbers(distribution(&partitioning, producers, consumers));
            }
        }
    }
}

fn check_numbers(distribution: Distribution) {
    let channels: Vec<Channel> = distribution.channels().collect();
    assert_eq!(channels.len() as u64, distribution.channel_count());
    let mut next_of_producer = vec![0; distribution.producers() as usize];
    let mut next_of_consumer = vec![0; distribution.consumers() as usize];
    for channel in &channels {
        let produced = &mut next_of_producer[channel.producer_subtask as usize];
        let consumed = &mut next_of_consumer[channel.consumer_subtask as usize];
        assert_eq!(channel.producer_channel_index, *produced);
        assert_eq!(channel.consumer_channel_index, *consumed);
        *produced += 1;
        *consumed += 1;
        assert!(
            distribution
                .consumers_of(channel.producer_subtask)
                .contains(&channel.consumer_subtask)
        );
        assert!(
            distribution
                .producers_of(channel.consumer_subtask)
                .contains(&channel.producer_subtask)
        );
    }
    for (producer, count) in next_of_producer.into_iter().enumerate() {
        assert!(count > 0);
        assert_eq!(
            distribution.consumers_of(producer as u32).len(),
            count as usize
        );
    }
    for (consumer, count) in next_of_consumer.into_iter().enumerate() {
        assert!(count > 0);
        assert_eq!(
            distribution.producers_of(consumer as u32).len(),
            count as usize
        );
    }
}

#[test]
fn forward_connects_each_subtask_with_its_like() {
    let pairs: Vec<_> = distribution(&Partitioning::Forward, 3, 3)
        .channels()
        .map(|channel| (channel.producer_subtask, channel.consumer_subtask))
        .collect();
    assert_eq!(pairs, [(0, 0), (1, 1), (2, 2)]);
}

#[test]
fn all_partitionings_but_forward_and_rescale_connect_all_with_all() {
    let custom = Partitioning::Custom {
        name: "by airline".into(),
    };
    for partitioning in [
        Partitioning::Rebalance,
        Partitioning::Shuffle,
        Partitioning::Broadcast,
        Partitioning::Global,
        Partitioning::KeyGroup,
        custom,
    ] {
        assert_eq!(partitioning.pattern(), DistributionPattern::AllToAll);
        assert_eq!(distribution(&partitioning, 3, 5).channel_count(), 15);
    }
}

#[test]
fn rescale_takes_the_larger_parallelism_of_channels_where_rebalance_takes_the_product() {
    let channels = |partitioning| {
        let mut job = Transformations::new();
        let numbers = source(&mut job, "numbers");
        adorn(&mut job, numbers, |numbers| numbers.parallelism(32));
        let spread = spread(&mut job, numbers, partitioning);
        let print = sink(&mut job, "print", spread);
        adorn(&mut job, print, |print| print.parallelism(12));
        let plan = compile(&job);
        let edge = plan.job_graph.edges()[0].id;
        let listed = plan.execution_graph.channels(edge).count() as u64;
        assert_eq!(listed, plan.execution_graph.channel_count());
        listed
    };
    assert_eq!(channels(Partitioning::Rescale), 32);
    assert_eq!(channels(Partitioning::Rebalance), 32 * 12);
}

#[test]
fn subtasks_share_out_all_key_groups() {
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    adorn(&mut job, numbers, |numbers| {
        numbers.parallelism(3).max_parallelism(128)
    });
    sink(&mut job, "print", numbers);
    let plan = compile(&job);
    let subtasks = &plan.execution_graph.vertices()[0].subtasks;
    let sizes: Vec<_> = subtasks
        .iter()
        .map(|subtask| subtask.key_groups.len())
        .collect();
    assert_eq!(sizes, [43, 43, 42]);
    let mut next = 0;
    for subtask in subtasks {
        assert_eq!(subtask.key_groups.start(), next);
        next += subtask.key_groups.len();
    }
    assert_eq!(next, 128);
}

#[test]
fn the_widest_jobs_do_not_overflow() {
    let widest = distribution(&Partitioning::Rescale, u32::MAX - 1, u32::MAX);
    assert_eq!(widest.channel_count(), u64::from(u32::MAX));
    assert_eq!(
        widest.producers_of(u32::MAX - 1),
        u32::MAX - 2..u32::MAX - 1
    );
    assert_eq!(widest.consumers_of(u32::MAX - 2), u32::MAX - 1..u32::MAX);
    let square = distribution(&Partitioning::Rebalance, 1 << 15, 1 << 15);
    assert_eq!(square.channel_count(), 1 << 30);
}
