//! A record derives `Serialize` and `Deserialize`.

use hurtig_datastream::StreamExecutionEnvironment;

#[derive(Clone)]
struct Bid {
    price: u64,
}

fn main() {
    let env = StreamExecutionEnvironment::new();
    env.from_sequence(0, 9).map(|price| Bid { price }).filter(|bid| bid.price > 1).discard();
}
