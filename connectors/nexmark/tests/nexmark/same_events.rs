//! An event depends on its number alone.

use crate::common::{Run, all, auction, bid, person, rows, scan};

const ONCE: Run = Run {
    seed: 1,
    parallelism: 1,
    fails: false,
};

const EVENTS: (&str, &str) = ("events.num", "30000");

#[test]
fn subtasks_failures_and_seeds_change_nothing() {
    // In real time, so that there are checkpoints on the way.
    let options = [
        ("nexmark.table", "bid"),
        EVENTS,
        ("rate.limited", "true"),
        ("first-event.rate", "100000"),
        ("next-event.rate", "100000"),
    ];
    let bids = scan(bid(), &options).unwrap();
    let expected = rows(&bids, &[0, 1, 2, 5], ONCE);
    assert_eq!(expected.len(), 27_600);
    for seed in 2..5 {
        for parallelism in [1, 3] {
            for fails in [false, true] {
                let run = Run {
                    seed,
                    parallelism,
                    fails,
                };
                assert!(
                    rows(&bids, &[0, 1, 2, 5], run) == expected,
                    "seed {seed}, {parallelism} subtasks"
                );
            }
        }
    }
}

#[test]
fn a_table_of_one_kind_has_the_rows_of_the_table_of_all() {
    let whole = scan(all(), &[EVENTS]).unwrap();
    for (kind, name, fields) in [
        (0, "person", person()),
        (1, "auction", auction()),
        (2, "bid", bid()),
    ] {
        let columns: Vec<_> = (0..fields.len()).collect();
        let alone = scan(fields, &[("nexmark.table", name), EVENTS]).unwrap();
        let alone = rows(&alone, &columns, ONCE);
        let of_all = rows(&whole, &[0, kind + 1], ONCE);
        let of_all = of_all
            .iter()
            .filter(|row| row.starts_with(&format!("+I[{kind}, ")));
        assert_eq!(of_all.clone().count(), alone.len(), "{name}");
        // Both texts name the same cells in the same order.
        let cells = |row: &String| row.matches(|c: char| c.is_ascii_digit()).count();
        let (alone, of_all) = (
            alone.iter().map(cells).sum::<usize>(),
            of_all.map(cells).sum::<usize>(),
        );
        let types = rows(&whole, &[0], ONCE)
            .iter()
            .filter(|row| **row == format!("+I[{kind}]"))
            .count();
        assert_eq!(alone, of_all - types, "{name}");
    }
}

#[test]
fn full_rows_differ_in_cost_alone() {
    let options = [("nexmark.table", "auction"), EVENTS];
    let lean = scan(auction(), &options).unwrap();
    let full = scan(
        auction(),
        &[&options[..], &[("full-rows", "true")]].concat(),
    )
    .unwrap();
    assert_eq!(rows(&lean, &[8, 0], ONCE), rows(&full, &[8, 0], ONCE));
    assert_eq!(
        rows(&lean, &[], ONCE).len(),
        1800,
        "rows without columns are rows"
    );
}

#[test]
fn events_out_of_order_are_the_same_events() {
    let order = [
        ("nexmark.table", "bid"),
        ("events.num", "10007"),
        ("out-of-order-group-size", "12"),
    ];
    let mixed = scan(bid(), &order).unwrap();
    let plain = scan(bid(), &order[..2]).unwrap();
    assert!(rows(&mixed, &[0, 1, 2, 5], ONCE) == rows(&plain, &[0, 1, 2, 5], ONCE));
}
