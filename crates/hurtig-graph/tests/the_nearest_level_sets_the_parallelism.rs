//! Operator before environment before client before system.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{adorn, compile_with, map, parallel, sink, source};
use hurtig_graph::{JobSettings, ParallelismLevel, Plan, Transformations, resolve};
use hurtig_types::{Configuration, options};

#[test]
fn all_eight_combinations_resolve_to_the_nearest_level() {
    let choices = |value| [None, Some(value)];
    for operator in choices(2) {
        for environment_parallelism in choices(3) {
            for client_parallelism in choices(5) {
                let settings = JobSettings {
                    environment_parallelism,
                    client_parallelism,
                    system_parallelism: 7,
                    ..JobSettings::default()
                };
                let expected = operator.or(environment_parallelism).or(client_parallelism);
                let resolved = resolve(operator, &settings);
                assert_eq!(resolved.subtasks, expected.unwrap_or(7));
                let level = match resolved.subtasks {
                    2 => ParallelismLevel::Operator,
                    3 => ParallelismLevel::Environment,
                    5 => ParallelismLevel::Client,
                    _ => ParallelismLevel::System,
                };
                assert_eq!(resolved.level, level);
            }
        }
    }
}

#[test]
fn the_resolved_parallelism_is_that_of_the_vertex() {
    let mut job = Transformations::new();
    let source = source(&mut job, "numbers");
    adorn(&mut job, source, |source| source.parallelism(4));
    let map = map(&mut job, "map", source);
    sink(&mut job, "print", map);
    let plan = compile_with(&job, parallel(2));
    let parallelism: Vec<_> = plan
        .execution_graph
        .vertices()
        .iter()
        .map(|vertex| vertex.subtasks.len())
        .collect();
    assert_eq!(parallelism, [4, 2]);
}

#[test]
fn a_limit_holds_against_every_level_but_the_operators_own() {
    let mut job = Transformations::new();
    let source = source(&mut job, "socket");
    adorn(&mut job, source, |source| source.parallelism_limit(1));
    sink(&mut job, "print", source);
    let plan = compile_with(&job, parallel(6));
    let nodes: Vec<_> = plan
        .stream_graph
        .nodes()
        .iter()
        .map(|node| (node.parallelism.get(), node.parallelism_level))
        .collect();
    assert_eq!(
        nodes,
        [
            (1, ParallelismLevel::Limit),
            (6, ParallelismLevel::Environment)
        ]
    );
}

#[test]
fn max_parallelism_is_the_operators_the_environments_or_follows_from_the_parallelism() {
    let mut job = Transformations::new();
    let source = source(&mut job, "numbers");
    adorn(&mut job, source, |source| source.max_parallelism(512));
    sink(&mut job, "print", source);
    let key_groups = |settings: JobSettings| -> Vec<u32> {
        let plan = compile_with(&job, settings);
        plan.stream_graph
            .nodes()
            .iter()
            .map(|node| node.max_parallelism.get())
            .collect()
    };
    assert_eq!(key_groups(parallel(1)), [512, 128]);
    assert_eq!(key_groups(parallel(100)), [512, 256]);
    assert_eq!(
        key_groups(JobSettings {
            max_parallelism: Some(720),
            ..parallel(1)
        }),
        [512, 720]
    );
}

#[test]
fn a_max_parallelism_of_minus_1_lets_each_operator_choose_and_is_the_default() {
    let settings = |value: &str| {
        let mut configuration = Configuration::new();
        configuration
            .set("pipeline.max-parallelism", value)
            .unwrap();
        JobSettings::from_configuration(&configuration)
    };
    assert_eq!(
        Configuration::new().get(&options::MAX_PARALLELISM).unwrap(),
        -1
    );
    assert_eq!(settings("-1").unwrap(), JobSettings::default());
    assert_eq!(settings("720").unwrap().max_parallelism, Some(720));
    assert_eq!(
        settings("-2").unwrap_err().to_string(),
        "`pipeline.max-parallelism` is -2: choose 1 to 32768, or -1 to let each operator choose"
    );
}

#[test]
fn a_max_parallelism_of_0_in_the_configuration_is_refused() {
    let mut configuration = Configuration::new();
    configuration.set("pipeline.max-parallelism", "0").unwrap();
    let settings = JobSettings::from_configuration(&configuration).unwrap();
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    sink(&mut job, "print", numbers);
    assert_eq!(
        Plan::compile(job, settings).unwrap_err().to_string(),
        "`pipeline.max-parallelism`: max parallelism is 0: choose 1 to 32768"
    );
}
