//! The coordinator against a simple model of the world around it: random events, and after each the promises.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use common::*;
use hurtig_checkpoint::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Pass(u64),
    /// Of one in flight, one participant, reusing this share of what the base names.
    Ack(usize, usize, u8),
    AckAll(usize),
    Decline(usize),
    LateAck(u64, usize),
    OldAck(usize),
    Finish(usize),
    Savepoint(u8),
    Answer(bool),
    Suspend,
    Deploy,
    /// One task fails, and those around it are to be started again.
    FailRegion(usize),
    DeployRegion,
    /// The process dies and another begins; a write in doubt may have been done.
    Crash(bool),
    End(u8),
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0u64..150).prop_map(Op::Pass),
        10 => (0usize..4, 0usize..4, any::<u8>()).prop_map(|(c, p, s)| Op::Ack(c, p, s)),
        8 => (0usize..4).prop_map(Op::AckAll),
        2 => (0usize..4).prop_map(Op::Decline),
        2 => (0u64..20, 0usize..4).prop_map(|(c, p)| Op::LateAck(c, p)),
        1 => (0usize..4).prop_map(Op::OldAck),
        1 => (0usize..4).prop_map(Op::Finish),
        3 => (0u8..3).prop_map(Op::Savepoint),
        10 => prop::bool::weighted(0.85).prop_map(Op::Answer),
        1 => Just(Op::Suspend),
        4 => Just(Op::Deploy),
        3 => (0usize..3).prop_map(Op::FailRegion),
        4 => Just(Op::DeployRegion),
        1 => any::<bool>().prop_map(Op::Crash),
        1 => (0u8..30).prop_map(Op::End),
    ]
}

fn any_config() -> impl Strategy<Value = CheckpointConfig> {
    let retentions = vec![
        Retention::NoExternalizedCheckpoints,
        Retention::DeleteOnCancellation,
        Retention::RetainOnCancellation,
    ];
    (
        10u64..100,
        0u64..100,
        50u64..400,
        1u32..4,
        0u32..4,
        1u32..4,
        prop::sample::select(retentions),
    )
        .prop_map(
            |(
                interval,
                pause,
                timeout,
                max_concurrent,
                tolerable_failed,
                num_retained,
                retention,
            )| {
                CheckpointConfig {
                    interval: Some(Duration::from_millis(interval)),
                    min_pause: Duration::from_millis(pause),
                    timeout: Duration::from_millis(timeout),
                    max_concurrent,
                    waits_for_savepoints: false,
                    tolerable_failed,
                    num_retained,
                    retention,
                }
            },
        )
}

/// What the model knows of one in flight.
#[derive(Clone, Debug)]
struct InFlight {
    is_savepoint: bool,
    triggered: Duration,
    /// The shared files that its participants may name again.
    reusable: Vec<StateFile>,
    is_acking: bool,
}

struct World {
    config: CheckpointConfig,
    coordinator: Coordinator,
    now: Duration,
    epoch: u64,
    next_block: u64,
    files_made: u64,
    in_flight: BTreeMap<u64, InFlight>,
    /// Asked for, not answered.
    writing: Option<(u64, String, Arc<Metadata>)>,
    /// What lies on the disk, by place.
    disk: BTreeMap<String, Arc<Metadata>>,
    /// Shared files that are gone.
    deleted: BTreeSet<StateFile>,
    last_id: u64,
    last_completed: u64,
    /// The checkpoints that are complete, in order.
    completed: Vec<u64>,
    last_end: Option<Duration>,
    last_trigger: Option<Duration>,
    /// The id from which an attempt must start.
    newest: Option<u64>,
    wake_at: Option<Duration>,
    wants_ids: bool,
    is_deployed: bool,
    /// Tasks were stopped, and are not running again.
    is_recovering: bool,
    is_ended: bool,
}

