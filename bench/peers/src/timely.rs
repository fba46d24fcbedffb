//! The workloads on timely dataflow.
//!
//! Each worker feeds its own input in rounds and keeps at most [`ROUNDS_IN_FLIGHT`] of them between
//! input and sink, so that memory stays bounded; a worker with nothing to do parks. Operators take
//! and give whole containers. For the windowed workloads the dataflow's timestamp is event time:
//! the input stands at the first time that may still come, hence the frontier is the watermark and
//! windows fire when it passes their end.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use hurtig_bench_workloads::{
    Bid, Tally, TimedKey, Workload, bid, keep_a, keep_bid, key_b, map_a, map_bid, timed_c, timed_e,
    watermark_after, worker_indexes,
};
use timely::Config;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::vec::{Filter, Map};
use timely::dataflow::operators::{Capability, Operator, Probe};
use timely::dataflow::{InputHandle, ProbeHandle, StreamVec};
use timely::worker::Worker;

use crate::counts::{Counts, Sliding, Tumbling, WindowCounts, count_one, exchange_hash};

/// How much a worker feeds before it moves its input's time.
#[derive(Clone, Copy)]
struct Round {
    /// Containers in a round.
    containers: usize,
    /// Records in a container.
    records: usize,
}

/// A round of small records.
const ROUND: Round = Round {
    containers: 16,
    records: 1024,
};

/// A round of bids: few enough that their strings are still in the cache when they are counted.
const ROUND_OF_BIDS: Round = Round {
    containers: 4,
    records: 256,
};

/// Rounds that may be on their way before the input waits.
const ROUNDS_IN_FLIGHT: usize = 2;

type Input<D> = InputHandle<i64, CapacityContainerBuilder<Vec<D>>>;

pub(crate) fn run(workload: Workload, events: u64, parallelism: usize) -> Tally {
    let guards = timely::execute(Config::process(parallelism), move |worker| {
        run_worker(worker, workload, events)
    })
    .expect("workers of one process need nothing that can fail");
    guards
        .join()
        .into_iter()
        .map(|tally| tally.expect("a worker panicked"))
        .collect()
}

fn run_worker(worker: &mut Worker, workload: Workload, events: u64) -> Tally {
    let (probe, sink) = (ProbeHandle::new(), Sink::default());
    let indexes = worker_indexes(worker.index(), worker.peers(), events);
    let keys = workload.keys().unwrap_or(1);
    match workload {
        Workload::A | Workload::AShuffle => {
            let input = install(worker, &probe, |values: StreamVec<'_, i64, u64>| {
                let kept = values
                    .map_in_place(|y| *y = map_a(*y))
                    .filter(|&y| keep_a(y));
                if workload == Workload::A {
                    sink.take(kept, Pipeline, |tally, y| tally.add_value(y))
                } else {
                    let by_value = Exchange::new(|&y: &u64| exchange_hash(y));
                    sink.take(kept, by_value, |tally, y| tally.add_value(y))
                }
            });
            feed(worker, input, &probe, ROUND, indexes, rounds());
        }
        Workload::B1k | Workload::B1m => {
            let input = install(worker, &probe, |keys| {
                sink.take(running(keys), Pipeline, |t, (key, count)| {
                    t.add_running(key, count)
                })
            });
            feed(
                worker,
                input,
                &probe,
                ROUND,
                indexes.map(|i| key_b(i, keys)),
                rounds(),
            );
        }
        Workload::Bagg1k | Workload::Bagg1m => {
            let input = install(worker, &probe, |keys| {
                sink.take(finals(keys), Pipeline, |t, (key, count)| {
                    t.add_final(key, count)
                })
            });
            feed(
                worker,
                input,
                &probe,
                ROUND,
                indexes.map(|i| key_b(i, keys)),
                rounds(),
            );
        }
        Workload::C => {
            let input = install(worker, &probe, |events| {
                sink.windows(timed::<Tumbling>(events))
            });
            feed(
                worker,
                input,
                &probe,
                ROUND,
                indexes.map(timed_c),
                event_time(|e: &TimedKey| e.timestamp_ms),
            );
        }
        Workload::D => {
            let input = install(worker, &probe, |bids: StreamVec<'_, i64, Bid>| {
                let kept = bids.filter(keep_bid).map_in_place(|bid| {
                    *bid = map_bid(std::mem::take(bid));
                });
                let by_auction = Exchange::new(|bid: &Bid| exchange_hash(bid.auction));
                sink.windows(windows::<Tumbling, _, _>(kept, by_auction, |bid| {
                    (bid.auction, bid.date_time)
                }))
            });
            feed(
                worker,
                input,
                &probe,
                ROUND_OF_BIDS,
                indexes.map(bid),
                event_time(|bid: &Bid| bid.date_time),
            );
        }
        Workload::E => {
            let input = install(worker, &probe, |events| {
                sink.windows(timed::<Sliding>(events))
            });
            feed(
                worker,
                input,
                &probe,
                ROUND,
                indexes.map(timed_e),
                event_time(|e: &TimedKey| e.timestamp_ms),
            );
        }
    }
    sink.tally.get()
}

