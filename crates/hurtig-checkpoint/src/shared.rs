//! Who still names a shared file.

use std::collections::{BTreeMap, BTreeSet};

use hurtig_types::{Error, Result};

use crate::{CheckpointId, FileName, FileScope, StateFile};

type Key = (FileScope, FileName);

/// Counts the checkpoints, complete or in flight, that name each shared file.
///
/// A file that none names any more is not deleted at once: a participant of a checkpoint in flight may have built on it and not
/// yet said so. It waits until all that had been triggered by then are over. The other road, to trust that nobody does, needs an
/// argument about every backend; this one needs none.
#[derive(Debug, Default)]
pub(crate) struct SharedFiles {
    named: BTreeMap<Key, (StateFile, u32)>,
    /// With the last checkpoint that had been triggered when nobody named it any more.
    condemned: BTreeMap<Key, (StateFile, CheckpointId)>,
}

/// Whether files of this scope are counted here.
pub(crate) fn is_shared(file: &StateFile) -> bool {
    matches!(file.scope, FileScope::Shared(_))
}

impl SharedFiles {
    /// Another checkpoint names these. Those that are not shared are passed over.
    ///
    /// Fails, and counts nothing, if a file of that name is known with other contents.
    pub(crate) fn retain<'a>(
        &mut self,
        files: impl Iterator<Item = &'a StateFile> + Clone,
    ) -> Result<()> {
        let shared = files.filter(|file| is_shared(file));
        if let Some(file) = shared.clone().find(|file| self.contradicts(file)) {
            return Err(Error::bug(format!(
                "the shared file `{}` was reported with another length or checksum before",
                file.name.as_str()
            )));
        }
        for file in shared {
            let key = (file.scope, file.name.clone());
            self.condemned.remove(&key);
            let (_, count) = self.named.entry(key).or_insert_with(|| (file.clone(), 0));
            *count += 1;
        }
        Ok(())
    }

    /// A checkpoint that named these is no more; `last` was the last one triggered.
    pub(crate) fn release<'a>(
        &mut self,
        files: impl Iterator<Item = &'a StateFile>,
        last: CheckpointId,
    ) {
        for file in files.filter(|file| is_shared(file)) {
            let key = (file.scope, file.name.clone());
            let Some((_, count)) = self.named.get_mut(&key) else {
                continue;
            };
            *count -= 1;
            if *count == 0 {
                self.named.remove(&key);
                self.condemned.insert(key, (file.clone(), last));
            }
        }
    }

    /// Takes out what nobody can name any more; `oldest` is the oldest checkpoint in flight.
    pub(crate) fn take_unnamed(&mut self, oldest: Option<CheckpointId>) -> Vec<StateFile> {
        let is_over = |last: CheckpointId| oldest.is_none_or(|oldest| last < oldest);
        let over: BTreeSet<Key> = self
            .condemned
            .iter()
            .filter(|(_, (_, last))| is_over(*last))
            .map(|(key, _)| key.clone())
            .collect();
        let taken = over.iter().filter_map(|key| self.condemned.remove(key));
        taken.map(|(file, _)| file).collect()
    }

    fn contradicts(&self, file: &StateFile) -> bool {
        let key = (file.scope, file.name.clone());
        let named = self.named.get(&key).map(|(known, _)| known);
        let known = named.or_else(|| self.condemned.get(&key).map(|(known, _)| known));
        known.is_some_and(|known| known != file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::JobId;

    fn shared(name: &str, length: u64) -> StateFile {
        StateFile {
            scope: FileScope::Shared(JobId::from_bytes([1; 16])),
            name: FileName::new(name).unwrap(),
            length,
            checksum: 0,
        }
    }

    #[test]
    fn a_file_goes_with_the_last_checkpoint_that_names_it() {
        let (mut files, a) = (SharedFiles::default(), [shared("a", 1)]);
        files.retain(a.iter()).unwrap();
        files.retain(a.iter()).unwrap();
        files.release(a.iter(), CheckpointId::new(2));
        assert_eq!(files.take_unnamed(None), []);
        files.release(a.iter(), CheckpointId::new(3));
        assert_eq!(files.take_unnamed(None), a);
        assert_eq!(files.take_unnamed(None), []);
    }

    #[test]
    fn a_file_waits_for_checkpoints_in_flight_and_can_be_named_again() {
        let (mut files, a) = (SharedFiles::default(), [shared("a", 1)]);
        files.retain(a.iter()).unwrap();
        files.release(a.iter(), CheckpointId::new(3));
        assert_eq!(files.take_unnamed(Some(CheckpointId::new(3))), []);
        files.retain(a.iter()).unwrap();
        assert_eq!(files.take_unnamed(None), []);
        files.release(a.iter(), CheckpointId::new(4));
        assert_eq!(files.take_unnamed(Some(CheckpointId::new(5))), a);
    }

    #[test]
    fn one_name_means_one_content() {
        let mut files = SharedFiles::default();
        files.retain([shared("a", 1)].iter()).unwrap();
        let error = files.retain([shared("a", 2)].iter()).unwrap_err();
        assert!(error.to_string().contains("`a`"), "{error}");
    }
}
