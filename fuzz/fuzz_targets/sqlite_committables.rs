//! What the SQLite sink finds in a checkpoint, to be committed.

#![no_main]

use std::sync::OnceLock;

use hurtig_connect::{Committer, Sink, WriterContext};
use hurtig_connector_sqlite::SqliteSink;
use hurtig_env::World;
use hurtig_metrics::MetricGroup;
use libfuzzer_sys::fuzz_target;
use rusqlite::Connection;

/// A world, and the database of this process.
struct Place {
    world: World,
    sink: SqliteSink<i64>,
}

static PLACE: OnceLock<Place> = OnceLock::new();

impl Place {
    fn make() -> rusqlite::Result<Self> {
        let name = format!("hurtig-fuzz-{}.db", std::process::id());
        let path = std::env::temp_dir().join(name);
        let database = Connection::open(&path)?;
        database.execute_batch("DROP TABLE IF EXISTS t; CREATE TABLE t (a, b)")?;
        let path = path.display().to_string();
        let sink = SqliteSink::new(path, "INSERT INTO t VALUES (?, ?)", |n, row| {
            row.push(*n).push(*n);
        });
        let world = World::builder().compute_threads(1).io_threads(1).build();
        let checked = world.block_on(sink.check(&world));
        checked
            .expect("the world runs")
            .expect("the table is there");
        Ok(Self { world, sink })
    }

    fn committer(&self) -> Box<dyn Committer> {
        let context = WriterContext {
            subtask: 0,
            parallelism: 1,
            checkpoints: true,
            world: self.world.clone(),
            metrics: MetricGroup::unregistered(),
        };
        let committer = self.sink.create_committer(&context);
        let committer = committer.expect("there is no reason why not");
        committer.expect("the sink commits")
    }
}

fuzz_target!(|data: &[u8]| {
    let place = PLACE.get_or_init(|| Place::make().expect("there is room for a database"));
    let mut committer = place.committer();
    let _ = place.world.block_on(committer.commit(vec![data.to_vec()]));
    let _ = place.world.block_on(committer.abandon(vec![data.to_vec()]));
});
