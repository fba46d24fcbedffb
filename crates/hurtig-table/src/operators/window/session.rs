//! Aggregates in sessions.

use std::collections::BTreeMap;

use hurtig_metrics::Counter;
use hurtig_runtime::{OperatorContext, Output, Progress, StreamOperator};
use hurtig_state::{StateImage, StateTable};
use hurtig_types::{Barrier, ErasedBatch, KeyHash, MaxParallelism, Result, Timestamp, Watermark};
use serde::{Deserialize, Serialize};

use super::emit::Results;
use super::grid::Slice;
use super::progress::Done;
use super::slices::Hashed;
use super::times::millis_of;
use super::{LATE, WindowAggregateSpec, WindowTime};
use crate::backing::{BYTES_PER_SLICE, Backing};
use crate::group::Grouping;
use crate::operators::aggregate::{AccRow, Accumulators, Bound, DistinctIn};
use crate::{BATCH_ROWS, KeyCodec, Keys, RowBatch, TableKey};

/// The name of the state.
const SESSIONS: &str = "sessions";

/// The sessions of a key that are not over, none of which touches another, in their order.
type Sessions = Vec<Session>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Session {
    window: Slice,
    acc: AccRow,
}

/// Keeps the open sessions of each key. A row opens one, makes one longer, or brings two together.
pub(super) struct SessionAggregate<K> {
    key: KeyCodec,
    time: WindowTime,
    gap: i64,
    accumulators: Accumulators,
    table: StateTable<K, Sessions>,
    /// When keys have a session that is over, or had one that has become longer.
    ends: BTreeMap<i64, Vec<Hashed<K>>>,
    firing: Option<Firing<K>>,
    due: i64,
    done: Done,
    results: Results<K>,
    backing: Backing,
    late: Counter,
    max_parallelism: MaxParallelism,
    keys: Keys<K>,
    grouping: Grouping,
}

/// Sessions that end there are being put out: of which keys, and how many are out.
struct Firing<K> {
    end: i64,
    keys: Vec<Hashed<K>>,
    out: usize,
}

/// Rows of one key come to its sessions.
struct Arrival<'a> {
    accumulators: &'a Accumulators,
    bound: &'a Bound<'a>,
    times: &'a [i64],
    gap: i64,
    /// Sessions that were over by then are out.
    done: i64,
}

impl Arrival<'_> {
    /// Adds `rows`; those that are late go to `late`, ends that are new to `ends`.
    fn add(
        &self,
        rows: &[u32],
        sessions: &mut Sessions,
        late: &mut Vec<u32>,
        mut ends: impl FnMut(i64),
    ) -> Result<()> {
        for row in rows {
            let start = self.times.get(*row as usize).copied().unwrap_or(0);
            let end = start.saturating_add(self.gap);
            let mut window = Slice { end, start };
            // Those that it touches lie side by side.
            let first = sessions.partition_point(|it| it.window.end < start);
            let behind = sessions.partition_point(|it| it.window.start <= end);
            let touched = sessions.get(first..behind).unwrap_or_default();
            if touched.is_empty() && end.saturating_sub(1) <= self.done {
                late.push(*row);
                continue;
            }
            let ended_there = touched.iter().any(|it| it.window.end >= end);
            let mut acc = self.accumulators.create();
            for session in sessions.drain(first..behind) {
                window.start = window.start.min(session.window.start);
                window.end = window.end.max(session.window.end);
                self.accumulators.merge(&mut acc, &session.acc);
            }
            self.bound.accumulate(&[*row], &mut acc)?;
            sessions.insert(first, Session { window, acc });
            if !ended_there {
                ends(window.end);
            }
        }
        Ok(())
    }
}

impl<K: TableKey> SessionAggregate<K> {
    pub(super) fn new(
        spec: &WindowAggregateSpec,
        (gap, time): (i64, WindowTime),
        context: &OperatorContext,
    ) -> Result<Self> {
        let retracts = !spec.input_insert_only;
        let distinct = DistinctIn::Accumulator;
        let accumulators = Accumulators::new(&spec.calls, spec.input.fields(), retracts, distinct)?;
        let backing = Backing::of(context);
        Ok(Self {
            key: spec.key.clone(),
            time,
            gap,
            table: context.state_table(backing.store(), SESSIONS),
            ends: BTreeMap::new(),
            firing: None,
            due: i64::MIN,
            done: Done::new(context, backing.store()),
            results: Results::new(spec, &accumulators),
            accumulators,
            backing,
            late: context.metrics.counter("numLateRecordsDropped"),
            max_parallelism: context.max_parallelism,
            keys: Keys::default(),
            grouping: Grouping::default(),
        })
    }

    fn take(&mut self, mut batch: RowBatch, output: &mut Output) -> Result<()> {
        self.keys
            .read(&self.key, &mut batch, self.max_parallelism)?;
        let times = match self.time {
            WindowTime::Rowtime(index) => millis_of(&batch.columns, index)?.into_owned(),
            WindowTime::Proctime => vec![output.now().as_millis(); batch.rows()],
        };
        let late = self.aggregate(&batch, &times)?;
        if !late.is_empty() {
            self.late.inc(late.len() as u64);
            if let Some(side) = output.side_batch::<RowBatch>(LATE)? {
                *side = batch.pick(&late)?;
                side.hashes.clear();
            }
        }
        Ok(())
    }

