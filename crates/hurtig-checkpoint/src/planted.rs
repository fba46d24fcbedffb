//! Bugs on purpose, to see that the simulation finds them. Built with the feature `planted-bugs` alone, and asleep until planted.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::str::FromStr;

use hurtig_types::Error;

use futures::future::BoxFuture;

/// A bug that somebody could have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Channels whose barrier has come are read on before the others' have.
    SkipAlignment,
    /// A participant acknowledges before its state is stored.
    AckBeforeUpload,
    /// What is committed is committed once more.
    CommitTwice,
    /// A reader leaves one of its splits out of its snapshot.
    ForgetASplit,
    /// A batch that comes while barriers are awaited gets lost.
    LoseABatch,
    /// A batch that a barrier has overtaken is left out of the checkpoint.
    LoseABuffer,
    /// A file counts as stored once it is written, and is not synchronised with the disk.
    AckBeforeSync,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SkipAlignment,
        Self::AckBeforeUpload,
        Self::CommitTwice,
        Self::ForgetASplit,
        Self::LoseABatch,
        Self::LoseABuffer,
        Self::AckBeforeSync,
    ];
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SkipAlignment => "skip-alignment",
            Self::AckBeforeUpload => "ack-before-upload",
            Self::CommitTwice => "commit-twice",
            Self::ForgetASplit => "forget-a-split",
            Self::LoseABatch => "lose-a-batch",
            Self::LoseABuffer => "lose-a-buffer",
            Self::AckBeforeSync => "ack-before-sync",
        })
    }
}

impl FromStr for Bug {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let names = || Self::ALL.map(|bug| bug.to_string()).join(", ");
        let found = Self::ALL.into_iter().find(|bug| bug.to_string() == name);
        found.ok_or_else(|| {
            Error::config(format!("no bug is called `{name}`: there are {}", names()))
        })
    }
}

thread_local! {
    /// A simulated world runs on one thread, so that tests beside each other do not plant in each other's.
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    static UPLOADS: RefCell<Vec<BoxFuture<'static, ()>>> = const { RefCell::new(Vec::new()) };
}

/// Plants a bug on this thread in the place of the one before, or none.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
    hurtig_env::planted::skip_sync(bug == Some(Bug::AckBeforeSync));
}

/// Whether this bug is planted.
pub fn is_planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Puts an upload off until [`take_uploads`].
pub(crate) fn put_off(upload: BoxFuture<'static, ()>) {
    UPLOADS.with_borrow_mut(|uploads| uploads.push(upload));
}

/// What was put off.
pub fn take_uploads() -> Vec<BoxFuture<'static, ()>> {
    UPLOADS.take()
}
