//! Regular joins by hand.

use std::time::Duration;

use hurtig_table::operators::join::{JoinKind, JoinSpec, SideSpec, UniqueKey};
use hurtig_testing_rows::{RowHarness, Table};

use super::helpers::*;

fn harness(make: impl Fn() -> JoinSpec + 'static) -> RowHarness {
    let output = make().output;
    let options = options(1, &key(), &output);
    RowHarness::new(options, move |context| make().operator(context)).unwrap()
}

fn spec(kind: JoinKind, left: SideSpec, right: SideSpec) -> JoinSpec {
    JoinSpec::new(kind, (left, key()), (right, key()))
}

fn changing() -> SideSpec {
    SideSpec::new(schema())
}

#[test]
fn an_inner_join_of_inserts_says_inserts_in_the_order_of_its_rows() {
    let inserts = || changing().insert_only();
    let mut join = harness(move || spec(JoinKind::Inner, inserts(), inserts()));
    let left = [(Some(1), 10, "a"), (Some(2), 20, "b"), (None, 30, "c")];
    join.push(0, rows(&left.map(|row| ("+I", row)))).unwrap();
    assert!(said(&mut join).is_empty());
    let right = [
        (Some(2), 1, "x"),
        (Some(1), 2, "y"),
        (None, 3, "z"),
        (Some(2), 4, "w"),
    ];
    join.push(1, rows(&right.map(|row| ("+I", row)))).unwrap();
    let expected = [
        "+I[2, 20, b, 2, 1, x]",
        "+I[1, 10, a, 1, 2, y]",
        "+I[2, 20, b, 2, 4, w]",
    ];
    assert_eq!(said(&mut join), expected);
}

#[test]
fn the_padding_of_a_row_goes_before_its_first_match_comes_and_comes_back_after_its_last() {
    for condition in [false, true] {
        let mut join = harness(move || {
            let spec = spec(JoinKind::Left, changing(), changing());
            if condition {
                spec.on(Box::new(AtMost))
            } else {
                spec
            }
        });
        join.push(
            0,
            rows(&[("+I", (Some(1), 0, "a")), ("+I", (None, 0, "n"))]),
        )
        .unwrap();
        let padded = [
            "+I[1, 0, a, NULL, NULL, NULL]",
            "+I[NULL, 0, n, NULL, NULL, NULL]",
        ];
        assert_eq!(said(&mut join), padded);
        let x = (Some(1), 1, "x");
        join.push(1, rows(&[("+I", x), ("+I", x)])).unwrap();
        let pair = "[1, 0, a, 1, 1, x]";
        assert_eq!(
            said(&mut join),
            [
                "-D[1, 0, a, NULL, NULL, NULL]".into(),
                format!("+I{pair}"),
                format!("+I{pair}")
            ]
        );
        join.push(1, rows(&[("-D", x)])).unwrap();
        join.restart(3).unwrap();
        join.push(1, rows(&[("-D", x), ("-D", x)])).unwrap();
        assert_eq!(
            said(&mut join),
            [
                format!("-D{pair}"),
                format!("-D{pair}"),
                "+I[1, 0, a, NULL, NULL, NULL]".into()
            ]
        );
    }
}

#[test]
fn a_semi_join_says_a_row_when_it_has_a_match_and_an_anti_join_when_it_has_none() {
    for (kind, first, second) in [(JoinKind::Semi, "+I", "-D"), (JoinKind::Anti, "-D", "+I")] {
        let mut join = harness(move || spec(kind, changing(), changing()));
        join.push(0, rows(&[("+I", (Some(1), 0, "a"))])).unwrap();
        let expected = if kind == JoinKind::Anti {
            vec!["+I[1, 0, a]"]
        } else {
            vec![]
        };
        assert_eq!(said(&mut join), expected);
        let x = (Some(1), 1, "x");
        join.push(1, rows(&[("+I", x), ("+I", x), ("-D", x)]))
            .unwrap();
        assert_eq!(said(&mut join), [format!("{first}[1, 0, a]")]);
        join.push(1, rows(&[("-U", x)])).unwrap();
        assert_eq!(said(&mut join), [format!("{second}[1, 0, a]")]);
    }
}

