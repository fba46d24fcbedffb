//! The machine under the processes: what it has in memory, and when it goes down.

use std::collections::BTreeSet;

use futures::FutureExt;
use hurtig_env::object_store::memory::InMemory;
use hurtig_env::object_store::path::Path;
use hurtig_env::object_store::{ObjectStoreExt, Result};

use super::Storm;

/// How often the machine goes down with the process.
const SHARE: f64 = 0.5;

/// What is written and not on the disk. Everybody reads it as if it were.
#[derive(Default)]
pub(super) struct PageCache {
    unsynced: BTreeSet<Path>,
}

impl Storm {
    /// A file was written, or a part of one.
    pub(super) fn unsynced(&self, path: &Path) {
        let state = &mut self.0.state.lock();
        state.page_cache.unsynced.insert(path.clone());
    }

    /// A file is on the disk.
    pub(super) fn synced(&self, path: &Path) {
        self.0.state.lock().page_cache.unsynced.remove(path);
    }

    /// A process was killed, and its machine may have gone down with it: what was not synchronised is lost then, or torn, or had come to
    /// the disk by itself. A machine that goes on brings all of it there in its own time, which is before the next process is killed.
    pub(crate) fn take_the_machine_down(&self, files: &InMemory) {
        let (goes_down, unsynced) = {
            let state = &mut *self.0.state.lock();
            let goes_down = state.rng.bool(SHARE);
            (goes_down, std::mem::take(&mut state.page_cache.unsynced))
        };
        if !goes_down {
            return;
        }
        self.marks().hit("machine.down");
        self.trace().line("the machine goes down");
        for path in unsynced {
            let fate = self.0.state.lock().rng.below(4);
            // The store in memory answers at once.
            let fate = match fate {
                0 | 1 => lose(files, &path).now_or_never().map(|_| "lost"),
                2 => tear(files, &path).now_or_never().map(|_| "torn"),
                _ => Some("whole"),
            };
            let fate = fate.unwrap_or("whole");
            self.marks().hit(format!("unsynced.{fate}"));
            let line = format_args!("store: never synchronised, and {fate}: {path}");
            self.trace().line(line);
        }
    }
}

/// It may be gone already: deleted, or refused.
async fn lose(files: &InMemory, path: &Path) -> Result<()> {
    files.delete(path).await
}

async fn tear(files: &InMemory, path: &Path) -> Result<()> {
    let bytes = files.get(path).await?.bytes().await?;
    let torn = bytes.slice(..bytes.len() / 2);
    files.put(path, torn.into()).await.map(drop)
}