/// Builds the dataflow and returns its input; the probe sits behind the sink.
fn install<D: Clone + 'static>(
    worker: &mut Worker,
    probe: &ProbeHandle<i64>,
    build: impl for<'scope> FnOnce(StreamVec<'scope, i64, D>) -> StreamVec<'scope, i64, ()>,
) -> Input<D> {
    let mut input = Input::new();
    worker.dataflow(|scope| {
        build(input.to_stream(scope)).probe_with(probe);
    });
    input
}

/// Feeds all records, round by round, and runs the worker until the dataflow is done.
///
/// After each round `next_time` says, from the records of that round, to which time the input moves.
fn feed<D: Clone + 'static>(
    worker: &mut Worker,
    mut input: Input<D>,
    probe: &ProbeHandle<i64>,
    round: Round,
    mut records: impl Iterator<Item = D>,
    mut next_time: impl FnMut(&[D]) -> i64,
) {
    let mut in_flight = VecDeque::with_capacity(ROUNDS_IN_FLIGHT + 1);
    let mut container = Vec::with_capacity(round.records);
    let mut is_done = false;
    while !is_done {
        let mut time = *input.time();
        for _ in 0..round.containers {
            container.extend(records.by_ref().take(round.records));
            is_done = container.len() < round.records;
            time = next_time(&container);
            input.send_batch(&mut container);
            container.clear();
            if is_done {
                break;
            }
        }
        input.advance_to(time);
        worker.step();
        in_flight.push_back(time);
        if in_flight.len() > ROUNDS_IN_FLIGHT
            && let Some(awaited) = in_flight.pop_front()
        {
            worker.step_or_park_while(None, || probe.less_than(&awaited));
        }
    }
    input.close();
    worker.step_or_park_while(None, || !probe.done());
}

/// Times for workloads without event time: each container moves the input by one.
fn rounds<D>() -> impl FnMut(&[D]) -> i64 {
    let mut round = 0;
    move |_| {
        round += 1;
        round
    }
}

/// Times for workloads with event time: the first that may still come.
fn event_time<D>(timestamp_ms: impl Fn(&D) -> i64) -> impl FnMut(&[D]) -> i64 {
    let mut greatest = i64::MIN / 2;
    move |records| {
        greatest = records.iter().map(&timestamp_ms).fold(greatest, i64::max);
        watermark_after(greatest) + 1
    }
}

