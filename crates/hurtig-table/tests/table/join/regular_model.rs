//! Regular joins of random changelogs are what joining the tables anew would give, after each batch.

use hurtig_table::KeyCodec;
use hurtig_table::operators::join::{JoinKind, JoinSpec, SideSpec, UniqueKey};
use hurtig_testing_rows::{HarnessOptions, Row, RowHarness, SortedMaps, Table};
use proptest::prelude::*;

use super::helpers::*;

/// What comes on a side.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    Inserts,
    /// Rows come and go, also several times.
    Bag,
    /// One row per key, which replaces the one before without a word.
    Upserts,
    /// One row per number.
    ByNumber,
    /// One row per whole row.
    ByAll,
}

#[derive(Clone, Debug)]
enum Step {
    Rows(usize, Vec<Change>),
    Restart(u32),
}

#[derive(Clone, Debug)]
struct Change {
    row: Cells,
    goes: bool,
    which: usize,
}

fn change() -> impl Strategy<Value = Change> {
    let text = prop::sample::select(vec!["a", "b", "a text that is longer than some"]);
    let key = prop_oneof![1 => Just(None), 6 => (0..3i64).prop_map(Some)];
    let row = (key, 0..5i64, text);
    (row, prop::bool::weighted(0.4), 0..8usize).prop_map(|(row, goes, which)| Change {
        row,
        goes,
        which,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = (0..2usize, prop::collection::vec(change(), 1..8));
    let step = prop_oneof![
        8 => rows.prop_map(|(side, changes)| Step::Rows(side, changes)),
        1 => (1..4u32).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..14)
}

fn kind() -> impl Strategy<Value = JoinKind> {
    use JoinKind::*;
    prop::sample::select(vec![Inner, Left, Right, Full, Semi, Anti])
}

fn style() -> impl Strategy<Value = Style> {
    use Style::*;
    prop::sample::select(vec![Inserts, Bag, Bag, Upserts, ByNumber, ByAll])
}

/// The changes of a side as its style has them; the table of the side follows.
fn changelog(
    style: Style,
    changes: &[Change],
    table: &mut Vec<Cells>,
) -> Vec<(&'static str, Cells)> {
    let mut log = Vec::new();
    for change in changes {
        let row = change.row;
        let which = match style {
            Style::Inserts => None,
            Style::Bag => (change.goes && !table.is_empty()).then(|| change.which % table.len()),
            Style::Upserts => table.iter().position(|it| it.0 == row.0),
            Style::ByNumber => table.iter().position(|it| it.1 == row.1),
            Style::ByAll => table.iter().position(|it| *it == row),
        };
        if style == Style::Upserts && row.0.is_none() {
            continue;
        }
        let old = which.map(|which| table.swap_remove(which));
        let replaces = !change.goes || change.which % 2 == 0 && style == Style::Bag;
        match old {
            Some(old) if !replaces => log.push(("-D", old)),
            Some(old) if style != Style::Upserts => log.extend([("-U", old), ("+U", row)]),
            Some(_) => log.push(("+U", row)),
            None => log.push(("+I", row)),
        }
        if old.is_none() || replaces {
            table.push(row);
        }
    }
    log
}

fn side(style: Style) -> SideSpec {
    let side = SideSpec::new(schema());
    match style {
        Style::Inserts => side.insert_only(),
        Style::Bag => side,
        Style::Upserts => side.unique_by(UniqueKey::JoinKey),
        Style::ByNumber => side.unique_by(UniqueKey::Columns(vec![1])),
        Style::ByAll => side.unique_by(UniqueKey::Columns(vec![2, 0, 1])),
    }
}

#[derive(Clone, Copy)]
struct Case {
    kind: JoinKind,
    styles: [Style; 2],
    condition: bool,
    null_equals_null: bool,
    is_wide: bool,
    ttl: bool,
    stored: bool,
}

impl Case {
    fn key(&self) -> KeyCodec {
        if self.is_wide { wide_key() } else { key() }
    }

    fn spec(&self) -> JoinSpec {
        let mut sides = self.styles.map(side);
        if self.ttl {
            // So long that nothing goes, but everything that has to do with it is done.
            sides = sides.map(|side| side.ttl(std::time::Duration::from_secs(1_000_000)));
        }
        let [left, right] = sides;
        let spec = JoinSpec::new(self.kind, (left, self.key()), (right, self.key()));
        let spec = JoinSpec {
            null_equals_null: self.null_equals_null,
            ..spec
        };
        if self.condition {
            spec.on(Box::new(AtMost))
        } else {
            spec
        }
    }

    fn is_pair(&self, left: &Cells, right: &Cells) -> bool {
        let is_null = left.0.is_none() && !self.null_equals_null;
        let equal = left.0 == right.0 && (!self.is_wide || left.2 == right.2);
        !is_null && equal && (!self.condition || at_most(left.1, right.1))
    }

    fn expected(&self, [left, right]: &[Vec<Cells>; 2]) -> Vec<Row> {
        let mut rows = Vec::new();
        let both = |left, right| [text_of_row(left), text_of_row(right)].concat();
        for l in left {
            let matches: Vec<_> = right.iter().filter(|r| self.is_pair(l, r)).collect();
            match self.kind {
                JoinKind::Semi if !matches.is_empty() => rows.push(text_of_row(Some(*l))),
                JoinKind::Anti if matches.is_empty() => rows.push(text_of_row(Some(*l))),
                JoinKind::Semi | JoinKind::Anti => {}
                kind => {
                    if matches.is_empty() && kind.pads_left() {
                        rows.push(both(Some(*l), None));
                    }
                    rows.extend(matches.iter().map(|r| both(Some(*l), Some(**r))));
                }
            }
        }
        if self.kind.pads_right() {
            let lonely = right
                .iter()
                .filter(|r| !left.iter().any(|l| self.is_pair(l, r)));
            rows.extend(lonely.map(|r| both(None, Some(*r))));
        }
        rows.sort();
        rows
    }

    fn check(&self, steps: &[Step]) {
        let output = self.spec().output;
        let case = *self;
        let options = HarnessOptions {
            backend: self.stored.then(SortedMaps::shared),
            ..options(2, &self.key(), &output)
        };
        let make = move |context: &_| case.spec().operator(context);
        let mut harness = RowHarness::new(options, make).unwrap();
        let (mut table, mut tables) = (Table::new(), [Vec::new(), Vec::new()]);
        for step in steps {
            match step {
                Step::Restart(parallelism) => harness.restart(*parallelism).unwrap(),
                Step::Rows(side, changes) => {
                    let log = changelog(self.styles[*side], changes, &mut tables[*side]);
                    harness.push(*side, rows(&log)).unwrap();
                }
            }
            apply(&mut harness, &mut table);
            assert_eq!(table.rows(), self.expected(&tables), "after {step:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_join_is_what_joining_anew_would_give(
        kind in kind(),
        styles in [style(), style()],
        (condition, null_equals_null, is_wide, ttl, stored) in any::<(bool, bool, bool, bool, bool)>(),
        steps in steps(),
    ) {
        // A key of the join key alone is one of the wide key too, but then rows with its other parts differ.
        let is_wide = is_wide && !styles.contains(&Style::Upserts);
        Case { kind, styles, condition, null_equals_null, is_wide, ttl, stored }.check(&steps);
    }
}