impl World {
    fn new(config: CheckpointConfig) -> Self {
        let coordinator = Coordinator::new(config.clone(), JOB, 1..40, Vec::new()).unwrap();
        Self {
            config,
            coordinator,
            now: Duration::ZERO,
            epoch: 0,
            next_block: 1,
            files_made: 0,
            in_flight: BTreeMap::new(),
            writing: None,
            disk: BTreeMap::new(),
            deleted: BTreeSet::new(),
            last_id: 0,
            last_completed: 0,
            completed: Vec::new(),
            last_end: None,
            last_trigger: None,
            newest: None,
            wake_at: None,
            wants_ids: false,
            is_deployed: false,
            is_recovering: false,
            is_ended: false,
        }
    }

    fn step(&mut self, event: Event) {
        let actions = self.coordinator.step(self.now, event);
        for action in actions {
            self.observe(action);
        }
        if std::mem::take(&mut self.wants_ids) {
            self.next_block += 1;
            let first = self.next_block * 40;
            self.step(Event::IdsReserved(first..first + 40));
        }
        let checkpoints = self
            .in_flight
            .values()
            .filter(|one| !one.is_savepoint)
            .count();
        assert!(
            checkpoints <= self.config.max_concurrent as usize,
            "too many in flight"
        );
        assert_eq!(self.in_flight.len(), self.coordinator.in_flight());
        let retained = self.coordinator.retained().count();
        assert!(
            retained <= self.config.num_retained as usize,
            "too many retained"
        );
        if !self.is_ended {
            let newest = self
                .completed
                .iter()
                .rev()
                .take(self.config.num_retained as usize);
            let gone = newest.filter(|id| !self.disk.contains_key(&format!("chk-{id}")));
            assert_eq!(gone.count(), 0, "one of the newest is gone");
            let kept = self
                .disk
                .keys()
                .filter(|name| name.starts_with("chk"))
                .count();
            assert!(
                kept <= self.config.num_retained as usize,
                "more is kept than asked for"
            );
        }
    }

    fn observe(&mut self, action: Action) {
        assert!(!self.is_ended, "something comes after the end: {action:?}");
        match action {
            Action::Trigger {
                checkpoint,
                kind,
                base,
                ..
            } => self.on_trigger(checkpoint.get(), kind, base),
            Action::WriteMetadata {
                location, metadata, ..
            } => {
                assert!(self.writing.is_none(), "two writes at a time");
                let id = metadata.checkpoint.get();
                self.in_flight.get_mut(&id).unwrap().is_acking = false;
                for file in metadata.files() {
                    assert!(
                        !self.deleted.contains(file),
                        "{id} names {file:?}, which is deleted"
                    );
                }
                metadata.encode().unwrap();
                self.writing = Some((id, place(&location), metadata));
            }
            Action::Completed(checkpoint) => self.on_completed(checkpoint.get()),
            Action::Aborted { checkpoint, cause } => {
                let gone = self
                    .in_flight
                    .remove(&checkpoint.get())
                    .expect("aborted, but not in flight");
                if gone.is_savepoint {
                    assert!(
                        !matches!(cause, AbortCause::Subsumed(_)),
                        "a savepoint was subsumed"
                    );
                } else {
                    self.last_end = Some(self.now);
                }
            }
            Action::NotifyComplete { epoch, .. } | Action::NotifyAborted { epoch, .. } => {
                assert_eq!(epoch.get(), self.epoch);
                assert!(self.is_deployed, "notified nobody");
            }
            Action::DeleteCheckpoint {
                checkpoint,
                location,
                files,
            } => {
                if let CheckpointLocation::Checkpoint(_, id) = &location {
                    assert_eq!(*id, checkpoint, "deleted in place of another");
                }
                assert!(files.iter().all(|file| file.scope == FileScope::Exclusive));
                if let Some(gone) = self.disk.remove(&place(&location)) {
                    assert!(!gone.is_savepoint, "a savepoint was deleted");
                }
            }
            Action::DeleteShared(files) => self.on_delete(files),
            Action::ReserveIds => self.wants_ids = true,
            Action::ReadyToRestore(latest) => {
                assert!(self.writing.is_none() && self.in_flight.is_empty());
                assert_eq!(latest.map(|latest| latest.id().get()), self.newest);
            }
            Action::Released(kept) => {
                assert!(
                    kept.iter()
                        .all(|location| self.disk.contains_key(&place(location)))
                );
                self.is_ended = true;
            }
            Action::WakeAt(time) => {
                assert!(time > self.now, "woken for nothing");
                self.wake_at = Some(time);
            }
            Action::AnswerSavepoint { .. } | Action::FailJob { .. } => {}
        }
    }

