//! Checkpoints and savepoints go where the configuration says, whatever keeps the state of the running job: to local directories, and to
//! S3, which a real server speaks here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment};
use hurtig_env::object_store::{Error as StoreError, ObjectStoreExt, PutMode};
use hurtig_env::{Lane, World};
use hurtig_runtime::{CheckpointRecord, JobClient};
use hurtig_testing::{Ledger, S3Server};
use hurtig_types::Error;
use tempfile::TempDir;

use crate::{all_counts, environment, sorted};

const RECORDS: u64 = 6_000;
const PER_SECOND: f64 = 4_000.0;

/// The backends of state that are built in.
const BACKENDS: &[&str] = if cfg!(feature = "rocksdb") {
    &["hashmap", "rocksdb"]
} else {
    &["hashmap"]
};

/// A place for checkpoints, and what a job must be told to find it.
struct Store {
    directory: String,
    settings: Vec<(&'static str, String)>,
    /// What it needs to stay there.
    _keep: Keep,
}

enum Keep {
    Directory(#[expect(dead_code, reason = "is removed when it is dropped")] TempDir),
    Server(#[expect(dead_code, reason = "ends when it is dropped")] Arc<S3Server>),
}

impl Store {
    fn local() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            directory: directory.path().to_str().unwrap().to_string(),
            settings: Vec::new(),
            _keep: Keep::Directory(directory),
        }
    }

    /// A bucket of its own for each test.
    fn s3(world: &World, bucket: &str) -> Self {
        let server = S3Server::shared().unwrap();
        server.make_bucket(world, bucket).unwrap();
        Self {
            settings: settings(&server),
            directory: format!("s3://{bucket}/of the jobs"),
            _keep: Keep::Server(server),
        }
    }
}

fn settings(server: &S3Server) -> Vec<(&'static str, String)> {
    let owned = |(key, value): (&'static str, &str)| (key, value.to_string());
    server.settings().map(owned).to_vec()
}

/// Counts numbers by their remainder, and fails once in a while if it is told to; each count goes to the ledger.
struct Counting<'a> {
    world: &'a World,
    store: &'a Store,
    backend: &'a str,
    parallelism: u32,
    from: Option<&'a str>,
    fails: bool,
}

impl Counting<'_> {
    fn start(&self, ledger: &Ledger<(u64, u64)>) -> JobClient {
        let env = environment(self.world, self.parallelism);
        env.enable_checkpointing(Duration::from_millis(100));
        self.configure(&env);
        let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(PER_SECOND);
        let (seen, fails) = (AtomicU64::new(0), self.fails);
        let seen = Arc::new(seen);
        env.from_source(source, WatermarkStrategy::none(), "numbers")
            .uid("numbers")
            .try_map(move |n| {
                let is_unlucky = seen.fetch_add(1, Ordering::Relaxed) % 1_500 == 1_499;
                if fails && is_unlucky {
                    return Err(Error::function("out of luck"));
                }
                Ok((n % 7, 1))
            })
            .key_by(|record| record.0)
            .sum(|record| &mut record.1)
            .uid("counts")
            .sink_to(ledger.sink())
            .uid("ledger");
        env.execute_async("counting").unwrap()
    }

    fn configure(&self, env: &StreamExecutionEnvironment) {
        for (key, value) in [
            ("execution.checkpointing.dir", self.store.directory.as_str()),
            ("execution.checkpointing.data-inline-threshold", "0"),
            (
                "execution.checkpointing.externalized-checkpoint-retention",
                "RETAIN_ON_CANCELLATION",
            ),
            ("state.backend.type", self.backend),
            ("restart-strategy.type", "fixed-delay"),
            ("restart-strategy.fixed-delay.attempts", "10"),
            ("restart-strategy.fixed-delay.delay", "10 ms"),
        ] {
            env.set(key, value);
        }
        for (key, value) in &self.store.settings {
            env.set(*key, value);
        }
        if let Some(from) = self.from {
            env.set("execution.state-recovery.path", from);
        }
    }
}

/// Waits until so many checkpoints are complete, and cancels the job: the newest one.
fn cancelled_after(world: &World, client: &JobClient, checkpoints: u64) -> CheckpointRecord {
    let cancelled = world.block_on(async {
        while client.checkpoints().completed < checkpoints && !client.status().is_terminal() {
            world.clock().sleep(Duration::from_millis(10)).await;
        }
        client.cancel();
        client.wait().await
    });
    let error = cancelled.unwrap().err().unwrap();
    let history = client.checkpoints();
    let newest = history.last_completed().cloned();
    newest.unwrap_or_else(|| panic!("{error}; {history:?}"))
}

/// A job fails and is started again, is cancelled and goes on with another parallelism: each record is counted once.
fn recovers(world: &World, store: &Store, backend: &str) {
    let ledger = Ledger::new();
    let first = Counting {
        world,
        store,
        backend,
        parallelism: 2,
        from: None,
        fails: true,
    };
    let client = first.start(&ledger);
    let checkpoint = cancelled_after(world, &client, 7);
    assert!(checkpoint.path.starts_with(&store.directory));
    let second = Counting {
        parallelism: 3,
        from: Some(&checkpoint.path),
        fails: true,
        ..first
    };
    let client = second.start(&ledger);
    world.block_on(client.wait()).unwrap().unwrap();
    assert!(client.restarts() >= 1);
    assert_eq!(sorted(ledger.committed()), all_counts(RECORDS));
}

