//! Typed states keep to their key, their name and their type, whatever the backend they meet.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use futures::FutureExt;
use std::collections::HashMap;

use hurtig_state::{
    AggregateFunction, AggregatingState, KeyedContext, KeyedPiece, KeyedState, ListState, MapState,
    ReducingState, StateImage, ValueState,
};
use hurtig_types::{ErrorKind, KeyGroupRange, KeyHash, MaxParallelism, Result};
use proptest::prelude::*;

fn state() -> KeyedState<String> {
    let max_parallelism = MaxParallelism::new(16).unwrap();
    KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1))
}

fn set_key(state: &mut KeyedState<String>, key: &str) {
    let hash = KeyHash::of(key, state.max_parallelism());
    state.set_current_key(key.to_string(), hash);
}

#[derive(Clone)]
struct Sum;

impl AggregateFunction<u32> for Sum {
    type Acc = u64;
    type Out = u64;

    fn create_accumulator(&self) -> u64 {
        0
    }
    fn add(&self, acc: &mut u64, value: u32) {
        *acc += u64::from(value);
    }
    fn merge(&self, into: &mut u64, from: u64) {
        *into += from;
    }
    fn result(&self, acc: &u64) -> u64 {
        *acc
    }
}

#[derive(Clone, Debug)]
enum Action {
    Key(u8),
    NoKey,
    Value(u32),
    GetThenSet(u32),
    TakeThenSet(u32),
    ClearValue,
    Batch(Vec<u8>),
    Push(u32),
    TakeList,
    MapInsert(u8, u32),
    MapRemove(u8),
    Reduce(u32),
    ClearReduced,
    Aggregate(u32),
    ClearKey,
    /// Store all, and restore what was stored in two halves.
    Restore,
    /// The same, twice, with nothing asked for between.
    RestoreTwice,
    /// Store, restore, and clear the key before anything is asked for.
    RestoreThenClear,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => (0..12u8).prop_map(Action::Key),
        1 => Just(Action::NoKey),
        2 => (0..99u32).prop_map(Action::Value),
        3 => (0..99u32).prop_map(Action::GetThenSet),
        2 => (0..99u32).prop_map(Action::TakeThenSet),
        2 => Just(Action::ClearValue),
        1 => prop::collection::vec(0..12u8, 0..40).prop_map(Action::Batch),
        2 => (0..99u32).prop_map(Action::Push),
        1 => Just(Action::TakeList),
        3 => (0..5u8, 0..99u32).prop_map(|(key, value)| Action::MapInsert(key, value)),
        2 => (0..5u8).prop_map(Action::MapRemove),
        2 => (0..99u32).prop_map(Action::Reduce),
        1 => Just(Action::ClearReduced),
        2 => (0..99u32).prop_map(Action::Aggregate),
        1 => Just(Action::ClearKey),
        1 => Just(Action::Restore),
        1 => Just(Action::RestoreTwice),
        1 => Just(Action::RestoreThenClear),
    ]
}

/// What one key holds.
#[derive(Default)]
struct Held {
    value: Option<u32>,
    list: Vec<u32>,
    map: Vec<(u8, u32)>,
    reduced: Option<String>,
    aggregated: Option<u64>,
}

impl Held {
    fn entries(&self) -> usize {
        usize::from(self.value.is_some())
            + usize::from(!self.list.is_empty())
            + usize::from(!self.map.is_empty())
            + usize::from(self.reduced.is_some())
            + usize::from(self.aggregated.is_some())
    }
}

proptest! {
    #[test]
    fn each_key_has_its_own(actions in prop::collection::vec(action(), 1..300)) {
        run(actions).unwrap();
    }
}

/// What is left of a state when it was stored, and restored by halves.
fn restored(state: &mut KeyedState<String>) -> Result<KeyedState<String>> {
    let mut image = StateImage::default();
    state.freeze("user/", &mut image)?;
    let halves = |piece: &KeyedPiece| {
        let ranges = [KeyGroupRange::new(5, 16), KeyGroupRange::new(0, 5)];
        ranges.map(|range| piece.cut(range).unwrap())
    };
    image.keyed = image.keyed.iter().flat_map(halves).collect();
    let mut restored = self::state();
    restored.restore("user/", &mut image)?;
    image.finish()?;
    Ok(restored)
}

