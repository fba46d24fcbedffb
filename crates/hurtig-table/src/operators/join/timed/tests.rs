//! Rows by time are what a sorted list would be.

use hurtig_codec::{decode_value, encode_value};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Action {
    Insert(i64, u8),
    Mark(usize, u8),
    DropFirst(usize),
    DropTime(i64),
    Store,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        10 => (0..30i64, 0..20u8).prop_map(|(time, row)| Action::Insert(time, row)),
        2 => (any::<usize>(), 0..4u8).prop_map(|(which, mark)| Action::Mark(which, mark)),
        2 => (0..4usize).prop_map(Action::DropFirst),
        1 => (0..30i64).prop_map(Action::DropTime),
        1 => Just(Action::Store),
    ]
}

proptest! {
    #[test]
    fn rows_are_what_a_sorted_list_would_be(actions in prop::collection::vec(action(), 1..100)) {
        let (mut rows, mut model) = (TimedRows::default(), Vec::<(i64, u8, Vec<u8>)>::new());
        for action in actions {
            match action {
                Action::Insert(time, row) => {
                    let row = vec![row; usize::from(row) + 1];
                    let at = rows.insert(time, 0, &row);
                    rows.mark(time, at, 3);
                    let place = model.partition_point(|kept| kept.0 <= time);
                    model.insert(place, (time, 3, row));
                }
                Action::Mark(which, mark) if !model.is_empty() => {
                    let which = which % model.len();
                    rows.set_mark(which, mark);
                    model[which].1 = mark;
                }
                Action::Mark(..) => {}
                Action::DropFirst(count) => {
                    let count = count.min(model.len());
                    rows.drop_first(count);
                    model.drain(..count);
                }
                Action::DropTime(time) => {
                    rows.drop_time(time);
                    model.retain(|kept| kept.0 != time);
                }
                Action::Store => rows = decode_value(&encode_value(&rows).unwrap()).unwrap(),
            }
            let all: Vec<_> = rows.iter().map(|it| (it.time, it.mark, it.row.to_vec())).collect();
            prop_assert_eq!(&all, &model);
            prop_assert_eq!(rows.first_time(), model.first().map(|kept| kept.0));
            for from in [0, 7, 20] {
                let places: Vec<usize> = rows.between(from, from + 5).collect();
                let expected = (0..model.len()).filter(|i| (from..=from + 5).contains(&model[*i].0));
                prop_assert!(expected.eq(places));
            }
        }
    }

    #[test]
    fn garbage_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Some(rows) = TimedRows::read(&bytes) {
            rows.iter().for_each(drop);
        }
    }
}
