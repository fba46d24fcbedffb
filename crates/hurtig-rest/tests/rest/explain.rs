//! What `explain` says of a job is what REST says of it.

use hurtig_datastream::{OutputTag, StreamExecutionEnvironment};

use crate::support::site;

/// The jobs whose graphs are compared.
const SHAPES: [(&str, fn(&StreamExecutionEnvironment)); 7] = [
    ("one chain", |env| {
        env.from_sequence(1, 9)
            .map(|x| x + 1)
            .filter(|x| x % 2 == 0)
            .discard();
    }),
    ("no chains", |env| {
        env.disable_operator_chaining();
        env.from_sequence(1, 9)
            .map(|x| x + 1)
            .filter(|x| x % 2 == 0)
            .discard();
    }),
    ("a shuffle by key", |env| {
        let sums = env.from_sequence(1, 9).key_by(|x| x % 3).sum(|x| x);
        sums.parallelism(3).discard().parallelism(1);
    }),
    ("a union of three widths", |env| {
        let [one, two, three] = [1, 2, 3].map(|width| env.from_sequence(1, 9).parallelism(width));
        one.union(&[&two, &three])
            .map(|x| x + 1)
            .parallelism(4)
            .discard();
    }),
    ("a broadcast and a rescaling", |env| {
        let numbers = env.from_sequence(1, 9).parallelism(2);
        numbers
            .broadcast()
            .map(|x| x + 1)
            .parallelism(3)
            .discard()
            .parallelism(3);
        numbers
            .rescale()
            .map(|x| x + 2)
            .parallelism(4)
            .discard()
            .parallelism(4);
    }),
    ("a side output", |env| {
        let odd = OutputTag::<u64>::new("odd");
        let tag = odd.clone();
        let even =
            env.from_sequence(1, 9)
                .process_fn(move |number: u64, context, out| match number % 2 {
                    0 => {
                        out.collect(number);
                        Ok(())
                    }
                    _ => context.output(&tag, number),
                });
        even.discard();
        even.side_output(&odd)
            .rebalance()
            .map(|x| x)
            .parallelism(2)
            .discard()
            .parallelism(2);
    }),
    ("two inputs", |env| {
        let (left, right) = (env.from_sequence(1, 9), env.from_sequence(1, 5));
        let joined = left.key_by(|x| x % 3).connect(&right.key_by(|x| x % 3));
        joined
            .map(|x| x, |x| x)
            .parallelism(2)
            .discard()
            .parallelism(1);
    }),
];

/// The number before a word of the last line of text: `3 vertices, 7 subtasks, …`.
fn count(line: &str, words: [&str; 2]) -> u64 {
    let mut counts = line.split(", ").filter_map(|count| count.split_once(' '));
    let (number, _) = counts.find(|(_, word)| words.contains(word)).unwrap();
    number.parse().unwrap()
}

#[test]
fn vertices_and_subtasks_are_as_many_in_explain_as_in_rest() {
    for (shape, build) in SHAPES {
        let site = site();
        build(&site.env);
        let explained = site.env.explain().unwrap();
        let counts = explained.lines().last().unwrap();
        let result = site.env.execute(shape).unwrap();

        let job = site.json(&format!("/jobs/{}", result.job_id));
        let vertices = job["vertices"].as_array().unwrap();
        let sum = |of: &dyn Fn(&serde_json::Value) -> u64| vertices.iter().map(of).sum::<u64>();
        let subtasks = count(counts, ["subtask", "subtasks"]);
        assert_eq!(
            vertices.len() as u64,
            count(counts, ["vertex", "vertices"]),
            "{shape}"
        );
        assert_eq!(
            sum(&|vertex| vertex["parallelism"].as_u64().unwrap()),
            subtasks,
            "{shape}"
        );
        let tasks = |vertex: &serde_json::Value| {
            let tasks = vertex["tasks"].as_object().unwrap().values();
            tasks.map(|count| count.as_u64().unwrap()).sum()
        };
        assert_eq!(sum(&tasks), subtasks, "{shape}");
        for vertex in vertices {
            let id = vertex["id"].as_str().unwrap();
            assert!(
                explained.contains(vertex["name"].as_str().unwrap()),
                "{shape}"
            );
            assert!(
                explained.contains(id),
                "{shape}: {id} is not in\n{explained}"
            );
            let details = site.json(&format!("/jobs/{}/vertices/{id}", result.job_id));
            let listed = details["subtasks"].as_array().unwrap().len();
            assert_eq!(
                listed as u64,
                vertex["parallelism"].as_u64().unwrap(),
                "{shape}"
            );
        }
    }
}
