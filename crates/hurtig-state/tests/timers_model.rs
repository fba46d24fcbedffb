//! A timer queue does what a sorted set of (time, order of registration) does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use hurtig_state::{Timer, TimerQueue};
use hurtig_types::{KeyGroup, KeyGroupRange, KeyHash, Timestamp};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Action {
    Register {
        time: i64,
        key: u16,
        namespace: u8,
    },
    Delete {
        time: i64,
        key: u16,
        namespace: u8,
    },
    /// Pop at most so many.
    Pop {
        up_to: i64,
        count: u8,
    },
    /// Store them, and restore what was stored by halves.
    Restore,
}

fn action() -> impl Strategy<Value = Action> {
    let timer = || (-3..12i64, 0..60u16, 0..3u8);
    prop_oneof![
        8 => timer().prop_map(|(time, key, namespace)| Action::Register { time, key, namespace }),
        3 => timer().prop_map(|(time, key, namespace)| Action::Delete { time, key, namespace }),
        2 => (-3..12i64, 1..30u8).prop_map(|(up_to, count)| Action::Pop { up_to, count }),
        1 => Just(Action::Restore),
    ]
}

/// `spread` 1 gives all keys one hash.
fn hash(key: u16, spread: u64) -> KeyHash {
    KeyHash::new(
        KeyGroup::new(key % 4),
        (u64::from(key) % spread).wrapping_mul(0x9e37_79b9_7f4a_7c15),
    )
}

/// The timers of each time in firing order; deleting one lets the last take its place.
type Model = BTreeMap<i64, Vec<(u16, u8)>>;

fn register(model: &mut Model, time: i64, timer: (u16, u8)) -> bool {
    let bucket = model.entry(time).or_default();
    let is_new = !bucket.contains(&timer);
    if is_new {
        bucket.push(timer);
    }
    is_new
}

fn delete(model: &mut Model, time: i64, timer: (u16, u8)) -> bool {
    let Some(bucket) = model.get_mut(&time) else {
        return false;
    };
    let Some(position) = bucket.iter().position(|there| *there == timer) else {
        return false;
    };
    bucket.swap_remove(position);
    if bucket.is_empty() {
        model.remove(&time);
    }
    true
}

fn pop(model: &mut Model, up_to: i64) -> Option<(i64, (u16, u8))> {
    let mut first = model.first_entry().filter(|first| *first.key() <= up_to)?;
    let time = *first.key();
    let timer = first.get_mut().remove(0);
    if first.get().is_empty() {
        first.remove();
    }
    Some((time, timer))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn does_what_a_sorted_set_does(
        spread in prop_oneof![Just(1u64), Just(5), Just(1000)],
        actions in prop::collection::vec(action(), 1..400),
    ) {
        let at = Timestamp::from_millis;
        let mut model = Model::new();
        let mut timers = TimerQueue::<u16, u8>::new();
        for action in actions {
            match action {
                Action::Register { time, key, namespace } => {
                    let is_new = timers.register(at(time), key, hash(key, spread), namespace);
                    prop_assert_eq!(is_new, register(&mut model, time, (key, namespace)));
                }
                Action::Delete { time, key, namespace } => {
                    let was_there = timers.delete(at(time), &key, hash(key, spread), &namespace);
                    prop_assert_eq!(was_there, delete(&mut model, time, (key, namespace)));
                }
                Action::Restore => {
                    let piece = timers.image("timers", KeyGroupRange::new(0, 4)).unwrap();
                    timers = TimerQueue::new();
                    for half in [KeyGroupRange::new(2, 4), KeyGroupRange::new(0, 2)] {
                        timers.restore(&piece.cut(half).unwrap(), |key| hash(*key, spread)).unwrap();
                    }
                    // Of one time those of a key group keep their order.
                    let turn = |timer: &(u16, u8)| (timer.0 % 4 + 2) % 4;
                    model.values_mut().for_each(|bucket| bucket.sort_by_key(turn));
                }
                Action::Pop { up_to, count } => {
                    for _ in 0..count {
                        let popped = timers.pop_due(at(up_to));
                        let expected = pop(&mut model, up_to).map(|(time, (key, namespace))| {
                            Timer { time: at(time), key, hash: hash(key, spread), namespace }
                        });
                        prop_assert_eq!(&popped, &expected);
                        if popped.is_none() {
                            break;
                        }
                    }
                }
            }
            prop_assert_eq!(timers.len(), model.values().map(Vec::len).sum::<usize>());
            prop_assert_eq!(timers.next_time(), model.keys().next().copied().map(at));
        }
        let listed = timers.iter().map(|t| (t.time.as_millis(), (*t.key, *t.namespace)));
        let expected = model.iter().flat_map(|(time, bucket)| bucket.iter().map(|t| (*time, *t)));
        prop_assert!(listed.eq(expected));
        let by_group = (0..4).map(|group| timers.iter_group(KeyGroup::new(group)).count());
        prop_assert_eq!(by_group.sum::<usize>(), timers.len());
        while timers.pop_due(Timestamp::MAX).is_some() {}
        prop_assert_eq!((timers.len(), timers.memory_bytes()), (0, 0));
    }
}

