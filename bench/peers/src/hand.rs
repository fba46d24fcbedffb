//! The workloads by hand: each worker is a thread that makes events, sends the others theirs, and
//! counts its own.
//!
//! Records travel as vectors over bounded channels; emptied vectors go back to
//! their sender. A worker that cannot send takes what came in instead of waiting, so that no two
//! wait for each other.

use std::thread;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select};
use hurtig_bench_workloads::{
    Bid, Tally, TimedKey, Workload, bid, is_complete, keep_a, keep_bid, key_b, map_a, map_bid,
    timed_c, timed_e, watermark_after,
};

use crate::counts::{Counts, Sliding, Tumbling, WindowCounts, count_one, exchange_hash};

/// Small records in a batch, about.
const BATCH: usize = 2048;

/// Bids in a batch: few enough that their strings are still in the cache when they are counted.
const BATCH_OF_BIDS: usize = 128;

/// Batches that may wait at a worker, for each of its senders.
const INBOX_BATCHES: usize = 4;

pub(crate) fn run(workload: Workload, events: u64, parallelism: usize) -> Tally {
    let keys = workload.keys().unwrap_or(1);
    match workload {
        Workload::A => chain_only(events, parallelism),
        Workload::AShuffle => Job {
            batch: BATCH,
            produce: |i| Some(map_a(i)).filter(|&y| keep_a(y)),
            key: |&y: &u64| y,
            time: |_: &u64| 0,
            consumer: Values::default,
        }
        .run(events, parallelism),
        Workload::B1k | Workload::B1m => Job {
            batch: BATCH,
            produce: |i| Some(key_b(i, keys)),
            key: |&key: &u64| key,
            time: |_: &u64| 0,
            consumer: Running::default,
        }
        .run(events, parallelism),
        Workload::Bagg1k | Workload::Bagg1m => Job {
            batch: BATCH,
            produce: |i| Some(key_b(i, keys)),
            key: |&key: &u64| key,
            time: |_: &u64| 0,
            consumer: Finals::default,
        }
        .run(events, parallelism),
        Workload::C => Job {
            batch: BATCH,
            produce: |i| Some(timed_c(i)),
            key: |event: &TimedKey| event.key,
            time: |event: &TimedKey| event.timestamp_ms,
            consumer: || {
                Windows::<_, Tumbling>::new(|event: &TimedKey| (event.key, event.timestamp_ms))
            },
        }
        .run(events, parallelism),
        Workload::D => Job {
            batch: BATCH_OF_BIDS,
            produce: |i| Some(bid(i)).filter(keep_bid).map(map_bid),
            key: |bid: &Bid| bid.auction,
            time: |bid: &Bid| bid.date_time,
            consumer: || Windows::<_, Tumbling>::new(|bid: &Bid| (bid.auction, bid.date_time)),
        }
        .run(events, parallelism),
        Workload::E => Job {
            batch: BATCH,
            produce: |i| Some(timed_e(i)),
            key: |event: &TimedKey| event.key,
            time: |event: &TimedKey| event.timestamp_ms,
            consumer: || {
                Windows::<_, Sliding>::new(|event: &TimedKey| (event.key, event.timestamp_ms))
            },
        }
        .run(events, parallelism),
    }
}

/// Workload `a` moves nothing between workers: one loop over a range each.
fn chain_only(events: u64, parallelism: usize) -> Tally {
    let share = |worker: usize| {
        let bound = |w: usize| events * w as u64 / parallelism as u64;
        let mut tally = Tally::default();
        (bound(worker)..bound(worker + 1))
            .map(map_a)
            .filter(|&y| keep_a(y))
            .for_each(|y| tally.add_value(y));
        tally
    };
    on_threads((0..parallelism).map(|worker| move || share(worker)))
}

