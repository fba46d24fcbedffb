//! LIMIT without an order.

use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::StateImage;
use hurtig_types::{Barrier, ErasedBatch, Error, Result, RowKind};

use super::one_key::OneKey;
use super::spec::LimitSpec;
use crate::RowBatch;
use crate::backing::Backing;
use crate::operators::rank::as_count;

/// Lets the first rows pass, and counts.
pub(super) struct Limit {
    skipped: usize,
    end: usize,
    /// How many rows have come, under number 0; it need not count beyond the last that passes.
    seen: OneKey<u64>,
    backing: Backing,
}

impl Limit {
    pub(super) fn new(spec: &LimitSpec, context: &OperatorContext) -> Self {
        let backing = Backing::of(context);
        Self {
            skipped: as_count(spec.offset),
            end: as_count(spec.offset.saturating_add(spec.limit)),
            seen: OneKey::new(context, &backing, "rows-seen"),
            backing,
        }
    }
}

impl StreamOperator for Limit {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let rows = batch.get_mut::<RowBatch>()?.take();
        if let Some(kind) = rows.kinds.iter().find(|kind| **kind != RowKind::Insert) {
            let message = format!("{kind} in the input of a LIMIT that was promised inserts only");
            return Err(Error::unsupported(message));
        }
        self.seen.check_owner()?;
        let seen = self.seen.get_mut(0)?.map_or(0, |seen| as_count(*seen));
        if seen >= self.end {
            return Ok(Progress::Done);
        }
        let end = seen.saturating_add(rows.rows()).min(self.end);
        self.seen.insert(0, end as u64);
        let skipped = self.skipped.saturating_sub(seen).min(end - seen);
        *output.batch()? = rows.slice(skipped, end - seen - skipped);
        Ok(Progress::Done)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        self.backing.restore(&mut image)?;
        self.seen.restore(&mut image)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.seen.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.seen.encode_some()
    }

    fn makes_at_most_one(&self) -> bool {
        true
    }
}
