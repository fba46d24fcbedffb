//! States with a time to live: what has expired is invisible at once, and gone soon after, whatever was done and restored before.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::time::Duration;

use hurtig_state::{
    AggregateFunction, AggregatingState, KeyedState, ListState, MapState, ReducingState,
    StateImage, StateTime, StateTtl, TtlTime, TtlUpdate, TtlVisibility, ValueState,
};
use hurtig_types::{KeyHash, MaxParallelism, Result, Timestamp};
use proptest::prelude::*;

const TTL: i64 = 100;

fn state() -> KeyedState<u8> {
    let max_parallelism = MaxParallelism::new(16).unwrap();
    KeyedState::new(max_parallelism, max_parallelism.range_of(0, 1))
}

fn set_key(state: &mut KeyedState<u8>, key: u8) {
    let hash = KeyHash::of(&key, state.max_parallelism());
    state.set_current_key(key, hash);
}

fn ttl() -> StateTtl {
    StateTtl::new(Duration::from_millis(TTL as u64))
}

fn by_clock(millis: i64) -> StateTime {
    StateTime::by_clock(Timestamp::from_millis(millis))
}

/// What was stored, restored.
fn restored(state: &mut KeyedState<u8>) -> KeyedState<u8> {
    let mut image = StateImage::default();
    state.freeze("", &mut image).unwrap();
    let mut restored = self::state();
    restored.restore("", &mut image).unwrap();
    image.finish().unwrap();
    restored
}

/// How many entries a checkpoint would have.
fn stored_entries(state: &mut KeyedState<u8>) -> usize {
    let mut image = StateImage::default();
    state.freeze("", &mut image).unwrap();
    let mut entries = 0;
    for piece in &image.keyed {
        piece
            .read(|_, _: (u8, i64, u32)| {
                entries += 1;
                Ok(())
            })
            .unwrap();
    }
    entries
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
    /// The clock goes on by so much, the watermark too, and the record is so far before or behind it.
    Time(i64, i64),
    Set(u32),
    Update(u32),
    Take,
    Push(u32),
    Replace(u32),
    MapInsert(u8, u32),
    MapUpdate(u8, u32),
    MapRemove(u8),
    MapGet(u8),
    Reduce(u32),
    Aggregate(u32),
    ClearKey,
    Restore,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (0..6u8).prop_map(Action::Key),
        6 => (0..60i64, -30..30i64).prop_map(|(by, record)| Action::Time(by, record)),
        2 => (0..99u32).prop_map(Action::Set),
        2 => (0..99u32).prop_map(Action::Update),
        1 => Just(Action::Take),
        3 => (0..99u32).prop_map(Action::Push),
        1 => (0..99u32).prop_map(Action::Replace),
        3 => (0..4u8, 0..99u32).prop_map(|(key, value)| Action::MapInsert(key, value)),
        2 => (0..4u8, 0..99u32).prop_map(|(key, value)| Action::MapUpdate(key, value)),
        1 => (0..4u8).prop_map(Action::MapRemove),
        2 => (0..4u8).prop_map(Action::MapGet),
        2 => (0..99u32).prop_map(Action::Reduce),
        2 => (0..99u32).prop_map(Action::Aggregate),
        1 => Just(Action::ClearKey),
        2 => Just(Action::Restore),
    ]
}

/// What one key holds, with the times of last use.
#[derive(Default)]
struct Held {
    value: Option<(u32, i64)>,
    list: Vec<(u32, i64)>,
    map: HashMap<u8, (u32, i64)>,
    reduced: Option<(u32, i64)>,
    aggregated: Option<(u64, i64)>,
}

impl Held {
    /// Forgets what has expired.
    fn expire(&mut self, now: i64) {
        let live = |at: &i64| at + TTL > now;
        self.value.take_if(|held| !live(&held.1));
        self.list.retain(|held| live(&held.1));
        self.map.retain(|_, held| live(&held.1));
        self.reduced.take_if(|held| !live(&held.1));
        self.aggregated.take_if(|held| !live(&held.1));
    }

