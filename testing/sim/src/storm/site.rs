//! Where a task can be struck.

/// A place that tasks pass, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    /// A source is about to read.
    Source,
    /// A function without state has a record.
    Map,
    /// A function with state has a record.
    Process,
    /// A timer fires.
    Timer,
    /// A window has fired.
    Window,
    /// An operator is being opened.
    Open,
    /// An operator takes a snapshot.
    Snapshot,
    /// A writer has a batch.
    Write,
    /// A writer is about to prepare a transaction.
    BeforePreCommit,
    /// It is prepared, and its task does not know.
    AfterPreCommit,
    /// A committer is about to commit a transaction.
    BeforeCommit,
    /// It is committed, and its task does not know.
    AfterCommit,
    /// All of a call are committed, and its task does not know.
    AllCommitted,
}

impl Site {
    pub(crate) const ALL: [Self; 13] = [
        Self::Source,
        Self::Map,
        Self::Process,
        Self::Timer,
        Self::Window,
        Self::Open,
        Self::Snapshot,
        Self::Write,
        Self::BeforePreCommit,
        Self::AfterPreCommit,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::AllCommitted,
    ];

    /// Those between the last record of a transaction and the end of its commit.
    pub(crate) const OF_COMMIT: [Self; 5] = [
        Self::BeforePreCommit,
        Self::AfterPreCommit,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::AllCommitted,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Map => "map",
            Self::Process => "process",
            Self::Timer => "timer",
            Self::Window => "window",
            Self::Open => "open",
            Self::Snapshot => "snapshot",
            Self::Write => "write",
            Self::BeforePreCommit => "before-pre-commit",
            Self::AfterPreCommit => "after-pre-commit",
            Self::BeforeCommit => "before-commit",
            Self::AfterCommit => "after-commit",
            Self::AllCommitted => "all-committed",
        }
    }

    /// Whether it is passed for every record, and not for every checkpoint.
    pub(crate) const fn is_frequent(self) -> bool {
        matches!(
            self,
            Self::Source | Self::Map | Self::Process | Self::Timer | Self::Window | Self::Write
        )
    }
}
