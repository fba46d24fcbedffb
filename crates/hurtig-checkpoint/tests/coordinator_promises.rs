//! What the coordinator promises, one test a promise.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::*;
use hurtig_checkpoint::*;

#[test]
fn a_checkpoint_is_triggered_every_interval() {
    let mut driver = Driver::new(every(100));
    assert!(triggered(&driver.after(99)).is_empty());
    assert_eq!(triggered(&driver.after(1)), [1]);
    driver.complete(1, &[]);
    assert!(triggered(&driver.after(99)).is_empty());
    assert_eq!(triggered(&driver.after(1)), [2]);
}

#[test]
fn without_an_interval_there_are_savepoints_only() {
    let mut driver = Driver::new(CheckpointConfig::default());
    assert!(triggered(&driver.after(1_000_000)).is_empty());
    assert_eq!(triggered(&driver.savepoint(1, StopMode::GoOn)), [1]);
}

#[test]
fn the_pause_after_a_checkpoint_is_kept() {
    let min_pause = Duration::from_millis(70);
    let mut driver = Driver::new(CheckpointConfig {
        min_pause,
        ..every(100)
    });
    driver.after(100);
    driver.now += Duration::from_millis(90);
    driver.complete(1, &[]);
    assert!(triggered(&driver.after(69)).is_empty());
    assert_eq!(triggered(&driver.after(1)), [2]);
}

#[test]
fn no_more_are_in_flight_than_allowed() {
    let mut driver = Driver::new(CheckpointConfig {
        max_concurrent: 2,
        ..every(100)
    });
    assert_eq!(triggered(&driver.after(100)), [1]);
    assert_eq!(triggered(&driver.after(100)), [2]);
    assert!(triggered(&driver.after(500)).is_empty());
    assert_eq!(triggered(&driver.complete(1, &[])), [3]);
}

#[test]
fn the_caller_is_told_when_to_call_again() {
    let timeout = Duration::from_millis(30);
    let mut driver = Driver::new(CheckpointConfig {
        timeout,
        tolerable_failed: 9,
        ..every(100)
    });
    let actions = driver.after(100);
    assert_eq!(
        actions.last(),
        Some(&Action::WakeAt(Duration::from_millis(130)))
    );
    let actions = driver.after(30);
    assert_eq!(
        actions.last(),
        Some(&Action::WakeAt(Duration::from_millis(200)))
    );
}

#[test]
fn one_that_takes_too_long_is_aborted_everywhere_and_leaves_no_files() {
    let timeout = Duration::from_millis(50);
    let mut driver = Driver::new(CheckpointConfig {
        timeout,
        ..every(100)
    });
    driver.after(100);
    driver.ack(1, participants()[0], &[exclusive("a"), shared("b")]);
    let actions = driver.after(50);
    let (epoch, checkpoint) = (driver.epoch, CheckpointId::new(1));
    assert!(
        aborted(&actions)[0]
            .1
            .starts_with("expired: 3 had not acknowledged"),
        "{actions:?}"
    );
    assert!(actions.contains(&Action::NotifyAborted { epoch, checkpoint }));
    assert_eq!(deleted(&actions), ["chk-1", "a", "b"]);
}

#[test]
fn a_decline_names_who_when_and_why() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    let actions = driver.decline(1);
    let expected = format!(
        "declined by {} in the async phase: disk full",
        participants()[1]
    );
    assert_eq!(aborted(&actions), [(1, expected)]);
}

#[test]
fn too_many_failures_in_a_row_fail_the_job_once() {
    let mut driver = Driver::new(CheckpointConfig {
        tolerable_failed: 1,
        ..every(100)
    });
    let fails = |actions: &[Action]| actions.iter().any(|a| matches!(a, Action::FailJob { .. }));
    driver.after(100);
    assert!(!fails(&driver.decline(1)));
    driver.after(100);
    driver.complete(2, &[]);
    driver.after(100);
    assert!(
        !fails(&driver.decline(3)),
        "the one that completed begins a new count"
    );
    driver.after(100);
    assert!(fails(&driver.decline(4)));
    assert!(triggered(&driver.after(1000)).is_empty());
}

#[test]
fn acks_that_are_late_doubled_or_of_strangers_do_no_harm() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    let stranger = Participant::Subtask(vertex(), 99);
    assert_eq!(driver.ack(1, stranger, &[]), []);
    assert_eq!(driver.ack(77, participants()[0], &[exclusive("x")]), []);
    driver.complete(1, &[exclusive("a")]);
    assert_eq!(driver.ack(1, participants()[0], &[exclusive("a")]), []);
    assert_eq!(driver.coordinator.retained().count(), 1);
}

