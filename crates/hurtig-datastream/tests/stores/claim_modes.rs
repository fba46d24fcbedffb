//! Whose a checkpoint or savepoint is from which a job has started: its user's, or the job's.

use std::time::Duration;

use futures::TryStreamExt;
use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{GeneratorSource, StreamExecutionEnvironment};
use hurtig_env::World;
use hurtig_runtime::JobClient;
use hurtig_testing::{Ledger, run_under_schedules};
use hurtig_types::Error;

use crate::{all_counts, environment, sorted};

const RECORDS: u64 = 20_000;
const MODE: &str = "execution.state-recovery.claim-mode";

/// Counts by remainder, five thousand numbers a second, with a checkpoint ten times a second, of which the last one outlives the job.
fn counting(
    world: &World,
    from: Option<&str>,
    ledger: &Ledger<(u64, u64)>,
) -> StreamExecutionEnvironment {
    let env = environment(world, 2);
    env.enable_checkpointing(Duration::from_millis(100));
    env.set("execution.checkpointing.dir", "/checkpoints");
    // Files of their own, in place of all state within the metadata.
    env.set("execution.checkpointing.data-inline-threshold", "0");
    env.set(
        "execution.checkpointing.externalized-checkpoint-retention",
        "RETAIN_ON_CANCELLATION",
    );
    if let Some(from) = from {
        env.set("execution.state-recovery.path", from);
    }
    let source = GeneratorSource::new(RECORDS, |n| n).records_per_second(5_000.0);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .uid("numbers")
        .map(|n| (n % 7, 1))
        .key_by(|record| record.0)
        .sum(|record| &mut record.1)
        .uid("counts")
        .sink_to(ledger.sink())
        .uid("ledger");
    env
}

/// Lets a job run for a second and cancels it; where its newest checkpoint is.
fn cancelled(world: &World, client: &JobClient) -> String {
    let waited = world.block_on(async {
        world.clock().sleep(Duration::from_secs(1)).await;
        client.cancel();
        client.wait().await
    });
    assert!(waited.unwrap().is_err());
    let newest = client.checkpoints().last_completed().cloned();
    newest.unwrap().path
}

/// The names of the files in a directory, and below it.
fn files(world: &World, directory: &str) -> Vec<String> {
    let place = world.storage().open(directory).unwrap();
    let listed = place.store.list(Some(&place.path)).try_collect::<Vec<_>>();
    let listed = world.block_on(listed).unwrap().unwrap();
    let names = listed.into_iter().map(|it| it.location.to_string());
    sorted(names.collect())
}

fn remove(world: &World, directory: &str) {
    use hurtig_env::object_store::ObjectStoreExt;
    for name in files(world, directory) {
        let place = world.storage().open(&format!("/{name}")).unwrap();
        let removed = world.block_on(place.store.delete(&place.path));
        removed.unwrap().unwrap();
    }
}

#[test]
fn what_is_not_claimed_is_never_deleted_and_nothing_builds_on_it() {
    run_under_schedules(3, |world| {
        for mode in [None, Some("NO_CLAIM"), Some("no-claim")] {
            let ledger = Ledger::new();
            let env = counting(&world, None, &ledger);
            let original = cancelled(&world, &env.execute_async("first").unwrap());
            let before = files(&world, &original);
            assert!(before.len() > 1, "{before:?}");

            let env = counting(&world, Some(&original), &ledger);
            if let Some(mode) = mode {
                env.set(MODE, mode);
            }
            let next = cancelled(&world, &env.execute_async("second").unwrap());
            assert_eq!(files(&world, &original), before);

            // The next one stands by itself.
            remove(&world, &original);
            let env = counting(&world, Some(&next), &ledger);
            env.execute("third").unwrap();
            assert_eq!(sorted(ledger.committed()), all_counts(RECORDS));
            // The job has ended well, and deletes its own: not what it started from.
            assert!(files(&world, &next).len() > 1);
        }
    });
}

#[test]
fn a_claimed_checkpoint_is_the_jobs_and_goes_when_a_later_one_is_complete() {
    run_under_schedules(3, |world| {
        let ledger = Ledger::new();
        let env = counting(&world, None, &ledger);
        let original = cancelled(&world, &env.execute_async("first").unwrap());

        let env = counting(&world, Some(&original), &ledger);
        env.set(MODE, "CLAIM");
        env.set("execution.checkpointing.num-retained", "2");
        let client = env.execute_async("second").unwrap();
        let seen = world.block_on(async {
            let mut seen = Vec::new();
            while seen.len() < 2 {
                world.clock().sleep(Duration::from_millis(10)).await;
                if client.checkpoints().completed as usize > seen.len() {
                    // What is to be deleted is, a moment later.
                    world.clock().sleep(Duration::from_millis(20)).await;
                    let place = world.storage().open(&original).unwrap();
                    let listed = place.store.list(Some(&place.path)).try_collect::<Vec<_>>();
                    seen.push(listed.await.unwrap().len());
                }
            }
            client.wait().await.unwrap();
            seen
        });
        // Two are kept, and it is one of them.
        let seen = seen.unwrap();
        assert!(seen[0] > 1 && seen[1] == 0, "{seen:?}");
        assert_eq!(sorted(ledger.committed()), all_counts(RECORDS));
    });
}

#[test]
fn a_claimed_savepoint_goes_like_a_checkpoint_with_its_files_and_no_others() {
    run_under_schedules(3, |world| {
        let ledger = Ledger::new();
        let client = counting(&world, None, &ledger)
            .execute_async("first")
            .unwrap();
        let savepoint = world.block_on(async {
            world.clock().sleep(Duration::from_millis(700)).await;
            client.stop_with_savepoint(Some("/savepoints")).await
        });
        let savepoint = savepoint.unwrap().unwrap();
        let note = world
            .storage()
            .open(&format!("{savepoint}/note.txt"))
            .unwrap();
        use hurtig_env::object_store::ObjectStoreExt;
        let put = note.store.put(&note.path, "the user's".into());
        world.block_on(put).unwrap().unwrap();

        let env = counting(&world, Some(&savepoint), &ledger);
        env.set(MODE, "claim");
        env.execute("second").unwrap();
        assert_eq!(sorted(ledger.committed()), all_counts(RECORDS));
        assert_eq!(files(&world, &savepoint), [note.path.to_string()]);
    });
}

#[test]
fn a_claimed_checkpoint_that_does_not_fit_the_job_is_still_there() {
    let world = World::simulated(5);
    let env = counting(&world, None, &Ledger::new());
    let original = cancelled(&world, &env.execute_async("first").unwrap());
    let before = files(&world, &original);
    let env = environment(&world, 1);
    env.set("execution.state-recovery.path", &original);
    env.set(MODE, "CLAIM");
    let source = GeneratorSource::new(10, |n| n);
    env.from_source(source, WatermarkStrategy::none(), "others")
        .sink_to(Ledger::new().sink());
    let error: Error = env.execute("another").err().unwrap();
    assert!(
        error.to_string().contains("ignore-unclaimed-state"),
        "{error}"
    );
    assert_eq!(files(&world, &original), before);
}

#[test]
fn legacy_is_refused_with_what_to_choose_and_so_is_what_nobody_knows() {
    let world = World::simulated(6);
    for (mode, says) in [("LEGACY", "choose CLAIM"), ("LENT", "NO_CLAIM, CLAIM")] {
        let env = counting(&world, None, &Ledger::new());
        env.set(MODE, mode);
        let message = env.execute("refused").err().unwrap().to_string();
        assert!(
            message.contains(MODE) && message.contains(says),
            "{message}"
        );
    }
}
