//! Each mistake gets a message that names the operators and what to do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{adorn, map, parallel, sink, source, spread};
use hurtig_graph::{
    ExecutionGraph, JobGraph, JobSettings, NodeId, Partitioning, Plan, StreamGraph, Transformation,
    Transformations,
};
use hurtig_types::ErrorKind;

#[track_caller]
fn refused_with(job: &Transformations, settings: JobSettings, kind: ErrorKind, message: &str) {
    let error = Plan::compile(job.clone(), settings).expect_err("refused");
    assert_eq!((error.to_string().as_str(), error.kind()), (message, kind));
}

#[track_caller]
fn refused(job: &Transformations, kind: ErrorKind, message: &str) {
    refused_with(job, JobSettings::default(), kind, message);
}

/// `numbers -> map -> print`
fn line() -> (Transformations, [NodeId; 3]) {
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    let map = map(&mut job, "map", numbers);
    let print = sink(&mut job, "print", map);
    (job, [numbers, map, print])
}

#[test]
fn a_job_that_is_empty_or_has_no_source_or_no_sink() {
    let mut job = Transformations::new();
    refused(
        &job,
        ErrorKind::InvalidJob,
        "the job is empty: add a source and a sink",
    );

    source(&mut job, "numbers");
    let message =
        "the job has no sink: its results would go nowhere; end a stream in one, such as `print`";
    refused(&job, ErrorKind::InvalidJob, message);

    let mut job = Transformations::new();
    sink(&mut job, "print", NodeId::new(1));
    let message = "the job has no source: nothing would ever flow; add one";
    refused(&job, ErrorKind::InvalidJob, message);
}

#[test]
fn a_parallelism_of_0_on_each_level() {
    let (mut job, [_, map, _]) = line();
    let settings = parallel(0);
    let message = "the environment's parallelism is 0: choose 1 or more";
    refused_with(&job, settings, ErrorKind::Config, message);

    let settings = JobSettings {
        client_parallelism: Some(0),
        ..JobSettings::default()
    };
    let message = "the client's parallelism (`-p`) is 0: choose 1 or more";
    refused_with(&job, settings, ErrorKind::Config, message);

    let settings = JobSettings {
        system_parallelism: 0,
        ..JobSettings::default()
    };
    let message = "`parallelism.default` is 0: choose 1 or more";
    refused_with(&job, settings, ErrorKind::Config, message);

    adorn(&mut job, map, |map| map.parallelism(0));
    let message = "the parallelism of `map` (node 2) is 0: choose 1 or more";
    refused(&job, ErrorKind::Config, message);
}

#[test]
fn a_max_parallelism_out_of_bounds() {
    let (mut job, [_, map, _]) = line();
    let settings = JobSettings {
        max_parallelism: Some(0),
        ..JobSettings::default()
    };
    let message = "`pipeline.max-parallelism`: max parallelism is 0: choose 1 to 32768";
    refused_with(&job, settings, ErrorKind::Config, message);

    adorn(&mut job, map, |map| map.max_parallelism(32_769).uid("m"));
    let message = "`map` (node 2, uid `m`): max parallelism is 32769: choose 1 to 32768";
    refused(&job, ErrorKind::Config, message);
}

#[test]
fn a_parallelism_above_the_max_parallelism() {
    let (mut job, [_, map, _]) = line();
    adorn(&mut job, map, |map| map.max_parallelism(4));
    let message = "`map` (node 2) has parallelism 5 (environment), above its max parallelism 4: lower the \
                   parallelism, or raise the max parallelism (which a job with state can't change later)";
    refused_with(&job, parallel(5), ErrorKind::Config, message);
}

#[test]
fn a_parallelism_above_what_the_operator_can_have() {
    let (mut job, [numbers, ..]) = line();
    adorn(&mut job, numbers, |numbers| {
        numbers.parallelism_limit(1).parallelism(4)
    });
    let message = "`numbers` (node 1) runs in at most 1 subtask, but its parallelism is set to 4: leave it \
                   unset, or key the stream first";
    refused(&job, ErrorKind::Config, message);
}

#[test]
fn two_operators_with_one_uid() {
    let (mut job, [_, map, print]) = line();
    adorn(&mut job, map, |map| map.uid("x"));
    adorn(&mut job, print, |print| print.uid("x"));
    let message = "`map` (node 2) and `print` (node 3) have one uid, `x`: state is found by it, so give each \
                   its own";
    refused(&job, ErrorKind::InvalidJob, message);
    adorn(&mut job, print, |print| print.uid(""));
    let message =
        "the uid of `print` (node 3, uid ``) is empty: give it a name of its own, or none";
    refused(&job, ErrorKind::InvalidJob, message);
}

#[test]
fn a_forward_between_different_parallelisms() {
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    adorn(&mut job, numbers, |numbers| numbers.parallelism_limit(1));
    let forwarded = spread(&mut job, numbers, Partitioning::Forward);
    sink(&mut job, "print", forwarded);
    let message = "forward from `Source: numbers` (node 1) with parallelism 1, its limit to `Sink: print` \
                   (node 3) with parallelism 2: forward joins subtask to subtask, so give both one \
                   parallelism, or use rebalance or rescale";
    refused_with(&job, parallel(2), ErrorKind::InvalidJob, message);
}

