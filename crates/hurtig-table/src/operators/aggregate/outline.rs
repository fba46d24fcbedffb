//! What the results of groups are made of, group after group: accumulators without what only later changes need.

use super::Accumulators;
use super::accumulator::{Acc, AccRow};
use super::numbers::{quotient, wrapped};
use super::plan::{Kind, Plan};

/// Accumulators of many groups, reduced to what their results need. Kept and filled again batch by batch.
#[derive(Debug, Default)]
pub struct Outlines {
    pub(super) stride: usize,
    pub(super) rows: Vec<i64>,
    pub(super) cells: Vec<Acc>,
}

impl Outlines {
    /// None yet.
    pub fn new(accumulators: &Accumulators) -> Self {
        Self {
            stride: accumulators.len(),
            ..Self::default()
        }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets them, and keeps the room.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.cells.clear();
    }

    /// Adds a group as it is now.
    pub fn push(&mut self, accumulators: &Accumulators, row: &AccRow) {
        self.rows.push(row.rows);
        let cells = accumulators.plans.iter().zip(&row.cells);
        self.cells
            .extend(cells.map(|(plan, cell)| plan.outline(cell)));
    }

    /// Takes the last group off.
    pub fn pop(&mut self) {
        self.rows.pop();
        self.cells.truncate(self.rows.len() * self.stride);
    }

    /// Takes the last group but one out.
    pub(super) fn pop_before(&mut self) {
        let len = self.rows.len();
        if len >= 2 {
            self.rows.remove(len - 2);
            let start = (len - 2) * self.stride;
            self.cells.drain(start..start + self.stride);
        }
    }

    /// Whether the results of the last group but one and the last are the same.
    pub fn last_two_are_same(&self, accumulators: &Accumulators) -> bool {
        let Some(start) = self.rows.len().checked_sub(2) else {
            return false;
        };
        let cells = self.cells.get(start * self.stride..).unwrap_or_default();
        let (before, after) = cells.split_at(self.stride.min(cells.len()));
        let rows = self.rows.get(start..).unwrap_or_default();
        let rows_differ = rows.first() != rows.last();
        let cells = before.iter().zip(after);
        accumulators
            .plans
            .iter()
            .zip(cells)
            .all(|(plan, (before, after))| match plan.kind {
                Kind::Rows => !rows_differ,
                _ => plan.same(before, after),
            })
    }

    /// The accumulators of a call, group by group.
    pub(super) fn of_call(&self, call: usize) -> impl Iterator<Item = &Acc> {
        self.cells.iter().skip(call).step_by(self.stride.max(1))
    }
}

impl Plan {
    fn outline(&self, acc: &Acc) -> Acc {
        match (acc, &self.kind) {
            (Acc::Ordered(bag), Kind::Extreme { is_max }) => bag.extreme(*is_max),
            (Acc::List(list), Kind::First) => Acc::Kept(list.there.first().cloned()),
            (Acc::List(list), Kind::Last) => Acc::Kept(list.there.last().cloned()),
            _ => acc.clone(),
        }
    }

    /// Whether two accumulators have one result.
    fn same(&self, one: &Acc, other: &Acc) -> bool {
        match (one, other) {
            (Acc::Sum { sum: a, count: m }, Acc::Sum { sum: b, count: n }) => {
                let is_mean = matches!(self.kind, Kind::Avg);
                if is_mean && !self.output.data_type().is_integer() {
                    let [a, b, m, n] = [*a, *b, *m, *n].map(i128::from);
                    return (m > 0) == (n > 0) && a * n == b * m;
                }
                self.int_result(*a, *m) == self.int_result(*b, *n)
            }
            (Acc::WideSum { sum: a, count: m }, Acc::WideSum { sum: b, count: n }) => {
                self.wide_result(a.get(), *m) == self.wide_result(b.get(), *n)
            }
            (Acc::FloatSum { sum: a, count: m }, Acc::FloatSum { sum: b, count: n }) => {
                let (a, b) = (self.float_result(*a, *m), self.float_result(*b, *n));
                a.map(f64::to_bits) == b.map(f64::to_bits)
            }
            (Acc::Moments(a), Acc::Moments(b)) => {
                let Kind::Moment { is_sample, is_root } = self.kind else {
                    return a == b;
                };
                a.result(is_sample, is_root) == b.result(is_sample, is_root)
            }
            _ => one == other,
        }
    }

    /// The result of a sum of whole numbers, where that is a whole number.
    pub(super) fn int_result(&self, sum: i64, count: i64) -> Option<i64> {
        let is_zero = matches!(self.kind, Kind::Sum { is_zero: true, .. });
        match self.kind {
            _ if count <= 0 => is_zero.then_some(0),
            Kind::Avg => Some(sum / count),
            _ => Some(wrapped(sum, self.output.data_type())),
        }
    }

    /// The unscaled result of a sum of decimals, in the scale of the argument for a sum, of the result for a mean.
    pub(super) fn wide_result(&self, sum: i128, count: i64) -> Option<i128> {
        match self.kind {
            Kind::Sum { is_zero, .. } if count <= 0 => is_zero.then_some(0),
            _ if count <= 0 => None,
            Kind::Avg => quotient(sum, count.into(), self.digits_of_mean()),
            _ => Some(sum),
        }
    }

    /// The result of a sum of floating-point numbers.
    pub(super) fn float_result(&self, sum: f64, count: i64) -> Option<f64> {
        match self.kind {
            Kind::Sum { is_zero, .. } if count <= 0 => is_zero.then_some(0.0),
            _ if count <= 0 => None,
            Kind::Avg => Some(sum / count as f64),
            _ => Some(sum),
        }
    }
}