    fn on_trigger(&mut self, id: u64, kind: CheckpointKind, base: Option<CheckpointId>) {
        assert!(self.is_deployed && !self.is_recovering);
        assert!(id > self.last_id, "id {id} after {}", self.last_id);
        self.last_id = id;
        let is_savepoint = kind != CheckpointKind::Checkpoint;
        if !is_savepoint {
            if let Some(end) = self.last_end {
                assert!(self.now >= end + self.config.min_pause, "no pause");
            }
            if let Some(last) = self.last_trigger {
                assert!(
                    self.now >= last + self.config.interval.unwrap(),
                    "too early"
                );
            }
            self.last_trigger = Some(self.now);
        }
        let base = base.map(|base| {
            let base = &self.disk[&format!("chk-{base}")];
            base.files()
                .into_iter()
                .filter(|f| f.scope != FileScope::Exclusive)
                .cloned()
                .collect()
        });
        let reusable = base.unwrap_or_default();
        let one = InFlight {
            is_savepoint,
            triggered: self.now,
            reusable,
            is_acking: true,
        };
        self.in_flight.insert(id, one);
    }

    fn on_completed(&mut self, id: u64) {
        let gone = self
            .in_flight
            .remove(&id)
            .expect("complete, but not in flight");
        let metadata = self
            .disk
            .values()
            .find(|metadata| metadata.checkpoint.get() == id);
        assert!(metadata.is_some(), "complete without metadata");
        if !gone.is_savepoint {
            assert!(
                id > self.last_completed,
                "{id} completes after {}",
                self.last_completed
            );
            self.last_completed = id;
            self.completed.push(id);
            self.last_end = Some(self.now);
            self.newest = self.newest.max(Some(id));
        }
    }

    /// Nobody names what is deleted: none on the disk, and (seen when it is written) none in flight.
    fn on_delete(&mut self, files: Vec<StateFile>) {
        for file in files {
            assert!(matches!(file.scope, FileScope::Shared(_)));
            for (name, metadata) in &self.disk {
                assert!(!metadata.files().contains(&&file), "{name} names {file:?}");
            }
            self.deleted.insert(file);
        }
    }

    fn nth(&self, n: usize) -> Option<u64> {
        let acking = self.in_flight.iter().filter(|(_, one)| one.is_acking);
        let acking: Vec<u64> = acking.map(|(id, _)| *id).collect();
        acking.get(n % acking.len().max(1)).copied()
    }

    fn ack(&mut self, id: u64, who: Participant, share: u8) {
        let Some(one) = self.in_flight.get(&id).cloned() else {
            return;
        };
        self.files_made += 1;
        let own = self.files_made;
        let mut files = vec![exclusive(&format!("e{own}"))];
        if !one.is_savepoint {
            files.push(shared(&format!("s{own}")));
            let reused = one.reusable.iter().enumerate();
            files.extend(
                reused
                    .filter(|(n, _)| share >> (n % 8) & 1 == 1)
                    .map(|(_, f)| f.clone()),
            );
        }
        let event = Event::Ack {
            epoch: Epoch::new(self.epoch),
            checkpoint: CheckpointId::new(id),
            participant: who,
            snapshot: snapshot(&files),
        };
        self.step(event.clone());
        if share.is_multiple_of(3) {
            self.step(event); // Said twice.
        }
    }

