//! An operator's id is its uid's, or comes from what it does: never from where it stands.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeMap;

use common::{adorn, compile, compile_with, map, parallel, sink, source, spread};
use hurtig_graph::{
    NodeId, OperatorIdOrigin, Partitioning, Plan, StreamNode, Transformation, Transformations,
};
use hurtig_types::OperatorId;
use proptest::prelude::*;

fn node(plan: &Plan, id: NodeId) -> &StreamNode {
    plan.stream_graph.node(id).expect("an operator")
}

/// The steps of a program as a graph of indices, which can be said in many orders.
#[derive(Clone, Debug)]
struct Step {
    name: String,
    inputs: Vec<usize>,
    shuffled: bool,
    keyed: bool,
}

/// Branches that all begin and go on alike and differ in their sinks alone, and a union of all of them.
fn branches(widths: &[(usize, bool, bool)]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut ends = Vec::new();
    for (branch, &(maps, shuffled, keyed)) in widths.iter().enumerate() {
        let mut last = steps.len();
        let step = |name: String, inputs| Step {
            name,
            inputs,
            shuffled,
            keyed,
        };
        steps.push(step("read".into(), vec![]));
        for _ in 0..maps {
            steps.push(step("map".into(), vec![last]));
            last = steps.len() - 1;
        }
        steps.push(step(format!("sink {branch}"), vec![last]));
        ends.push(last);
    }
    let all = Step {
        name: "sink of all".into(),
        inputs: ends,
        shuffled: false,
        keyed: false,
    };
    steps.push(all);
    steps
}

/// Says the steps in the order of `priority`, each as soon as what it reads was said.
fn say(steps: &[Step], priority: &[u32]) -> (Transformations, BTreeMap<usize, NodeId>) {
    let mut job = Transformations::new();
    let mut said: BTreeMap<usize, NodeId> = BTreeMap::new();
    while said.len() < steps.len() {
        let next = (0..steps.len())
            .filter(|index| !said.contains_key(index))
            .filter(|&index| {
                steps[index]
                    .inputs
                    .iter()
                    .all(|input| said.contains_key(input))
            })
            .min_by_key(|&index| (priority[index % priority.len()], index))
            .expect("no cycles");
        let step = &steps[next];
        let inputs: Vec<NodeId> = step.inputs.iter().map(|input| said[input]).collect();
        let id = match inputs.as_slice() {
            [] => source(&mut job, &step.name),
            &[input] => {
                let input = match (step.keyed, step.shuffled) {
                    (true, _) => spread(&mut job, input, Partitioning::KeyGroup),
                    (_, true) => spread(&mut job, input, Partitioning::Shuffle),
                    _ => input,
                };
                let id = match step.name.starts_with("sink") {
                    true => sink(&mut job, &step.name, input),
                    false => map(&mut job, &step.name, input),
                };
                if step.keyed {
                    adorn(&mut job, id, |operator| operator.keyed_by("i64"));
                }
                id
            }
            _ => {
                let union = job.add(Transformation::union(inputs, common::T));
                sink(&mut job, &step.name, union)
            }
        };
        said.insert(next, id);
    }
    (job, said)
}

fn ids(steps: &[Step], priority: &[u32]) -> Vec<OperatorId> {
    let (job, said) = say(steps, priority);
    let plan = compile(&job);
    said.values()
        .map(|&id| node(&plan, id).operator_id)
        .collect()
}

