//! Letters as files: a line of JSON each, a file for each checkpoint in which there were any.

use std::task::{Context, Poll};

use hurtig_connect::{
    BoxFuture, Committer, PreCommit, Sink, SinkWriter, WriterContext, decode_value, encode_value,
};
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_env::{Rng, Storage};
use hurtig_types::{Error, Records, Result};
use serde_json::{Value, json};

use super::DeadLetter;

/// Writes letters below a directory.
///
/// What was written up to a barrier is part of the checkpoint as it is, for letters are few; once the checkpoint is complete it becomes a
/// file of a name that was chosen before. To write that again changes nothing: so each letter is there once.
pub(super) struct DeadLetterSink {
    directory: String,
}

impl DeadLetterSink {
    pub(super) fn new(directory: &str) -> Self {
        let directory = directory.trim_end_matches('/').to_string();
        Self { directory }
    }
}

impl Sink<DeadLetter> for DeadLetterSink {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<DeadLetter>>> {
        Ok(Box::new(DeadLetterWriter {
            directory: self.directory.clone(),
            subtask: context.subtask,
            names: context.world.fresh_rng("dead letters"),
            lines: Vec::new(),
            operator: String::new(),
        }))
    }

    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let storage = context.world.storage().clone();
        Ok(Some(Box::new(DeadLetterCommitter { storage })))
    }
}

struct DeadLetterWriter {
    directory: String,
    subtask: u32,
    names: Rng,
    lines: Vec<u8>,
    operator: String,
}

impl DeadLetterWriter {
    fn write(&mut self, letter: &DeadLetter) {
        if self.operator.is_empty() {
            self.operator = plain(&letter.operator);
        }
        self.lines.extend_from_slice(line(letter).as_bytes());
        self.lines.push(b'\n');
    }

    /// A path that nobody else chooses.
    fn path(&mut self) -> String {
        let (directory, operator) = (&self.directory, &self.operator);
        let (subtask, unique) = (self.subtask, self.names.next_u64());
        format!("{directory}/dead-letters-{operator}-{subtask}-{unique:016x}.jsonl")
    }
}

/// A name as part of a file's.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    name.chars().take(60).map(plain).collect()
}

/// A letter as people read it.
fn line(letter: &DeadLetter) -> String {
    let record = letter.record.as_deref();
    let record: Option<Value> = record.and_then(|record| serde_json::from_str(record).ok());
    let line = json!({
        "time": letter.time_ms,
        "job": letter.job,
        "operator": letter.operator,
        "subtask": letter.subtask,
        "position": letter.position,
        "error": letter.error,
        "causes": letter.causes,
        "recordType": letter.record_type,
        "record": record,
    });
    line.to_string()
}

impl SinkWriter<DeadLetter> for DeadLetterWriter {
    fn poll_write(
        &mut self,
        _: &mut Context<'_>,
        batch: &mut Records<DeadLetter>,
    ) -> Poll<Result<()>> {
        for letter in batch.values.drain(..) {
            self.write(&letter);
        }
        batch.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Err(Error::bug(
            "a sink with a committer was flushed without a commit",
        )))
    }

    fn poll_pre_commit(&mut self, _: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        if self.lines.is_empty() {
            return Poll::Ready(Ok(PreCommit::default()));
        }
        let file = (self.path(), std::mem::take(&mut self.lines));
        Poll::Ready(encode_value(&file).map(|committable| PreCommit {
            committables: vec![committable],
            states: Vec::new(),
        }))
    }
}

struct DeadLetterCommitter {
    storage: Storage,
}

impl Committer for DeadLetterCommitter {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let storage = self.storage.clone();
        Box::pin(async move {
            for committable in committables {
                let (path, lines): (String, Vec<u8>) = decode_value(&committable)?;
                let place = storage.open(&path)?;
                let put = place.store.put(&place.path, lines.into()).await;
                put.map_err(|error| {
                    Error::io(format!(
                        "dead letters cannot be written to `{path}`: {error}"
                    ))
                })?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use hurtig_env::World;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_a_checkpoint_holds_is_committed_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..40), path in ".{0,12}",
        ) {
            let world = World::simulated(1);
            let storage = world.storage().clone();
            let mut committer = DeadLetterCommitter { storage };
            let letters = encode_value(&(path, bytes.clone())).unwrap();
            for committable in [bytes, letters] {
                let committed = committer.commit(vec![committable]);
                let _ = world.block_on(committed).unwrap();
            }
        }
    }
}