fn run(actions: Vec<Action>) -> Result<()> {
    let mut state = state();
    let ctx = &mut state;
    let value = ValueState::<u32>::new("value");
    let list = ListState::<u32>::new("list");
    let map = MapState::<u8, u32>::new("map");
    let reduced = ReducingState::<String>::new("reduced", |a, b| a + &b);
    let aggregated = AggregatingState::new("aggregated", Sum);
    let mut model = HashMap::<String, Held>::new();
    let mut key = "0".to_string();
    set_key(ctx, &key);
    for action in actions {
        let held = model.entry(key.clone()).or_default();
        match action {
            Action::Key(next) => {
                key = next.to_string();
                set_key(ctx, &key);
            }
            Action::Restore => {
                *ctx = restored(ctx)?;
                set_key(ctx, &key);
            }
            Action::RestoreThenClear => {
                *ctx = restored(ctx)?;
                set_key(ctx, &key);
                ctx.clear_current_key()?;
                *ctx = restored(ctx)?;
                set_key(ctx, &key);
                *held = Held::default();
            }
            Action::RestoreTwice => {
                *ctx = restored(&mut restored(ctx)?)?;
                set_key(ctx, &key);
            }
            Action::NoKey => {
                ctx.unset_current_key();
                assert!(value.get(ctx).is_err());
                set_key(ctx, &key);
            }
            Action::Value(v) => {
                value.set(ctx, v)?;
                held.value = Some(v);
            }
            Action::GetThenSet(v) => {
                assert_eq!(value.get(ctx)?.copied(), held.value);
                value.update(ctx, |there| *there += v)?;
                held.value = Some(held.value.unwrap_or(0) + v);
                assert_eq!(value.get_mut(ctx)?.copied(), held.value);
            }
            Action::TakeThenSet(v) => {
                assert_eq!(value.take(ctx)?, held.value.take());
                assert_eq!(value.get(ctx)?, None);
                assert_eq!(*value.get_or_insert_with(ctx, || v)?, v);
                held.value = Some(v);
            }
            Action::ClearValue => {
                value.clear(ctx)?;
                held.value = None;
            }
            Action::Batch(keys) => {
                let hash = |key: &u8| KeyHash::of(&key.to_string(), ctx.max_parallelism());
                let hashes: Vec<_> = keys.iter().map(hash).collect();
                ctx.prefetch(&hashes);
                let records = keys.iter().map(|key| (key.to_string(), 1));
                ctx.table::<u32>("value")?
                    .fold_batch(&hashes, records, |one, value| {
                        Some(one + value.map_or(0, |value| *value))
                    });
                for key in keys {
                    *model
                        .entry(key.to_string())
                        .or_default()
                        .value
                        .get_or_insert(0) += 1;
                }
            }
            Action::Push(v) => {
                list.push(ctx, v)?;
                list.extend(ctx, [])?;
                list.extend(ctx, [v + 1])?;
                held.list.extend([v, v + 1]);
            }
            Action::TakeList => assert_eq!(list.take(ctx)?, std::mem::take(&mut held.list)),
            Action::MapInsert(k, v) => {
                let before = map.insert(ctx, k, v)?;
                match held.map.iter_mut().find(|(there, _)| *there == k) {
                    Some((_, there)) => assert_eq!(before, Some(std::mem::replace(there, v))),
                    None => held.map.push((k, v)),
                }
            }
            Action::MapRemove(k) => {
                let position = held.map.iter().position(|(there, _)| *there == k);
                let removed = position.map(|position| held.map.swap_remove(position).1);
                assert_eq!(map.remove(ctx, &k)?, removed);
            }
            Action::Reduce(v) => {
                reduced.add(ctx, v.to_string())?;
                held.reduced
                    .get_or_insert_default()
                    .push_str(&v.to_string());
            }
            Action::ClearReduced => {
                reduced.clear(ctx)?;
                held.reduced = None;
            }
            Action::Aggregate(v) => {
                aggregated.add(ctx, v)?;
                *held.aggregated.get_or_insert(0) += u64::from(v);
            }
            Action::ClearKey => {
                ctx.clear_current_key()?;
                *held = Held::default();
            }
        }
        let held = model.entry(key.clone()).or_default();
        assert_eq!(value.get(ctx)?.copied(), held.value);
        assert_eq!(list.get(ctx)?, &*held.list);
        assert!(
            map.iter(ctx)?
                .map(|(k, v)| (*k, *v))
                .eq(held.map.iter().copied())
        );
        assert_eq!(reduced.get(ctx)?, held.reduced.as_ref());
        assert_eq!(aggregated.get(ctx)?, held.aggregated);
    }
    assert_eq!(
        state.entry_count(),
        model.values().map(Held::entries).sum::<usize>()
    );
    Ok(())
}