    /// All of it is read.
    fn touch(&mut self, at: i64) {
        let touch = |there: &mut i64| *there = at.max(*there);
        self.value.iter_mut().for_each(|held| touch(&mut held.1));
        self.list.iter_mut().for_each(|held| touch(&mut held.1));
        self.map.values_mut().for_each(|held| touch(&mut held.1));
        self.reduced.iter_mut().for_each(|held| touch(&mut held.1));
        self.aggregated
            .iter_mut()
            .for_each(|held| touch(&mut held.1));
    }

    fn entries(&self) -> usize {
        usize::from(self.value.is_some())
            + usize::from(!self.list.is_empty())
            + usize::from(!self.map.is_empty())
            + usize::from(self.reduced.is_some())
            + usize::from(self.aggregated.is_some())
    }
}

struct States {
    value: ValueState<u32>,
    list: ListState<u32>,
    map: MapState<u8, u32>,
    reduced: ReducingState<u32>,
    aggregated: AggregatingState<Sum, u32>,
}

impl States {
    fn new(ttl: StateTtl) -> Self {
        Self {
            value: ValueState::new("value").with_ttl(ttl),
            list: ListState::new("list").with_ttl(ttl),
            map: MapState::new("map").with_ttl(ttl),
            reduced: ReducingState::new("reduced", |a, b| a + b).with_ttl(ttl),
            aggregated: AggregatingState::new("aggregated", Sum).with_ttl(ttl),
        }
    }

    /// Does to the states what is done to the model.
    fn apply(&self, ctx: &mut KeyedState<u8>, held: &mut Held, action: &Action, at: i64) {
        let later = |there: i64| at.max(there);
        match *action {
            Action::Set(v) => {
                self.value.set(ctx, v).unwrap();
                held.value = Some((v, held.value.map_or(at, |held| later(held.1))));
            }
            Action::Update(v) => {
                self.value.update(ctx, |there| *there += v).unwrap();
                let (there, before) = held.value.unwrap_or((0, at));
                held.value = Some((there + v, later(before)));
            }
            Action::Take => {
                let taken = held.value.take().map(|held| held.0);
                assert_eq!(self.value.take(ctx).unwrap(), taken);
            }
            Action::Push(v) => {
                self.list.push(ctx, v).unwrap();
                self.list.extend(ctx, [v + 1]).unwrap();
                held.list.extend([(v, at), (v + 1, at)]);
            }
            Action::Replace(v) => {
                self.list.set(ctx, vec![v]).unwrap();
                held.list = vec![(v, at)];
            }
            Action::MapInsert(k, v) => {
                let before = held.map.get(&k).copied();
                let there = self.map.insert(ctx, k, v).unwrap();
                assert_eq!(there, before.map(|held| held.0));
                held.map
                    .insert(k, (v, before.map_or(at, |held| later(held.1))));
            }
            Action::MapUpdate(k, v) => {
                *self.map.get_or_insert_with(ctx, k, || 0).unwrap() += v;
                let there = held.map.entry(k).or_insert((0, at));
                *there = (there.0 + v, later(there.1));
            }
            Action::MapRemove(k) => {
                let removed = held.map.remove(&k).map(|held| held.0);
                assert_eq!(self.map.remove(ctx, &k).unwrap(), removed);
            }
            Action::MapGet(k) => {
                let there = held.map.get(&k).map(|held| held.0);
                assert_eq!(self.map.get(ctx, &k).unwrap().copied(), there);
            }
            Action::Reduce(v) => {
                self.reduced.add(ctx, v).unwrap();
                let (there, before) = held.reduced.unwrap_or((0, at));
                held.reduced = Some((there + v, later(before)));
            }
            Action::Aggregate(v) => {
                self.aggregated.add(ctx, v).unwrap();
                let (there, before) = held.aggregated.unwrap_or((0, at));
                held.aggregated = Some((there + u64::from(v), later(before)));
            }
            Action::ClearKey => {
                ctx.clear_current_key().unwrap();
                *held = Held::default();
            }
            Action::Key(_) | Action::Time(..) | Action::Restore => {}
        }
    }

