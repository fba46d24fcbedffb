//! The text of a plan, as a person reads it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{adorn, compile_with, map, parallel, sink, source, spread};
use hurtig_graph::{Partitioning, Transformations};

#[test]
fn a_word_count() {
    let mut job = Transformations::new();
    let lines = source(&mut job, "lines");
    adorn(&mut job, lines, |lines| lines.parallelism_limit(1));
    let split = map(&mut job, "split", lines);
    let keyed = spread(&mut job, split, Partitioning::KeyGroup);
    let count = map(&mut job, "count", keyed);
    adorn(&mut job, count, |count| {
        count
            .keyed_by("String")
            .uid("count")
            .description("sum of 1")
    });
    sink(&mut job, "print", count);
    let plan = compile_with(&job, parallel(3));
    assert_eq!(plan.explain().trim(), EXPECTED.trim());
}

const EXPECTED: &str = r"
== Transformations ==
  node  name       what            reads  parallelism  uid    description
  1     lines      bounded source  -      -            -
  2     split      one input       1      -            -
  3     Partition  partition HASH  2      -            -
  4     count      one input       3      -            count  sum of 1
  5     print      sink            4      -            -
5 transformations

== Stream graph ==
  node  operator       parallelism      key groups  key     slot group  operator id                       made from
  1     Source: lines  1 (limit)        128         -       default     0787b9405e20c6a09914b7f1d7a147f9  what it does
  2     split          3 (environment)  128         -       default     ae7c7fefcb47a9e323b68f541c6306c2  what it does
  4     count          3 (environment)  128         String  default     b71731f1c0df9c3076c4a455334d0ad6  uid
  5     Sink: print    3 (environment)  128         -       default     0e7b3057a2c111f7dc7ce5cb0c25aee9  what it does

  edge    input  ships      chosen by  side output  type
  1 -> 2  0      REBALANCE  -          -            i64
  2 -> 4  0      HASH       node 3     -            i64
  4 -> 5  0      FORWARD    -          -            i64
4 operators, 3 edges

== Job graph ==
  vertex 1  Source: lines
    id 0787b9405e20c6a09914b7f1d7a147f9, parallelism 1, key groups 128, slot group default
      Source: lines  (node 1)
  vertex 2  split
    id ae7c7fefcb47a9e323b68f541c6306c2, parallelism 3, key groups 128, slot group default
      split  (node 2)
  vertex 3  count -> Sink: print
    id b71731f1c0df9c3076c4a455334d0ad6, parallelism 3, key groups 128, slot group default
      count  (node 4)
      +- Sink: print  (node 5)

  edge  vertices  input  ships      not chained        buffer timeout
  0     1 -> 2    0      REBALANCE  other parallelism  100 ms
  1     2 -> 3    0      HASH       partitioned        100 ms
3 vertices, 2 edges

== Execution graph ==
  vertex  subtasks  key groups a subtask  slot group  name
  1       1         128                   default     Source: lines
  2       3         42 to 43              default     split
  3       3         42 to 43              default     count -> Sink: print

  edge  vertices  connects    producers  consumers  channels
  0     1 -> 2    all to all  1          3          3
  1     2 -> 3    all to all  3          3          9
3 vertices, 7 subtasks, 12 channels, 3 slots
";

#[test]
fn the_counts_of_the_text_are_those_of_the_graphs() {
    let mut job = Transformations::new();
    let numbers = source(&mut job, "numbers");
    adorn(&mut job, numbers, |numbers| {
        numbers.parallelism(4).slot_sharing_group("in")
    });
    let print = sink(&mut job, "print", numbers);
    adorn(&mut job, print, |print| print.slot_sharing_group("out"));
    let plan = compile_with(&job, parallel(3));
    let text = plan.explain();
    let graph = &plan.execution_graph;
    let last = format!(
        "{} vertices, {} subtasks, {} channels, {} slots",
        plan.job_graph.vertices().len(),
        graph.subtask_count(),
        graph.channel_count(),
        graph.slots_required()
    );
    assert_eq!(last, "2 vertices, 7 subtasks, 12 channels, 7 slots");
    assert_eq!(text.lines().last(), Some(last.as_str()));
}
