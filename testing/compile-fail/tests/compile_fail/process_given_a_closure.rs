//! `process` takes a function with a life cycle; `process_fn` a closure.

use hurtig_datastream::{
    Collector, KeyedProcessContext, ProcessContext, StreamExecutionEnvironment,
};
use hurtig_types::Result;

fn main() {
    let env = StreamExecutionEnvironment::new();
    let numbers = env.from_sequence(0, 9);
    numbers.process(
        |n: u64, _: &mut ProcessContext<'_>, out: &mut Collector<'_, u64>| -> Result<()> {
            out.collect(n);
            Ok(())
        },
    );
    numbers.key_by(|n| *n).process(
        |n: u64,
         _: &mut KeyedProcessContext<'_, u64>,
         out: &mut Collector<'_, u64>|
         -> Result<()> {
            out.collect(n);
            Ok(())
        },
    );
}
