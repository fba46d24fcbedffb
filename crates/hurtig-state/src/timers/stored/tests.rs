//! Timers in a store do what a sorted set does, with a bounded part of them in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use futures::FutureExt;
use hurtig_types::MaxParallelism;
use proptest::prelude::*;

use super::*;
use crate::store::in_memory::InMemoryStore;
use crate::store::{Store, StoreKeys, StoreSnapshot};
use crate::{StateImage, TimerService};

const NAME: &str = "timers/event-time";
const GROUPS: KeyGroupRange = KeyGroupRange::new(3, 6);
const SMALL: Limits = Limits {
    timers: 3,
    bytes: 60,
};

type Timers = StoredTimers<String, u8>;
/// Time, key group, the bytes of key and namespace; behind that, what they are.
type Model = BTreeSet<(i64, u16, Vec<u8>, String, u8)>;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn key(number: u16) -> String {
    format!("{}-{number}", "k".repeat(usize::from(number % 7)))
}

fn group(number: u16) -> u16 {
    3 + number % 3
}

fn hash(number: u16) -> KeyHash {
    KeyHash::new(KeyGroup::new(group(number)), u64::from(number) << 7)
}

fn timer(time: i64, number: u16, namespace: u8) -> (i64, u16, Vec<u8>, String, u8) {
    let bytes = hurtig_codec::encode_value(&(key(number), namespace)).unwrap();
    (time, group(number), bytes, key(number), namespace)
}

fn open(store: &InMemoryStore) -> Timers {
    let handle = StoreHandle::new(Box::new(store.clone()));
    Timers::open_with(&handle, NAME, GROUPS, SMALL).unwrap()
}

#[derive(Clone, Debug)]
enum Action {
    Register(i64, u16, u8),
    Delete(i64, u16, u8),
    /// Pop at most so many.
    Pop(i64, u8),
    /// Write to the store without need.
    Flush,
    /// What a copy of the flushed store has is all that there is.
    Look,
    /// Go on with such a copy.
    Reopen,
}

fn action() -> impl Strategy<Value = Action> {
    let timer = || (-4..12i64, 0..40u16, 0..2u8);
    prop_oneof![
        10 => timer().prop_map(|(time, key, namespace)| Action::Register(time, key, namespace)),
        4 => timer().prop_map(|(time, key, namespace)| Action::Delete(time, key, namespace)),
        2 => (-4..12i64, 1..20u8).prop_map(|(up_to, count)| Action::Pop(up_to, count)),
        1 => Just(Action::Flush),
        1 => Just(Action::Look),
        1 => Just(Action::Reopen),
    ]
}

fn pop_one(timers: &mut Timers, model: &mut Model, up_to: i64) -> bool {
    let popped = timers.pop_due(at(up_to));
    timers.check().unwrap();
    let expected = model.first().filter(|first| first.0 <= up_to).cloned();
    let found = popped
        .as_ref()
        .map(|timer| (timer.time.as_millis(), &timer.key, timer.namespace));
    assert_eq!(found, expected.as_ref().map(|it| (it.0, &it.3, it.4)));
    if let (Some(timer), Some(expected)) = (&popped, &expected) {
        assert_eq!(timer.hash.key_group().index(), usize::from(expected.1));
        model.remove(expected);
    }
    popped.is_some()
}

