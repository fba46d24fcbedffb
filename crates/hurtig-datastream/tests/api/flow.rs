//! Rows 99 and 102: bounded memory, buffer timeouts.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use hurtig_connect::{SinkWriter, WriterContext};
use hurtig_datastream::{
    BufferTimeout, GeneratorSource, Sink, TumblingEventTimeWindows, WatermarkStrategy,
};
use hurtig_env::World;
use hurtig_types::{Records, Result};

use crate::support::{Arrivals, environment, in_simulated_worlds, in_worlds_of_seeds, millis};

/// How many records were made, how many arrived, and how many were under way at most.
#[derive(Clone, Default)]
struct UnderWay {
    made: Arc<AtomicU64>,
    arrived: Arc<AtomicU64>,
    peak: Arc<AtomicU64>,
}

impl UnderWay {
    fn make(&self, n: u64) -> u64 {
        let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(
            made - self.arrived.load(Ordering::Relaxed),
            Ordering::Relaxed,
        );
        n
    }
}

impl Sink<u64> for UnderWay {
    fn create_writer(&self, _: WriterContext) -> Result<Box<dyn SinkWriter<u64>>> {
        Ok(Box::new(self.clone()))
    }
}

impl SinkWriter<u64> for UnderWay {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<u64>) -> Poll<Result<()>> {
        self.arrived
            .fetch_add(batch.values.drain(..).len() as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

const MILLION: u64 = 1_000_000;

/// The most records under way while one record becomes a million.
fn peak(world: &World, chained: bool) -> u64 {
    let env = environment(world, 1);
    env.set("taskmanager.memory.segment-size", "32 kb");
    env.set("hurtig.network.buffers-per-channel", "1");
    env.set("hurtig.network.floating-buffers-per-gate", "1");
    let under_way = UnderWay::default();
    let maker = under_way.clone();
    let many = env.from_collection([MILLION]).flat_map(move |count| {
        let maker = maker.clone();
        (0..count).map(move |n| maker.make(n))
    });
    let many = if chained { many } else { many.rebalance() };
    many.map(|n| n).sink_to(under_way.clone());
    env.execute("a million").unwrap();
    assert_eq!(under_way.arrived.load(Ordering::Relaxed), MILLION);
    under_way.peak.load(Ordering::Relaxed)
}

#[test]
fn a_record_that_becomes_a_million_is_never_more_than_a_few_batches_ahead_of_the_sink() {
    const BATCH: u64 = 2048;
    in_worlds_of_seeds(2, |world| {
        assert!(peak(&world, true) <= 2 * BATCH);
        // Two buffers of 4096 numbers under way, one being built, and what the chains hold.
        assert!(peak(&world, false) <= 2 * 4096 + 8 * BATCH);
    });
    assert!(peak(&World::real(), true) <= 2 * BATCH);
    assert!(peak(&World::real(), false) <= 2 * 4096 + 8 * BATCH);
}

/// The most results under way while one window fires for a million keys.
fn peak_of_a_window(world: &World, chained: bool) -> u64 {
    let env = environment(world, 1);
    env.set("hurtig.network.buffers-per-channel", "1");
    env.set("hurtig.network.floating-buffers-per-gate", "1");
    let under_way = UnderWay::default();
    let maker = under_way.clone();
    let strategy = WatermarkStrategy::monotonous().with_timestamps(|_| 0);
    let source = GeneratorSource::new(MILLION, |n| n);
    let results = env
        .from_source(source, strategy, "keys")
        .key_by(|n| *n)
        .window(TumblingEventTimeWindows::of(millis(1000)))
        .max(|n| n)
        .map(move |n| maker.make(n));
    let results = if chained {
        results
    } else {
        results.rebalance()
    };
    results.map(|n| n).sink_to(under_way.clone());
    env.execute("a million keys").unwrap();
    assert_eq!(under_way.arrived.load(Ordering::Relaxed), MILLION);
    under_way.peak.load(Ordering::Relaxed)
}

#[test]
fn a_window_that_fires_for_a_million_keys_is_never_more_than_a_few_batches_ahead_of_the_sink() {
    const BATCH: u64 = 2048;
    assert!(peak_of_a_window(&World::simulated(1), true) <= 2 * BATCH);
    assert!(peak_of_a_window(&World::real(), false) <= 2 * 4096 + 8 * BATCH);
}

#[test]
fn a_slow_sink_holds_back_the_source() {
    /// Takes a batch, then none for 10 ms.
    struct Slow(UnderWay, hurtig_env::Clock, Option<hurtig_env::Sleep>);

    impl SinkWriter<u64> for Slow {
        fn poll_write(
            &mut self,
            context: &mut Context<'_>,
            batch: &mut Records<u64>,
        ) -> Poll<Result<()>> {
            if let Some(sleep) = &mut self.2
                && Pin::new(sleep).poll(context).is_pending()
            {
                return Poll::Pending;
            }
            self.2 = Some(self.1.sleep(millis(10)));
            self.0.poll_write(context, batch)
        }

        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    struct SlowSink(UnderWay);

    impl Sink<u64> for SlowSink {
        fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<u64>>> {
            Ok(Box::new(Slow(
                self.0.clone(),
                context.world.clock().clone(),
                None,
            )))
        }
    }

    in_simulated_worlds(|world| {
        let env = environment(&world, 2);
        env.set("hurtig.network.buffers-per-channel", "1");
        env.set("hurtig.network.floating-buffers-per-gate", "1");
        let under_way = UnderWay::default();
        let maker = under_way.clone();
        let numbers = env.generate(200_000, move |n| maker.make(n));
        numbers.rebalance().sink_to(SlowSink(under_way.clone()));
        env.execute("slow").unwrap();
        assert_eq!(under_way.arrived.load(Ordering::Relaxed), 200_000);
        let peak = under_way.peak.load(Ordering::Relaxed);
        // Four channels of a buffer of 4096 each, two floating ones, four being built; two batches per chain.
        assert!(peak <= 10 * 4096 + 8 * 2048, "{peak}");
    });
}

/// How long each of 50 records, one every 10 ms, is under way from one task to the next, in milliseconds.
fn latencies(world: &World, timeout: BufferTimeout, own: bool) -> Vec<u64> {
    let env = environment(world, 1);
    let clock = world.clock().clone();
    let source =
        GeneratorSource::new(50, move |_| clock.now().as_millis()).records_per_second(100.0);
    let mut stream = env.from_source(source, WatermarkStrategy::none(), "clock");
    if own {
        stream = stream.buffer_timeout(timeout);
    } else {
        env.set_buffer_timeout(timeout);
    }
    let arrivals = Arrivals::new();
    stream.sink_to(arrivals.clone()).disable_chaining();
    env.execute("latency").unwrap();
    assert_eq!(arrivals.values().len(), 50);
    arrivals
        .all()
        .iter()
        .map(|arrival| arrival.at.as_millis() - arrival.value)
        .collect()
}

#[test]
fn buffer_timeouts_order_latency_as_documented() {
    in_simulated_worlds(|world| {
        for own in [true, false] {
            let at_once = latencies(&world, BufferTimeout::After(millis(0)), own);
            assert!(at_once.iter().all(|latency| *latency == 0), "{at_once:?}");
            let soon = latencies(&world, BufferTimeout::After(millis(100)), own);
            assert!(soon.iter().all(|latency| *latency <= 100), "{soon:?}");
            // Never: the records wait for a full buffer, which comes to nothing, or for the end, half a second later.
            let when_full = latencies(&world, BufferTimeout::Never, own);
            assert!(when_full[0] >= 480 && when_full[40] <= 100, "{when_full:?}");
        }
    });
}

#[test]
fn buffer_timeouts_can_be_configured() {
    in_simulated_worlds(|world| {
        let timeout_of = |settings: &[(&str, &str)]| {
            let env = environment(&world, 1);
            for (key, value) in settings {
                env.set(*key, *value);
            }
            env.from_sequence(0, 9).rebalance().discard();
            env.plan().unwrap().job_graph.edges()[0].buffer_timeout
        };
        let (interval, enabled) = (
            "execution.buffer-timeout.interval",
            "execution.buffer-timeout.enabled",
        );
        assert_eq!(timeout_of(&[]), BufferTimeout::After(millis(100)));
        assert_eq!(
            timeout_of(&[(interval, "5 ms")]),
            BufferTimeout::After(millis(5))
        );
        assert_eq!(
            timeout_of(&[(interval, "5 ms"), (enabled, "false")]),
            BufferTimeout::Never
        );
    });
}

#[test]
fn no_record_is_lost_and_nobody_waits_for_ever_with_the_smallest_buffers() {
    in_simulated_worlds(|world| {
        for exclusive in ["0", "1"] {
            let env = environment(&world, 3);
            env.set("taskmanager.memory.segment-size", "1 kb");
            env.set("hurtig.network.buffers-per-channel", exclusive);
            env.set("hurtig.network.floating-buffers-per-gate", "1");
            let numbers = env
                .from_sequence(0, 9999)
                .rebalance()
                .map(|n| (n % 10, 1u64));
            let counts = numbers
                .key_by(|pair| pair.0)
                .sum(|pair| &mut pair.1)
                .rebalance()
                .map(|pair| pair.1);
            let counts = counts.execute_and_collect("small").unwrap();
            assert_eq!((counts.len(), counts.iter().max()), (10_000, Some(&1000)));
        }
    });
}
