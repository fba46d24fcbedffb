//! Whatever is done to frozen timers, their image is what they were.

use std::collections::BTreeSet;

use futures::FutureExt;
use hurtig_types::{Error, KeyHash};
use proptest::prelude::*;

use super::*;

const GROUPS: u64 = 150;
const RANGE: KeyGroupRange = KeyGroupRange::new(0, GROUPS as u32);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn hash_of(key: &u64) -> KeyHash {
    let group = KeyGroup::new((key % GROUPS) as u16);
    KeyHash::new(group, key.wrapping_mul(0x9e37_79b9_7f4a))
}

#[derive(Clone, Debug)]
enum Step {
    Register(i64, u64),
    /// So many keys from this on.
    RegisterMany(i64, u64, u64),
    Delete(i64, u64),
    Pop(i64, usize),
    Freeze,
    Encode(usize),
    GiveUp,
}

/// Times of few timers, and one of so many that they are divided.
fn step(many: u64) -> impl Strategy<Value = Step> {
    let timer = move || prop_oneof![(0..12i64, 0..20u64), (Just(5i64), 0..many.max(20))];
    prop_oneof![
        8 => timer().prop_map(|(time, key)| Step::Register(time, key)),
        2 => (0..many).prop_map(move |from| Step::RegisterMany(5, from, many)),
        5 => timer().prop_map(|(time, key)| Step::Delete(time, key)),
        3 => (0..14i64, prop_oneof![9 => 1usize..9, 1 => 1usize..20_000]).prop_map(|(up_to, count)| Step::Pop(up_to, count)),
        4 => Just(Step::Freeze),
        8 => prop_oneof![9 => 1usize..20, 1 => 1usize..20_000].prop_map(Step::Encode),
        1 => Just(Step::GiveUp),
    ]
}

type Content = Vec<(i64, u64)>;

/// Timers, what must be there, and what must be in the image that was begun.
struct Run {
    timers: TimerQueue<u64>,
    model: BTreeSet<(i64, u64)>,
    frozen: Option<(StateImage, Content)>,
}

impl Run {
    fn new() -> Self {
        Self {
            timers: TimerQueue::new(),
            model: BTreeSet::new(),
            frozen: None,
        }
    }

    /// By time and key group in the order in which they fire.
    fn content(timers: &TimerQueue<u64>) -> Content {
        let mut content: Vec<_> = timers.iter().collect();
        content.sort_by_key(|timer| (timer.time, timer.hash.key_group()));
        let content = content.into_iter();
        content.map(|it| (it.time.as_millis(), *it.key)).collect()
    }

