//! Joins of rows whose times are near each other.

use hurtig_table::operators::join::{IntervalJoinSpec, JoinKind, JoinTime};
use hurtig_testing_rows::{HarnessOptions, RowHarness, SortedMaps};
use proptest::prelude::*;

use super::helpers::options;
use super::timed_helpers::*;

fn spec(kind: JoinKind, bounds: (i64, i64), condition: bool, event_time: bool) -> IntervalJoinSpec {
    IntervalJoinSpec {
        kind,
        left_key: key(),
        right_key: key(),
        left: schema(),
        right: schema(),
        time: if event_time {
            JoinTime::Event { left: 1, right: 1 }
        } else {
            JoinTime::Processing
        },
        lower_ms: bounds.0,
        upper_ms: bounds.1,
        lateness_ms: 0,
        condition: if condition {
            Some(Box::new(Alike))
        } else {
            None
        },
        null_equals_null: false,
        output: kind.schema(&schema(), &schema()),
    }
}

fn harness(make: impl Fn() -> IntervalJoinSpec + 'static) -> RowHarness {
    harness_on(false, make)
}

fn harness_on(stored: bool, make: impl Fn() -> IntervalJoinSpec + 'static) -> RowHarness {
    let output = make().output;
    let options = HarnessOptions {
        backend: stored.then(SortedMaps::shared),
        ..options(2, &key(), &output)
    };
    RowHarness::new(options, move |context| make().operator(context)).unwrap()
}

#[test]
fn bounds_are_included_and_rows_without_a_pair_are_padded_once_none_can_come() {
    let mut join = harness(|| spec(JoinKind::Full, (-10, 5), false, true));
    join.push(0, rows(&[at(1, 100, 1)])).unwrap();
    join.push(
        1,
        rows(&[at(1, 94, 1), at(1, 95, 2), at(1, 110, 3), at(1, 111, 4)]),
    )
    .unwrap();
    let pairs = [
        (Some(at(1, 100, 1)), Some(at(1, 95, 2))),
        (Some(at(1, 100, 1)), Some(at(1, 110, 3))),
    ];
    assert_eq!(taken(&mut join), expected("+I", &pairs));
    join.watermark(98).unwrap();
    assert!(taken(&mut join).is_empty());
    join.watermark(99).unwrap();
    assert_eq!(
        taken(&mut join),
        expected("+I", &[(None, Some(at(1, 94, 1)))])
    );
    // The left row can meet right rows up to 110, so it is there until then.
    join.watermark(109).unwrap();
    join.push(1, rows(&[at(1, 110, 5), at(2, 90, 6)])).unwrap();
    let late = [
        (Some(at(1, 100, 1)), Some(at(1, 110, 5))),
        (None, Some(at(2, 90, 6))),
    ];
    assert_eq!(taken(&mut join), expected("+I", &late));
    join.end().unwrap();
    assert_eq!(
        taken(&mut join),
        expected("+I", &[(None, Some(at(1, 111, 4)))])
    );
}

#[test]
fn by_processing_time_rows_meet_those_that_came_just_before() {
    let mut join = harness(|| spec(JoinKind::Left, (0, 10), false, false));
    join.push(1, rows(&[at(1, 0, 1)])).unwrap();
    join.set_time(10).unwrap();
    join.push(0, rows(&[at(1, 0, 2)])).unwrap();
    let pair = [(Some(at(1, 0, 2)), Some(at(1, 0, 1)))];
    assert_eq!(taken(&mut join), expected("+I", &pair));
    join.restart(3).unwrap();
    join.set_time(11).unwrap();
    join.push(0, rows(&[at(1, 0, 3)])).unwrap();
    assert!(taken(&mut join).is_empty());
    // One that comes in the same millisecond is met.
    join.push(1, rows(&[at(1, 0, 4)])).unwrap();
    let pair = [(Some(at(1, 0, 3)), Some(at(1, 0, 4)))];
    assert_eq!(taken(&mut join), expected("+I", &pair));
    join.push(0, rows(&[at(2, 0, 5)])).unwrap();
    join.set_time(12).unwrap();
    assert_eq!(
        taken(&mut join),
        expected("+I", &[(Some(at(2, 0, 5)), None)])
    );
}

#[test]
fn what_meets_very_many_rows_is_said_in_slices() {
    let mut join = harness(|| spec(JoinKind::Full, (-9000, 9000), true, true));
    let many: Vec<_> = (0..9000).map(|i| at(1, i, i)).collect();
    join.push(1, rows(&many)).unwrap();
    join.push(0, rows(&[at(1, 1, 0), at(1, 2, 1), at(1, 3, 2)]))
        .unwrap();
    assert_eq!(taken(&mut join).len(), 3 * 4500);
    join.end().unwrap();
    assert!(taken(&mut join).is_empty());
    join.restart(1).unwrap();
    let mut join = harness(|| spec(JoinKind::Full, (0, 0), true, true));
    join.push(1, rows(&many)).unwrap();
    join.end().unwrap();
    assert_eq!(taken(&mut join).len(), 9000);
}