#[test]
fn an_update_of_a_row_with_a_key_takes_back_what_the_old_one_had_brought() {
    let unique = || changing().unique_by(UniqueKey::JoinKey);
    let mut join = harness(move || spec(JoinKind::Inner, changing(), unique()));
    join.push(0, rows(&[("+I", (Some(1), 0, "a"))])).unwrap();
    join.push(
        1,
        rows(&[("+I", (Some(1), 1, "x")), ("+U", (Some(1), 2, "y"))]),
    )
    .unwrap();
    let expected = [
        "+I[1, 0, a, 1, 1, x]",
        "-U[1, 0, a, 1, 1, x]",
        "+U[1, 0, a, 1, 2, y]",
    ];
    assert_eq!(said(&mut join), expected);
    // What was replaced before is not taken back again, nor is what was never there.
    join.push(
        1,
        rows(&[("-U", (Some(1), 1, "x")), ("-D", (Some(2), 1, "x"))]),
    )
    .unwrap();
    assert!(said(&mut join).is_empty());
    // A deletion may know the key alone.
    join.push(1, rows(&[("-D", (Some(1), 0, ""))])).unwrap();
    assert_eq!(said(&mut join), ["-D[1, 0, a, 1, 2, y]"]);
}

#[test]
fn what_meets_very_many_rows_is_said_in_slices() {
    for kind in [JoinKind::Inner, JoinKind::Full] {
        for condition in [false, true] {
            let mut join = harness(move || {
                let spec = spec(kind, changing(), changing());
                if condition {
                    spec.on(Box::new(AtMost))
                } else {
                    spec
                }
            });
            let mut table = Table::new();
            let many: Vec<_> = (0..5000).map(|i| ("+I", (Some(1), i, "a"))).collect();
            join.push(1, rows(&many)).unwrap();
            apply(&mut join, &mut table);
            join.push(
                0,
                rows(&[("+I", (Some(1), 4, "l")), ("+I", (Some(1), 9, "l"))]),
            )
            .unwrap();
            apply(&mut join, &mut table);
            let pads = if kind == JoinKind::Full && condition {
                4
            } else {
                0
            };
            let pairs = if condition { 4996 + 4991 } else { 10_000 };
            assert_eq!(table.rows().len(), pairs + pads, "{kind:?} {condition}");
            join.push(
                0,
                rows(&[("-D", (Some(1), 4, "l")), ("-D", (Some(1), 9, "l"))]),
            )
            .unwrap();
            apply(&mut join, &mut table);
            let pads = if kind == JoinKind::Full { 5000 } else { 0 };
            assert_eq!(table.rows().len(), pads);
        }
    }
}

#[test]
fn a_row_that_was_not_written_for_so_long_is_not_met_any_more() {
    for insert_only in [true, false] {
        let mut join = harness(move || {
            let ttl = Duration::from_millis(100);
            let left = changing().ttl(ttl);
            let left = if insert_only {
                left.insert_only()
            } else {
                left
            };
            spec(JoinKind::Inner, left, changing())
        });
        join.push(0, rows(&[("+I", (Some(1), 0, "a"))])).unwrap();
        join.set_time(60).unwrap();
        join.push(0, rows(&[("+I", (Some(1), 1, "b"))])).unwrap();
        join.set_time(99).unwrap();
        join.push(1, rows(&[("+I", (Some(1), 0, "x"))])).unwrap();
        assert_eq!(
            said(&mut join),
            ["+I[1, 0, a, 1, 0, x]", "+I[1, 1, b, 1, 0, x]"]
        );
        join.restart(2).unwrap();
        join.set_time(100).unwrap();
        join.push(1, rows(&[("+I", (Some(1), 0, "y"))])).unwrap();
        assert_eq!(said(&mut join), ["+I[1, 1, b, 1, 0, y]"]);
        join.set_time(200).unwrap();
        join.push(1, rows(&[("+I", (Some(1), 0, "z"))])).unwrap();
        assert!(said(&mut join).is_empty());
    }
}

#[test]
fn a_row_whose_matches_have_expired_is_not_padded_again() {
    let mut join = harness(|| {
        let right = changing().ttl(Duration::from_millis(100));
        spec(JoinKind::Left, changing(), right)
    });
    join.push(0, rows(&[("+I", (Some(1), 0, "a"))])).unwrap();
    join.push(1, rows(&[("+I", (Some(1), 0, "x"))])).unwrap();
    said(&mut join);
    join.set_time(100).unwrap();
    // The row has met one: its padding is gone already.
    join.push(1, rows(&[("+I", (Some(1), 0, "y"))])).unwrap();
    assert_eq!(said(&mut join), ["+I[1, 0, a, 1, 0, y]"]);
    join.set_time(300).unwrap();
    // And does not come back to be taken away.
    join.push(0, rows(&[("-D", (Some(1), 0, "a"))])).unwrap();
    assert!(said(&mut join).is_empty());
}