#[test]
fn what_comes_late_for_an_aborted_checkpoint_is_deleted() {
    let mut driver = Driver::new(CheckpointConfig {
        tolerable_failed: 9,
        ..every(100)
    });
    driver.after(100);
    driver.decline(1);
    let actions = driver.ack(1, participants()[0], &[exclusive("late"), shared("too")]);
    assert_eq!(deleted(&actions), ["chk-1", "late", "too"]);
}

#[test]
fn messages_of_an_earlier_epoch_are_ignored() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.step(Event::Suspended);
    driver.step(deployed(2));
    assert_eq!(triggered(&driver.after(100)), [2]);
    driver.ack_all(2, &[exclusive("from the dead".replace(' ', "-").as_str())]);
    assert_eq!(driver.written(2), []);
    driver.epoch = Epoch::new(2);
    assert_eq!(completed(&driver.complete(2, &[])), [2]);
    assert_eq!(driver.step(deployed(1)), [], "nor does an epoch come back");
}

#[test]
fn an_earlier_checkpoint_is_subsumed_by_a_later_one() {
    let mut driver = Driver::new(CheckpointConfig {
        max_concurrent: 2,
        ..every(100)
    });
    driver.after(100);
    driver.after(100);
    let actions = driver.complete(2, &[]);
    assert_eq!(completed(&actions), [2]);
    assert_eq!(
        aborted(&actions),
        [(1, "checkpoint 2 was complete first".to_string())]
    );
    assert!(completed(&driver.complete(1, &[])).is_empty());
}

#[test]
fn metadata_is_written_one_at_a_time_and_in_order() {
    let mut driver = Driver::new(CheckpointConfig {
        max_concurrent: 2,
        ..every(100)
    });
    driver.after(100);
    driver.after(100);
    driver.ack_all(1, &[]);
    let writes = |actions: &[Action]| {
        actions
            .iter()
            .any(|a| matches!(a, Action::WriteMetadata { .. }))
    };
    assert!(!writes(&driver.ack_all(2, &[])));
    assert!(writes(&driver.written(1)));
    assert_eq!(completed(&driver.written(2)), [2]);
}

#[test]
fn the_newest_are_retained_and_the_rest_deleted() {
    let mut driver = Driver::new(CheckpointConfig {
        num_retained: 2,
        ..every(100)
    });
    driver.after(100);
    driver.complete(1, &[exclusive("a"), shared("s"), shared("t")]);
    driver.after(100);
    assert_eq!(
        deleted(&driver.complete(2, &[exclusive("b"), shared("t")])),
        [""; 0]
    );
    driver.after(100);
    assert_eq!(deleted(&driver.complete(3, &[])), ["chk-1", "a", "s"]);
}

#[test]
fn a_shared_file_waits_for_who_may_have_built_on_it() {
    let mut driver = Driver::new(CheckpointConfig {
        max_concurrent: 2,
        ..every(100)
    });
    driver.after(100);
    driver.complete(1, &[shared("s")]);
    driver.after(100);
    driver.after(100);
    let actions = driver.complete(2, &[]);
    assert_eq!(
        deleted(&actions),
        ["chk-1"],
        "3 was triggered while 1 was there"
    );
    let actions = driver.complete(3, &[shared("s")]);
    assert_eq!(deleted(&actions), ["chk-2"], "and did build on it");
}

#[test]
fn a_trigger_names_the_checkpoint_to_build_on() {
    let mut driver = Driver::new(every(100));
    let base = |actions: &[Action]| {
        actions.iter().find_map(|action| match action {
            Action::Trigger { base, .. } => Some(base.map(CheckpointId::get)),
            _ => None,
        })
    };
    assert_eq!(base(&driver.after(100)), Some(None));
    driver.complete(1, &[]);
    assert_eq!(base(&driver.after(100)), Some(Some(1)));
    driver.complete(2, &[]);
    assert_eq!(
        base(&driver.savepoint(1, StopMode::GoOn)),
        Some(None),
        "self-contained"
    );
}

#[test]
fn a_savepoint_is_never_subsumed_and_never_deleted() {
    let config = CheckpointConfig {
        retention: Retention::NoExternalizedCheckpoints,
        ..every(100)
    };
    let mut driver = Driver::new(config);
    driver.savepoint(5, StopMode::GoOn);
    driver.after(100);
    assert_eq!(aborted(&driver.complete(2, &[])), []);
    let actions = driver.complete(1, &[exclusive("mine")]);
    let outcome = Ok("/savepoints/5".to_string());
    assert!(
        actions.contains(&Action::AnswerSavepoint {
            request: 5,
            outcome
        }),
        "{actions:?}"
    );
    assert_eq!(
        deleted(&driver.step(Event::Ended(JobEnd::Canceled))),
        ["chk-2"]
    );
}

