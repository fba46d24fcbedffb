//! Accumulators and a batch: its columns are looked at once, then row by row is cheap.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray, StringViewArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use hurtig_types::{Error, Result, RowKind};

use super::accumulator::{Acc, AccRow, Moments, Ordered, change_bag};
use super::plan::{Class, Kind, Plan};
use super::{Accumulators, numbers};
use crate::{RowBatch, RowBytes};

/// For each view of different arguments and each row, in which slots its argument has come or gone: a bit each.
pub type Masks = Vec<Vec<u64>>;

/// Accumulators that are about to be fed with rows of one batch.
pub struct Bound<'a> {
    plans: &'a [Plan],
    columns: Vec<BoundColumn<'a>>,
    kinds: &'a [RowKind],
}

struct BoundColumn<'a> {
    /// The rows that count; none: all.
    chosen: Option<BooleanBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Nothing,
    Ints(Cow<'a, [i64]>),
    Wides(&'a [i128]),
    Floats(Cow<'a, [f64]>),
    Texts(Texts<'a>),
    Rows(Vec<RowBytes>),
    Column(&'a ArrayRef),
}

enum Texts<'a> {
    View(&'a StringViewArray),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
}

impl<'a> Texts<'a> {
    fn of(column: &'a ArrayRef) -> Result<Self> {
        Ok(match column.data_type() {
            DataType::Utf8View => Self::View(column.as_string_view()),
            DataType::Utf8 => Self::Text(column.as_string()),
            DataType::Binary => Self::Binary(column.as_binary()),
            other => return Err(Error::bug(format!("a text of type {other}"))),
        })
    }

    #[inline(always)]
    fn get(&self, row: usize) -> &'a [u8] {
        match self {
            Self::View(texts) => texts.value(row).as_bytes(),
            Self::Text(texts) => texts.value(row).as_bytes(),
            Self::Binary(values) => values.value(row),
        }
    }
}

/// Whether rows come or go.
#[derive(Clone, Copy)]
enum Signs<'a> {
    All(i64),
    Of(&'a [RowKind]),
}

impl Signs<'_> {
    #[inline(always)]
    fn of(self, row: usize) -> i64 {
        match self {
            Self::All(sign) => sign,
            Self::Of(kinds) => kinds.get(row).map_or(1, |kind| kind.sign()),
        }
    }
}

impl Accumulators {
    /// Looks at the columns of a batch. `masks` are those that the views of different arguments made of it; none where there are no views.
    ///
    /// # Errors
    /// When the columns are others than those that the accumulators were made for, which is a bug.
    pub fn bind<'a>(&'a self, batch: &'a RowBatch, masks: &Masks) -> Result<Bound<'a>> {
        let plans = self.plans.iter();
        let columns = plans.map(|plan| BoundColumn::new(plan, &batch.columns, masks));
        Ok(Bound {
            plans: &self.plans,
            columns: columns.collect::<Result<_>>()?,
            kinds: &batch.kinds,
        })
    }
}

impl<'a> BoundColumn<'a> {
    fn new(plan: &Plan, batch: &'a RecordBatch, masks: &Masks) -> Result<Self> {
        let column = match plan.argument {
            Some(index) => Some(column_at(batch, index)?),
            None => None,
        };
        let mut chosen = match plan.filter {
            Some(index) => Some(is_true(column_at(batch, index)?)?),
            None => None,
        };
        let nulls = column.and_then(|column| column.nulls());
        if let Some(nulls) = nulls.filter(|it| it.null_count() > 0 && !plan.counts_nulls) {
            narrow(&mut chosen, nulls.inner().clone());
        }
        if let Some((view, slot)) = plan.seen {
            let mask = masks.get(view).map_or(&[][..], Vec::as_slice);
            let is_seen = |row: usize| mask.get(row).is_some_and(|bits| bits >> slot & 1 == 1);
            narrow(
                &mut chosen,
                BooleanBuffer::collect_bool(batch.num_rows(), is_seen),
            );
        }
        let values = match column {
            Some(column) => Values::new(plan, column)?,
            None => Values::Nothing,
        };
        Ok(Self { chosen, values })
    }

    /// Calls `step` with each of these rows that counts, and whether it comes or goes.
    #[inline(always)]
    fn each(&self, rows: &[u32], signs: Signs<'_>, mut step: impl FnMut(usize, i64)) {
        match (&self.chosen, signs) {
            (None, Signs::All(sign)) => rows.iter().for_each(|row| step(*row as usize, sign)),
            (None, signs) => {
                for row in rows {
                    step(*row as usize, signs.of(*row as usize));
                }
            }
            (Some(chosen), signs) => {
                for row in rows {
                    let row = *row as usize;
                    if chosen.value(row) {
                        step(row, signs.of(row));
                    }
                }
            }
        }
    }
}

fn column_at(batch: &RecordBatch, index: usize) -> Result<&ArrayRef> {
    let column = batch.columns().get(index);
    column.ok_or_else(|| Error::bug("a column of an aggregate that is not there"))
}

/// Where a boolean column is true.
pub(super) fn is_true(column: &ArrayRef) -> Result<BooleanBuffer> {
    let column = column.as_boolean_opt();
    let column = column.ok_or_else(|| Error::bug("a filter that is no boolean"))?;
    Ok(match column.nulls() {
        Some(nulls) => column.values() & nulls.inner(),
        None => column.values().clone(),
    })
}

fn narrow(chosen: &mut Option<BooleanBuffer>, by: BooleanBuffer) {
    *chosen = Some(match chosen.take() {
        Some(chosen) => &chosen & &by,
        None => by,
    });
}

impl<'a> Values<'a> {
    fn new(plan: &Plan, column: &'a ArrayRef) -> Result<Self> {
        Ok(match plan.class {
            Class::Nothing => Self::Nothing,
            Class::Ints => Self::Ints(numbers::ints(column)?),
            Class::Wides => Self::Wides(numbers::wides(column)?),
            Class::Floats => Self::Floats(numbers::floats(column)?),
            Class::OrderedFloats => {
                let floats = numbers::floats(column)?;
                Self::Ints(Cow::Owned(
                    floats.iter().map(|it| numbers::ordered(*it)).collect(),
                ))
            }
            Class::Texts => Self::Texts(Texts::of(column)?),
            Class::Column => Self::Column(column),
            Class::Rows => Self::Rows(plan.codec.encode(std::slice::from_ref(column))?),
        })
    }
}

#[inline(always)]
fn at<V: Copy + Default>(values: &[V], row: usize) -> V {
    values.get(row).copied().unwrap_or_default()
}

#[inline(always)]
fn row_at(values: &[RowBytes], row: usize) -> &[u8] {
    values.get(row).map_or(&[], RowBytes::as_slice)
}

impl Bound<'_> {
    /// These rows of the batch, in order, come to a group, or go from it, as their kinds say.
    ///
    /// # Errors
    /// When an accumulator is none of these, which is a bug.
    pub fn accumulate(&self, rows: &[u32], acc: &mut AccRow) -> Result<()> {
        if self.kinds.is_empty() {
            self.change(rows, Signs::All(1), acc)
        } else {
            self.change(rows, Signs::Of(self.kinds), acc)
        }
    }

    /// A row comes to a group, whatever its kind.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn add(&self, row: u32, acc: &mut AccRow) -> Result<()> {
        self.change(&[row], Signs::All(1), acc)
    }

    /// A row goes from a group, whatever its kind.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub fn retract(&self, row: u32, acc: &mut AccRow) -> Result<()> {
        self.change(&[row], Signs::All(-1), acc)
    }

    fn change(&self, rows: &[u32], signs: Signs<'_>, acc: &mut AccRow) -> Result<()> {
        acc.rows += match signs {
            Signs::All(sign) => sign * rows.len() as i64,
            signs => rows.iter().map(|row| signs.of(*row as usize)).sum(),
        };
        let cells = self.plans.iter().zip(&self.columns).zip(&mut acc.cells);
        for ((plan, column), cell) in cells {
            column.change(plan, rows, signs, cell)?;
        }
        Ok(())
    }
}

