//! Tasks that failed and are being started again, while the others go on.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::BoxFuture;
use hurtig_env::{Clock, MonotonicTime, Sleep};
use hurtig_types::Result;

use super::checkpoints::Recovered;

/// How far it is.
enum Stage {
    /// Its tasks are about to end.
    Stopping,
    /// The restart strategy wants it to wait.
    Pausing(Sleep),
    /// It is in doubt which checkpoint is the last.
    Settling,
    /// What the tasks start from is being read.
    Restoring(BoxFuture<'static, Result<Recovered>>),
}

/// The regions of a job that are being started again, all in one go: one that fails later joins those that have not been.
pub(super) struct Recovery {
    places: BTreeSet<usize>,
    /// Those of them that have not ended.
    ending: BTreeSet<usize>,
    /// Of each region whose root cause is not known yet, the least place: a task that hears of another's failure through their channel
    /// may end before it.
    unexplained: BTreeSet<usize>,
    not_before: MonotonicTime,
    stage: Stage,
}

impl Recovery {
    pub(super) fn new() -> Self {
        Self {
            places: BTreeSet::new(),
            ending: BTreeSet::new(),
            unexplained: BTreeSet::new(),
            not_before: MonotonicTime::ZERO,
            stage: Stage::Stopping,
        }
    }

    /// Another region has failed, for whatever reason; these of its tasks have not ended.
    pub(super) fn add(&mut self, region: &BTreeSet<usize>, running: BTreeSet<usize>) {
        self.places.extend(region);
        self.ending.extend(running);
        self.unexplained.extend(region.first());
        self.stage = Stage::Stopping;
    }

    /// The root cause of a region is known, and after which pause it is started again.
    pub(super) fn explain(
        &mut self,
        region: &BTreeSet<usize>,
        now: MonotonicTime,
        pause: Duration,
    ) {
        if let Some(least) = region.first() {
            self.unexplained.remove(least);
        }
        self.not_before = self.not_before.max(now + pause);
    }

    /// Whether the root cause of the region's failure is unknown.
    pub(super) fn is_unexplained(&self, region: &BTreeSet<usize>) -> bool {
        let mut least = region.first().into_iter();
        least.any(|least| self.unexplained.contains(least))
    }

    /// Whether the task at this place is started again; if so, it has ended.
    pub(super) fn has_ended(&mut self, place: usize) -> bool {
        self.ending.remove(&place);
        self.places.contains(&place)
    }

    pub(super) fn places(&self) -> &BTreeSet<usize> {
        &self.places
    }

    /// Whether all of its tasks have ended, and none said of what.
    pub(super) fn remains_unexplained(&self) -> bool {
        self.ending.is_empty() && !self.unexplained.is_empty()
    }

    /// Goes on as far as it may without waiting; `read` says from what the tasks start, once that is certain.
    pub(super) fn advance(
        &mut self,
        clock: &Clock,
        read: impl FnOnce(&BTreeSet<usize>) -> Option<BoxFuture<'static, Result<Recovered>>>,
    ) {
        match &self.stage {
            Stage::Stopping if self.ending.is_empty() => {
                self.stage = Stage::Pausing(clock.sleep_until(self.not_before));
            }
            Stage::Settling => {
                if let Some(reading) = read(&self.places) {
                    self.stage = Stage::Restoring(reading);
                }
            }
            Stage::Stopping | Stage::Pausing(_) | Stage::Restoring(_) => {}
        }
    }

    /// Waits for what it waits for: what its tasks start from, or, with none, that there is reason to [`advance`](Self::advance).
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Recovered>>> {
        match &mut self.stage {
            Stage::Stopping | Stage::Settling => Poll::Pending,
            Stage::Pausing(sleep) => {
                let paused = Pin::new(sleep).poll(context);
                paused.map(|()| {
                    self.stage = Stage::Settling;
                    None
                })
            }
            Stage::Restoring(reading) => reading.as_mut().poll(context).map(Some),
        }
    }
}