#[test]
fn a_savepoint_that_is_not_self_contained_is_refused() {
    let mut driver = Driver::new(every(100));
    driver.savepoint(1, StopMode::GoOn);
    let actions = driver.ack(1, participants()[0], &[shared("s")]);
    assert!(
        aborted(&actions)[0].1.contains("self-contained"),
        "{actions:?}"
    );
    assert_eq!(deleted(&actions), ["/savepoints/1"]);
}

#[test]
fn a_savepoint_that_stops_the_job_is_what_comes_last() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.complete(1, &[]);
    driver.savepoint(1, StopMode::Drain);
    assert!(triggered(&driver.after(1000)).is_empty());
    let (epoch, checkpoint) = (driver.epoch, CheckpointId::new(2));
    let actions = driver.complete(2, &[]);
    assert!(actions.contains(&Action::NotifyComplete { epoch, checkpoint }));
    assert!(triggered(&driver.after(1000)).is_empty());
    // Its transactions are committed: to go back behind it would commit them twice.
    let actions = driver.step(Event::Suspended);
    let [Action::ReadyToRestore(Some(latest))] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(latest.id(), checkpoint);
}

#[test]
fn checkpoints_go_on_after_a_stop_that_failed() {
    let mut driver = Driver::new(every(100));
    driver.savepoint(1, StopMode::Stop);
    let actions = driver.decline(1);
    assert!(actions.iter().any(|a| matches!(
        a,
        Action::AnswerSavepoint {
            outcome: Err(_),
            ..
        }
    )));
    assert!(!actions.iter().any(|a| matches!(a, Action::FailJob { .. })));
    assert_eq!(triggered(&driver.after(100)), [2]);
}

#[test]
fn no_attempt_begins_while_a_write_is_in_doubt() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.ack_all(1, &[]);
    assert_eq!(driver.step(Event::Suspended), []);
    let actions = driver.written(1);
    let [Action::Completed(_), Action::ReadyToRestore(Some(latest))] = &actions[..] else {
        panic!("{actions:?}");
    };
    assert_eq!(latest.id(), CheckpointId::new(1));
}

#[test]
fn ids_go_on_after_a_restart() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.step(Event::Suspended);
    driver.step(deployed(2));
    assert_eq!(triggered(&driver.after(100)), [2]);
}

#[test]
fn without_ids_nothing_is_triggered_and_more_are_asked_for() {
    let coordinator = Coordinator::new(every(100), JOB, 1..2, Vec::new()).unwrap();
    let mut driver = Driver {
        coordinator,
        now: Duration::ZERO,
        epoch: Epoch::new(1),
    };
    assert!(driver.step(deployed(1)).contains(&Action::ReserveIds));
    assert_eq!(triggered(&driver.after(100)), [1]);
    driver.complete(1, &[]);
    assert_eq!(driver.after(100), []);
    assert_eq!(
        triggered(&driver.step(Event::IdsReserved(1000..2000))),
        [1000]
    );
}

#[test]
fn retention_decides_what_a_cancelled_job_leaves() {
    for (retention, end, is_kept) in [
        (Retention::NoExternalizedCheckpoints, JobEnd::Failed, false),
        (Retention::DeleteOnCancellation, JobEnd::Canceled, false),
        (Retention::DeleteOnCancellation, JobEnd::Failed, true),
        (Retention::RetainOnCancellation, JobEnd::Canceled, true),
        (Retention::RetainOnCancellation, JobEnd::Finished, false),
    ] {
        let mut driver = Driver::new(CheckpointConfig {
            retention,
            ..every(100)
        });
        driver.after(100);
        driver.complete(1, &[shared("s")]);
        let actions = driver.step(Event::Ended(end));
        let expected: &[&str] = if is_kept { &[] } else { &["chk-1", "s"] };
        assert_eq!(deleted(&actions), expected, "{retention:?} {end:?}");
        let Some(Action::Released(kept)) = actions.last() else {
            panic!("{actions:?}")
        };
        assert_eq!(kept.len(), usize::from(is_kept));
    }
}

#[test]
fn a_checkpoint_that_was_not_claimed_is_the_users() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.complete(1, &[shared("s")]);
    let first = driver.coordinator.latest().unwrap();
    let (location, metadata) = (first.location().clone(), first.metadata().clone());
    let restored = CompletedCheckpoint::new(location, metadata, ClaimMode::NoClaim);

    let coordinator = Coordinator::new(every(100), JOB, 1001..2001, vec![restored]).unwrap();
    let mut driver = Driver {
        coordinator,
        now: Duration::ZERO,
        epoch: Epoch::new(2),
    };
    driver.step(deployed(2));
    assert!(
        driver
            .after(100)
            .iter()
            .any(|a| matches!(a, Action::Trigger { base: None, .. }))
    );
    driver.complete(1001, &[shared("s")]);
    driver.after(100);
    assert_eq!(deleted(&driver.complete(1002, &[])), ["chk-1001"]);
}

