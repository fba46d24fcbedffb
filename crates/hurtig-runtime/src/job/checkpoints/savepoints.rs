//! Those who asked for a savepoint, and what they are told.

use std::collections::BTreeMap;

use futures::channel::oneshot;
use hurtig_checkpoint::{Event, StopMode};
use hurtig_types::{Error, Result};

/// How a savepoint that somebody asked for went: where it is, or why it isn't there.
pub(in crate::job) type SavepointAnswer = oneshot::Sender<Result<String>>;

/// The savepoints that were asked for and are not answered yet.
pub(super) struct Savepoints {
    /// Where they go if nobody says so.
    directory: Option<String>,
    requests: BTreeMap<u64, (SavepointAnswer, StopMode)>,
    requested: u64,
    /// Who waits for the job to end with the savepoint that is there, and where that is.
    stopping: Vec<(SavepointAnswer, String)>,
}

impl Savepoints {
    pub(super) const fn new(directory: Option<String>) -> Self {
        Self {
            directory,
            requests: BTreeMap::new(),
            requested: 0,
            stopping: Vec::new(),
        }
    }

    /// Somebody wants one: what the coordinator is told, unless there is nowhere to put it.
    pub(super) fn request(
        &mut self,
        directory: Option<String>,
        unique: u64,
        stop: StopMode,
        answer: SavepointAnswer,
    ) -> Option<Event> {
        let Some(parent) = directory.or_else(|| self.directory.clone()) else {
            // Who asked may be gone, here and below.
            let _ = answer.send(Err(Error::config(
                "there is no directory for the savepoint: name one, or set `execution.checkpointing.savepoint-dir`",
            )));
            return None;
        };
        self.requested += 1;
        let request = self.requested;
        self.requests.insert(request, (answer, stop));
        Some(Event::SavepointRequested {
            request,
            directory: format!("{}/savepoint-{unique:016x}", parent.trim_end_matches('/')),
            stop,
        })
    }

    /// Who asked is told; who wants the job to end with it, once it has. Whether the job is to end now.
    pub(super) fn answer(&mut self, request: u64, outcome: Result<String, String>) -> bool {
        let Some((answer, stop)) = self.requests.remove(&request) else {
            return false;
        };
        match outcome {
            Ok(path) if stop != StopMode::GoOn => {
                self.stopping.push((answer, path));
                true
            }
            outcome => {
                let _ = answer.send(outcome.map_err(Error::io));
                false
            }
        }
    }

    /// Tells those who wanted the job to end with a savepoint whether it did. One that fails in between goes on from that savepoint, and
    /// to start another from it as well would be to do the same work twice.
    pub(super) fn answer_stopping(&mut self, has_stopped: bool) {
        for (answer, path) in std::mem::take(&mut self.stopping) {
            let told = if has_stopped {
                Ok(path)
            } else {
                Err(Error::io(format!(
                    "the savepoint `{path}` was taken, and the job failed before it had ended with it: see whether it was started \
                     again, and stop it once more"
                )))
            };
            let _ = answer.send(told);
        }
    }
}