    /// The rows that are late.
    fn aggregate(&mut self, batch: &RowBatch, times: &[i64]) -> Result<Vec<u32>> {
        let Keys { keys, hashes } = &self.keys;
        self.grouping.group(keys, hashes);
        let grouping = &self.grouping;
        let of_groups: Vec<_> = grouping.of_firsts(hashes).copied().collect();
        self.table
            .load_batch(&of_groups, grouping.of_firsts(keys))?;
        let bound = self.accumulators.bind(batch, &Vec::new())?;
        let (mut late, mut failed) = (Vec::new(), Ok(()));
        let (done, ends) = (&self.done, &mut self.ends);
        let (accumulators, gap) = (&self.accumulators, self.gap);
        let groups = grouping.of_firsts(keys).zip(&of_groups).enumerate();
        let records = groups.map(|(group, (key, hash))| (key, (group, key, *hash)));
        self.table
            .fold_batch(&of_groups, records, |(group, key, hash), there| {
                let arrival = Arrival {
                    accumulators,
                    bound: &bound,
                    times,
                    gap,
                    done: done.in_group(hash.key_group()),
                };
                let mut new = Sessions::new();
                let is_new = there.is_none();
                let sessions = there.unwrap_or(&mut new);
                let added = arrival.add(grouping.rows(group), sessions, &mut late, |end| {
                    ends.entry(end).or_default().push((hash, key.clone()));
                });
                if let Err(error) = added {
                    failed = Err(error);
                }
                (is_new && !new.is_empty()).then_some(new)
            });
        failed?;
        self.table.trim()?;
        late.sort_unstable();
        Ok(late)
    }

    /// Puts sessions out that are over, at most about a batch of them.
    fn fire(&mut self, output: &mut Output) -> Result<Progress> {
        loop {
            let Some(mut firing) = self.firing.take().or_else(|| self.next_firing()) else {
                break;
            };
            let end = firing.keys.len().min(firing.out + BATCH_ROWS);
            let some = firing.keys.get(firing.out..end).unwrap_or_default();
            self.put_out(firing.end, some)?;
            if end < firing.keys.len() {
                firing.out = end;
                self.firing = Some(firing);
            }
            if self.results.len() >= BATCH_ROWS {
                self.emit(output)?;
                return Ok(Progress::More);
            }
        }
        self.emit(output)?;
        self.done.advance(self.due);
        Ok(Progress::Done)
    }

    fn next_firing(&mut self) -> Option<Firing<K>> {
        let entry = self.ends.first_entry()?;
        let end = *entry.key();
        (end.saturating_sub(1) <= self.due).then(|| Firing {
            end,
            keys: entry.remove(),
            out: 0,
        })
    }

    fn put_out(&mut self, end: i64, keys: &[Hashed<K>]) -> Result<()> {
        if self.table.is_spilled() {
            let hashes: Vec<_> = keys.iter().map(|(hash, _)| *hash).collect();
            self.table
                .load_batch(&hashes, keys.iter().map(|(_, key)| key))?;
        }
        for (hash, key) in keys {
            let ends_there = |it: &&Session| it.window.end == end;
            // A session that was made longer is not over.
            let there = self.table.get(*hash, key);
            if there.is_none_or(|there| !there.iter().any(|it| ends_there(&it))) {
                continue;
            }
            let Some(sessions) = self.table.get_mut(*hash, key) else {
                continue;
            };
            for session in sessions.extract_if(.., |it| it.window.end == end) {
                let Session { window, acc } = session;
                self.results
                    .push(&self.accumulators, key.clone(), window, &acc);
            }
            if sessions.is_empty() {
                self.table.remove(*hash, key);
            }
        }
        self.table.trim()
    }

    fn emit(&mut self, output: &mut Output) -> Result<()> {
        if let Some(rows) = self.results.take(&self.accumulators)? {
            *output.batch()? = rows;
        }
        Ok(())
    }

    /// Finds out when sessions end that were restored.
    fn find_ends(&mut self) -> Result<()> {
        let keys = self.table.all_keys()?;
        for keys in keys.chunks(BATCH_ROWS) {
            let hash_of = |key| KeyHash::of(key, self.max_parallelism);
            let hashes: Vec<_> = keys.iter().map(hash_of).collect();
            self.table.load_batch(&hashes, keys)?;
            for (hash, key) in hashes.iter().zip(keys) {
                for session in self.table.get(*hash, key).into_iter().flatten() {
                    let keys = self.ends.entry(session.window.end).or_default();
                    keys.push((*hash, key.clone()));
                }
            }
            self.table.trim()?;
        }
        Ok(())
    }
}

impl<K: TableKey> StreamOperator for SessionAggregate<K> {
    fn process_batch(
        &mut self,
        _: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        let batch = batch.get_mut::<RowBatch>()?.take();
        self.take(batch, output)?;
        Ok(Progress::Done)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        if self.time == WindowTime::Proctime {
            return Ok(Progress::Done);
        }
        self.due = self.due.max(watermark.timestamp().as_millis());
        self.fire(output)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.due = self.due.max(now.as_millis().saturating_sub(1));
        self.fire(output)
    }

    fn next_time(&self) -> Option<Timestamp> {
        let end = self.ends.keys().next().copied();
        let end = end.filter(|_| self.time == WindowTime::Proctime)?;
        Some(Timestamp::from_millis(end))
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        self.fire(output)
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let max_parallelism = self.max_parallelism;
        self.backing.restore(&mut image)?;
        let hash_of = |key: &K| KeyHash::of(key, max_parallelism);
        self.table.restore_from(&mut image, SESSIONS, hash_of)?;
        self.find_ends()?;
        self.done.restore(&mut image)?;
        image.finish()
    }

    fn snapshot(&mut self, _: Barrier, image: &mut StateImage, _: &mut Output) -> Result<Progress> {
        self.table.freeze(SESSIONS, image)?;
        self.done.freeze(image)?;
        self.backing.freeze(image)?;
        Ok(Progress::Done)
    }

    fn encode_some(&mut self) -> bool {
        self.table.encode_some(BYTES_PER_SLICE) || self.done.encode_some(BYTES_PER_SLICE)
    }
}