    /// An image is there: the timers that it holds are those that were there, in the same order.
    fn look_at((mut image, expected): (StateImage, Content)) {
        image.complete().now_or_never().unwrap().unwrap();
        let mut restored = TimerQueue::<u64>::new();
        let mut entries = 0;
        for piece in &image.keyed {
            piece
                .read(|_, _: (i64, u64, ())| {
                    entries += 1;
                    Ok(())
                })
                .unwrap();
            restored.restore(piece, hash_of).unwrap();
        }
        assert!(Self::content(&restored) == expected);
        assert_eq!(entries, expected.len());
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Register(time, key) => {
                let is_new = self.timers.register(at(time), key, hash_of(&key), ());
                assert_eq!(is_new, self.model.insert((time, key)));
            }
            Step::RegisterMany(time, from, count) => {
                (from..from + count).for_each(|key| self.take(Step::Register(time, key)));
            }
            Step::Delete(time, key) => {
                let was_there = self.timers.delete(at(time), &key, hash_of(&key), &());
                assert_eq!(was_there, self.model.remove(&(time, key)));
            }
            Step::Pop(up_to, count) => {
                for _ in 0..count {
                    let Some(timer) = self.timers.pop_due(at(up_to)) else {
                        break;
                    };
                    assert!(self.model.remove(&(timer.time.as_millis(), timer.key)));
                }
            }
            Step::Freeze => {
                let (mut image, expected) = (StateImage::default(), Self::content(&self.timers));
                let begun = self
                    .timers
                    .freeze_after(5, "t".to_string(), RANGE, &mut image);
                begun.unwrap();
                // One that was begun before is finished first.
                let before = self.frozen.replace((image, expected));
                before.into_iter().for_each(Self::look_at);
            }
            Step::Encode(bytes) => {
                if !self.timers.encode_some(bytes) {
                    self.frozen.take().into_iter().for_each(Self::look_at);
                }
            }
            Step::GiveUp => {
                self.frozen = None;
                assert!(!self.timers.encode_some(1));
            }
        }
        assert_eq!(self.timers.len(), self.model.len());
    }

    fn finish(mut self) {
        while self.timers.encode_some(100) {}
        self.frozen.take().into_iter().for_each(Self::look_at);
        assert!(self.timers.freeze.is_none());
        while self.timers.pop_due(Timestamp::MAX).is_some() {}
        assert_eq!((self.timers.len(), self.timers.memory_bytes()), (0, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn an_image_holds_what_was_there_at_the_barrier(steps in prop::collection::vec(step(1), 1..300)) {
        let mut run = Run::new();
        steps.into_iter().for_each(|step| run.take(step));
        run.finish();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn nor_is_it_another_where_very_many_are_of_one_time(steps in prop::collection::vec(step(3000), 1..100)) {
        let mut run = Run::new();
        run.take(Step::RegisterMany(5, 0, 4000));
        steps.into_iter().for_each(|step| run.take(step));
        run.finish();
    }
}

fn queue(count: u64, time: impl Fn(u64) -> i64) -> TimerQueue<u64> {
    let mut timers = TimerQueue::new();
    for key in 0..count {
        timers.register(at(time(key)), key, hash_of(&key), ());
    }
    timers
}

fn freeze(timers: &mut TimerQueue<u64>) -> StateImage {
    let mut image = StateImage::default();
    timers.freeze("timers", RANGE, &mut image).unwrap();
    image
}

#[test]
fn few_timers_are_encoded_at_once_and_none_are_no_piece() {
    let mut image = freeze(&mut queue(100, |key| key as i64));
    assert_eq!((image.keyed.len(), image.promised.len()), (1, 0));
    let piece = image.keyed.pop().unwrap();
    let before = queue(100, |key| key as i64).image("timers", RANGE).unwrap();
    assert_eq!(piece, before);
    assert!(freeze(&mut TimerQueue::new()).is_empty());
}

#[test]
fn a_slice_of_encoding_is_bounded_wherever_the_timers_are() {
    let times: [fn(u64) -> i64; 3] = [|_| 7, |key| key as i64 % 40, |key| key as i64];
    for time in times {
        let mut timers = queue(100_000, time);
        let image = freeze(&mut timers);
        let encoded = |timers: &TimerQueue<u64>| timers.freeze.as_ref().map(|it| it.bytes());
        let mut before = encoded(&timers).unwrap();
        assert!(before <= BYTES_AT_ONCE + 20);
        while timers.encode_some(1000) {
            let now = encoded(&timers).unwrap();
            assert!(now - before <= 1020 && now > before);
            before = now;
        }
        Run::look_at((image, Run::content(&timers)));
    }
}

#[test]
fn what_fires_or_is_later_than_all_that_was_there_is_not_remembered() {
    let mut timers = queue(50_000, |key| key as i64);
    let expected = Run::content(&timers);
    let image = freeze(&mut timers);
    for key in 0..40_000 {
        assert!(timers.pop_due(at(50_000)).is_some());
        timers.register(at(60_000 + key as i64), key, hash_of(&key), ());
        assert!(timers.freeze.as_ref().unwrap().settled.is_empty());
    }
    while timers.encode_some(1000) {}
    Run::look_at((image, expected));
}

/// A key that fails to be encoded.
#[derive(Clone, PartialEq, Eq)]
struct Bad(u64);

impl Serialize for Bad {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == 4999 {
            return Err(serde::ser::Error::custom("no"));
        }
        serializer.serialize_u64(self.0)
    }
}

#[test]
fn what_cannot_be_encoded_fails_the_image_and_nothing_else() {
    let mut timers = TimerQueue::<Bad>::new();
    for key in 0..5000 {
        timers.register(at(key as i64), Bad(key), hash_of(&key), ());
    }
    let mut image = StateImage::default();
    timers.freeze("timers", RANGE, &mut image).unwrap();
    while timers.encode_some(1000) {}
    let result: Result<(), Error> = image.complete().now_or_never().unwrap();
    assert!(result.unwrap_err().to_string().contains("Bad"));
    assert_eq!(timers.len(), 5000);
}
