//! Who shares a file with whom: group commit, as in a database's log.
//!
//! ```text
//!  file 0   a ━━━━━━━━━━┫
//!  file 1        b ─ c ─ d ━━━━━━━━━━┫          ─ waits for the file before    ━ is written
//!  file 2                     e ─ f ─ ━━━━━━
//! ```
//!
//! Who comes first writes at once; who comes while a file is being written gathers with the others for the next one, which
//! begins when that one ends, or when it is full. So nobody waits for anybody who has not come, and nobody for more than one
//! write before its own; and the slower the store, the more share a file.
//!
//! A file is written by whoever polls: the future of each group is shared by its members, and the next group waits for it by
//! polling it too. So a participant that is cancelled holds nobody up, and no task runs on that nobody waits for.

use std::sync::Arc;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{BoxFuture, Either, Shared, WeakShared, select};
use hurtig_types::{Error, Result};

use super::upload::Chunks;
use super::{Home, Inner};
use crate::{FileName, FileScope, Participant, StateFile};

/// Of all who share the file.
pub(super) type Written = Shared<BoxFuture<'static, Result<StateFile, Arc<Error>>>>;

/// What goes into a file, and for whom.
pub(super) struct Contents {
    pub(super) scope: FileScope,
    pub(super) name: FileName,
    pub(super) chunks: Chunks,
    pub(super) members: Vec<Participant>,
}

/// A file to which more can be added.
struct Gathering {
    contents: Contents,
    /// Hands the contents over before the time, when they are full.
    full: oneshot::Sender<Contents>,
    written: WeakShared<BoxFuture<'static, Result<StateFile, Arc<Error>>>>,
}

/// The file that gathers, and the one before it. Both are kept alive by those who wait for them alone.
#[derive(Default)]
pub(super) struct Groups {
    gathering: Option<Gathering>,
    last: Option<WeakShared<BoxFuture<'static, Result<StateFile, Arc<Error>>>>>,
    files: u64,
}

/// A participant's place in a file.
pub(super) struct Joined {
    pub(super) written: Written,
    /// Where its bytes begin.
    pub(super) offset: u64,
}

impl Groups {
    /// Finds a place in a file for a participant.
    pub(super) fn join(
        &mut self,
        inner: &Arc<Inner>,
        (participant, home): (Participant, Home),
        pieces: Chunks,
    ) -> Result<Joined> {
        let written = self.place_for(inner, (participant, home), pieces.length())?;
        let Some(gathering) = &mut self.gathering else {
            return Err(Error::bug("no file gathers, and one was just opened"));
        };
        let contents = &mut gathering.contents;
        let offset = contents.chunks.length();
        contents.chunks.append(pieces);
        contents.members.push(participant);
        if contents.chunks.length() >= inner.options.file_bytes_max {
            self.close();
        }
        Ok(Joined { written, offset })
    }

    /// The file that gathers, if it has room, or a new one.
    fn place_for(
        &mut self,
        inner: &Arc<Inner>,
        first: (Participant, Home),
        length: u64,
    ) -> Result<Written> {
        if let Some(gathering) = &self.gathering
            && let Some(written) = gathering.written.upgrade()
        {
            let length = gathering.contents.chunks.length().saturating_add(length);
            if length <= inner.options.file_bytes_max {
                return Ok(written);
            }
        }
        self.close();
        self.open(inner, first)
    }

    /// Opens a file, which is named after its first participant: that one is in no other process.
    fn open(
        &mut self,
        inner: &Arc<Inner>,
        (participant, home): (Participant, Home),
    ) -> Result<Written> {
        let number = self.files;
        self.files += 1;
        let (scope, front) = inner.place_of(home);
        let label = label(participant);
        let contents = Contents {
            scope,
            name: FileName::new(format!("{front}-{label}-{number}.state"))?,
            chunks: super::begun(),
            members: Vec::new(),
        };
        let before = self.last.take().and_then(|last| last.upgrade());
        let (full, filled) = oneshot::channel();
        let written = write(inner.clone(), (home, number), before, filled)
            .boxed()
            .shared();
        let weak = written.downgrade();
        self.last.clone_from(&weak);
        self.gathering = weak.map(|written| Gathering {
            contents,
            full,
            written,
        });
        Ok(written)
    }

    /// Lets the file that gathers begin without waiting for the one before.
    fn close(&mut self) {
        if let Some(gathering) = self.gathering.take() {
            // Where nobody waits for it any more, it need not be written.
            let _ = gathering.full.send(gathering.contents);
        }
    }

    /// Takes what has gathered, if that is file `number` still.
    fn take(&mut self, number: u64) -> Option<Contents> {
        if self.files == number + 1 {
            self.gathering.take().map(|gathering| gathering.contents)
        } else {
            None
        }
    }
}

fn label(participant: Participant) -> String {
    match participant {
        Participant::Subtask(vertex, subtask) => format!("{vertex}-{subtask}"),
        Participant::Coordinator(operator) => format!("{operator}-coordinator"),
    }
}

async fn write(
    inner: Arc<Inner>,
    file: (Home, u64),
    before: Option<Written>,
    full: oneshot::Receiver<Contents>,
) -> Result<StateFile, Arc<Error>> {
    let contents = gather(&inner, file, before, full).await?;
    inner.write(contents).await.map_err(Arc::new)
}

async fn gather(
    inner: &Inner,
    (home, number): (Home, u64),
    before: Option<Written>,
    full: oneshot::Receiver<Contents>,
) -> Result<Contents, Arc<Error>> {
    let before = async {
        if let Some(before) = before {
            // How it went is for its own members.
            let _ = before.await;
        }
    };
    let handed_over = match select(Box::pin(before), full).await {
        Either::Left(((), full)) => {
            let gathered = inner.groups_of(home).lock().take(number);
            match gathered {
                Some(contents) => return Ok(contents),
                None => full.await,
            }
        }
        Either::Right((contents, _)) => contents,
    };
    handed_over.map_err(|_| {
        Arc::new(Error::bug(
            "a file's contents were lost before it was written",
        ))
    })
}
