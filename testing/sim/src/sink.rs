//! A sink that writes to the vault in two phases, and can be struck at every point between them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{
    BoxFuture, Committer, PreCommit, Sink, SinkWriter, WriterContext, decode_value, encode_value,
};
use hurtig_env::{Clock, Rng, Sleep, yield_now};
use hurtig_types::{Error, Records, Result};

use crate::data::Row;
use crate::storm::{Site, Storm};
use crate::vault::{Transaction, Vault};

/// Writes to the vault.
pub(crate) struct VaultSink {
    pub(crate) vault: Vault,
    pub(crate) storm: Storm,
    /// How long a write may take, at most.
    pub(crate) pause: Duration,
}

impl Sink<Row> for VaultSink {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<Row>>> {
        Ok(Box::new(VaultWriter {
            vault: self.vault.clone(),
            storm: self.storm.clone(),
            rng: context.world.fresh_rng("transactions"),
            clock: context.world.clock().clone(),
            pause: self.pause,
            sleep: None,
            rows: Vec::new(),
            preparing: false,
        }))
    }

    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        // The tasks of an attempt are made in order.
        if context.subtask == 0 {
            self.vault.next_generation();
        }
        Ok(Some(Box::new(VaultCommitter {
            vault: self.vault.clone(),
            storm: self.storm.clone(),
            clock: context.world.clock().clone(),
            pause: self.pause,
            generation: self.vault.generation(),
        })))
    }
}

struct VaultWriter {
    vault: Vault,
    storm: Storm,
    rng: Rng,
    clock: Clock,
    pause: Duration,
    sleep: Option<Sleep>,
    rows: Vec<Row>,
    preparing: bool,
}

impl VaultWriter {
    /// Waits a little, now and then: so that others are held back, and barriers with them.
    fn dally(&mut self) {
        let most = self.pause.as_micros() as u64;
        if most > 0 && self.rng.bool(0.2) {
            let pause = Duration::from_micros(self.rng.below(most));
            self.sleep = Some(self.clock.sleep(pause));
        }
    }

    fn poll_sleep(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(sleep) = &mut self.sleep {
            if Pin::new(sleep).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        Poll::Ready(())
    }

    fn prepare(&mut self) -> Result<PreCommit> {
        let mut answer = PreCommit::default();
        if !self.rows.is_empty() {
            let transaction: Transaction = self.rng.next_u64();
            self.vault
                .prepare(transaction, std::mem::take(&mut self.rows));
            answer.committables.push(encode_value(&transaction)?);
        }
        self.storm.pass(Site::AfterPreCommit)?;
        Ok(answer)
    }
}

impl SinkWriter<Row> for VaultWriter {
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        batch: &mut Records<Row>,
    ) -> Poll<Result<()>> {
        if self.poll_sleep(context).is_pending() {
            return Poll::Pending;
        }
        if !batch.is_empty() {
            if let Err(error) = self.storm.pass(Site::Write) {
                return Poll::Ready(Err(error));
            }
            self.rows.append(&mut batch.values);
            batch.clear();
            self.dally();
        }
        self.poll_sleep(context).map(Ok)
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Err(Error::bug(
            "a sink with a committer was flushed without a commit",
        )))
    }

    fn poll_pre_commit(&mut self, context: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        if !std::mem::replace(&mut self.preparing, true) {
            if let Err(error) = self.storm.pass(Site::BeforePreCommit) {
                return Poll::Ready(Err(error));
            }
            self.dally();
        }
        if self.poll_sleep(context).is_pending() {
            return Poll::Pending;
        }
        self.preparing = false;
        Poll::Ready(self.prepare())
    }
}

struct VaultCommitter {
    vault: Vault,
    storm: Storm,
    clock: Clock,
    pause: Duration,
    generation: u64,
}

impl Committer for VaultCommitter {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let (vault, storm, generation) = (self.vault.clone(), self.storm.clone(), self.generation);
        let (clock, pause) = (self.clock.clone(), self.pause / 2);
        Box::pin(async move {
            for committable in committables {
                let transaction: Transaction = decode_value(&committable)?;
                storm.pass(Site::BeforeCommit)?;
                clock.sleep(pause).await;
                vault.commit(transaction, generation);
                storm.pass(Site::AfterCommit)?;
                yield_now().await;
            }
            storm.pass(Site::AllCommitted)
        })
    }

    fn abandon(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, ()> {
        let vault = self.vault.clone();
        Box::pin(async move {
            for committable in committables {
                if let Ok(transaction) = decode_value(&committable) {
                    vault.abandon(transaction);
                }
            }
        })
    }
}