#[test]
fn a_thousand_registrations_fire_once() {
    let mut timers = TimerQueue::<u64>::new();
    let time = Timestamp::from_millis(5);
    let new = (0..1000)
        .filter(|_| timers.register(time, 7, hash(7, 1000), ()))
        .count();
    assert_eq!((new, timers.len()), (1, 1));
    assert!(timers.pop_due(time).is_some());
    assert_eq!(timers.pop_due(Timestamp::MAX), None);
}

#[test]
fn what_is_registered_while_firing_comes_in_its_order() {
    let at = Timestamp::from_millis;
    let mut timers = TimerQueue::<u64>::new();
    for key in [1, 2, 3] {
        timers.register(at(10), key, hash(key as u16, 1000), ());
    }
    assert_eq!(timers.pop_due(at(10)).unwrap().key, 1);
    timers.register(at(10), 1, hash(1, 1000), ()); // again, behind the others
    timers.register(at(4), 9, hash(9, 1000), ()); // long due: before all
    timers.register(at(11), 8, hash(8, 1000), ()); // not due
    timers.delete(at(10), &2, hash(2, 1000), &()); // was next: the last takes its place
    let fired: Vec<_> = std::iter::from_fn(|| timers.pop_due(at(10)).map(|t| t.key)).collect();
    assert_eq!(fired, [9, 1, 3]);
    assert_eq!(timers.len(), 1);
}

/// Beyond a few thousand, timers of one time are divided by key group: none is lost or doubled on the way, nor later.
#[test]
fn very_many_timers_of_one_time_do_what_a_set_does() {
    const KEYS: u64 = 30_000;
    let at = Timestamp::from_millis(7);
    let group = |key: u64| KeyGroup::new((key % 200) as u16);
    let hash = |key: u64| KeyHash::new(group(key), key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 9);
    let mut timers = TimerQueue::<u64>::new();
    let mut model = BTreeSet::new();
    let mut state = 1u64;
    for step in 0..200_000u32 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1442);
        let key = (state >> 33) % KEYS;
        // It grows, then is fired empty while still more is registered.
        match (state >> 17) % 8 {
            0 => assert_eq!(timers.delete(at, &key, hash(key), &()), model.remove(&key)),
            1..4 if step > 100_000 => {
                let popped = timers.pop_due(at).map(|timer| timer.key);
                assert_eq!(popped.is_none(), model.is_empty());
                assert!(popped.is_none_or(|key| model.remove(&key)));
            }
            4 if step > 150_000 => {}
            _ => assert_eq!(timers.register(at, key, hash(key), ()), model.insert(key)),
        }
        assert_eq!(timers.len(), model.len());
    }
    assert!(model.len() > 5000);
    for of in [0, 77, 199] {
        let listed: BTreeSet<_> = timers
            .iter_group(KeyGroup::new(of))
            .map(|t| *t.key)
            .collect();
        assert!(
            listed
                .iter()
                .eq(model.iter().filter(|key| group(**key).index() == of.into()))
        );
    }
    let listed: Vec<_> = timers.iter().map(|timer| *timer.key).collect();
    let fired: Vec<_> = std::iter::from_fn(|| timers.pop_due(at).map(|timer| timer.key)).collect();
    assert_eq!(listed, fired);
    assert!(fired.into_iter().collect::<BTreeSet<_>>() == model);
    assert_eq!(timers.memory_bytes(), 0);
}

#[test]
fn very_many_timers_of_one_key_group_fire_in_order_of_registration() {
    let at = Timestamp::from_millis(7);
    let hash = |key: u64| KeyHash::new(KeyGroup::new((key % 5) as u16), key << 3);
    let mut timers = TimerQueue::<u64>::new();
    for key in 0..20_000 {
        assert!(timers.register(at, key, hash(key), ()));
    }
    let mut last = [None; 5];
    while let Some(timer) = timers.pop_due(at) {
        let last = &mut last[timer.hash.key_group().index()];
        assert!(*last < Some(timer.key));
        *last = Some(timer.key);
    }
}

#[test]
fn ten_million_timers_fit_and_fire_in_order() {
    let count = 10_000_000u64;
    let mut timers = TimerQueue::<u64>::new();
    let bits = |key: u64| key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 13;
    for key in 0..count {
        // Half of them alone at their time, half among many.
        let time = if key % 2 == 0 {
            bits(key) as i64
        } else {
            -(bits(key) as i64 % 50)
        };
        let hash = KeyHash::new(KeyGroup::new((key % 128) as u16), bits(key));
        assert!(timers.register(Timestamp::from_millis(time), key, hash, ()));
    }
    assert_eq!(timers.len(), count as usize);
    assert!(
        timers.memory_bytes() < 80 * count as usize,
        "{} bytes",
        timers.memory_bytes()
    );
    let mut last = Timestamp::MIN;
    let mut keys = 0;
    while let Some(timer) = timers.pop_due(Timestamp::MAX) {
        assert!(timer.time >= last);
        last = timer.time;
        keys += timer.key;
    }
    assert_eq!(keys, count * (count - 1) / 2);
    assert!(timers.is_empty());
}