    fn answer(&mut self, is_written: bool) {
        let Some((id, place, metadata)) = self.writing.take() else {
            return;
        };
        let (epoch, checkpoint) = (Epoch::new(self.epoch), CheckpointId::new(id));
        if is_written {
            assert!(
                self.disk.insert(place.clone(), metadata).is_none(),
                "{place} is there twice"
            );
            if place.starts_with("stop") && self.is_deployed {
                self.newest = self.newest.max(Some(id));
            }
            self.step(Event::MetadataWritten { epoch, checkpoint });
        } else {
            self.step(Event::MetadataFailed {
                epoch,
                checkpoint,
                cause: "disk full".to_string(),
            });
        }
    }

    fn crash(&mut self, was_written: bool) {
        if let Some((id, place, metadata)) = self.writing.take().filter(|_| was_written) {
            if place.starts_with("chk") {
                self.last_completed = id;
            }
            self.disk.insert(place, metadata);
        }
        self.in_flight.clear();
        let mut existing: Vec<_> = self
            .disk
            .iter()
            .filter(|(name, _)| name.starts_with("chk"))
            .collect();
        existing.sort_by_key(|(_, metadata)| metadata.checkpoint);
        let existing = existing.into_iter().map(|(_, metadata)| {
            let location = CheckpointLocation::Checkpoint(JOB, metadata.checkpoint);
            CompletedCheckpoint::new(location, metadata.clone(), ClaimMode::Claim)
        });
        let existing: Vec<_> = existing.collect();
        // One that was complete without our knowing is one more than are kept, until the next.
        self.config.num_retained = self.config.num_retained.max(existing.len() as u32);
        self.completed = existing.iter().map(|one| one.id().get()).collect();
        self.newest = existing.last().map(|newest| newest.id().get());
        self.next_block += 1;
        let first = self.next_block * 40;
        self.coordinator =
            Coordinator::new(self.config.clone(), JOB, first..first + 40, existing).unwrap();
        (self.last_end, self.last_trigger, self.wake_at) = (None, None, None);
        (self.is_deployed, self.is_recovering) = (false, false);
    }

    /// Nothing is in flight any more but what is being written.
    fn fail_region(&mut self, failed: Participant) {
        if !self.coordinator.can_restart_regions() {
            return;
        }
        self.is_recovering = true;
        let epoch = Epoch::new(self.epoch);
        self.step(Event::RegionFailed { epoch, failed });
        let writing = self.writing.as_ref().map(|(id, ..)| *id);
        assert!(self.in_flight.keys().all(|id| Some(*id) == writing));
    }

