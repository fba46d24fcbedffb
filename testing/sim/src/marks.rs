//! Coverage marks: proof that what was meant to happen did.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// How often each thing happened. Cheap to clone: all clones count together.
#[derive(Clone, Default)]
pub(crate) struct Marks(Arc<Mutex<BTreeMap<String, u64>>>);

impl Marks {
    pub(crate) fn hit(&self, name: impl Into<String>) {
        *self.0.lock().entry(name.into()).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.0.lock().clone()
    }
}

/// What must have happened when many seeds have run: a fault that never fires proves nothing.
pub static EXPECTED_MARKS: [&str; 61] = [
    "abandoned",
    "checkpoint.builds-on",
    "checkpoint.encoded-beside",
    "checkpoint.judged",
    "checkpoint.passed-over",
    "checkpoint.unaligned",
    "clock.jumped",
    "commit.again",
    "crash.after-commit",
    "crash.after-pre-commit",
    "crash.all-committed",
    "crash.before-commit",
    "crash.before-pre-commit",
    "crash.by-error",
    "crash.by-kill",
    "crash.by-panic",
    "crash.map",
    "crash.open",
    "crash.process",
    "crash.snapshot",
    "crash.source",
    "crash.timer",
    "crash.window",
    "crash.write",
    "machine.down",
    "message.aborted.late",
    "message.ack.late",
    "message.ack.lost",
    "message.ack.twice",
    "message.complete.late",
    "message.complete.twice",
    "message.trigger.late",
    "message.trigger.lost",
    "message.trigger.twice",
    "poison",
    "process.cancelled",
    "process.failed",
    "process.killed",
    "process.not-stopped",
    "process.stopped",
    "record.unreadable",
    "restarted",
    "restarted.region",
    "restored",
    "savepoint.judged",
    "savepoint.refused",
    "savepoint.taken",
    "store.answerlost",
    "store.flipped",
    "store.full",
    "store.refused",
    "store.stuck",
    "store.syncfailed",
    "store.syncstuck",
    "store.torn",
    "unanswered.lost",
    "unanswered.torn",
    "unanswered.whole",
    "unsynced.lost",
    "unsynced.torn",
    "unsynced.whole",
];
