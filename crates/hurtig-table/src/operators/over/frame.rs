//! Rows come into a frame and go out of it, and the aggregates of each are noted.

use std::collections::VecDeque;

use arrow_array::ArrayRef;
use arrow_schema::Fields;
use arrow_select::concat::concat;
use hurtig_types::{Error, Result};
use serde::{Deserialize, Serialize};

use super::OverFrame;
use crate::operators::aggregate::{AccRow, Accumulators, AggregateCall, Bound, Outlines};
use crate::{ArrowContext, RowBytes, RowCodec};

/// A row with its time in milliseconds.
pub(super) type TimedRow = (i64, RowBytes);

/// What is remembered of a partition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Partition {
    /// Of the rows that were put out; none before the first.
    pub(super) acc: Option<AccRow>,
    /// Those of them that will go out of the frame, the oldest first: the columns alone that aggregates read.
    pub(super) past: VecDeque<TimedRow>,
    /// Rows that wait for the watermark, in the order of arrival.
    pub(super) waiting: Vec<TimedRow>,
}

impl Partition {
    /// The earliest time of a row that waits.
    pub(super) fn first_waiting(&self) -> Option<i64> {
        self.waiting.iter().map(|(time, _)| *time).min()
    }

    /// Takes rows out that wait until `done`, in the order of time, about `max` of them; rows of one time stay together.
    pub(super) fn take_due(&mut self, done: i64, max: usize) -> Vec<TimedRow> {
        self.waiting.sort_by_key(|(time, _)| *time);
        let due = self.waiting.partition_point(|(time, _)| *time <= done);
        let mut end = due.min(max);
        if let Some((last, _)) = end.checked_sub(1).and_then(|last| self.waiting.get(last)) {
            let last = *last;
            end = self.waiting.partition_point(|(time, _)| *time <= last);
        }
        self.waiting.drain(..end).collect()
    }
}

impl OverFrame {
    /// Whether rows go out of it.
    pub(super) const fn is_bounded(self) -> bool {
        matches!(self, Self::Rows(_) | Self::RangeMs(_))
    }

    const fn is_range(self) -> bool {
        matches!(self, Self::UnboundedRange | Self::RangeMs(_))
    }

    /// How many of the rows in a frame, the oldest first, go out of it when rows at these times come in, the last of them at `last`.
    fn leaving(self, past: &VecDeque<TimedRow>, coming: usize, last: i64) -> usize {
        match self {
            Self::Rows(preceding) => {
                let room = usize::try_from(preceding).unwrap_or(usize::MAX);
                let all = past.len().saturating_add(coming);
                all.saturating_sub(room.saturating_add(1)).min(past.len())
            }
            Self::RangeMs(range) => {
                past.partition_point(|(time, _)| *time < last.saturating_sub(range))
            }
            _ => 0,
        }
    }
}

/// The columns that aggregates read, and the calls in terms of them.
pub(super) struct Reads {
    pub(super) columns: Vec<usize>,
    pub(super) codec: RowCodec,
    pub(super) calls: Vec<AggregateCall>,
}

impl Reads {
    pub(super) fn of(calls: &[AggregateCall], fields: &Fields) -> Result<Self> {
        let read = calls.iter().flat_map(|call| [call.argument, call.filter]);
        let mut columns: Vec<usize> = read.flatten().collect();
        columns.sort_unstable();
        columns.dedup();
        let place = |column: usize| columns.iter().position(|there| *there == column);
        let calls = calls.iter().map(|call| AggregateCall {
            argument: call.argument.and_then(place),
            filter: call.filter.and_then(place),
            ..call.clone()
        });
        Ok(Self {
            calls: calls.collect(),
            codec: RowCodec::of_columns(fields, &columns)?,
            columns,
        })
    }

    /// These columns, and behind their rows those that go out of frames.
    pub(super) fn with_leaving(
        &self,
        columns: Vec<ArrayRef>,
        leaving: &[RowBytes],
    ) -> Result<Vec<ArrayRef>> {
        if leaving.is_empty() {
            return Ok(columns);
        }
        let leaving = self.codec.decode(leaving.iter().map(RowBytes::as_slice))?;
        let pairs = columns.iter().zip(&leaving);
        pairs
            .map(|(rows, leaving)| concat(&[rows, leaving]).during("reading the rows of frames"))
            .collect()
    }
}

