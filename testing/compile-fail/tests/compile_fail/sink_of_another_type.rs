//! A sink takes the records of the stream that is written to it.

use hurtig_datastream::{CollectSink, StreamExecutionEnvironment};

fn main() {
    let env = StreamExecutionEnvironment::new();
    let texts: CollectSink<String> = CollectSink::new();
    env.from_sequence(0, 9).sink_to(texts);
}