    fn check(&self, ctx: &mut KeyedState<u8>, held: &Held) {
        let value = held.value.map(|held| held.0);
        assert_eq!(self.value.get(ctx).unwrap().copied(), value);
        let list: Vec<u32> = held.list.iter().map(|held| held.0).collect();
        assert_eq!(self.list.get(ctx).unwrap(), list);
        assert_eq!(self.map.len(ctx).unwrap(), held.map.len());
        for (key, value) in self.map.iter(ctx).unwrap() {
            assert_eq!(held.map.get(key).map(|held| held.0), Some(*value));
        }
        let reduced = held.reduced.map(|held| held.0);
        assert_eq!(self.reduced.get(ctx).unwrap().copied(), reduced);
        let aggregated = held.aggregated.map(|held| held.0);
        assert_eq!(self.aggregated.get(ctx).unwrap(), aggregated);
    }
}

fn run(actions: &[Action], update: TtlUpdate, time: TtlTime, cleaned: usize) {
    let ttl = ttl()
        .update(update)
        .time(time)
        .cleanup_incrementally(cleaned);
    let states = States::new(ttl);
    let mut state = state();
    let mut model = HashMap::<u8, Held>::new();
    let (mut key, mut now, mut at) = (0, 1_000, 1_000);
    let told = |now: i64, at: i64| match time {
        TtlTime::ProcessingTime => by_clock(now),
        TtlTime::EventTime => {
            StateTime::by_watermark(Timestamp::from_millis(now), Timestamp::from_millis(at))
        }
    };
    state.set_time(told(now, at));
    for action in actions {
        match *action {
            Action::Key(next) => key = next,
            Action::Time(by, record) => {
                now += by;
                at = now + record;
            }
            Action::Restore => state = restored(&mut state),
            _ => {}
        }
        state.set_time(told(now, at));
        set_key(&mut state, key);
        let used_at = if time == TtlTime::EventTime {
            at.max(now)
        } else {
            now
        };
        let held = model.entry(key).or_default();
        held.expire(now);
        states.apply(&mut state, held, action, used_at);
        states.check(&mut state, held);
        // To look at everything is to read it; one entry of a map is read by itself.
        if update == TtlUpdate::OnReadAndWrite {
            held.touch(used_at);
        }
    }
    // After a restore each table is looked at as a whole when it is first used.
    state = restored(&mut state);
    state.set_time(told(now, at));
    set_key(&mut state, 99);
    states.check(&mut state, &Held::default());
    model.values_mut().for_each(|held| held.expire(now));
    let live: usize = model.values().map(Held::entries).sum();
    assert_eq!(state.entry_count(), live);
}

proptest! {
    #[test]
    fn what_has_expired_is_invisible_and_the_rest_is_there(
        actions in prop::collection::vec(action(), 1..200),
        reads in any::<bool>(), event_time in any::<bool>(), cleaned in 0..4usize,
    ) {
        let update = if reads { TtlUpdate::OnReadAndWrite } else { TtlUpdate::OnCreateAndWrite };
        let time = if event_time { TtlTime::EventTime } else { TtlTime::ProcessingTime };
        run(&actions, update, time, cleaned);
    }
}

/// A hundred keys of which all has expired.
fn expired(value: &ValueState<u32>) -> KeyedState<u8> {
    let mut state = state();
    state.set_time(by_clock(0));
    for key in 0..100 {
        set_key(&mut state, key);
        value.set(&mut state, 1).unwrap();
    }
    assert_eq!(state.entry_count(), 100);
    state.set_time(by_clock(TTL));
    state
}

#[test]
fn what_nobody_asks_for_again_goes_while_others_are_worked_on() {
    let value = ValueState::new("value").with_ttl(ttl());
    let mut state = expired(&value);
    for turn in 0..21 {
        set_key(&mut state, 200 + turn);
        assert_eq!(value.get(&mut state).unwrap(), None);
    }
    assert_eq!(state.entry_count(), 0);

    let value = ValueState::new("value").with_ttl(ttl().cleanup_incrementally(0));
    let mut state = expired(&value);
    for turn in 0..21 {
        set_key(&mut state, 200 + turn);
        assert_eq!(value.get(&mut state).unwrap(), None);
    }
    assert_eq!(state.entry_count(), 100);
    assert_eq!(stored_entries(&mut state), 0, "no checkpoint has them");
}