#[test]
fn a_claimed_savepoint_is_deleted_in_its_turn_but_not_by_a_job_that_has_not_run() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.complete(1, &[exclusive("a")]);
    let metadata = driver.coordinator.latest().unwrap().metadata().clone();
    let location = CheckpointLocation::Claimed(JOB, "/savepoints/one".to_string());
    let claimed = CompletedCheckpoint::new(location, metadata, ClaimMode::Claim);
    let start = || Driver {
        coordinator: Coordinator::new(every(100), JOB, 1001..2001, vec![claimed.clone()]).unwrap(),
        now: Duration::ZERO,
        epoch: Epoch::new(2),
    };
    let is_deleted = |actions: &[Action]| deleted(actions).contains(&"/savepoints/one".to_string());

    let mut driver = start();
    let actions = driver.step(Event::Ended(JobEnd::Failed));
    assert!(!is_deleted(&actions), "{actions:?}");

    let mut driver = start();
    driver.step(deployed(2));
    driver.after(100);
    assert!(is_deleted(&driver.complete(1001, &[])));

    let mut driver = start();
    driver.step(deployed(2));
    assert!(is_deleted(&driver.step(Event::Ended(JobEnd::Canceled))));
}

#[test]
fn a_task_that_has_finished_is_not_waited_for() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    let (epoch, participant) = (driver.epoch, participants()[0]);
    let actions = driver.step(Event::TaskFinished { epoch, participant });
    assert!(
        aborted(&actions)[0].1.contains("ended before"),
        "{actions:?}"
    );
    assert_eq!(triggered(&driver.after(100)), [2]);
    for who in &participants()[1..] {
        driver.ack(2, *who, &[]);
    }
    assert_eq!(completed(&driver.written(2)), [2]);
    let latest = driver.coordinator.latest().unwrap();
    let is_finished = |subtask: &SubtaskState| subtask.is_finished;
    let finished: Vec<_> = latest.metadata().operators[0]
        .subtasks
        .iter()
        .map(is_finished)
        .collect();
    assert_eq!(finished, [true, false, false]);
}

#[test]
fn a_wrong_configuration_is_refused_by_key() {
    let wrong = CheckpointConfig {
        num_retained: 0,
        ..every(100)
    };
    let error = Coordinator::new(wrong, JOB, 1..2, Vec::new()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("execution.checkpointing.num-retained")
    );
}

#[test]
fn two_attempts_never_run_at_once() {
    let mut driver = Driver::new(every(100));
    let actions = driver.step(deployed(2));
    assert!(
        matches!(actions[..], [Action::FailJob { .. }]),
        "{actions:?}"
    );
    assert!(triggered(&driver.after(1000)).is_empty());
}

#[test]
fn states_that_are_not_small_are_refused_inside_the_metadata() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    let bytes = vec![0; METADATA_BYTES_MAX as usize + 1];
    let state = StateHandle::inline(StateKind::List, "large", bytes);
    let actions = driver.step(Event::Ack {
        epoch: driver.epoch,
        checkpoint: CheckpointId::new(1),
        participant: participants()[0],
        snapshot: vec![(operator(), vec![state])],
    });
    assert!(aborted(&actions)[0].1.contains("use files"), "{actions:?}");
}

#[test]
fn what_a_participant_cannot_have_aborts_the_checkpoint() {
    let other = hurtig_types::OperatorId::from_uid("other");
    let mut two_faced = shared("s");
    two_faced.length = 11;
    let handle = |file| StateHandle::whole_file(StateKind::Keyed, "x", file);
    let cases = [
        (vec![(other, Vec::new())], "not its own"),
        (vec![(operator(), Vec::new()); 2], "there twice"),
        (
            vec![(operator(), vec![handle(shared("s")), handle(two_faced)])],
            "two files",
        ),
    ];
    for (snapshot, expected) in cases {
        let mut driver = Driver::new(every(100));
        driver.after(100);
        let actions = driver.step(Event::Ack {
            epoch: driver.epoch,
            checkpoint: CheckpointId::new(1),
            participant: participants()[0],
            snapshot,
        });
        assert!(aborted(&actions)[0].1.contains(expected), "{actions:?}");
    }
}

#[test]
fn a_shared_file_that_changed_its_contents_aborts_the_checkpoint_and_stays() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.complete(1, &[shared("s")]);
    driver.after(100);
    let mut changed = shared("s");
    changed.checksum = 4;
    let actions = driver.ack(2, participants()[0], &[changed, exclusive("a")]);
    assert!(
        aborted(&actions)[0]
            .1
            .contains("another length or checksum"),
        "{actions:?}"
    );
    assert_eq!(deleted(&actions), ["chk-2", "a"]);
}
