//! What the file sink finds in a checkpoint, to be committed.

#![no_main]

use std::sync::OnceLock;

use hurtig_connect::{Sink, TextFormat, WriterContext};
use hurtig_connector_files::FileSink;
use hurtig_env::World;
use hurtig_metrics::MetricGroup;
use libfuzzer_sys::fuzz_target;

static WORLD: OnceLock<World> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    // Simulated, so that no path leads anywhere.
    let world = WORLD.get_or_init(|| World::simulated(1));
    let context = WriterContext {
        subtask: 0,
        parallelism: 1,
        checkpoints: true,
        world: world.clone(),
        metrics: MetricGroup::unregistered(),
    };
    let sink = FileSink::<String>::new("out").format(TextFormat::new());
    let committer = sink
        .create_committer(&context)
        .expect("there is no reason why not");
    let mut committer = committer.expect("the sink commits");
    let _ = world.block_on(committer.commit(vec![data.to_vec()]));
    let _ = world.block_on(committer.abandon(vec![data.to_vec()]));
});