proptest! {
    #[test]
    fn any_order_in_which_branches_are_said_gives_the_same_ids(
        widths in prop::collection::vec((0usize..4, any::<bool>(), any::<bool>()), 1..5),
        priority in prop::collection::vec(any::<u32>(), 1..40),
    ) {
        let steps = branches(&widths);
        prop_assert_eq!(ids(&steps, &[0]), ids(&steps, &priority));
    }

    #[test]
    fn operators_that_nothing_tells_apart_share_the_same_ids_in_any_order(
        twins in 1usize..5,
        priority in prop::collection::vec(any::<u32>(), 1..40),
    ) {
        let step = |name: &str, inputs| {
            Step { name: name.into(), inputs, shuffled: false, keyed: false }
        };
        let steps: Vec<Step> = (0..twins)
            .flat_map(|twin| [step("read", vec![]), step("sink", vec![twin * 2])])
            .collect();
        let sorted = |priority: &[u32]| {
            let mut ids = ids(&steps, priority);
            ids.sort();
            ids
        };
        let ids = sorted(&priority);
        prop_assert_eq!(&sorted(&[0]), &ids);
        prop_assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

#[test]
fn a_uid_alone_decides_the_id() {
    let id = |name: &str| {
        let mut job = Transformations::new();
        let read = source(&mut job, name);
        adorn(&mut job, read, |read| read.uid("read"));
        sink(&mut job, "print", read);
        node(&compile(&job), read).operator_id
    };
    assert_eq!(id("one"), OperatorId::from_uid("read"));
    assert_eq!(id("one"), id("another"));
}

/// `numbers -> map -> print`, changed before it is compiled.
fn map_id(environment: u32, change: impl FnOnce(Transformation) -> Transformation) -> OperatorId {
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    let map = map(&mut job, "map", numbers);
    sink(&mut job, "print", map);
    adorn(&mut job, map, change);
    node(&compile_with(&job, parallel(environment)), map).operator_id
}

#[test]
fn rescaling_and_tuning_change_no_id() {
    let id = map_id(1, |map| map);
    assert_eq!(id, map_id(4, |map| map));
    // Another parallelism makes the edge a rebalance that nobody chose.
    assert_eq!(id, map_id(4, |map| map.parallelism(2)));
    assert_eq!(
        id,
        map_id(1, |map| map
            .max_parallelism(1024)
            .slot_sharing_group("g")
            .blocking())
    );
    assert_eq!(
        id,
        map_id(1, |map| map.chaining(hurtig_graph::ChainingStrategy::Never))
    );
}

#[test]
fn doing_something_else_changes_the_id() {
    let id = map_id(1, |map| map);
    assert_ne!(id, map_id(1, |map| map.description("x + 1")));
    assert_ne!(id, map_id(1, |map| map.name("filter")));
    let typed = |mut map: Transformation| {
        map.output_type = "String".into();
        map
    };
    assert_ne!(id, map_id(1, typed));
}

#[test]
fn a_chosen_partitioning_and_a_side_output_are_part_of_what_the_reader_does() {
    let id = |wire: fn(&mut Transformations, NodeId) -> NodeId| {
        let mut job = Transformations::new();
        let numbers = source(&mut job, "numbers");
        let wired = wire(&mut job, numbers);
        let print = sink(&mut job, "print", wired);
        node(&compile(&job), print).operator_id
    };
    let ids = [
        id(|_, numbers| numbers),
        id(|job, numbers| spread(job, numbers, Partitioning::Forward)),
        id(|job, numbers| spread(job, numbers, Partitioning::Shuffle)),
        id(|job, numbers| spread(job, numbers, Partitioning::Custom { name: "a".into() })),
        id(|job, numbers| spread(job, numbers, Partitioning::Custom { name: "b".into() })),
        id(|job, numbers| job.add(Transformation::side_output(numbers, "late", common::T))),
    ];
    for (at, id) in ids.iter().enumerate() {
        assert!(!ids[at + 1..].contains(id), "{at}");
    }
}

#[test]
fn left_and_right_are_not_the_same() {
    let join = |swap: bool| {
        let mut job = Transformations::new();
        let a = source(&mut job, "a");
        let b = source(&mut job, "b");
        let inputs = if swap { [b, a] } else { [a, b] };
        let types = [common::T.to_string(), common::T.to_string()];
        let join = job.add(Transformation::two_input("join", inputs, types, common::T));
        sink(&mut job, "print", join);
        node(&compile(&job), join).operator_id
    };
    assert_ne!(join(false), join(true));
}

#[test]
fn a_change_behind_one_twin_never_hands_it_the_id_of_the_other() {
    let ids = |second: &str| {
        let mut job = Transformations::new();
        let reads = [source(&mut job, "read"), source(&mut job, "read")];
        let first_map = map(&mut job, "first", reads[0]);
        let second_map = map(&mut job, second, reads[1]);
        sink(&mut job, "print", first_map);
        sink(&mut job, "print", second_map);
        let plan = compile(&job);
        reads.map(|read| {
            assert_eq!(node(&plan, read).id_origin, OperatorIdOrigin::Surroundings);
            node(&plan, read).operator_id
        })
    };
    let before = ids("second");
    for edit in 0..20 {
        let after = ids(&format!("second, edited {edit}"));
        assert_eq!(before[0], after[0]);
        assert!(!before.contains(&after[1]));
    }
}

#[test]
fn twins_are_told_apart_by_whatever_their_pipelines_differ_in() {
    // Two joins; nothing before or behind the left sources differs, but what else reads the right ones does.
    let ids = |order: [&str; 2]| {
        let mut job = Transformations::new();
        let mut lefts = order.map(|extra| {
            let left = source(&mut job, "left");
            let right = source(&mut job, "right");
            let types = [common::T.to_string(), common::T.to_string()];
            let join = Transformation::two_input("join", [left, right], types, common::T);
            let join = job.add(join);
            sink(&mut job, "print", join);
            sink(&mut job, extra, right);
            (extra, left)
        });
        lefts.sort_by_key(|&(extra, _)| extra);
        let plan = compile(&job);
        lefts.map(|(_, left)| {
            assert_eq!(node(&plan, left).id_origin, OperatorIdOrigin::Surroundings);
            node(&plan, left).operator_id
        })
    };
    assert_eq!(ids(["a", "b"]), ids(["b", "a"]));
}

#[test]
fn twins_that_their_readers_tell_apart_survive_edits_elsewhere_in_the_pipeline() {
    let ids = |elsewhere: &str| {
        let mut job = Transformations::new();
        let reads = [source(&mut job, "read"), source(&mut job, "read")];
        let other = source(&mut job, "other");
        let first = map(&mut job, "first", reads[0]);
        sink(&mut job, "print", first);
        let types = [common::T.to_string(), common::T.to_string()];
        let join = Transformation::two_input("join", [reads[1], other], types, common::T);
        let join = job.add(join);
        sink(&mut job, "print", join);
        sink(&mut job, elsewhere, other);
        let plan = compile(&job);
        reads.map(|read| node(&plan, read).operator_id)
    };
    assert_eq!(ids("log"), ids("log, edited"));
}

#[test]
fn twins_of_one_branch_stay_together() {
    // Two equal branches, said interleaved: the ids of one branch follow from those of its source.
    let ids = |interleaved: bool| {
        let mut job = Transformations::new();
        let (a, b) = (source(&mut job, "read"), source(&mut job, "read"));
        let (first, second) = if interleaved { (b, a) } else { (a, b) };
        let one = map(&mut job, "map", first);
        let two = map(&mut job, "map", second);
        sink(&mut job, "print", one);
        sink(&mut job, "print", two);
        let plan = compile(&job);
        let of_a = if interleaved { two } else { one };
        assert_eq!(node(&plan, a).id_origin, OperatorIdOrigin::Ordinal(0));
        (node(&plan, a).operator_id, node(&plan, of_a).operator_id)
    };
    assert_eq!(ids(false), ids(true));
}
