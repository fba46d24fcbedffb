//! Filters spare reads.

use super::{Scratch, column, get, key, put, wanted};

#[test]
fn looking_for_what_is_not_there_is_spared_by_the_filters() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    let of = |number: u32| key((number % 32) as u16, number.to_be_bytes());
    for number in 0..2000_u32 {
        put(&mut *store, sums, &of(number * 2), b"value");
    }
    wanted(&mut *store).files().unwrap();
    let before = scratch.backend.metrics();
    let absent: Vec<_> = (0..2000).map(|number| of(number * 2 + 1)).collect();
    assert!(get(&*store, sums, &absent).iter().all(Option::is_none));
    let after = scratch.backend.metrics();
    let useful = after.bloom_filter_useful - before.bloom_filter_useful;
    assert!(useful > 1900, "{useful} of 2000");
    let there: Vec<_> = (0..2000).map(|number| of(number * 2)).collect();
    assert!(get(&*store, sums, &there).iter().all(Option::is_some));
    let positive = scratch.backend.metrics().bloom_filter_positive - after.bloom_filter_positive;
    assert!(positive >= 2000, "{positive}");
}