#[test]
fn state_backend_and_checkpoint_storage_are_chosen_apart_and_each_pair_recovers() {
    let world = World::real();
    for backend in BACKENDS {
        let bucket = format!("matrix-{backend}");
        for store in [Store::local(), Store::s3(&world, &bucket)] {
            recovers(&world, &store, backend);
        }
    }
}

#[test]
fn a_savepoint_on_s3_is_one_to_go_on_from() {
    let world = World::real();
    let store = Store::s3(&world, "savepoints");
    let ledger = Ledger::new();
    let first = Counting {
        world: &world,
        store: &store,
        backend: "hashmap",
        parallelism: 3,
        from: None,
        fails: false,
    };
    let client = first.start(&ledger);
    let savepoint = world.block_on(async {
        world.clock().sleep(Duration::from_millis(500)).await;
        let path = client
            .stop_with_savepoint(Some("s3a://savepoints/kept"))
            .await?;
        client.wait().await?;
        Ok::<_, Error>(path)
    });
    let savepoint = savepoint.unwrap().unwrap();
    assert!(
        savepoint.starts_with("s3a://savepoints/kept/"),
        "{savepoint}"
    );
    assert!(ledger.committed().len() < RECORDS as usize);
    let second = Counting {
        parallelism: 2,
        from: Some(&savepoint),
        ..first
    };
    let client = second.start(&ledger);
    world.block_on(client.wait()).unwrap().unwrap();
    assert_eq!(sorted(ledger.committed()), all_counts(RECORDS));
}

/// Why a job with checkpoints in `directory` fails, which must be before any record has come.
fn refusal(world: &World, directory: &str, settings: &[(&str, String)]) -> String {
    let env = environment(world, 1);
    env.enable_checkpointing(Duration::from_secs(60));
    env.set("execution.checkpointing.dir", directory);
    for (key, value) in settings {
        env.set(*key, value);
    }
    let seen = Arc::new(AtomicU64::new(0));
    let counted = seen.clone();
    env.from_source(
        GeneratorSource::new(10, |n| n),
        WatermarkStrategy::none(),
        "numbers",
    )
    .map(move |n| n + counted.fetch_add(1, Ordering::Relaxed))
    .sink_to(Ledger::new().sink());
    let error = env.execute("refused").err().unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 0, "{error}");
    error.to_string()
}

#[test]
fn a_checkpoint_path_that_cannot_be_written_fails_the_job_at_its_start_with_the_reason() {
    let world = World::real();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a file");
    let in_file = file.join("checkpoints");
    let in_file = in_file.to_str().unwrap();
    let place = world.storage().open(file.to_str().unwrap()).unwrap();
    let put = world.block_on(place.store.put(&place.path, "no directory".into()));
    put.unwrap().unwrap();
    let message = refusal(&world, in_file, &[]);
    assert!(
        message.contains(in_file) && message.contains("Not a directory"),
        "{message}"
    );
    let server = S3Server::shared().unwrap();
    let message = refusal(&world, "s3://nobody-made-it/x", &settings(&server));
    assert!(
        message.contains("s3://nobody-made-it/x")
            && message.ends_with("bucket does not exist (NoSuchBucket)"),
        "{message}"
    );
    let message = refusal(&world, "gopher://hole/x", &[]);
    assert!(message.contains("scheme `gopher`"), "{message}");
    let nobody = [
        ("s3.endpoint", "http://127.0.0.1:9".to_string()),
        ("s3.access-key", "test".to_string()),
        ("s3.secret-key", "hush".to_string()),
    ];
    let message = refusal(&world, "s3://bucket/x", &nobody);
    assert!(message.contains("Connection refused"), "{message}");
    let half = [("s3.access-key", "AKIA".to_string())];
    let message = refusal(&world, "s3://bucket/x", &half);
    assert!(message.contains("`s3.secret-key` is not"), "{message}");
}

#[test]
fn of_two_who_write_the_same_object_on_s3_if_it_is_absent_one_is_refused() {
    let world = World::real();
    let server = S3Server::shared().unwrap();
    server.make_bucket(&world, "races").unwrap();
    let storage = world.storage().configured(&server.configuration().unwrap());
    let place = storage.open("s3://races/a/_metadata").unwrap();
    let racing = world.spawner().spawn(Lane::Io, "race", async move {
        let put = |text: &'static str| {
            let create = PutMode::Create.into();
            place.store.put_opts(&place.path, text.into(), create)
        };
        let (one, other) = (put("one").await, put("other").await);
        let there = place.store.get(&place.path).await?.bytes().await?;
        Ok::<_, StoreError>((one.is_ok(), other, there))
    });
    let (one, other, there) = world.block_on(racing).unwrap().unwrap().unwrap();
    assert!(one);
    assert!(
        matches!(other, Err(StoreError::AlreadyExists { .. })),
        "{other:?}"
    );
    assert_eq!(there, "one");
}
