//! Which operators become one vertex: the three switches, and each of the rules.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{adorn, compile, compile_with, map, names, parallel, sink, source, spread};
use hurtig_graph::{
    ChainBreak, ChainInput, ChainingStrategy, JobSettings, NodeId, Partitioning, Transformation,
    Transformations,
};

/// `source -> a -> b -> print`
fn line() -> (Transformations, NodeId) {
    let mut job = Transformations::new();
    let source = source(&mut job, "numbers");
    let a = map(&mut job, "a", source);
    let b = map(&mut job, "b", a);
    sink(&mut job, "print", b);
    (job, b)
}

#[test]
fn without_switches_a_line_is_one_vertex() {
    assert_eq!(
        names(&compile(&line().0)),
        ["Source: numbers -> a -> b -> Sink: print"]
    );
}

#[test]
fn chaining_off_for_the_job_makes_each_operator_a_vertex() {
    let settings = JobSettings {
        chaining_enabled: false,
        ..JobSettings::default()
    };
    let plan = compile_with(&line().0, settings);
    assert_eq!(names(&plan), ["Source: numbers", "a", "b", "Sink: print"]);
    assert!(
        plan.job_graph
            .edges()
            .iter()
            .all(|edge| edge.chain_break == ChainBreak::Disabled)
    );
}

#[test]
fn start_new_chain_cuts_before_the_operator() {
    let (mut job, b) = line();
    adorn(&mut job, b, |b| b.chaining(ChainingStrategy::Head));
    assert_eq!(
        names(&compile(&job)),
        ["Source: numbers -> a", "b -> Sink: print"]
    );
}

#[test]
fn disable_chaining_cuts_on_both_sides() {
    let (mut job, b) = line();
    adorn(&mut job, b, |b| b.chaining(ChainingStrategy::Never));
    let plan = compile(&job);
    assert_eq!(names(&plan), ["Source: numbers -> a", "b", "Sink: print"]);
    let breaks: Vec<_> = plan
        .job_graph
        .edges()
        .iter()
        .map(|edge| edge.chain_break)
        .collect();
    assert_eq!(breaks, [ChainBreak::Reader, ChainBreak::Emitter]);
}

#[test]
fn another_slot_sharing_group_cuts_and_is_handed_on() {
    let (mut job, b) = line();
    adorn(&mut job, b, |b| b.slot_sharing_group("heavy"));
    let plan = compile_with(&job, parallel(3));
    assert_eq!(names(&plan), ["Source: numbers -> a", "b -> Sink: print"]);
    assert_eq!(plan.job_graph.slots_required(), 6);
}

#[test]
fn an_operator_after_two_groups_is_in_the_default_one() {
    let mut job = Transformations::new();
    let left = source(&mut job, "left");
    let right = source(&mut job, "right");
    adorn(&mut job, left, |left| left.slot_sharing_group("one"));
    adorn(&mut job, right, |right| right.slot_sharing_group("two"));
    let both = job.add(Transformation::union([left, right], common::T));
    sink(&mut job, "print", both);
    let plan = compile(&job);
    let groups: Vec<_> = plan
        .stream_graph
        .nodes()
        .iter()
        .map(|node| node.slot_sharing_group.as_str())
        .collect();
    assert_eq!(groups, ["one", "two", "default"]);
    assert_eq!(plan.job_graph.slots_required(), 3);
}

#[test]
fn blocking_operators_chain_with_their_like() {
    let (mut job, b) = line();
    adorn(&mut job, b, Transformation::blocking);
    let plan = compile(&job);
    assert_eq!(names(&plan), ["Source: numbers -> a", "b", "Sink: print"]);
    let blocking: Vec<_> = plan
        .job_graph
        .vertices()
        .iter()
        .map(|v| v.blocking)
        .collect();
    assert_eq!(blocking, [false, true, false]);

    let last = NodeId::new(4);
    adorn(&mut job, last, Transformation::blocking);
    assert_eq!(
        names(&compile(&job)),
        ["Source: numbers -> a", "b -> Sink: print"]
    );
}

#[test]
fn every_partitioning_but_forward_cuts() {
    let custom = Partitioning::Custom {
        name: "by airline".into(),
    };
    let cutting = [
        Partitioning::Rebalance,
        Partitioning::Rescale,
        Partitioning::Shuffle,
        Partitioning::Broadcast,
        Partitioning::Global,
        custom,
    ];
    for partitioning in cutting {
        let mut job = Transformations::new();
        let source = source(&mut job, "numbers");
        let spread = spread(&mut job, source, partitioning.clone());
        sink(&mut job, "print", spread);
        let plan = compile(&job);
        assert_eq!(plan.job_graph.vertices().len(), 2, "{partitioning}");
        assert_eq!(plan.job_graph.edges()[0].partition_node, Some(spread));
    }
    let mut job = Transformations::new();
    let source = source(&mut job, "numbers");
    let forwarded = spread(&mut job, source, Partitioning::Forward);
    sink(&mut job, "print", forwarded);
    assert_eq!(compile(&job).job_graph.vertices().len(), 1);
}

