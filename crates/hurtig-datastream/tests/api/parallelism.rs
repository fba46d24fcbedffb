//! Row 27: parallelism at four levels.

use std::collections::BTreeSet;

use hurtig_datastream::{DataStream, StreamExecutionEnvironment};
use hurtig_graph::ParallelismLevel;
use hurtig_types::{Configuration, options};

use crate::support::{WithSubtask, environment, in_all_worlds, in_simulated_worlds};

/// How many subtasks of the operator did something.
fn subtasks(records: &DataStream<(u32, u64)>) -> usize {
    let records = records.execute_and_collect("subtasks").unwrap();
    records
        .into_iter()
        .map(|(subtask, _)| subtask)
        .collect::<BTreeSet<u32>>()
        .len()
}

#[test]
fn all_eight_combinations_of_operator_environment_and_client_over_the_system_have_the_documented_winner()
 {
    in_all_worlds(|world| {
        for combination in 0..8u32 {
            let set = |bit: u32| combination & bit != 0;
            let env = StreamExecutionEnvironment::in_world(world.clone());
            env.set("parallelism.default", "2");
            let mut wanted = (2, ParallelismLevel::System);
            if set(1) {
                env.set_client_parallelism(3);
                wanted = (3, ParallelismLevel::Client);
            }
            if set(2) {
                env.set_parallelism(4);
                wanted = (4, ParallelismLevel::Environment);
            }
            let mut mapped = env
                .from_sequence(0, 999)
                .rebalance()
                .map_with(WithSubtask::default())
                .name("mapped");
            if set(4) {
                mapped = mapped.parallelism(5);
                wanted = (5, ParallelismLevel::Operator);
            }
            mapped.discard();
            let plan = env.plan().unwrap();
            let node = plan
                .stream_graph
                .nodes()
                .iter()
                .find(|node| node.name == "mapped")
                .unwrap();
            assert_eq!(
                (node.parallelism.get(), node.parallelism_level),
                wanted,
                "combination {combination:03b}"
            );
            assert_eq!(
                subtasks(&mapped),
                wanted.0 as usize,
                "combination {combination:03b}"
            );
        }
    });
}

#[test]
fn without_any_setting_the_parallelism_is_the_default_of_the_configuration() {
    in_simulated_worlds(|world| {
        let env = StreamExecutionEnvironment::in_world(world);
        let mapped = env
            .from_sequence(0, 99)
            .rebalance()
            .map_with(WithSubtask::default());
        let default = Configuration::new()
            .get(&options::PARALLELISM_DEFAULT)
            .unwrap();
        assert_eq!(subtasks(&mapped), default as usize);
    });
}

#[test]
fn an_operator_that_can_have_one_subtask_only_has_one_whatever_the_environment_says() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 4);
        env.from_collection([1u64]).name("one").discard();
        let plan = env.plan().unwrap();
        let node = plan
            .stream_graph
            .nodes()
            .iter()
            .find(|node| node.name.contains("one"))
            .unwrap();
        assert_eq!(
            (node.parallelism.get(), node.parallelism_level),
            (1, ParallelismLevel::Limit)
        );
    });
}

#[test]
fn each_operator_may_have_a_parallelism_of_its_own_and_no_record_is_lost_between_them() {
    in_all_worlds(|world| {
        let env = environment(&world, 2);
        let mut numbers = env.from_sequence(0, 4999).parallelism(3);
        for parallelism in [1, 4, 2, 2, 5, 1, 3] {
            numbers = numbers.map(|n| n + 1).parallelism(parallelism);
        }
        let mut all = numbers.execute_and_collect("changing").unwrap();
        all.sort();
        assert_eq!(all, (7..5007).collect::<Vec<u64>>());
    });
}
