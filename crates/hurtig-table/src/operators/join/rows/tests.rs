//! The rows of a key are what a list of them would be.

use hurtig_codec::{decode_value, encode_value};
use proptest::prelude::*;

use super::*;

/// A row of the model: id, rest, count, matches, time.
#[derive(Clone, Debug, PartialEq)]
struct Kept(Vec<u8>, Vec<u8>, u32, u32, i64);

#[derive(Clone, Debug)]
enum Action {
    Add(u8, u8),
    Kill(usize),
    Change(usize, u32),
    Purge(i64),
    Compact,
    Store,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => (0..120u8, 0..9u8).prop_map(|(id, rest)| Action::Add(id, rest)),
        4 => any::<usize>().prop_map(Action::Kill),
        2 => (any::<usize>(), 0..9u32).prop_map(|(which, number)| Action::Change(which, number)),
        1 => (0..40i64).prop_map(Action::Purge),
        1 => Just(Action::Compact),
        1 => Just(Action::Store),
    ]
}

fn all(rows: &Rows, layout: Layout, identity: Identity) -> Vec<Kept> {
    let kept = rows.iter().map(|frame| {
        let id = id_of(&frame, identity).to_vec();
        let rest = frame.row[id.len()..].to_vec();
        let time = if layout.times { rows.time(frame.at) } else { 0 };
        Kept(id, rest, frame.count, rows.matches(frame.at), time)
    });
    kept.collect()
}

proptest! {
    #[test]
    fn rows_are_what_a_list_would_be(
        (counts, matches, times, whole) in any::<(bool, bool, bool, bool)>(),
        actions in prop::collection::vec(action(), 1..150),
    ) {
        let layout = Layout { counts, matches, times, ids: !whole };
        let identity = if whole { Identity::Whole } else { Identity::Front };
        let (mut rows, mut model) = (Rows::default(), Vec::<Kept>::new());
        for (time, action) in (0..).zip(actions) {
            match action {
                Action::Add(id, rest) => {
                    // Ids of different lengths, and not all with a rest.
                    let id = vec![id; usize::from(id % 3) + 1];
                    let rest = vec![rest; if whole { 0 } else { usize::from(rest) }];
                    let there = rows.find(identity, &id).map(|frame| frame.at);
                    prop_assert_eq!(there.is_some(), model.iter().any(|kept| kept.0 == id));
                    if there.is_none() {
                        rows.push(layout, Parts { id: &id, rest: &rest }, time);
                        model.push(Kept(id, rest, 1, 0, if times { time } else { 0 }));
                    }
                }
                Action::Kill(which) if !model.is_empty() => {
                    let kept = model.remove(which % model.len());
                    let at = rows.find(identity, &kept.0).unwrap().at;
                    rows.kill(at, identity);
                }
                Action::Change(which, number) if !model.is_empty() => {
                    let which = which % model.len();
                    let kept = &mut model[which];
                    let at = rows.find(identity, &kept.0).unwrap().at;
                    rows.set_count(at, number + 1);
                    rows.set_matches(at, number);
                    rows.set_time(at, time);
                    kept.2 = if counts { number + 1 } else { 1 };
                    kept.3 = if matches { number } else { 0 };
                    kept.4 = if times { time } else { 0 };
                }
                Action::Purge(age) if times => {
                    rows.purge(time - age, identity);
                    model.retain(|kept| kept.4 >= time - age);
                    prop_assert!(!rows.has_before(time - age));
                }
                Action::Compact => rows.compact(),
                Action::Store => rows = decode_value(&encode_value(&rows).unwrap()).unwrap(),
                _ => {}
            }
            prop_assert_eq!(all(&rows, layout, identity), model.clone());
            prop_assert_eq!((rows.len(), rows.is_empty()), (model.len(), model.is_empty()));
            prop_assert!(rows.is_of(layout));
        }
    }

    #[test]
    fn garbage_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Some(rows) = Rows::of_bytes(bytes) {
            rows.iter().for_each(drop);
        }
    }
}
