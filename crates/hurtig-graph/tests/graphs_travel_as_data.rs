//! What is sent is what arrives, and client and worker can tell.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{adorn, compile, compile_with, map, parallel, sink, source, spread};
use hurtig_graph::{Partitioning, Plan, Transformations};

fn word_count() -> Transformations {
    let mut job = Transformations::new();
    let words = source(&mut job, "words");
    let keyed = spread(&mut job, words, Partitioning::KeyGroup);
    let count = map(&mut job, "count", keyed);
    adorn(&mut job, count, |count| count.keyed_by("String"));
    sink(&mut job, "print", count);
    job
}

#[test]
fn all_layers_come_back_from_json_as_they_were() {
    let plan = compile_with(&word_count(), parallel(3));
    let text = serde_json::to_string(&plan).unwrap();
    let back: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(back, plan);
    assert_eq!(
        back.job_graph.graph_hash().unwrap(),
        plan.job_graph.graph_hash().unwrap()
    );
}

#[test]
fn the_same_program_has_the_same_hash_and_each_change_another() {
    let hash = |plan: Plan| plan.job_graph.graph_hash().unwrap();
    let first = hash(compile(&word_count()));
    assert_eq!(first, hash(compile(&word_count())));

    let wider = hash(compile_with(&word_count(), parallel(2)));
    let mut renamed = word_count();
    adorn(&mut renamed, hurtig_graph::NodeId::new(1), |words| {
        words.name("w")
    });
    let mut unrelated = word_count();
    let more = source(&mut unrelated, "more");
    sink(&mut unrelated, "print", more);
    let hashes = [
        first,
        wider,
        hash(compile(&renamed)),
        hash(compile(&unrelated)),
    ];
    for (at, hash) in hashes.iter().enumerate() {
        assert!(!hashes[at + 1..].contains(hash), "{at}");
    }
}
