//! Rows 4 and 5: chains, slot sharing groups, uids and names.

use hurtig_datastream::{DataStream, StreamExecutionEnvironment};
use hurtig_types::ErrorKind;

use crate::support::{Arrivals, environment, in_simulated_worlds, sorted};

/// source → a → b → sink, with something said of `a`. Returns the operators of each vertex, and the slots.
#[track_caller]
fn vertices(
    prepare: impl Fn(&StreamExecutionEnvironment),
    say: impl Fn(DataStream<u64>) -> DataStream<u64>,
) -> (Vec<Vec<String>>, u32) {
    let mut graph = (Vec::new(), 0);
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        prepare(&env);
        let arrivals = Arrivals::new();
        let a = say(env
            .from_sequence(0, 99)
            .name("source")
            .map(|n| n + 1)
            .name("a"));
        a.filter(|n| n % 2 == 0)
            .name("b")
            .sink_to(arrivals.clone())
            .name("sink");
        let plan = env.plan().unwrap();
        let names = |vertex: &hurtig_graph::JobVertex| {
            vertex
                .operators
                .iter()
                .map(|operator| operator.name.replace("Source: ", "").replace("Sink: ", ""))
                .collect()
        };
        graph = (
            plan.job_graph.vertices().iter().map(names).collect(),
            plan.job_graph.slots_required(),
        );
        env.execute("chained").unwrap();
        assert_eq!(
            sorted(arrivals.values()),
            (1..=50).map(|n| n * 2).collect::<Vec<u64>>()
        );
    });
    graph
}

#[test]
fn operators_of_one_parallelism_joined_by_forward_edges_are_one_vertex() {
    let (vertices, slots) = vertices(|_| {}, |a| a);
    assert_eq!(vertices, [vec!["source", "a", "b", "sink"]]);
    assert_eq!(slots, 2);
}

#[test]
fn disable_chaining_makes_an_operator_a_vertex_of_its_own() {
    let (vertices, _) = vertices(|_| {}, DataStream::disable_chaining);
    assert_eq!(vertices, [vec!["source"], vec!["a"], vec!["b", "sink"]]);
}

#[test]
fn start_new_chain_makes_an_operator_the_head_of_a_vertex() {
    let (vertices, _) = vertices(|_| {}, DataStream::start_new_chain);
    assert_eq!(vertices, [vec!["source"], vec!["a", "b", "sink"]]);
}

#[test]
fn without_operator_chaining_each_operator_is_a_vertex() {
    let (vertices, _) = vertices(|env| drop(env.disable_operator_chaining().clone()), |a| a);
    assert_eq!(
        vertices,
        [vec!["source"], vec!["a"], vec!["b"], vec!["sink"]]
    );
}

#[test]
fn a_slot_sharing_group_of_its_own_parts_the_vertex_and_those_behind_inherit_it() {
    let (vertices, slots) = vertices(|_| {}, |a| a.slot_sharing_group("other"));
    assert_eq!(vertices, [vec!["source"], vec!["a", "b", "sink"]]);
    assert_eq!(slots, 4);
}

#[test]
fn another_parallelism_parts_the_vertex() {
    let (vertices, _) = vertices(|_| {}, |a| a.parallelism(3));
    assert_eq!(vertices, [vec!["source"], vec!["a"], vec!["b", "sink"]]);
}

#[test]
fn an_operator_that_blocks_runs_as_the_others_do() {
    let (vertices, _) = vertices(|_| {}, DataStream::blocking);
    assert_eq!(vertices.concat(), ["source", "a", "b", "sink"]);
}

#[test]
fn two_operators_with_one_uid_are_an_error_that_names_both() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 1);
        let a = env.from_sequence(0, 9).map(|n| n).name("first").uid("same");
        a.filter(|_| true).name("second").uid("same").discard();
        let error = env.execute("uids").map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        let message = error.to_string();
        for part in ["`first`", "`second`", "uid", "`same`"] {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    });
}

#[test]
fn a_uid_is_the_identity_of_an_operator_wherever_it_stands() {
    in_simulated_worlds(|world| {
        let identity = |before: bool| {
            let env = environment(&world, 1);
            let mut numbers = env.from_sequence(0, 9);
            if before {
                numbers = numbers.filter(|_| true);
            }
            numbers.map(|n| n).uid("kept").discard();
            let plan = env.plan().unwrap();
            let node = plan
                .stream_graph
                .nodes()
                .iter()
                .find(|node| node.uid.as_deref() == Some("kept"));
            node.unwrap().operator_id
        };
        assert_eq!(identity(true), identity(false));
    });
}

#[test]
fn settings_of_what_is_no_operator_are_an_error_that_says_where_they_belong() {
    in_simulated_worlds(|world| {
        let check = |say: &dyn Fn(DataStream<u64>) -> DataStream<u64>, message: &str| {
            let env = environment(&world, 1);
            say(env.from_sequence(0, 9)).discard();
            let error = env.plan().map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidJob);
            assert!(error.to_string().starts_with(message), "{error}");
        };
        check(
            &|numbers| numbers.union(&[&numbers]).name("both"),
            "`name` on a union: say it on an operator",
        );
        check(
            &|numbers| numbers.rebalance().parallelism(3),
            "`parallelism` on a partitioned stream",
        );
        check(
            &|numbers| numbers.key_by(|n| *n).as_stream().uid("keyed"),
            "`uid` on a partitioned stream",
        );
        let side = hurtig_datastream::OutputTag::<u64>::new("side");
        check(
            &|numbers| numbers.map(|n| n).side_output(&side).disable_chaining(),
            "`disable_chaining` on a side output",
        );
    });
}

#[test]
fn names_are_for_people_plans_metrics_and_errors_show_them() {
    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        let named = env
            .from_sequence(0, 99)
            .name("numbers")
            .map(|n| n)
            .name("the mapper");
        named.discard().name("nowhere");
        assert!(env.explain().unwrap().contains("the mapper"));
        assert!(env.execution_plan().unwrap().contains("the mapper"));
        let metrics = env.execute("the job").unwrap().metrics;
        assert_eq!(
            metrics.sum_over_subtasks("Source: numbers", "numRecordsOut"),
            Some(100)
        );
        assert_eq!(
            metrics.sum_over_subtasks("the mapper", "numRecordsIn"),
            Some(100)
        );
        assert_eq!(
            metrics.sum_over_subtasks("Sink: nowhere", "numRecordsIn"),
            Some(100)
        );
    });
}