#[test]
fn records_that_do_not_use_the_state_clean_it_if_that_is_wished() {
    let value = ValueState::new("value").with_ttl(ttl().cleanup_with_every_record());
    let mut state = expired(&value);
    for _ in 0..21 {
        state.set_time(by_clock(TTL));
    }
    assert_eq!(state.entry_count(), 0);
}

#[test]
fn what_has_expired_can_be_seen_until_it_is_cleaned_up_if_that_is_wished() {
    let shown = ttl().visibility(TtlVisibility::ReturnExpiredIfNotCleanedUp);
    let value = ValueState::<u32>::new("value").with_ttl(shown.cleanup_incrementally(0));
    let mut state = expired(&value);
    set_key(&mut state, 7);
    assert_eq!(value.get(&mut state).unwrap(), Some(&1));
    assert_eq!(stored_entries(&mut state), 0);
    value.update(&mut state, |value| *value += 1).unwrap();
    state.set_time(by_clock(TTL + 1));
    assert_eq!(stored_entries(&mut state), 1, "what is written lives again");
}

#[test]
fn state_that_was_used_before_any_watermark_lives_from_the_first_one_on() {
    let value = ValueState::<u32>::new("value").with_ttl(ttl().time(TtlTime::EventTime));
    let list = ListState::<u32>::new("list").with_ttl(ttl().time(TtlTime::EventTime));
    let ctx = &mut state();
    set_key(ctx, 1);
    value.set(ctx, 1).unwrap();
    list.push(ctx, 1).unwrap();
    for (watermark, lives) in [(5_000, true), (5_000 + TTL - 1, true), (5_000 + TTL, false)] {
        let watermark = Timestamp::from_millis(watermark);
        ctx.set_time(StateTime::by_watermark(watermark, Timestamp::NONE));
        assert_eq!(value.get(ctx).unwrap().is_some(), lives);
        assert_eq!(list.get(ctx).unwrap().len(), usize::from(lives));
    }
}

#[test]
fn a_walk_over_all_keys_meets_those_that_live() {
    let value = ValueState::new("value").with_ttl(ttl());
    let mut state = expired(&value);
    set_key(&mut state, 7);
    value.set(&mut state, 2).unwrap();
    let mut met = Vec::new();
    state
        .for_each_key(&value, |key, _| {
            met.push(*key);
            Ok(())
        })
        .unwrap();
    assert_eq!(met, [7]);
}

#[test]
fn a_time_to_live_can_be_neither_given_to_nor_taken_from_what_was_stored() {
    let plain = ValueState::<u32>::new("value");
    let with = plain.clone().with_ttl(ttl());
    for (stored, asked, says) in [
        (&plain, &with, "take it away"),
        (&with, &plain, "give it one"),
    ] {
        let mut state = state();
        set_key(&mut state, 1);
        stored.set(&mut state, 1).unwrap();
        // Also when it was passed on by a job that never asked for it.
        let mut state = restored(&mut restored(&mut state));
        set_key(&mut state, 1);
        let error = asked.get(&mut state).unwrap_err().to_string();
        assert!(error.contains("`value`") && error.contains(says), "{error}");
        assert_eq!(stored.get(&mut state).unwrap(), Some(&1));
    }
    // Another duration is no matter.
    let mut state = state();
    set_key(&mut state, 1);
    state.set_time(by_clock(0));
    with.set(&mut state, 1).unwrap();
    let mut state = restored(&mut state);
    set_key(&mut state, 1);
    state.set_time(by_clock(TTL + 1));
    let longer = plain.with_ttl(StateTtl::new(Duration::from_secs(1)));
    assert_eq!(longer.get(&mut state).unwrap(), Some(&1));
}

#[test]
fn a_state_with_and_one_without_a_time_to_live_are_two_types() -> Result<()> {
    let mut state = state();
    set_key(&mut state, 1);
    ValueState::<u32>::new("value").set(&mut state, 1)?;
    let with = ValueState::<u32>::new("value").with_ttl(ttl());
    let error = with.get(&mut state).unwrap_err().to_string();
    assert!(
        error.contains("ValueState<u32> with a time to live"),
        "{error}"
    );
    Ok(())
}