#[test]
fn another_parallelism_cuts_and_rebalances() {
    let (mut job, b) = line();
    adorn(&mut job, b, |b| b.parallelism(2));
    let plan = compile(&job);
    assert_eq!(names(&plan), ["Source: numbers -> a", "b", "Sink: print"]);
    assert!(
        plan.job_graph
            .edges()
            .iter()
            .all(|edge| edge.partitioning == Partitioning::Rebalance)
    );
}

#[test]
fn an_operator_with_several_inputs_begins_a_chain() {
    let mut job = Transformations::new();
    let left = source(&mut job, "left");
    let right = source(&mut job, "right");
    let types = [common::T.to_string(), common::T.to_string()];
    let join = job.add(Transformation::two_input(
        "join",
        [left, right],
        types,
        common::T,
    ));
    sink(&mut job, "print", join);
    let plan = compile(&job);
    assert_eq!(
        names(&plan),
        ["Source: left", "Source: right", "join -> Sink: print"]
    );
    let vertex = &plan.job_graph.vertices()[2];
    let inputs: Vec<_> = vertex
        .inputs
        .iter()
        .filter_map(|&id| plan.job_graph.edge(id))
        .map(|edge| (edge.input_index, &edge.partitioning))
        .collect();
    assert_eq!(
        inputs,
        [(0, &Partitioning::Forward), (1, &Partitioning::Forward)]
    );
}

#[test]
fn a_union_of_one_stream_with_itself_gives_two_edges() {
    let mut job = Transformations::new();
    let source = source(&mut job, "numbers");
    let twice = job.add(Transformation::union([source, source], common::T));
    sink(&mut job, "print", twice);
    let plan = compile(&job);
    assert_eq!(
        (
            plan.job_graph.vertices().len(),
            plan.job_graph.edges().len()
        ),
        (2, 2)
    );
}

#[test]
fn chains_are_trees_with_parents_before_their_children() {
    let mut job = Transformations::new();
    let source = source(&mut job, "numbers");
    let a = map(&mut job, "a", source);
    let late = job.add(Transformation::side_output(a, "late", common::T));
    let b = map(&mut job, "b", source);
    sink(&mut job, "main", a);
    sink(&mut job, "late", late);
    sink(&mut job, "out", b);
    let plan = compile(&job);
    assert_eq!(
        names(&plan),
        ["Source: numbers -> (a -> (Sink: main, Sink: late), b -> Sink: out)"]
    );
    let operators = &plan.job_graph.vertices()[0].operators;
    let order: Vec<_> = operators
        .iter()
        .map(|operator| operator.name.as_str())
        .collect();
    assert_eq!(
        order,
        [
            "Source: numbers",
            "a",
            "Sink: main",
            "Sink: late",
            "b",
            "Sink: out"
        ]
    );
    let parents: Vec<_> = operators.iter().map(|operator| operator.parent()).collect();
    assert_eq!(parents, [None, Some(0), Some(1), Some(1), Some(0), Some(4)]);
    let tagged = ChainInput::Chained {
        parent: 1,
        side_output: Some("late".into()),
    };
    assert_eq!(operators[3].input, tagged);
}

#[test]
fn a_stream_reinterpreted_as_keyed_chains_while_the_key_groups_are_the_same() {
    let job = |max_parallelism: Option<u32>| {
        let mut job = Transformations::new();
        let source = source(&mut job, "numbers");
        let hashed = spread(&mut job, source, Partitioning::KeyGroup);
        let first = map(&mut job, "first", hashed);
        adorn(&mut job, first, |first| first.keyed_by("i64"));
        let kept = spread(&mut job, first, Partitioning::Forward);
        let second = map(&mut job, "second", kept);
        adorn(&mut job, second, |second| second.keyed_by("i64"));
        job.get_mut(second).expect("second").max_parallelism = max_parallelism;
        sink(&mut job, "print", second);
        job
    };
    let same = compile_with(&job(None), parallel(2));
    assert_eq!(
        names(&same),
        ["Source: numbers", "first -> second -> Sink: print"]
    );
    let other = compile_with(&job(Some(256)), parallel(2));
    assert_eq!(
        names(&other),
        ["Source: numbers", "first", "second -> Sink: print"]
    );
    assert_eq!(
        other.job_graph.edges()[1].chain_break,
        ChainBreak::KeyGroups
    );
}

#[test]
fn the_buffer_timeout_of_an_edge_is_its_emitters() {
    use hurtig_graph::BufferTimeout;
    let mut job = Transformations::new();
    let source = source(&mut job, "numbers");
    adorn(&mut job, source, |source| {
        source.buffer_timeout(BufferTimeout::Never)
    });
    let a = map(&mut job, "a", source);
    adorn(&mut job, a, |a| a.parallelism(2));
    sink(&mut job, "print", a);
    let plan = compile(&job);
    let timeouts: Vec<_> = plan
        .job_graph
        .edges()
        .iter()
        .map(|edge| edge.buffer_timeout)
        .collect();
    assert_eq!(timeouts, [BufferTimeout::Never, BufferTimeout::default()]);
}
