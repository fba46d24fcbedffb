//! Question: what do ten million timers cost to register and to fire, in time and in memory?
//!
//! Bound: 16 bytes of hash and key each. All at a few times: an index word and an entry, two misses of about 100 ns, or
//! none where keys come in order. Each at its own time in no order: a tree of ten million is seven levels deep, of which
//! the last three miss.
//!
//! `cargo bench -p hurtig-state --bench timers`

#![allow(clippy::disallowed_methods, reason = "a bench measures the real world")]

use std::time::Instant;

use hurtig_state::TimerQueue;
use hurtig_types::{KeyHash, MaxParallelism, Timestamp};

const TIMERS: u64 = 10_000_000;

fn mixed(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}

/// How long this thread has run, so that what else the machine does is not counted.
fn cpu_nanos() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ')
        .next()
        .and_then(|nanos| nanos.parse().ok())
        .unwrap_or(f64::NAN)
}

fn main() {
    let max_parallelism = MaxParallelism::new(128).unwrap_or_else(|error| panic!("{error}"));
    let times: [(&str, fn(u64) -> u64); 5] = [
        ("all at one time", |_| 0),
        ("60 times, in turn", |key| key % 60),
        ("100 thousand times", |key| mixed(key) % 100_000),
        ("ten million, in order", |key| key),
        ("a day, in no order", |key| mixed(key) % 86_400_000),
    ];
    println!(
        "{TIMERS} timers of u64 keys\n{:>26} {:>12} {:>12} {:>12} {:>8} {:>12} {:>12}",
        "times", "register ns", "again ns", "memory MB", "RSS MB", "fire ns", "at once us"
    );
    for (name, time) in times {
        let resident = resident_bytes();
        let mut timers = TimerQueue::<u64>::new();
        let mut register = || {
            let (start, mut longest) = (cpu_nanos(), 0);
            for chunk in 0..TIMERS / 1000 {
                let chunk_start = Instant::now();
                for key in chunk * 1000..(chunk + 1) * 1000 {
                    let hash = KeyHash::of(&key, max_parallelism);
                    timers.register(Timestamp::from_millis(time(key) as i64), key, hash, ());
                }
                longest = longest.max(chunk_start.elapsed().as_micros());
            }
            ((cpu_nanos() - start) / TIMERS as f64, longest)
        };
        let (first, longest) = register();
        let (again, _) = register();
        let memory = timers.memory_bytes() / 1_000_000;
        let resident = (resident_bytes().saturating_sub(resident)) / 1_000_000;
        let start = cpu_nanos();
        let mut fired = 0u64;
        while let Some(timer) = timers.pop_due(Timestamp::MAX) {
            fired += u64::from(timer.key < TIMERS);
        }
        assert_eq!(fired, TIMERS);
        let fire = (cpu_nanos() - start) / TIMERS as f64;
        println!(
            "{name:>26} {first:>12.0} {again:>12.0} {memory:>12} {resident:>8} {fire:>12.0} {longest:>12}"
        );
    }
}
