//! A function goes to the thread of its subtask.

use std::rc::Rc;

use hurtig_datastream::StreamExecutionEnvironment;

fn main() {
    let env = StreamExecutionEnvironment::new();
    let factor = Rc::new(3);
    env.from_sequence(0, 9).map(move |n| n * *factor).discard();
}