#[test]
fn one_name_has_one_type() {
    let mut state = state();
    set_key(&mut state, "a");
    ValueState::<u64>::new("n").set(&mut state, 1).unwrap();
    let error = ListState::<Option<String>>::new("n")
        .get(&mut state)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert_eq!(
        error.to_string(),
        "keyed state `n` is used as ListState<Option<String>>, but was first used as ValueState<u64>: \
         give one of them another name"
    );
    assert!(
        ReducingState::<u64>::new("n", |a, _| a)
            .get(&mut state)
            .is_err(),
        "another sort"
    );
    assert!(state.table::<u32>("n").is_err());
    assert_eq!(
        ValueState::<u64>::new("n").get(&mut state).unwrap(),
        Some(&1)
    );
}

#[test]
fn a_state_without_a_key_says_so() {
    let error = ValueState::<u64>::new("n").get(&mut state()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    assert!(
        error
            .to_string()
            .starts_with("keyed state `n` was used while there is no current key")
    );
    assert_eq!(
        state().clear_current_key().unwrap_err().kind(),
        ErrorKind::InvalidJob
    );
}

#[test]
fn a_token_finds_its_table_in_any_backend() {
    let (mut one, mut other) = (state(), state());
    let (a, b) = (ValueState::<u64>::new("a"), ValueState::<u64>::new("b"));
    for (state, tokens) in [(&mut one, [&a, &b]), (&mut other, [&b, &a])] {
        set_key(state, "key");
        for token in tokens {
            let value = token.name().len() as u64 + u64::from(token.name() == "a");
            token.set(state, value).unwrap();
        }
    }
    for _ in 0..2 {
        for state in [&mut one, &mut other] {
            assert_eq!(a.get(state).unwrap(), Some(&2));
            assert_eq!(b.clone().get(state).unwrap(), Some(&1));
        }
    }
    assert!(one.state_names().eq(["a", "b"]));
    assert!(other.state_names().eq(["b", "a"]));
}

#[test]
fn keys_of_one_hash_are_two_keys() {
    let mut state = state();
    let hash = KeyHash::of("a", state.max_parallelism());
    let count = ValueState::<u32>::new("count");
    for (key, value) in [("a", 1), ("b", 2)] {
        state.set_current_key(key.to_string(), hash);
        assert_eq!(count.get(&mut state).unwrap(), None);
        count.set(&mut state, value).unwrap();
    }
    state.set_current_key("a".to_string(), hash);
    assert_eq!(count.get(&mut state).unwrap(), Some(&1));
}

#[test]
fn functions_with_states_are_send_and_sync() {
    fn check<T: Send + Sync + Clone>(_: &T) {}
    check(&ValueState::<u64>::new("a"));
    check(&ListState::<u64>::new("a"));
    check(&MapState::<u64, String>::new("a"));
    check(&ReducingState::<u64>::new("a", u64::max));
    check(&AggregatingState::new("a", Sum));
}

#[test]
fn memory_is_that_of_the_tables() {
    let mut state = state();
    assert_eq!(state.memory_bytes(), 0);
    set_key(&mut state, "a");
    ValueState::<[u64; 32]>::new("wide")
        .set(&mut state, [0; 32])
        .unwrap();
    assert!(
        (16 * 64 + 32 * 8..4096).contains(&state.memory_bytes()),
        "{}",
        state.memory_bytes()
    );
}

/// A context that is not the state itself, as operators have.
struct Context {
    state: KeyedState<String>,
}

impl KeyedContext for Context {
    type Key = String;

    fn keyed_state(&mut self) -> &mut KeyedState<String> {
        &mut self.state
    }
}

#[test]
fn functions_see_state_through_their_context() {
    fn process(ctx: &mut dyn KeyedContext<Key = String>, count: &ValueState<u32>) -> u32 {
        let count = count.get_or_default(ctx).unwrap();
        *count += 1;
        *count
    }
    let mut context = Context { state: state() };
    set_key(&mut context.state, "a");
    let count = ValueState::new("count");
    assert_eq!(process(&mut context, &count), 1);
    assert_eq!(process(&mut context, &count), 2);
}

/// Changes of every kind, before and between slices of the encoding, and what is restored is what was there at the barrier.
#[test]
fn a_large_state_is_encoded_beside_the_processing() -> Result<()> {
    const KEYS: u32 = 6000;
    let (value, list, map) = (
        ValueState::<u32>::new("value"),
        ListState::<u32>::new("list"),
        MapState::<u8, u32>::new("map"),
    );
    let mut state = state();
    for key in 0..KEYS {
        set_key(&mut state, &key.to_string());
        value.set(&mut state, key)?;
        list.push(&mut state, key)?;
        map.insert(&mut state, 1, key)?;
    }
    let mut image = StateImage::default();
    state.freeze("user/", &mut image)?;
    assert!(
        image.keyed.is_empty(),
        "it is too large to be there at once"
    );
    let mut slices = 0;
    for key in (0..KEYS).rev().step_by(3) {
        set_key(&mut state, &key.to_string());
        match key % 4 {
            0 => value.set(&mut state, 0)?,
            1 => list.push(&mut state, 0)?,
            2 => state.clear_current_key()?,
            _ => map.clear(&mut state)?,
        }
        set_key(&mut state, &format!("new {key}"));
        value.set(&mut state, key)?;
        slices += usize::from(state.encode_some(16));
    }
    while state.encode_some(16) {
        slices += 1;
    }
    assert!(slices > 100, "{slices} slices");
    image.complete().now_or_never().unwrap()?;

    let mut restored = self::state();
    restored.restore("user/", &mut image)?;
    image.finish()?;
    for key in 0..KEYS {
        set_key(&mut restored, &key.to_string());
        assert_eq!(value.get(&mut restored)?, Some(&key));
        assert_eq!(list.get(&mut restored)?.to_vec(), [key]);
        assert_eq!(map.get(&mut restored, &1)?, Some(&key));
    }
    assert_eq!(restored.entry_count(), 3 * KEYS as usize);
    Ok(())
}

#[test]
fn an_image_that_nobody_waits_for_is_given_up_and_the_next_one_is_whole() -> Result<()> {
    let value = ValueState::<u32>::new("value");
    let mut state = state();
    for key in 0..5000 {
        set_key(&mut state, &key.to_string());
        value.set(&mut state, key)?;
    }
    let mut aborted = StateImage::default();
    state.freeze("", &mut aborted)?;
    assert!(state.encode_some(10));
    drop(aborted);
    assert!(!state.encode_some(10), "nobody waits");

    let (mut first, mut second) = (StateImage::default(), StateImage::default());
    state.freeze("", &mut first)?;
    set_key(&mut state, "7");
    value.set(&mut state, 70)?;
    state.freeze("", &mut second)?;
    first.complete().now_or_never().unwrap()?;
    while state.encode_some(1000) {}
    second.complete().now_or_never().unwrap()?;
    for (mut image, seven) in [(first, 7), (second, 70)] {
        let mut restored = self::state();
        restored.restore("", &mut image)?;
        set_key(&mut restored, "7");
        assert_eq!(value.get(&mut restored)?, Some(&seven));
        assert_eq!(restored.entry_count(), 5000);
    }
    Ok(())
}
