//! A floating-point number is no key.

use hurtig_datastream::StreamExecutionEnvironment;

fn main() {
    let env = StreamExecutionEnvironment::new();
    let prices = env.from_collection(vec![1.5f64, 2.5]);
    let _ = prices.key_by(|price| *price);
}
