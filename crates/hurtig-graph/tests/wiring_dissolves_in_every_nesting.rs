//! Unions, partitionings and side outputs leave edges, however they are nested.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{adorn, compile_with, map, parallel, sink, source, spread};
use hurtig_graph::{NodeId, Partitioning, Transformation, Transformations};

/// What the graph says of the edges into `reader`: source, how, who chose, tag.
type Edge = (NodeId, Partitioning, Option<NodeId>, Option<&'static str>);

#[track_caller]
fn assert_edges(job: &Transformations, reader: NodeId, expected: &[Edge]) {
    let plan = compile_with(job, parallel(2));
    let edges: Vec<_> = plan
        .stream_graph
        .inputs_of(reader)
        .map(|edge| {
            let tag = edge.side_output.as_deref();
            (
                edge.source,
                edge.partitioning.clone(),
                edge.partition_node,
                tag,
            )
        })
        .collect();
    assert_eq!(edges, expected);
}

fn union<const N: usize>(job: &mut Transformations, inputs: [NodeId; N]) -> NodeId {
    job.add(Transformation::union(inputs, common::T))
}

fn side(job: &mut Transformations, input: NodeId) -> NodeId {
    job.add(Transformation::side_output(input, "late", "String"))
}

#[test]
fn of_partitionings_of_a_partitioning_the_last_holds() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    let inner = spread(&mut job, a, Partitioning::Rebalance);
    let outer = spread(&mut job, inner, Partitioning::Broadcast);
    let print = sink(&mut job, "print", outer);
    assert_edges(
        &job,
        print,
        &[(a, Partitioning::Broadcast, Some(outer), None)],
    );
}

#[test]
fn a_union_of_partitionings_keeps_each() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    let b = source(&mut job, "b");
    let shuffled = spread(&mut job, a, Partitioning::Shuffle);
    let both = union(&mut job, [shuffled, b]);
    let print = sink(&mut job, "print", both);
    let expected = [
        (a, Partitioning::Shuffle, Some(shuffled), None),
        (b, Partitioning::Forward, None, None),
    ];
    assert_edges(&job, print, &expected);
}

#[test]
fn a_partitioning_of_a_union_holds_for_all_even_over_those_within() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    let b = source(&mut job, "b");
    let c = source(&mut job, "c");
    let shuffled = spread(&mut job, a, Partitioning::Shuffle);
    let inner = union(&mut job, [shuffled, b]);
    let outer = union(&mut job, [inner, c]);
    let global = spread(&mut job, outer, Partitioning::Global);
    let print = sink(&mut job, "print", global);
    let expected = [a, b, c].map(|source| (source, Partitioning::Global, Some(global), None));
    assert_edges(&job, print, &expected);
}

#[test]
fn side_outputs_and_partitionings_commute() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    let late = side(&mut job, a);
    let spread_late = spread(&mut job, late, Partitioning::Rescale);
    let one = sink(&mut job, "one", spread_late);
    let spread_all = spread(&mut job, a, Partitioning::Rescale);
    let late_of_spread = side(&mut job, spread_all);
    let other = sink(&mut job, "other", late_of_spread);
    let late = Some("late");
    assert_edges(
        &job,
        one,
        &[(a, Partitioning::Rescale, Some(spread_late), late)],
    );
    assert_edges(
        &job,
        other,
        &[(a, Partitioning::Rescale, Some(spread_all), late)],
    );
}

#[test]
fn a_side_output_of_a_union_is_that_of_each_of_its_operators() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    let b = source(&mut job, "b");
    let both = union(&mut job, [a, b]);
    let late = side(&mut job, both);
    let print = sink(&mut job, "print", late);
    let expected = [a, b].map(|source| (source, Partitioning::Forward, None, Some("late")));
    assert_edges(&job, print, &expected);
}

#[test]
fn an_edge_has_the_type_of_what_is_on_it() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    let late = side(&mut job, a);
    sink(&mut job, "main", a);
    job.add(Transformation::sink("late", late, "Late"));
    let mut settings = parallel(1);
    settings.chaining_enabled = false;
    let plan = compile_with(&job, settings);
    let types: Vec<_> = plan
        .job_graph
        .edges()
        .iter()
        .map(|edge| (edge.upstream_type.as_str(), edge.downstream_type.as_str()))
        .collect();
    assert_eq!(types, [("i64", "i64"), ("String", "Late")]);
}

#[test]
fn unchosen_edges_are_forward_at_equal_parallelism_and_rebalanced_otherwise() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    let wide = map(&mut job, "wide", a);
    adorn(&mut job, wide, |wide| wide.parallelism(8));
    let print = sink(&mut job, "print", a);
    sink(&mut job, "rest", wide);
    assert_edges(&job, print, &[(a, Partitioning::Forward, None, None)]);
    assert_edges(&job, wide, &[(a, Partitioning::Rebalance, None, None)]);
}

#[test]
fn wiring_that_nobody_reads_leaves_no_trace() {
    let mut job = Transformations::new();
    let a = source(&mut job, "a");
    spread(&mut job, a, Partitioning::Shuffle);
    side(&mut job, a);
    sink(&mut job, "print", a);
    let plan = compile_with(&job, parallel(2));
    assert_eq!(
        (
            plan.stream_graph.nodes().len(),
            plan.stream_graph.edges().len()
        ),
        (2, 1)
    );
}