fn act(store: &mut InMemoryStore, timers: &mut Timers, model: &mut Model, action: Action) {
    match action {
        Action::Register(time, number, namespace) => {
            let said = timers.register(at(time), &key(number), hash(number), &namespace);
            let is_new = model.insert(timer(time, number, namespace));
            // True may mean that nobody knows; false is sure.
            assert!(said || !is_new);
        }
        Action::Delete(time, number, namespace) => {
            let said = timers.delete(at(time), &key(number), hash(number), &namespace);
            let was_there = model.remove(&timer(time, number, namespace));
            assert!(said || !was_there);
        }
        Action::Pop(up_to, count) => {
            for _ in 0..count {
                if !pop_one(timers, model, up_to) {
                    break;
                }
            }
        }
        Action::Flush => timers.flush().unwrap(),
        Action::Look => {
            timers.flush().unwrap();
            assert_eq!(store.len(NAME), model.len());
            let (mut copy, mut rest) = (open(&store.copy()), model.clone());
            while pop_one(&mut copy, &mut rest, i64::MAX) {}
        }
        Action::Reopen => {
            timers.flush().unwrap();
            *store = store.copy();
            *timers = open(store);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn does_what_a_sorted_set_does(actions in prop::collection::vec(action(), 1..400)) {
        let mut store = InMemoryStore::default();
        let (mut timers, mut model) = (open(&store), Model::new());
        for action in actions {
            act(&mut store, &mut timers, &mut model, action);
            timers.check().unwrap();
            prop_assert_eq!(timers.next_time(), model.first().map(|first| at(first.0)));
            prop_assert!(timers.kept() <= GROUPS.len() * SMALL.timers);
            prop_assert!(timers.kept() <= model.len());
        }
        while pop_one(&mut timers, &mut model, i64::MAX) {}
        prop_assert!(model.is_empty());
        timers.flush().unwrap();
        prop_assert_eq!(store.len(NAME), 0);
    }
}

fn service(store: &InMemoryStore, range: KeyGroupRange) -> TimerService<u64> {
    TimerService::in_store(&StoreHandle::new(Box::new(store.clone())), range).unwrap()
}

#[test]
fn very_many_timers_of_one_time_fire_with_few_in_memory() {
    const COUNT: u64 = 200_000;
    let max_parallelism = MaxParallelism::new(128).unwrap();
    let store = InMemoryStore::default();
    let mut timers = service(&store, max_parallelism.range_of(0, 1));
    let mut most = 0;
    for key in 0..COUNT {
        timers.register_event_time_timer(at(9), key, KeyHash::of(&key, max_parallelism), ());
        most = most.max(timers.memory_bytes());
    }
    timers.check().unwrap();
    timers.advance_watermark(at(9));
    let (mut fired, mut sum, mut last) = (0, 0, 0);
    while let Some(timer) = timers.pop_due_event_time() {
        let group = timer.hash.key_group().index();
        assert!(last <= group);
        (fired, sum, last) = (fired + 1, sum + timer.key, group);
        most = most.max(timers.memory_bytes());
    }
    timers.check().unwrap();
    assert_eq!((fired, sum), (COUNT, COUNT * (COUNT - 1) / 2));
    assert!(most < 3 << 20, "{most} bytes");
    assert!(timers.is_empty());
}

#[test]
fn a_timer_that_is_registered_again_fires_once_even_if_only_the_store_has_it() {
    let store = InMemoryStore::default();
    let mut timers = open(&store);
    for _ in 0..3 {
        for number in (0..60).step_by(3) {
            timers.register(at(i64::from(number)), &key(number), hash(number), &0);
        }
        timers.flush().unwrap();
        assert!(timers.kept() <= 3);
    }
    assert!(timers.delete(at(57), &key(57), hash(57), &0));
    let fired = std::iter::from_fn(|| timers.pop_due(at(100)));
    let times: Vec<i64> = fired.map(|timer| timer.time.as_millis()).collect();
    assert_eq!(times, (0..57).step_by(3).collect::<Vec<_>>());
}

#[test]
fn a_timer_that_fires_soon_never_comes_to_the_store() {
    let store = InMemoryStore::default();
    let mut timers = open(&store);
    for time in 0..1000 {
        assert!(timers.register(at(time), &key(4), hash(4), &0));
        assert!(!timers.register(at(time), &key(4), hash(4), &0));
        assert!(timers.pop_due(at(time)).is_some());
    }
    assert!(timers.pending.is_empty());
    assert_eq!(store.len(NAME), 0);
}

#[test]
fn timers_of_the_heap_go_on_in_a_store() {
    let max_parallelism = MaxParallelism::new(16).unwrap();
    let range = max_parallelism.range_of(0, 1);
    let hash_of = |key: &u64| KeyHash::of(key, max_parallelism);
    let mut timers = TimerService::<u64>::new();
    for key in 0..5000 {
        timers.register_event_time_timer(at(key as i64 % 90), key, hash_of(&key), ());
        timers.register_processing_time_timer(at(-(key as i64)), key, hash_of(&key), ());
    }
    let mut image = StateImage::default();
    timers.freeze(range, &mut image).unwrap();
    while timers.encode_some(4000) {}
    image.complete().now_or_never().unwrap().unwrap();

    let store = InMemoryStore::default();
    let mut stored = service(&store, range);
    stored.restore(&mut image, hash_of).unwrap();
    image.finish().unwrap();
    let mut empty = StateImage::default();
    stored.freeze(range, &mut empty).unwrap();
    assert!(empty.is_empty());

    let mut reopened = service(&store.copy(), range);
    assert_eq!(reopened.next_event_time(), Some(at(0)));
    assert_eq!(reopened.next_processing_time(), Some(at(-4999)));
    reopened.advance_watermark(at(44));
    assert_eq!(
        std::iter::from_fn(|| reopened.pop_due_event_time()).count(),
        5000 / 90 * 45 + 45
    );
    let keys = std::iter::from_fn(|| reopened.pop_due_processing_time(at(0)).map(|it| it.key));
    assert!(keys.eq((0..5000).rev()));
    reopened.check().unwrap();
}

/// A store that can be broken.
#[derive(Clone, Default)]
struct Fragile(InMemoryStore, Arc<AtomicBool>);

impl Fragile {
    fn usable(&self) -> Result<()> {
        let is_broken = self.1.load(Ordering::Relaxed);
        if is_broken {
            Err(Error::io("the disk is gone"))
        } else {
            Ok(())
        }
    }
}

impl Store for Fragile {
    fn column(&mut self, name: &str, expiry: Option<Arc<AtomicI64>>) -> Result<Column> {
        self.0.column(name, expiry)
    }

    fn columns(&self) -> Vec<String> {
        self.0.columns()
    }

    fn get_many(
        &self,
        column: Column,
        keys: &StoreKeys,
        found: &mut dyn FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.0.get_many(column, keys, found)
    }

    fn write(&mut self, batch: &StoreBatch) -> Result<()> {
        self.usable()?;
        self.0.write(batch)
    }

    fn scan(
        &self,
        column: Column,
        from: &[u8],
        to: &[u8],
        each: &mut dyn FnMut(&[u8], &[u8]) -> Result<bool>,
    ) -> Result<()> {
        self.usable()?;
        self.0.scan(column, from, to, each)
    }

    fn snapshot(&mut self) -> Result<Arc<dyn StoreSnapshot>> {
        self.0.snapshot()
    }
}

#[test]
fn what_the_store_refuses_is_said_once_asked_and_nothing_fires_after() {
    let store = Fragile::default();
    let handle = StoreHandle::new(Box::new(store.clone()));
    let mut timers = Timers::open_with(&handle, NAME, GROUPS, SMALL).unwrap();
    for time in 0..20 {
        timers.register(at(time), &key(3), hash(3), &0);
    }
    timers.check().unwrap();
    store.1.store(true, Ordering::Relaxed);
    let fired = std::iter::from_fn(|| timers.pop_due(at(100))).count();
    assert!(fired < 4, "{fired}");
    let error = timers.check().unwrap_err().to_string();
    assert_eq!(error, "the timers in the store: the disk is gone");
    store.1.store(false, Ordering::Relaxed);
    assert!(timers.check().is_err());
    assert!(timers.flush().is_err());
    assert_eq!(timers.pop_due(at(100)), None);
}

#[test]
fn a_timer_of_another_subtask_is_an_error() {
    let mut timers = open(&InMemoryStore::default());
    let strange = KeyHash::new(KeyGroup::new(6), 0);
    timers.register(at(1), &key(3), strange, &0);
    let error = timers.check().unwrap_err().to_string();
    assert!(
        error.contains("key group 6") && error.contains("key groups 3..6"),
        "{error}"
    );
}

#[test]
fn what_is_no_timer_is_an_error_when_it_is_opened() {
    let store = InMemoryStore::default();
    let handle = StoreHandle::new(Box::new(store));
    let column = handle.column(NAME, None).unwrap();
    let mut batch = StoreBatch::default();
    put(&mut batch, column, &[0, 4, 1], KeyHash::default()).unwrap();
    handle.write(&batch).unwrap();
    let error = Timers::open(&handle, NAME, GROUPS)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains(NAME) && error.contains("is none"), "{error}");
}
