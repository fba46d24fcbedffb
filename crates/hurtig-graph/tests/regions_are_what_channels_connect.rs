//! Subtasks that exchange records are one region; those that don't are not.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::*;
use hurtig_graph::{ChainingStrategy, Partitioning, PipelinedRegions, Plan, Transformations};
use proptest::prelude::*;

fn regions(plan: &Plan) -> Vec<Vec<usize>> {
    let regions = PipelinedRegions::of(&plan.execution_graph);
    regions.all().map(<[usize]>::to_vec).collect()
}

#[test]
fn each_subtask_of_a_forward_pipeline_is_a_region() {
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    let mapped = map(&mut job, "map", numbers);
    adorn(&mut job, mapped, |map| map.chaining(ChainingStrategy::Head));
    sink(&mut job, "print", mapped);
    let plan = compile_with(&job, parallel(3));
    assert_eq!(regions(&plan), [[0, 3], [1, 4], [2, 5]]);
}

#[test]
fn an_exchange_makes_one_region_of_all_subtasks() {
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    let spread = spread(&mut job, numbers, Partitioning::Rebalance);
    sink(&mut job, "print", spread);
    let plan = compile_with(&job, parallel(2));
    assert_eq!(regions(&plan), [[0, 1, 2, 3]]);
}

#[test]
fn two_pipelines_of_a_job_are_two_regions() {
    let mut job = Transformations::new();
    for name in ["one", "other"] {
        let numbers = source(&mut job, name);
        let spread = spread(&mut job, numbers, Partitioning::Rebalance);
        sink(&mut job, name, spread);
    }
    let plan = compile_with(&job, parallel(2));
    let regions = regions(&plan);
    assert_eq!(regions.len(), 2);
    assert!(regions.iter().all(|region| region.len() == 4));
}

proptest! {
    /// However vertices are connected: no channel leaves a region, and each subtask is in one.
    #[test]
    fn no_channel_leads_from_one_region_to_another(
        steps in prop::collection::vec((0u8..4, 1u32..5, 0usize..8), 1..8),
    ) {
        let mut job = Transformations::new();
        let mut nodes = vec![source(&mut job, "numbers"), source(&mut job, "others")];
        for (kind, parallelism, from) in steps {
            let from = nodes[from % nodes.len()];
            let partitioning = match kind {
                0 => Partitioning::Rescale,
                1 => Partitioning::Rebalance,
                2 => Partitioning::Broadcast,
                _ => Partitioning::Global,
            };
            let spread = spread(&mut job, from, partitioning);
            let next = map(&mut job, "map", spread);
            adorn(&mut job, next, |map| map.parallelism(parallelism));
            nodes.push(next);
        }
        for node in nodes {
            sink(&mut job, "print", node);
        }
        let plan = compile_with(&job, parallel(3));
        let graph = &plan.execution_graph;
        let regions = PipelinedRegions::of(graph);
        let mut first = 0;
        let mut places = std::collections::BTreeMap::new();
        for vertex in graph.vertices() {
            places.insert(vertex.vertex, first);
            first += vertex.subtasks.len();
        }
        for edge in graph.edges() {
            for channel in graph.channels(edge.edge) {
                let producer = places[&edge.source] + channel.producer_subtask as usize;
                let consumer = places[&edge.target] + channel.consumer_subtask as usize;
                prop_assert_eq!(regions.of_subtask(producer), regions.of_subtask(consumer));
            }
        }
        let all: Vec<usize> = regions.all().flatten().copied().collect();
        prop_assert_eq!(all.len(), first);
        prop_assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), first);
    }
}