impl BoundColumn<'_> {
    fn change(&self, plan: &Plan, rows: &[u32], signs: Signs<'_>, cell: &mut Acc) -> Result<()> {
        match (cell, &self.values) {
            (Acc::Rows, _) => {}
            (Acc::Count(count), _) => self.each(rows, signs, |_, sign| *count += sign),
            (Acc::Sum { sum, count }, Values::Ints(values)) => {
                self.each(rows, signs, |row, sign| {
                    *sum = sum.wrapping_add(at(values, row).wrapping_mul(sign));
                    *count += sign;
                })
            }
            (Acc::WideSum { sum, count }, Values::Wides(values)) => {
                let mut all = sum.get();
                self.each(rows, signs, |row, sign| {
                    all = all.wrapping_add(at(values, row).wrapping_mul(i128::from(sign)));
                    *count += sign;
                });
                *sum = all.into();
            }
            (Acc::FloatSum { sum, count }, Values::Floats(values)) => {
                self.sum_floats(plan, rows, signs, (sum, count), values);
            }
            (Acc::Moments(moments), Values::Floats(values)) => {
                let moments: &mut Moments = moments;
                self.each(rows, signs, |row, sign| {
                    moments.change(at(values, row), sign)
                });
            }
            (Acc::Ordered(bag), values) => self.change_ordered(rows, signs, bag, values)?,
            (Acc::List(list), Values::Rows(values)) => self.each(rows, signs, |row, sign| {
                let value = row_at(values, row);
                if sign > 0 {
                    list.add(value);
                } else {
                    list.remove(value);
                }
            }),
            (Acc::Multiset(bag), Values::Rows(values)) => self.each(rows, signs, |row, sign| {
                change_bag(bag, row_at(values, row).into(), sign);
            }),
            (Acc::User(accumulator), Values::Column(column)) => {
                let Kind::User(function) = &plan.kind else {
                    return Err(Error::bug("an accumulator of another kind than its call"));
                };
                let mut changes = Vec::with_capacity(rows.len());
                self.each(rows, signs, |row, sign| changes.push((row, sign)));
                function.0.change(accumulator, column, &changes)?;
            }
            (cell, values) => return self.keep(plan, rows, signs, cell, values),
        }
        Ok(())
    }

    /// The accumulators that keep one value of all.
    fn keep(
        &self,
        plan: &Plan,
        rows: &[u32],
        signs: Signs<'_>,
        cell: &mut Acc,
        values: &Values<'_>,
    ) -> Result<()> {
        match (cell, values) {
            (Acc::Extreme(best), Values::Ints(values)) => {
                self.find_extreme(plan, rows, best, |row| at(values, row));
            }
            (Acc::WideExtreme(best), Values::Wides(values)) => {
                self.find_extreme(plan, rows, best, |row| at(values, row).into());
            }
            (Acc::BytesExtreme(best), Values::Texts(texts)) => {
                let mut found: Option<&[u8]> = best.as_deref();
                let mut is_new = false;
                self.each(rows, signs, |row, _| {
                    let value = texts.get(row);
                    if found.is_none_or(|best| plan.is_better(value, best)) {
                        (found, is_new) = (Some(value), true);
                    }
                });
                if is_new {
                    *best = found.map(Into::into);
                }
            }
            (Acc::Kept(kept), Values::Rows(values)) => {
                let is_last = matches!(plan.kind, Kind::Last);
                let mut found = None;
                self.each(rows, signs, |row, _| {
                    if is_last || found.is_none() {
                        found = Some(row);
                    }
                });
                if let Some(row) = found.filter(|_| is_last || kept.is_none()) {
                    *kept = Some(row_at(values, row).into());
                }
            }
            (Acc::Single { value, count }, Values::Rows(values)) => {
                self.each(rows, signs, |row, sign| {
                    *count += sign;
                    *value = (*count > 0).then(|| row_at(values, row).into());
                });
            }
            _ => return Err(Error::bug("an accumulator of another kind than its call")),
        }
        Ok(())
    }

    #[inline(always)]
    fn find_extreme<V: Ord + Copy>(
        &self,
        plan: &Plan,
        rows: &[u32],
        best: &mut Option<V>,
        value_of: impl Fn(usize) -> V,
    ) {
        let mut found = *best;
        self.each(rows, Signs::All(1), |row, _| {
            let value = value_of(row);
            if found.is_none_or(|best| plan.is_better(&value, &best)) {
                found = Some(value);
            }
        });
        *best = found;
    }

    /// FLOAT is added up as FLOAT, as in Flink.
    fn sum_floats(
        &self,
        plan: &Plan,
        rows: &[u32],
        signs: Signs<'_>,
        (sum, count): (&mut f64, &mut i64),
        values: &[f64],
    ) {
        let is_single = matches!(
            plan.kind,
            Kind::Sum {
                is_single: true,
                ..
            }
        );
        self.each(rows, signs, |row, sign| {
            *sum += at(values, row) * sign as f64;
            if is_single {
                *sum = f64::from(*sum as f32);
            }
            *count += sign;
        });
    }

    fn change_ordered(
        &self,
        rows: &[u32],
        signs: Signs<'_>,
        bag: &mut Ordered,
        values: &Values<'_>,
    ) -> Result<()> {
        match (bag, values) {
            (Ordered::Ints(bag), Values::Ints(values)) => self.each(rows, signs, |row, sign| {
                change_bag(bag, at(values, row), sign);
            }),
            (Ordered::Wides(bag), Values::Wides(values)) => self.each(rows, signs, |row, sign| {
                change_bag(bag, at(values, row).into(), sign);
            }),
            (Ordered::Texts(bag), Values::Texts(texts)) => self.each(rows, signs, |row, sign| {
                change_bag(bag, texts.get(row).into(), sign);
            }),
            _ => return Err(Error::bug("an accumulator of another kind than its call")),
        }
        Ok(())
    }
}
