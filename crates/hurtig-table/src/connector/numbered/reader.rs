//! Makes the rows of strides, a batch at a time.

use std::collections::VecDeque;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hurtig_connect::{ReaderEvent, ReaderOutput, SourceReader, SourceSplit};
use hurtig_env::{MonotonicTime, Sleep, World};
use hurtig_types::{Origin, OriginRange, Result};

use super::{NumberedRows, NumberedSplit};
use crate::RowBatch;

/// The shortest wait for rows to come due: to be woken for each of a million rows a second would cost more than the rows.
const PACE: Duration = Duration::from_millis(1);

pub(super) struct NumberedReader {
    rows: Arc<dyn NumberedRows>,
    keep_alive: bool,
    numbers_per_batch: u64,
    world: World,
    /// They take turns, so that no stride runs ahead in event time: mostly there is one.
    strides: VecDeque<Stride>,
    /// Those that are done, of a source that stays.
    done: Vec<NumberedSplit>,
    no_more: bool,
    sleep: Option<Sleep>,
}

struct Stride {
    split: NumberedSplit,
    id: Arc<str>,
    /// When its first number was asked for, and when that one is due.
    started: Option<(MonotonicTime, Duration)>,
}

impl NumberedReader {
    pub(super) fn new(
        rows: Arc<dyn NumberedRows>,
        keep_alive: bool,
        numbers_per_batch: u64,
        world: World,
    ) -> Self {
        Self {
            rows,
            keep_alive,
            numbers_per_batch,
            world,
            strides: VecDeque::new(),
            done: Vec::new(),
            no_more: false,
            sleep: None,
        }
    }

    /// How many of the numbers that are next in the first stride are due, at least one.
    fn poll_due(&mut self, context: &mut Context<'_>, wanted: u64) -> Poll<u64> {
        let Some(stride) = self.strides.front_mut() else {
            return Poll::Ready(0);
        };
        let clock = self.world.clock();
        loop {
            let Some(next) = self.rows.due(stride.split.number(0)) else {
                return Poll::Ready(wanted);
            };
            let now = clock.now();
            let (started, first) = *stride.started.get_or_insert((now, next));
            let elapsed = now.saturating_since(started);
            let is_due = |ahead: u64| {
                let due = self.rows.due(stride.split.number(ahead));
                due.is_none_or(|due| due.saturating_sub(first) <= elapsed)
            };
            let due = count_while(wanted, is_due);
            if due > 0 {
                self.sleep = None;
                return Poll::Ready(due);
            }
            let deadline = (started + next.saturating_sub(first)).max(now + PACE);
            let sleep = self
                .sleep
                .get_or_insert_with(|| clock.sleep_until(deadline));
            ready!(Pin::new(sleep).poll(context));
            self.sleep = None;
        }
    }

    /// Makes rows of the next numbers of the first stride. None where they make none.
    fn make(&mut self, numbers: u64, out: &mut ReaderOutput<RowBatch>) -> Result<bool> {
        let Some(stride) = self.strides.front_mut() else {
            return Ok(false);
        };
        out.set_split(&stride.id);
        let mut ranges = Vec::new();
        stride.split.take(numbers, &mut ranges);
        let columns = self.rows.rows(&ranges)?;
        if columns.num_rows() == 0 {
            return Ok(false);
        }
        out.records.values.push(RowBatch::inserts(columns));
        out.records.origin = origin(&stride.id, &ranges);
        Ok(true)
    }
}

/// How many from 0 on fulfil a condition that holds for the first ones alone.
fn count_while(count: u64, condition: impl Fn(u64) -> bool) -> u64 {
    let (mut yes, mut no) = (0, count);
    while yes < no {
        let middle = yes + (no - yes) / 2;
        if condition(middle) {
            yes = middle + 1;
        } else {
            no = middle;
        }
    }
    yes
}

fn origin(id: &Arc<str>, ranges: &[Range<u64>]) -> Origin {
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
        return Origin::UNKNOWN;
    };
    Origin::from(OriginRange {
        split: Arc::clone(id),
        unit: "number",
        first: first.start,
        last: last.end - 1,
    })
}

impl SourceReader<RowBatch, NumberedSplit> for NumberedReader {
    fn add_splits(&mut self, splits: Vec<NumberedSplit>) -> Result<()> {
        let strides = splits.into_iter().map(|split| Stride {
            id: Arc::from(split.id()),
            split,
            started: None,
        });
        self.strides.extend(strides);
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.no_more = true;
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<RowBatch>,
    ) -> Poll<Result<ReaderEvent>> {
        loop {
            let Some(stride) = self.strides.front() else {
                let ends = self.no_more && self.done.is_empty();
                return if ends {
                    Poll::Ready(Ok(ReaderEvent::EndOfInput))
                } else {
                    Poll::Pending
                };
            };
            let wanted = stride.split.left().min(self.numbers_per_batch);
            let mut made = false;
            if wanted > 0 {
                let due = ready!(self.poll_due(context, wanted));
                made = self.make(due, out)?;
            }
            let left = self.strides.front().map_or(0, |stride| stride.split.left());
            if left > 0 {
                if self.strides.len() > 1 {
                    self.strides.rotate_left(1);
                }
            } else if let Some(stride) = self.strides.pop_front() {
                if !self.keep_alive {
                    out.set_split(&stride.id);
                    return Poll::Ready(Ok(ReaderEvent::SplitFinished));
                }
                self.done.push(stride.split);
            }
            if made {
                return Poll::Ready(Ok(ReaderEvent::Batch));
            }
        }
    }

    fn snapshot(&self) -> Vec<NumberedSplit> {
        let strides = self.strides.iter().map(|stride| &stride.split);
        strides.chain(&self.done).cloned().collect()
    }
}
