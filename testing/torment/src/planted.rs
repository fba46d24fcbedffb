//! Mistakes on purpose, to see that the checker finds them.

use std::str::FromStr;

use hurtig_connect::{BoxFuture, Committer, Sink, SinkWriter, WriterContext};
use hurtig_env::World;
use hurtig_types::{Error, Result};

/// What may be wrong with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// The sinks write at once, as they do where there are no checkpoints.
    WithoutTransactions,
    /// Nothing is committed of what a checkpoint holds when the job starts from it.
    ForgottenCommits,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::WithoutTransactions, Self::ForgottenCommits];

    /// As the command line has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WithoutTransactions => "without-transactions",
            Self::ForgottenCommits => "forgotten-commits",
        }
    }
}

impl FromStr for Planted {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|planted| planted.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::config(format!("`{text}` cannot be planted: there are {names}"))
        })
    }
}

/// A sink with a mistake, if there is to be one.
pub(crate) struct Mistaken<S> {
    pub(crate) sink: S,
    pub(crate) planted: Option<Planted>,
}

impl<T, S: Sink<T>> Sink<T> for Mistaken<S> {
    fn parallelism_limit(&self) -> Option<u32> {
        self.sink.parallelism_limit()
    }

    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.sink.check(world)
    }

    fn create_writer(&self, mut context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        context.checkpoints &= self.planted != Some(Planted::WithoutTransactions);
        self.sink.create_writer(context)
    }

    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let committer = self.sink.create_committer(context)?;
        if self.planted != Some(Planted::ForgottenCommits) {
            return Ok(committer);
        }
        Ok(committer.map(|committer| Box::new(Forgetful(committer, false)) as Box<dyn Committer>))
    }
}

/// Loses the first that it is to commit.
struct Forgetful(Box<dyn Committer>, bool);

impl Committer for Forgetful {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        if std::mem::replace(&mut self.1, true) {
            return self.0.commit(committables);
        }
        Box::pin(std::future::ready(Ok(())))
    }
}
