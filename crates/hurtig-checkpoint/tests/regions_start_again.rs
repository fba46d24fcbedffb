//! Some tasks fail and are started again while the others go on: what that means for checkpoints.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::*;
use hurtig_checkpoint::*;

fn first() -> Participant {
    participants()[0]
}

fn failed(driver: &mut Driver) -> Vec<Action> {
    let epoch = driver.epoch;
    driver.step(Event::RegionFailed {
        epoch,
        failed: first(),
    })
}

fn deployed_again(driver: &mut Driver) -> Vec<Action> {
    driver.epoch = Epoch::new(driver.epoch.get() + 1);
    let epoch = driver.epoch;
    driver.step(Event::RegionDeployed {
        epoch,
        restarted: vec![first()],
    })
}

fn ready(actions: &[Action]) -> Option<Option<u64>> {
    actions.iter().find_map(|action| match action {
        Action::ReadyToRestore(latest) => Some(latest.as_ref().map(|it| it.id().get())),
        _ => None,
    })
}

fn aborted(actions: &[Action]) -> bool {
    let is_aborted = |action: &Action| {
        let Action::Aborted { cause, .. } = action else {
            return false;
        };
        assert_eq!(*cause, AbortCause::RegionFailed(first()));
        assert!(!cause.is_failure(), "it counts as no failed checkpoint");
        true
    };
    actions.iter().any(is_aborted)
}

#[test]
fn the_checkpoint_in_flight_comes_to_nothing_and_the_others_hear_it() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.complete(1, &[]);
    driver.after(100);
    let actions = failed(&mut driver);
    assert!(aborted(&actions));
    let told = |action: &Action| matches!(action, Action::NotifyAborted { .. });
    assert!(actions.iter().any(told), "the tasks that go on");
    assert_eq!(ready(&actions), Some(Some(1)));
}

#[test]
fn what_is_being_written_is_waited_for_and_committed_by_those_who_go_on() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    driver.ack_all(1, &[]);
    let actions = failed(&mut driver);
    assert_eq!((aborted(&actions), ready(&actions)), (false, None));
    let (epoch, checkpoint) = (driver.epoch, CheckpointId::new(1));
    let actions = driver.step(Event::MetadataWritten { epoch, checkpoint });
    let notified = Action::NotifyComplete { epoch, checkpoint };
    assert!(actions.contains(&notified));
    assert_eq!(ready(&actions), Some(Some(1)));
}

#[test]
fn nothing_is_triggered_until_they_run_again_and_then_after_an_interval() {
    let mut driver = Driver::new(every(100));
    failed(&mut driver);
    assert!(triggered(&driver.after(1_000)).is_empty());
    assert!(triggered(&driver.savepoint(1, StopMode::GoOn)).is_empty());
    assert!(triggered(&deployed_again(&mut driver)).is_empty());
    assert!(triggered(&driver.after(99)).is_empty());
    assert_eq!(triggered(&driver.after(1)), [1]);
}

#[test]
fn what_the_dead_had_sent_is_not_taken_for_what_the_living_send() {
    let mut driver = Driver::new(every(100));
    driver.after(100);
    let old = driver.epoch;
    failed(&mut driver);
    deployed_again(&mut driver);
    driver.after(100);
    let ack = |epoch, participant| Event::Ack {
        epoch,
        checkpoint: CheckpointId::new(2),
        participant,
        snapshot: Vec::new(),
    };
    for participant in participants() {
        assert!(driver.step(ack(old, participant)).is_empty());
    }
    assert!(!driver.ack_all(2, &[]).is_empty(), "it waits for these");
}

#[test]
fn those_that_had_finished_take_part_again() {
    let mut driver = Driver::new(every(100));
    let epoch = driver.epoch;
    driver.step(Event::TaskFinished {
        epoch,
        participant: first(),
    });
    failed(&mut driver);
    deployed_again(&mut driver);
    driver.after(100);
    let writes = |actions: &[Action]| {
        let is_write = |action: &Action| matches!(action, Action::WriteMetadata { .. });
        actions.iter().any(is_write)
    };
    for participant in participants().into_iter().skip(1) {
        assert!(!writes(&driver.ack(1, participant, &[])));
    }
    assert!(writes(&driver.ack(1, first(), &[])));
}

#[test]
fn a_job_that_is_being_stopped_does_not_go_on_in_part() {
    let mut driver = Driver::new(every(100));
    assert!(driver.coordinator.can_restart_regions());
    driver.savepoint(1, StopMode::Stop);
    assert!(!driver.coordinator.can_restart_regions());
    driver.ack_all(1, &[]);
    let (epoch, checkpoint) = (driver.epoch, CheckpointId::new(1));
    driver.step(Event::MetadataWritten { epoch, checkpoint });
    assert!(!driver.coordinator.can_restart_regions(), "it is stopped");
    assert!(failed(&mut driver).is_empty());
}

#[test]
fn the_whole_job_can_fail_while_a_part_is_started_again() {
    let mut driver = Driver::new(every(100));
    failed(&mut driver);
    let actions = driver.step(Event::Suspended);
    assert_eq!(ready(&actions), Some(None), "it is said once more");
}
