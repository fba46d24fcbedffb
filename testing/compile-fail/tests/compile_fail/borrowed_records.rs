//! A record owns what it holds.

use hurtig_datastream::StreamExecutionEnvironment;

fn main() {
    let env = StreamExecutionEnvironment::new();
    let _ = env
        .from_sequence(0, 9)
        .map(|n| if n > 5 { "many" } else { "few" });
}
