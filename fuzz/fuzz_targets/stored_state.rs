//! Keyed state and timers whose store holds what it likes: a database of a checkpoint that somebody else has written.

#![no_main]

use std::time::Duration;

use hurtig_fuzz::{FuzzedBackend, GROUPS};
use hurtig_state::{
    KeyedState, ListState, MapState, StateTime, StateTtl, TimerService, ValueState,
};
use hurtig_types::{KeyGroupRange, KeyHash, MaxParallelism, Result, Timestamp};
use libfuzzer_sys::fuzz_target;

/// Keys whose states are asked for.
const KEYS: u8 = 4;
/// More timers cannot be in four kilobytes.
const TIMERS_MAX: usize = 4_096;

fuzz_target!(|data: &[u8]| {
    let Some((sort, data)) = data.split_first() else {
        return;
    };
    let backend = FuzzedBackend::new(data);
    let _ = timers(&backend);
    let _ = state(&backend, *sort);
});

fn timers(backend: &FuzzedBackend) -> Result<()> {
    let range = KeyGroupRange::new(0, GROUPS);
    let mut timers = TimerService::<u8, u64>::in_store(&backend.handle(), range)?;
    timers.advance_watermark(Timestamp::MAX);
    let (mut fired, mut last) = (0, Timestamp::MIN);
    while let Some(timer) = timers.pop_due_event_time() {
        assert!(last <= timer.time, "{last:?} before {:?}", timer.time);
        (fired, last) = (fired + 1, timer.time);
        assert!(fired < TIMERS_MAX, "a timer fires for ever");
    }
    timers.check()
}

fn state(backend: &FuzzedBackend, sort: u8) -> Result<()> {
    let max_parallelism = MaxParallelism::new(GROUPS)?;
    let range = KeyGroupRange::new(0, GROUPS);
    let state = KeyedState::<u8>::new(max_parallelism, range);
    let mut state = state.in_store(backend.operator_store(), "");
    state.set_time(StateTime::by_clock(Timestamp::from_millis(1_000)));
    let keys: Vec<u8> = (0..KEYS).collect();
    let hashes: Vec<KeyHash> = keys
        .iter()
        .map(|key| KeyHash::of(key, max_parallelism))
        .collect();
    // Once before the state is known, and once more when it is.
    for _ in 0..2 {
        state.load_batch(&hashes, &keys)?;
        for (key, hash) in keys.iter().zip(&hashes) {
            state.set_current_key(*key, *hash);
            use_state(&mut state, sort)?;
        }
        state.trim()?;
    }
    Ok(())
}

fn use_state(state: &mut KeyedState<u8>, sort: u8) -> Result<()> {
    let ttl = StateTtl::new(Duration::from_millis(1_000));
    match sort % 6 {
        0 => ValueState::<String>::new("a").get(state).map(drop),
        1 => ListState::<u64>::new("a").push(state, 7),
        2 => MapState::<u8, Option<u32>>::new("a")
            .get(state, &3)
            .map(drop),
        3 => ValueState::<String>::new("a")
            .with_ttl(ttl)
            .get(state)
            .map(drop),
        4 => ListState::<u64>::new("a").with_ttl(ttl).push(state, 7),
        _ => MapState::<u8, Option<u32>>::new("a")
            .with_ttl(ttl)
            .remove(state, &3)
            .map(drop),
    }
}