/// Runs each closure on a thread and adds up what they return.
fn on_threads<F: FnOnce() -> Tally + Send>(workers: impl Iterator<Item = F>) -> Tally {
    thread::scope(|scope| {
        let threads: Vec<_> = workers.map(|work| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a worker panicked"))
            .collect()
    })
}

/// What happens to the records that a worker owns.
trait Consumer<T> {
    fn consume(&mut self, records: &mut Vec<T>);
    fn advance(&mut self, _watermark_ms: i64) {}
    fn finish(self) -> Tally;
}

/// A workload with an exchange.
struct Job<P, K, W, N> {
    /// Records in a batch, about.
    batch: usize,
    /// Makes the event of an index, unless the filter drops it.
    produce: P,
    /// The key by which a record is exchanged.
    key: K,
    /// A record's event time; zero where that means nothing.
    time: W,
    /// Makes the counting side of a worker.
    consumer: N,
}

impl<P, K, W, N> Job<P, K, W, N> {
    fn run<T, C>(self, events: u64, parallelism: usize) -> Tally
    where
        T: Send,
        C: Consumer<T>,
        P: Fn(u64) -> Option<T> + Sync,
        K: Fn(&T) -> u64 + Sync,
        W: Fn(&T) -> i64 + Sync,
        N: Fn() -> C + Sync,
    {
        let job = &self;
        on_threads(mesh(parallelism).into_iter().map(|links| {
            move || {
                let mut worker = Worker::new(links, job.batch, (job.consumer)());
                worker.produce(job, events);
                worker.finish()
            }
        }))
    }
}

/// Records for one worker, and how far the sender's event time has come.
struct Batch<T> {
    source: usize,
    records: Vec<T>,
    watermark_ms: i64,
    is_last: bool,
}

/// What ties a worker to the others.
struct Links<T> {
    worker: usize,
    inboxes: Vec<Sender<Batch<T>>>,
    inbox: Receiver<Batch<T>>,
    returns: Vec<Sender<Vec<T>>>,
    returned: Receiver<Vec<T>>,
}

fn mesh<T>(parallelism: usize) -> Vec<Links<T>> {
    let capacity = INBOX_BATCHES * parallelism;
    let (inboxes, receivers): (Vec<_>, Vec<_>) =
        (0..parallelism).map(|_| bounded(capacity)).unzip();
    let (returns, returned): (Vec<_>, Vec<_>) = (0..parallelism).map(|_| bounded(capacity)).unzip();
    receivers
        .into_iter()
        .zip(returned)
        .enumerate()
        .map(|(worker, (inbox, returned))| Links {
            worker,
            inboxes: inboxes.clone(),
            inbox,
            returns: returns.clone(),
            returned,
        })
        .collect()
}

struct Worker<T, C> {
    links: Links<T>,
    consumer: C,
    capacity: usize,
    builders: Vec<Vec<T>>,
    timestamp_max_ms: i64,
    watermarks_ms: Vec<i64>,
    senders_left: usize,
}

impl<T, C: Consumer<T>> Worker<T, C> {
    fn new(links: Links<T>, batch: usize, consumer: C) -> Self {
        let parallelism = links.inboxes.len();
        // A turn fills no batch to the brim, but one may get more than its share.
        let capacity = batch * 2;
        Self {
            links,
            consumer,
            capacity,
            builders: (0..parallelism)
                .map(|_| Vec::with_capacity(capacity))
                .collect(),
            timestamp_max_ms: i64::MIN / 2,
            watermarks_ms: vec![i64::MIN; parallelism],
            senders_left: parallelism - 1,
        }
    }

    fn produce<P, K, W, N>(&mut self, job: &Job<P, K, W, N>, events: u64)
    where
        P: Fn(u64) -> Option<T>,
        K: Fn(&T) -> u64,
        W: Fn(&T) -> i64,
    {
        let parallelism = self.builders.len() as u64;
        let turn = job.batch as u64 * parallelism * parallelism;
        let mut next = self.links.worker as u64;
        while next < events {
            let end = events.min(next + turn);
            while next < end {
                if let Some(record) = (job.produce)(next) {
                    self.timestamp_max_ms = self.timestamp_max_ms.max((job.time)(&record));
                    let target = (exchange_hash((job.key)(&record)) * parallelism) >> 32;
                    self.builders[target as usize].push(record);
                }
                next += parallelism;
            }
            self.send_all(watermark_after(self.timestamp_max_ms), false);
            self.take_some();
        }
    }

    /// Takes a little more than what comes in per turn, and no more: a worker that took all it can
    /// get would fall behind the others in event time, and every window would stay open.
    fn take_some(&mut self) {
        for _ in 0..self.builders.len() {
            let Ok(batch) = self.links.inbox.try_recv() else {
                return;
            };
            self.take(batch);
        }
    }

    fn send_all(&mut self, watermark_ms: i64, is_last: bool) {
        for target in 0..self.builders.len() {
            if target == self.links.worker {
                self.consumer.consume(&mut self.builders[target]);
                self.advance(target, watermark_ms);
            } else {
                let empty = self.links.returned.try_recv();
                let empty = empty.unwrap_or_else(|_| Vec::with_capacity(self.capacity));
                let records = std::mem::replace(&mut self.builders[target], empty);
                let source = self.links.worker;
                self.send(
                    target,
                    Batch {
                        source,
                        records,
                        watermark_ms,
                        is_last,
                    },
                );
            }
        }
    }

    fn send(&mut self, target: usize, batch: Batch<T>) {
        let mut waiting = match self.links.inboxes[target].try_send(batch) {
            Ok(()) => None,
            Err(TrySendError::Full(batch)) => Some(batch),
            Err(TrySendError::Disconnected(_)) => panic!("worker {target} ended before its input"),
        };
        while waiting.is_some() {
            let received = select! {
                // Taken only if this arm is chosen.
                send(self.links.inboxes[target], waiting.take().expect("still waiting")) -> sent => {
                    sent.expect("a worker ends after its input");
                    None
                }
                recv(self.links.inbox) -> received => received.ok(),
            };
            if let Some(received) = received {
                self.take(received);
            }
        }
    }

    fn take(&mut self, mut batch: Batch<T>) {
        self.consumer.consume(&mut batch.records);
        self.advance(batch.source, batch.watermark_ms);
        self.senders_left -= usize::from(batch.is_last);
        // A full return channel means that the sender has vectors enough.
        let _ = self.links.returns[batch.source].try_send(batch.records);
    }

    fn advance(&mut self, source: usize, watermark_ms: i64) {
        self.watermarks_ms[source] = watermark_ms;
        if let Some(&least) = self.watermarks_ms.iter().min() {
            self.consumer.advance(least);
        }
    }

    fn finish(mut self) -> Tally {
        self.send_all(i64::MAX, true);
        while self.senders_left > 0 {
            let batch = self
                .links
                .inbox
                .recv()
                .expect("senders end with a last batch");
            self.take(batch);
        }
        self.consumer.finish()
    }
}

/// Workload `a-shuffle`.
#[derive(Default)]
struct Values(Tally);

impl Consumer<u64> for Values {
    fn consume(&mut self, records: &mut Vec<u64>) {
        records.drain(..).for_each(|y| self.0.add_value(y));
    }

    fn finish(self) -> Tally {
        self.0
    }
}

/// Workloads `b1k` and `b1m`.
#[derive(Default)]
struct Running {
    counts: Counts,
    tally: Tally,
}

impl Consumer<u64> for Running {
    fn consume(&mut self, records: &mut Vec<u64>) {
        for key in records.drain(..) {
            self.tally
                .add_running(key, count_one(&mut self.counts, key));
        }
    }

    fn finish(self) -> Tally {
        self.tally
    }
}

/// Workloads `bagg1k` and `bagg1m`.
#[derive(Default)]
struct Finals(Counts);

impl Consumer<u64> for Finals {
    fn consume(&mut self, records: &mut Vec<u64>) {
        for key in records.drain(..) {
            count_one(&mut self.0, key);
        }
    }

    fn finish(self) -> Tally {
        let mut tally = Tally::default();
        self.0
            .into_iter()
            .for_each(|(key, count)| tally.add_final(key, count));
        tally
    }
}

/// Workloads `c`, `d` and `e`.
struct Windows<F, W> {
    key_and_time: F,
    windows: W,
    tally: Tally,
}

impl<F, W: WindowCounts> Windows<F, W> {
    fn new(key_and_time: F) -> Self {
        Self {
            key_and_time,
            windows: W::default(),
            tally: Tally::default(),
        }
    }
}

impl<T, F: Fn(&T) -> (u64, i64), W: WindowCounts> Consumer<T> for Windows<F, W> {
    fn consume(&mut self, records: &mut Vec<T>) {
        for record in records.drain(..) {
            let (key, timestamp_ms) = (self.key_and_time)(&record);
            self.windows.add(key, timestamp_ms);
        }
    }

    fn advance(&mut self, watermark_ms: i64) {
        while self
            .windows
            .next_end()
            .is_some_and(|end| is_complete(end, watermark_ms))
        {
            self.windows
                .fire_next(|key, end, count| self.tally.add_window(key, end, count));
        }
    }

    fn finish(self) -> Tally {
        assert_eq!(
            self.windows.next_end(),
            None,
            "the last watermark fires every window"
        );
        self.tally
    }
}
