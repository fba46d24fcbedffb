//! Rows find their subtask by key, and bytes become rows again.

use hurtig_exchange::{BatchCodec, Partitioner, Selection};
use hurtig_table::{ByKey, KeyCodec, RowBytes, RowsCodec, TableKey, by_key};
use hurtig_testing_rows::{batch, changes, column, text_of};
use hurtig_types::{ErasedBatch, KeyGroupRange, KeyHash, MaxParallelism};

fn bids() -> hurtig_table::RowBatch {
    let rows = batch([
        (
            "auction",
            column::with_nulls([Some(7i64), None, Some(7), Some(9)]),
        ),
        (
            "channel",
            column::of(["a", "b", "a", "a channel with a long name"]),
        ),
    ]);
    changes(rows, &["+I", "+I", "-D", "+U"]).unwrap()
}

#[test]
fn a_batch_comes_back_from_its_bytes_and_those_of_other_groups_stay_away() {
    let groups = MaxParallelism::new(128).unwrap();
    let mut rows = bids();
    let codec = KeyCodec::new(rows.columns.schema().fields(), &[0]).unwrap();
    let mut chosen = Vec::new();
    by_key(codec, groups)
        .select(&mut rows, 2, &mut chosen)
        .unwrap();
    let mut bytes = Vec::new();
    RowsCodec
        .encode(&ErasedBatch::new(rows.clone()), &mut bytes)
        .unwrap();
    let back = RowsCodec.decode(&bytes, None).unwrap();
    assert_eq!(back.get::<hurtig_table::RowBatch>().unwrap(), &rows);
    let group = rows.hashes[3].key_group();
    let only = KeyGroupRange::only(group);
    let nine = RowsCodec.decode(&bytes, Some(only)).unwrap();
    let nine = text_of(nine.get().unwrap());
    assert_eq!(nine, ["+U[9, a channel with a long name]"]);
    for cut in 0..bytes.len() {
        assert!(
            RowsCodec.decode(&bytes[..cut], None).is_err() || cut > bytes.len() - 9,
            "{cut}"
        );
    }
}

#[test]
fn equal_keys_go_to_one_subtask_whatever_their_columns() {
    let groups = MaxParallelism::new(128).unwrap();
    for columns in [vec![0], vec![0, 1], vec![1], vec![]] {
        let mut rows = bids();
        let codec = KeyCodec::new(rows.columns.schema().fields(), &columns).unwrap();
        let mut chosen = Vec::new();
        let selection = by_key(codec, groups).select(&mut rows, 3, &mut chosen);
        assert_eq!(selection.unwrap(), Selection::Each);
        assert_eq!(chosen[0], chosen[2], "{columns:?}");
        assert_eq!(rows.hashes[0], rows.hashes[2]);
    }
}

#[test]
fn the_hash_of_a_key_is_the_same_when_state_is_restored() {
    let groups = MaxParallelism::new(128).unwrap();
    let mut rows = bids();
    let codec = KeyCodec::new(rows.columns.schema().fields(), &[0, 1]).unwrap();
    let mut partitioner = ByKey::<RowBytes>::new(codec.clone(), groups);
    partitioner.select(&mut rows, 1, &mut Vec::new()).unwrap();
    let mut keys = Vec::new();
    RowBytes::read(&codec, &rows.columns, &mut keys).unwrap();
    let hashes: Vec<_> = keys.iter().map(|key| KeyHash::of(key, groups)).collect();
    assert_eq!(hashes, rows.hashes);
    let columns = RowBytes::write(&codec, keys.iter()).unwrap();
    assert_eq!(columns, rows.columns.columns());
    assert!(keys[1].has_null(2) && !keys[0].has_null(2));
}