/// Rows that are about to come into the frame of a partition.
pub(super) struct Arrivals<'a> {
    pub(super) frame: OverFrame,
    pub(super) accumulators: &'a Accumulators,
    pub(super) bound: &'a Bound<'a>,
    /// The rows as bytes, as they are remembered, all of the batch; none where frames have no bounds.
    pub(super) encoded: &'a [RowBytes],
}

/// Which rows of a batch belong to a partition.
pub(super) struct Share<'a> {
    /// The rows that come, in order, with their times.
    pub(super) coming: &'a [(i64, u32)],
    /// Where the rows are that go out, as [`leaving`] has found.
    pub(super) leaving_from: u32,
}

/// The rows that will go out of a partition's frame while these times come in.
pub(super) fn leaving<'a>(
    frame: OverFrame,
    partition: &'a Partition,
    coming: usize,
    last: i64,
) -> impl Iterator<Item = RowBytes> + 'a {
    let count = frame.leaving(&partition.past, coming, last);
    partition
        .past
        .iter()
        .take(count)
        .map(|(_, row)| row.clone())
}

impl Arrivals<'_> {
    /// Brings the rows of a partition in, one after the other, and notes the aggregates of each.
    pub(super) fn bring(
        &self,
        share: &Share<'_>,
        partition: &mut Partition,
        outlines: &mut Outlines,
    ) -> Result<()> {
        let mut acc = partition.acc.take();
        let acc_row = acc.get_or_insert_with(|| self.accumulators.create());
        let mut queue = Queue::new(partition, share);
        let mut rows = share.coming;
        while let Some((time, _)) = rows.first() {
            let peers = match self.frame.is_range() {
                true => rows.iter().take_while(|(other, _)| other == time).count(),
                false => 1,
            };
            let (now, later) = rows.split_at(peers);
            rows = later;
            for (_, row) in now {
                self.bound.add(*row, acc_row)?;
            }
            queue.coming += peers;
            while let Some(row) = queue.next_out(self.frame, *time) {
                self.bound.retract(row, acc_row)?;
            }
            now.iter()
                .for_each(|_| outlines.push(self.accumulators, acc_row));
        }
        let gone = queue.out;
        self.remember(share, partition, gone);
        partition.acc = acc;
        Ok(())
    }

    fn remember(&self, share: &Share<'_>, partition: &mut Partition, gone: usize) {
        if !self.frame.is_bounded() {
            return;
        }
        let new = share.coming.iter().filter_map(|(time, row)| {
            let row = self.encoded.get(*row as usize)?;
            Some((*time, row.clone()))
        });
        partition.past.extend(new);
        partition.past.drain(..gone.min(partition.past.len()));
    }
}

/// The rows of a frame, the oldest first: those that were there, then those that come.
struct Queue<'a> {
    past: &'a VecDeque<TimedRow>,
    share: &'a Share<'a>,
    /// How many have come in so far, and how many have gone out.
    coming: usize,
    out: usize,
}

impl<'a> Queue<'a> {
    fn new(partition: &'a Partition, share: &'a Share<'a>) -> Self {
        Self {
            past: &partition.past,
            share,
            coming: 0,
            out: 0,
        }
    }

    /// The next row that is no longer in the frame of a row at `now`, if any: its place in the batch.
    fn next_out(&mut self, frame: OverFrame, now: i64) -> Option<u32> {
        let there = self.past.len() + self.coming - self.out;
        let (time, row) = match self.past.get(self.out) {
            Some((time, _)) => (*time, self.share.leaving_from + self.out as u32),
            None => *self.share.coming.get(self.out - self.past.len())?,
        };
        let is_out = match frame {
            OverFrame::Rows(preceding) => there as u64 > preceding.saturating_add(1),
            OverFrame::RangeMs(range) => there > 0 && time < now.saturating_sub(range),
            _ => false,
        };
        is_out.then(|| {
            self.out += 1;
            row
        })
    }
}

/// What a partition that has rows must have.
pub(super) fn lost() -> Error {
    Error::bug("a partition whose rows are put out is not there")
}
