//! What tells the rows of a node apart.

use std::collections::BTreeSet;

use hurtig_table::operators::join::{JoinKind, UniqueKey};

/// The keys of a join's output, of sides with these keys and joined by these columns: right columns come behind `width` left ones.
pub(super) fn of_join(
    kind: JoinKind,
    (left, left_key): (&[BTreeSet<usize>], &[usize]),
    (right, right_key): (&[BTreeSet<usize>], &[usize]),
    width: usize,
) -> Vec<BTreeSet<usize>> {
    if kind.is_left_only() {
        return left.to_vec();
    }
    let within = |key: &BTreeSet<usize>, columns: &[usize]| {
        key.iter().all(|column| columns.contains(column))
    };
    let shifted = |key: &BTreeSet<usize>| -> BTreeSet<usize> {
        key.iter().map(|column| column + width).collect()
    };
    let mut keys = Vec::new();
    // A row of the left side has at most one partner: its key tells pairs apart. Rows that have none are padded, and may be many.
    if right.iter().any(|key| within(key, right_key)) && !kind.pads_right() {
        keys.extend(left.iter().cloned());
    }
    if left.iter().any(|key| within(key, left_key)) && !kind.pads_left() {
        keys.extend(right.iter().map(shifted));
    }
    if keys.is_empty() && kind == JoinKind::Inner {
        let pairs = left.iter().flat_map(|a| right.iter().map(move |b| (a, b)));
        keys.extend(pairs.map(|(a, b)| a.union(&shifted(b)).copied().collect()));
    }
    keys
}

/// How the rows of a side lie in the state of a join by these columns.
pub(super) fn in_join(keys: &[BTreeSet<usize>], join_key: &[usize]) -> UniqueKey {
    let within = |key: &&BTreeSet<usize>| key.iter().all(|column| join_key.contains(column));
    if keys.iter().any(|key| within(&key)) {
        return UniqueKey::JoinKey;
    }
    let smallest = keys.iter().min_by_key(|key| key.len());
    smallest.map_or(UniqueKey::None, |key| {
        UniqueKey::Columns(key.iter().copied().collect())
    })
}
