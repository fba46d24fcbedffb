//! A record derives `Serialize` and `Deserialize`.

use hurtig_datastream::StreamExecutionEnvironment;

#[derive(Clone)]
struct Bid {
    price: u64,
}

fn main() {
    let env = StreamExecutionEnvironment::new();
    let _ = env.from_sequence(0, 9).map(|price| Bid { price });
}