#[derive(Clone, Debug)]
enum Step {
    Rows(usize, Vec<Timed>),
    Watermark(i64),
    Restart(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = prop_oneof![1 => Just(None), 6 => (0..3i64).prop_map(Some)];
    let row = (key, -6..14i64, 0..4i64).prop_map(|(key, time, number)| Timed { key, time, number });
    let rows = (0..2usize, prop::collection::vec(row, 1..6));
    let step = prop_oneof![
        6 => rows.prop_map(|(side, rows)| Step::Rows(side, rows)),
        3 => (1..9i64).prop_map(Step::Watermark),
        1 => (1..4u32).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..16)
}

/// A row in the model.
struct Kept {
    row: Timed,
    until: i64,
    met: bool,
}

/// The join, as lists.
struct Model {
    kind: JoinKind,
    bounds: (i64, i64),
    condition: bool,
    watermark: i64,
    sides: [Vec<Kept>; 2],
}

impl Model {
    fn is_pair(&self, left: &Timed, right: &Timed) -> bool {
        let apart = left.time - right.time;
        let near = self.bounds.0 <= apart && apart <= self.bounds.1;
        let equal = left.key.is_some() && left.key == right.key;
        near && equal && (!self.condition || alike(left.number, right.number))
    }

    const fn pads(&self, side: usize) -> bool {
        if side == 0 {
            self.kind.pads_left()
        } else {
            self.kind.pads_right()
        }
    }

    fn push(&mut self, side: usize, row: Timed, out: &mut Vec<Pair>) {
        let order = |near: Timed, far: Timed| if side == 0 { (near, far) } else { (far, near) };
        let mut met = false;
        let mut far = std::mem::take(&mut self.sides[1 - side]);
        for other in &mut far {
            let (left, right) = order(row, other.row);
            if self.is_pair(&left, &right) {
                out.push((Some(left), Some(right)));
                other.met = true;
                met = true;
            }
        }
        self.sides[1 - side] = far;
        let keep = if side == 0 {
            -self.bounds.0
        } else {
            self.bounds.1
        };
        let until = row.time + keep;
        if row.key.is_some() && until > self.watermark {
            self.sides[side].push(Kept { row, until, met });
        } else if !met {
            self.pad(side, row, out);
        }
    }

    fn pad(&self, side: usize, row: Timed, out: &mut Vec<Pair>) {
        if self.pads(side) {
            out.push(if side == 0 {
                (Some(row), None)
            } else {
                (None, Some(row))
            });
        }
    }

    fn advance(&mut self, watermark: i64, out: &mut Vec<Pair>) {
        self.watermark = watermark;
        for side in 0..2 {
            let is_over = |kept: &mut Kept| kept.until <= watermark;
            let over: Vec<Kept> = self.sides[side].extract_if(.., is_over).collect();
            for kept in over.iter().filter(|kept| !kept.met) {
                self.pad(side, kept.row, out);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_interval_join_says_what_lists_would(
        kind in prop::sample::select(vec![JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full]),
        bounds in (-6..4i64, 0..8i64).prop_map(|(lower, width)| (lower, lower + width)),
        condition: bool,
        stored: bool,
        steps in steps(),
    ) {
        let mut join = harness_on(stored, move || spec(kind, bounds, condition, true));
        let mut model = Model {
            kind, bounds, condition, watermark: i64::MIN / 2, sides: [Vec::new(), Vec::new()],
        };
        let (mut watermark, mut late) = (0, false);
        let (mut all, mut out) = ([Vec::new(), Vec::new()], Vec::new());
        for step in steps.into_iter().chain([Step::Watermark(1000)]) {
            let mut pairs = Vec::new();
            match step {
                Step::Rows(side, mut batch) => {
                    batch.iter_mut().for_each(|row| row.time += watermark);
                    join.push(side, rows(&batch)).unwrap();
                    for row in batch {
                        late |= row.time <= model.watermark;
                        all[side].push(row);
                        model.push(side, row, &mut pairs);
                    }
                }
                Step::Watermark(by) => {
                    watermark += by;
                    join.watermark(watermark).unwrap();
                    model.advance(watermark, &mut pairs);
                }
                Step::Restart(parallelism) => join.restart(parallelism).unwrap(),
            }
            prop_assert_eq!(taken(&mut join), expected("+I", &pairs));
            out.extend(pairs);
        }
        // If nothing came late, it is the join of everything with everything.
        if !late {
            let mut whole = Vec::new();
            for side in 0..2 {
                for row in &all[side] {
                    let pairs = all[1 - side].iter().filter(|far| {
                        if side == 0 { model.is_pair(row, far) } else { model.is_pair(far, row) }
                    });
                    let pairs: Vec<_> = pairs.map(|far| (Some(*row), Some(*far))).collect();
                    if pairs.is_empty() {
                        model.pad(side, *row, &mut whole);
                    } else if side == 0 {
                        whole.extend(pairs);
                    }
                }
            }
            prop_assert_eq!(expected("+I", &out), expected("+I", &whole));
        }
    }
}