/// Running counts, one for each input.
fn running(keys: StreamVec<'_, i64, u64>) -> StreamVec<'_, i64, (u64, u64)> {
    let by_key = Exchange::new(|&key: &u64| exchange_hash(key));
    keys.unary(by_key, "RunningCount", |_, _| {
        let mut counts = Counts::default();
        move |input, output| {
            input.for_each_time(|time, batches| {
                let mut session = output.session(&time);
                for batch in batches {
                    let counted = batch
                        .drain(..)
                        .map(|key| (key, count_one(&mut counts, key)));
                    session.give_iterator(counted);
                }
            });
        }
    })
}

/// Final counts, once the input has ended.
fn finals(keys: StreamVec<'_, i64, u64>) -> StreamVec<'_, i64, (u64, u64)> {
    let by_key = Exchange::new(|&key: &u64| exchange_hash(key));
    keys.unary_frontier(by_key, "FinalCount", |capability, _| {
        let mut counts = Counts::default();
        let mut capability = Some(capability);
        move |(input, frontier), output| {
            input.for_each(|_, batch| {
                for key in batch.drain(..) {
                    count_one(&mut counts, key);
                }
            });
            if let Some(&time) = frontier.frontier().first() {
                // The capability follows the input, so that the probe sees rounds complete.
                capability
                    .iter_mut()
                    .for_each(|capability| capability.downgrade(&time));
            } else if let Some(capability) = capability.take() {
                output.session(&capability).give_iterator(counts.drain());
            }
        }
    })
}

fn timed<W: WindowCounts>(
    events: StreamVec<'_, i64, TimedKey>,
) -> StreamVec<'_, i64, (u64, i64, u64)> {
    let by_key = Exchange::new(|event: &TimedKey| exchange_hash(event.key));
    windows::<W, _, _>(events, by_key, |event| (event.key, event.timestamp_ms))
}

/// Counts per key and window. One capability, for the end of the window that fires next, is all the
/// operator holds.
fn windows<'scope, W, D, H>(
    records: StreamVec<'scope, i64, D>,
    by_key: Exchange<D, H>,
    key_and_time: impl Fn(&D) -> (u64, i64) + 'static,
) -> StreamVec<'scope, i64, (u64, i64, u64)>
where
    W: WindowCounts,
    D: timely::ExchangeData,
    H: FnMut(&D) -> u64 + 'static,
{
    records.unary_frontier(by_key, "WindowCount", |_, _| {
        let mut windows = W::default();
        let mut capability: Option<Capability<i64>> = None;
        move |(input, frontier), output| {
            input.for_each_time(|time, batches| {
                for record in batches.flat_map(|batch| batch.drain(..)) {
                    let (key, timestamp_ms) = key_and_time(&record);
                    windows.add(key, timestamp_ms);
                }
                if let Some(end) = windows.next_end()
                    && capability.as_ref().is_none_or(|held| end < *held.time())
                {
                    capability = Some(time.delayed(&end, output.output_index()));
                }
            });
            while let Some(held) = &mut capability
                && !frontier.less_than(held.time())
            {
                let mut session = output.session(held);
                windows.fire_next(|key, end, count| session.give((key, end, count)));
                drop(session);
                match windows.next_end() {
                    Some(end) => held.downgrade(&end),
                    None => capability = None,
                }
            }
        }
    })
}

/// The end of a dataflow: it counts, and passes nothing on.
#[derive(Default)]
struct Sink {
    tally: Rc<Cell<Tally>>,
}

impl Sink {
    fn take<'scope, D: 'static, P>(
        &self,
        outputs: StreamVec<'scope, i64, D>,
        pact: P,
        add: impl Fn(&mut Tally, D) + 'static,
    ) -> StreamVec<'scope, i64, ()>
    where
        P: timely::dataflow::channels::pact::ParallelizationContract<i64, Vec<D>>,
    {
        let shared = Rc::clone(&self.tally);
        outputs.unary::<CapacityContainerBuilder<_>, _, _, _>(pact, "Sink", |_, _| {
            move |input, _| {
                let mut tally = shared.get();
                input.for_each(|_, batch| {
                    batch.drain(..).for_each(|output| add(&mut tally, output))
                });
                shared.set(tally);
            }
        })
    }

    fn windows<'scope>(
        &self,
        outputs: StreamVec<'scope, i64, (u64, i64, u64)>,
    ) -> StreamVec<'scope, i64, ()> {
        self.take(outputs, Pipeline, |t, (key, end, count)| {
            t.add_window(key, end, count)
        })
    }
}
