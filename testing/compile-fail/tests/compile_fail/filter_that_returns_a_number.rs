//! A predicate says yes or no.

use hurtig_datastream::StreamExecutionEnvironment;

fn main() {
    let env = StreamExecutionEnvironment::new();
    env.from_sequence(0, 9).filter(|n| n % 2).discard();
}