    fn deploy_region(&mut self) {
        if !self.is_recovering {
            return;
        }
        if self.writing.is_some() {
            self.answer(true);
        }
        self.is_recovering = false;
        self.epoch += 1;
        self.last_trigger = None;
        let restarted = participants().into_iter().take(2).collect();
        let epoch = Epoch::new(self.epoch);
        self.step(Event::RegionDeployed { epoch, restarted });
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Pass(millis) => self.pass(Duration::from_millis(millis)),
            Op::Ack(n, who, share) => {
                if let Some(id) = self.nth(n) {
                    self.ack(id, participants()[who], share);
                }
            }
            Op::AckAll(n) => {
                let Some(id) = self.nth(n) else { return };
                participants()
                    .into_iter()
                    .for_each(|who| self.ack(id, who, 0xff));
            }
            Op::Decline(n) => {
                let Some(id) = self.nth(n) else { return };
                self.step(Event::Decline {
                    epoch: Epoch::new(self.epoch),
                    checkpoint: CheckpointId::new(id),
                    participant: participants()[0],
                    phase: DeclinePhase::Sync,
                    cause: "no".to_string(),
                });
            }
            Op::LateAck(back, who) => {
                let id = self.last_id.saturating_sub(back);
                if self.in_flight.contains_key(&id) {
                    return;
                }
                let checkpoint = CheckpointId::new(id);
                // All that lies there: nothing of it may be taken for garbage.
                let files = self
                    .disk
                    .values()
                    .flat_map(|m| m.files())
                    .cloned()
                    .collect::<Vec<_>>();
                self.step(Event::Ack {
                    epoch: Epoch::new(self.epoch),
                    checkpoint,
                    participant: participants()[who],
                    snapshot: snapshot(&files),
                });
            }
            Op::OldAck(n) => {
                let before = self.coordinator.in_flight();
                let (Some(id), Some(epoch)) = (self.nth(n), self.epoch.checked_sub(1)) else {
                    return;
                };
                for participant in participants() {
                    self.step(Event::Ack {
                        epoch: Epoch::new(epoch),
                        checkpoint: CheckpointId::new(id),
                        participant,
                        snapshot: Vec::new(),
                    });
                }
                assert_eq!(self.coordinator.in_flight(), before);
                assert!(
                    self.writing
                        .as_ref()
                        .is_none_or(|(writing, ..)| *writing != id)
                );
            }
            Op::Finish(who) => {
                let (epoch, participant) = (Epoch::new(self.epoch), participants()[who]);
                self.step(Event::TaskFinished { epoch, participant });
            }
            Op::Savepoint(stop) => {
                let (name, stop) = match stop {
                    0 => ("go-on", StopMode::GoOn),
                    1 => ("stop", StopMode::Stop),
                    _ => ("stop-drain", StopMode::Drain),
                };
                self.files_made += 1;
                let directory = format!("{name}-{}", self.files_made);
                self.step(Event::SavepointRequested {
                    request: 1,
                    directory,
                    stop,
                });
            }
            Op::Answer(is_written) => self.answer(is_written),
            Op::FailRegion(who) => self.fail_region(participants()[who]),
            Op::DeployRegion => self.deploy_region(),
            Op::Suspend => {
                (self.is_deployed, self.is_recovering) = (false, false);
                self.step(Event::Suspended);
            }
            Op::Deploy => self.deploy(),
            Op::Crash(was_written) => self.crash(was_written),
            Op::End(end) => {
                let ends = [JobEnd::Finished, JobEnd::Canceled, JobEnd::Failed];
                if let Some(end) = ends.get(usize::from(end)) {
                    (self.is_deployed, self.is_recovering) = (false, false);
                    self.step(Event::Ended(*end));
                }
            }
        }
    }

    fn deploy(&mut self) {
        if self.is_deployed {
            (self.is_deployed, self.is_recovering) = (false, false);
            self.step(Event::Suspended);
        }
        while self.writing.is_some() {
            self.answer(true);
        }
        if !self.is_ended {
            self.epoch += 1;
            self.is_deployed = true;
            self.last_trigger = None;
            self.step(deployed(self.epoch));
        }
    }

    /// Comes when it asked to be woken, on the way.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(wake) = self.wake_at.take_if(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.step(Event::Tick);
        }
        self.now = end;
        // One that has all acknowledgements and waits for another's write does not expire.
        let waits = self.writing.is_some();
        for (id, one) in self.in_flight.iter().filter(|(_, one)| one.is_acking) {
            let age = self.now - one.triggered;
            assert!(
                age < self.config.timeout || waits,
                "{id} outlived its timeout"
            );
        }
    }
}

fn place(location: &CheckpointLocation) -> String {
    match location {
        CheckpointLocation::Checkpoint(job, id) => {
            assert_eq!(*job, JOB);
            format!("chk-{id}")
        }
        CheckpointLocation::Savepoint(directory) | CheckpointLocation::Claimed(_, directory) => {
            directory.clone()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_promises_hold_whatever_happens(
        config in any_config(),
        ops in prop::collection::vec(any_op(), 1..200),
    ) {
        let mut world = World::new(config);
        world.deploy();
        for op in ops {
            if world.is_ended {
                break;
            }
            world.apply(op);
        }
    }
}