#[test]
fn keyed_state_behind_a_stream_that_is_not_keyed() {
    let (mut job, [_, map, _]) = line();
    adorn(&mut job, map, |map| map.keyed_by("u64"));
    let message = "`map` (node 2) keeps state by key (u64), but reads `Source: numbers` (node 1) by FORWARD: key \
                   that stream last, just before it";
    refused(&job, ErrorKind::InvalidJob, message);
}

#[test]
fn keyed_state_with_broadcast_inputs_alone() {
    let join = |left: Partitioning| {
        let mut job = Transformations::new();
        let a = source(&mut job, "a");
        let b = source(&mut job, "b");
        let inputs = [
            spread(&mut job, a, left),
            spread(&mut job, b, Partitioning::Broadcast),
        ];
        let types = [common::T.to_string(), common::T.to_string()];
        let join = Transformation::two_input("enrich", inputs, types, common::T).keyed_by("u64");
        let join = job.add(join);
        sink(&mut job, "print", join);
        job
    };
    assert!(Plan::compile(join(Partitioning::KeyGroup), parallel(2)).is_ok());
    let message = "`enrich` (node 5) keeps state by key (u64), but none of its inputs is keyed: key one of them";
    refused(
        &join(Partitioning::Broadcast),
        ErrorKind::InvalidJob,
        message,
    );
}

#[test]
fn a_sink_that_is_read_and_a_side_output_of_a_side_output() {
    let (mut job, [_, _, print]) = line();
    map(&mut job, "more", print);
    let message = "`more` (node 4) reads the sink `print` (node 3), which has no output: let it read what the \
                   sink reads";
    refused(&job, ErrorKind::InvalidJob, message);

    let (mut job, [numbers, ..]) = line();
    let late = job.add(Transformation::side_output(numbers, "late", common::T));
    let later = job.add(Transformation::side_output(late, "later", common::T));
    sink(&mut job, "rest", later);
    let message = "`Side output` (node 5) is a side output of `Side output` (node 4), itself a side output: take \
                   both from the operator that emits them";
    refused(&job, ErrorKind::InvalidJob, message);
}

#[test]
fn inputs_that_are_too_few_unknown_or_in_a_circle() {
    let (mut job, [_, map, _]) = line();
    job.get_mut(map).unwrap().inputs.clear();
    let message = "`map` (node 2) (one input) has 0 inputs with 1 types: it takes 1";
    refused(&job, ErrorKind::InvalidJob, message);

    for wrong in [0, 2, 3, 9] {
        job.get_mut(map).unwrap().inputs = vec![NodeId::new(wrong)];
        let message = format!(
            "`map` (node 2) reads node {wrong}, which is not before it: add a stream before what reads it"
        );
        refused(&job, ErrorKind::InvalidJob, &message);
    }
}

#[test]
fn unions_that_multiply_without_bound() {
    let mut job = Transformations::new();
    let mut stream = source(&mut job, "numbers");
    for _ in 0..64 {
        stream = job.add(Transformation::union([stream, stream], common::T));
    }
    sink(&mut job, "print", stream);
    let message = "`print` (node 66) reads more than 16384 streams: unions of unions multiply their inputs, so \
                   make each union once";
    refused(&job, ErrorKind::InvalidJob, message);
}

#[test]
fn a_job_graph_that_was_changed_on_its_way() {
    let (job, _) = line();
    let stream_graph = StreamGraph::build(
        &job,
        &JobSettings {
            chaining_enabled: false,
            ..JobSettings::default()
        },
    );
    let graph = JobGraph::build(&stream_graph.unwrap());
    let json = serde_json::to_value(&graph).unwrap();
    let broken = |path: &str, value: serde_json::Value| {
        let mut json = json.clone();
        *json.pointer_mut(path).expect(path) = value;
        let graph: JobGraph = serde_json::from_value(json).expect("a graph");
        ExecutionGraph::build(&graph).expect_err(path).to_string()
    };
    let first_id = json.pointer("/vertices/0/id").cloned().unwrap();
    for (path, value, message) in [
        (
            "/vertices/1/id",
            first_id.clone(),
            "two vertices have one id",
        ),
        (
            "/vertices/1/operators",
            serde_json::json!([]),
            "the chain of `map` is out of order",
        ),
        (
            "/vertices/1/parallelism",
            500.into(),
            "`map` has too few key groups",
        ),
        (
            "/vertices/1/parallelism",
            5.into(),
            "edge 0 is out of place",
        ),
        (
            "/vertices/1/inputs/0",
            7.into(),
            "`map` lists an edge of others",
        ),
        (
            "/edges/0/source_operator",
            3.into(),
            "edge 0 is out of place",
        ),
        ("/edges/0/input_index", 1.into(), "edge 0 is out of place"),
        ("/edges/1/id", 9.into(), "edge 9 is out of place"),
    ] {
        let expected = format!("the job graph contradicts itself: {message}");
        assert_eq!(broken(path, value), expected, "{path}");
    }
}
