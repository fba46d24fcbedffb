//! The JSON of plans, field by field, as Flink's visualizer and dashboard read it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{adorn, compile_with, map, parallel, sink, source, spread};
use hurtig_graph::{Partitioning, Plan, Transformation, Transformations, explain};
use hurtig_types::{JobId, OperatorId};
use serde_json::json;

/// Two sources into a keyed join, whose side output has a sink of its own.
fn plan() -> Plan {
    let mut job = Transformations::new();
    let bids = source(&mut job, "bids");
    let people = source(&mut job, "people");
    let adults = map(&mut job, "adults", people);
    adorn(&mut job, adults, |adults| {
        adults.description("age > 17 && name != \"\"")
    });
    let inputs = [bids, adults].map(|input| spread(&mut job, input, Partitioning::KeyGroup));
    let types = [common::T.to_string(), common::T.to_string()];
    let join = Transformation::two_input("join", inputs, types, common::T);
    let join = job.add(join.keyed_by("u64").uid("join"));
    sink(&mut job, "print", join);
    let late = job.add(Transformation::side_output(join, "late", common::T));
    let clean = map(&mut job, "clean", late);
    sink(&mut job, "late", clean);
    compile_with(&job, parallel(2))
}

#[test]
fn the_execution_plan_lists_operators_with_their_predecessors() {
    let json = explain::execution_plan_json(&plan().stream_graph);
    let source = |id: u32, name: &str| json!({"id": id, "type": name, "pact": "Data Source", "contents": name, "parallelism": 2});
    let expected = json!({"nodes": [
        source(1, "Source: bids"),
        source(2, "Source: people"),
        {
            "id": 3, "type": "adults", "pact": "Operator",
            "contents": "age > 17 && name != \"\"", "parallelism": 2,
            "predecessors": [{"id": 2, "ship_strategy": "FORWARD", "side": "first"}],
        },
        {
            "id": 6, "type": "join", "pact": "Operator", "contents": "join", "parallelism": 2,
            "predecessors": [
                {"id": 1, "ship_strategy": "HASH", "side": "first"},
                {"id": 3, "ship_strategy": "HASH", "side": "second"},
            ],
        },
        {
            "id": 9, "type": "clean", "pact": "Operator", "contents": "clean", "parallelism": 2,
            "predecessors": [{"id": 6, "ship_strategy": "FORWARD", "side": "first"}],
        },
        {
            "id": 7, "type": "Sink: print", "pact": "Data Sink", "contents": "Sink: print",
            "parallelism": 2,
            "predecessors": [{"id": 6, "ship_strategy": "FORWARD", "side": "first"}],
        },
        {
            "id": 10, "type": "Sink: late", "pact": "Data Sink", "contents": "Sink: late",
            "parallelism": 2,
            "predecessors": [{"id": 9, "ship_strategy": "FORWARD", "side": "first"}],
        },
    ]});
    assert_eq!(json, expected);
}

#[test]
fn the_job_plan_lists_vertices_with_their_inputs() {
    let plan = plan();
    let json = explain::job_plan_json(&plan.job_graph, JobId::from_bytes([0xab; 16]));
    let ids: Vec<String> = plan
        .job_graph
        .vertices()
        .iter()
        .map(|vertex| vertex.id.to_string())
        .collect();
    let node = |id: &str, description: &str| {
        json!({
            "id": id, "parallelism": 2, "operator": "", "operator_strategy": "",
            "description": description, "optimizer_properties": {},
        })
    };
    let mut join = node(
        &OperatorId::from_uid("join").to_string(),
        "join<br/>:- Sink: print<br/>+- clean<br/>   +- Sink: late<br/>",
    );
    let input = |number: usize, id: &str| {
        json!({
            "num": number, "id": id, "ship_strategy": "HASH", "exchange": "pipelined_bounded",
        })
    };
    join["inputs"] = json!([input(0, &ids[0]), input(1, &ids[1])]);
    let people = "Source: people<br/>+- age &gt; 17 &amp;&amp; name != &quot;&quot;<br/>";
    let expected = json!({
        "jid": "ab".repeat(16),
        "name": "Hurtig Streaming Job",
        "type": "STREAMING",
        "nodes": [node(&ids[0], "Source: bids<br/>"), node(&ids[1], people), join],
    });
    assert_eq!(json, expected);
}

#[test]
fn every_partitioning_has_flinks_word() {
    let words = [
        (Partitioning::Forward, "FORWARD"),
        (Partitioning::Rebalance, "REBALANCE"),
        (Partitioning::Rescale, "RESCALE"),
        (Partitioning::Shuffle, "SHUFFLE"),
        (Partitioning::Broadcast, "BROADCAST"),
        (Partitioning::Global, "GLOBAL"),
        (Partitioning::KeyGroup, "HASH"),
        (
            Partitioning::Custom {
                name: "by airline".into(),
            },
            "CUSTOM",
        ),
    ];
    for (partitioning, word) in words {
        assert_eq!(partitioning.ship_strategy(), word);
    }
}
