//! Accumulators as columns of results.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Int32Array, Int64Array, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::DataType;
use hurtig_types::{Error, Result};

use super::accumulator::{Acc, List, Multiset};
use super::numbers::{float_column, int_column, quotient, text_column, unordered, wide_column};
use super::plan::{Class, Kind, Plan};
use super::{Accumulators, Outlines};
use crate::{ArrowContext, RowBatch};

/// A row of one column that is null, as bytes.
const NULL_ROW: &[u8] = &[1];

impl Outlines {
    /// The results of all groups, a column for each call.
    ///
    /// # Errors
    /// As [`Accumulators::output`].
    pub fn output(&self, accumulators: &Accumulators) -> Result<Vec<ArrayRef>> {
        let plans = accumulators.plans.iter().enumerate();
        plans
            .map(|(call, plan)| {
                let column = self.column(call, plan);
                let name = plan.output.name();
                column.map_err(|error| error.context(format!("aggregate `{name}`")))
            })
            .collect()
    }

    fn column(&self, call: usize, plan: &Plan) -> Result<ArrayRef> {
        let cells = || self.of_call(call);
        let data_type = plan.output.data_type();
        match &plan.kind {
            Kind::Rows => Ok(Arc::new(Int64Array::from(self.rows.clone()))),
            Kind::Count => int_column(data_type, cells().map(count_of)),
            Kind::Sum { .. } => plan.sums(cells()),
            Kind::Avg => plan.means(cells()),
            Kind::Moment { is_sample, is_root } => {
                let result = |acc: &Acc| match acc {
                    Acc::Moments(moments) => moments.result(*is_sample, *is_root),
                    _ => None,
                };
                float_column(data_type, cells().map(result))
            }
            Kind::Extreme { .. } => plan.extremes(cells()),
            Kind::First | Kind::Last | Kind::Single => plan.kept(cells()),
            Kind::Concat { separator } => plan.texts(separator, cells()),
            Kind::Array => plan.arrays(cells()),
            Kind::Multiset => plan.multisets(cells()),
            Kind::User(function) => function
                .0
                .results(&cells().map(user_of).collect::<Vec<_>>()),
            Kind::Set(inner) => plan.of_different(inner, cells()),
        }
    }
}

fn count_of(acc: &Acc) -> Option<i64> {
    match acc {
        Acc::Count(count) => Some(*count),
        _ => Some(0),
    }
}

fn list_of(acc: &Acc) -> Option<&List> {
    match acc {
        Acc::List(list) => Some(list),
        _ => None,
    }
}

fn multiset_of(acc: &Acc) -> Option<&Multiset> {
    match acc {
        Acc::Multiset(bag) => Some(bag),
        _ => None,
    }
}

fn user_of(acc: &Acc) -> &[u8] {
    match acc {
        Acc::User(accumulator) => accumulator,
        _ => &[],
    }
}

/// Where the items of each group end.
fn offsets(lengths: impl Iterator<Item = usize>) -> OffsetBuffer<i32> {
    OffsetBuffer::from_lengths(lengths)
}

impl Plan {
    /// The scale of a decimal argument.
    fn scale(&self) -> i8 {
        match self.codec.fields().first().map(|field| field.data_type()) {
            Some(DataType::Decimal128(_, scale)) => *scale,
            _ => 0,
        }
    }

    /// By how many digits the mean of decimals is finer than they are.
    pub(super) fn digits_of_mean(&self) -> i32 {
        match self.output.data_type() {
            DataType::Decimal128(_, scale) => i32::from(*scale) - i32::from(self.scale()),
            _ => 0,
        }
    }

    fn sums<'a>(&self, cells: impl Iterator<Item = &'a Acc>) -> Result<ArrayRef> {
        let data_type = self.output.data_type();
        match self.class {
            Class::Wides => {
                let sum = |acc: &Acc| match acc {
                    Acc::WideSum { sum, count } => self.wide_result(sum.get(), *count),
                    _ => None,
                };
                wide_column(data_type, self.scale(), cells.map(sum))
            }
            Class::Floats => float_column(data_type, cells.map(|acc| self.float_of(acc))),
            _ => {
                let sum = |acc: &Acc| match acc {
                    Acc::Sum { sum, count } => self.int_result(*sum, *count),
                    _ => None,
                };
                int_column(data_type, cells.map(sum))
            }
        }
    }

    fn float_of(&self, acc: &Acc) -> Option<f64> {
        match acc {
            Acc::FloatSum { sum, count } => self.float_result(*sum, *count),
            _ => None,
        }
    }

    fn means<'a>(&self, cells: impl Iterator<Item = &'a Acc>) -> Result<ArrayRef> {
        let data_type = self.output.data_type();
        let whole = |acc: &Acc| match acc {
            Acc::Sum { sum, count } if *count > 0 => Some((*sum, *count)),
            _ => None,
        };
        match (self.class, data_type) {
            (Class::Wides, DataType::Decimal128(_, scale)) => {
                let mean = |acc: &Acc| match acc {
                    Acc::WideSum { sum, count } => self.wide_result(sum.get(), *count),
                    _ => None,
                };
                wide_column(data_type, *scale, cells.map(mean))
            }
            (Class::Wides, _) => {
                let unit = 10f64.powi(i32::from(self.scale()));
                let mean = |acc: &Acc| match acc {
                    Acc::WideSum { sum, count } if *count > 0 => {
                        Some(sum.get() as f64 / unit / *count as f64)
                    }
                    _ => None,
                };
                float_column(data_type, cells.map(mean))
            }
            (Class::Floats, _) => float_column(data_type, cells.map(|acc| self.float_of(acc))),
            (_, DataType::Decimal128(_, scale)) => {
                let digits = i32::from(*scale);
                let mean = |(sum, count): (i64, i64)| quotient(sum.into(), count.into(), digits);
                wide_column(
                    data_type,
                    *scale,
                    cells.map(|acc| whole(acc).and_then(mean)),
                )
            }
            (_, DataType::Float32 | DataType::Float64) => {
                let mean = |(sum, count)| sum as f64 / count as f64;
                float_column(data_type, cells.map(|acc| whole(acc).map(mean)))
            }
            _ => {
                let mean = |(sum, count)| sum / count;
                int_column(data_type, cells.map(|acc| whole(acc).map(mean)))
            }
        }
    }

    fn extremes<'a>(&self, cells: impl Iterator<Item = &'a Acc>) -> Result<ArrayRef> {
        let data_type = self.output.data_type();
        let int = |acc: &Acc| match acc {
            Acc::Extreme(best) => *best,
            _ => None,
        };
        match self.class {
            Class::Texts => {
                let text = |acc: &'a Acc| match acc {
                    Acc::BytesExtreme(best) => best.as_deref(),
                    _ => None,
                };
                text_column(data_type, cells.map(text))
            }
            Class::Wides => {
                let wide = |acc: &Acc| match acc {
                    Acc::WideExtreme(best) => best.map(|best| best.get()),
                    _ => None,
                };
                wide_column(data_type, self.scale(), cells.map(wide))
            }
            Class::OrderedFloats => {
                float_column(data_type, cells.map(|acc| int(acc).map(unordered)))
            }
            _ => int_column(data_type, cells.map(int)),
        }
    }

    /// The column of these values, in the argument's type.
    fn decode<'a>(&self, values: impl Iterator<Item = &'a [u8]>) -> Result<ArrayRef> {
        let mut columns = self.codec.decode(values)?;
        let column = columns.pop();
        column.ok_or_else(|| Error::bug("an aggregate without an argument"))
    }

    fn kept<'a>(&self, cells: impl Iterator<Item = &'a Acc>) -> Result<ArrayRef> {
        let mut values = Vec::new();
        for acc in cells {
            values.push(match acc {
                Acc::Kept(value) => value.as_deref().unwrap_or(NULL_ROW),
                Acc::Single { count, .. } if *count > 1 => {
                    let message = format!("a subquery that must have one row has {count}");
                    return Err(Error::function(message));
                }
                Acc::Single { value, .. } => value.as_deref().unwrap_or(NULL_ROW),
                _ => NULL_ROW,
            });
        }
        self.decode(values.into_iter())
    }

    fn texts<'a>(&self, separator: &str, cells: impl Iterator<Item = &'a Acc>) -> Result<ArrayRef> {
        let lists: Vec<&List> = cells.filter_map(list_of).collect();
        let values = lists.iter().flat_map(|list| &list.there);
        let texts = self.decode(values.map(|value| &**value))?;
        let text = |index: usize| match texts.data_type() {
            DataType::Utf8View => texts.as_string_view().value(index),
            _ => texts.as_string::<i32>().value(index),
        };
        let mut start = 0;
        let joined = lists.iter().map(|list| {
            let range = start..start + list.there.len();
            start = range.end;
            let texts: Vec<&str> = range.map(text).collect();
            (!texts.is_empty()).then(|| texts.join(separator))
        });
        if *self.output.data_type() == DataType::Utf8 {
            let mut builder = StringBuilder::new();
            joined.for_each(|text| builder.append_option(text));
            Ok(Arc::new(builder.finish()))
        } else {
            let mut builder = StringViewBuilder::new();
            joined.for_each(|text| builder.append_option(text));
            Ok(Arc::new(builder.finish()))
        }
    }

    fn arrays<'a>(&self, cells: impl Iterator<Item = &'a Acc>) -> Result<ArrayRef> {
        let DataType::List(item) = self.output.data_type() else {
            return Err(Error::bug("ARRAY_AGG that is declared as no array"));
        };
        let lists: Vec<&List> = cells.filter_map(list_of).collect();
        let values = lists.iter().flat_map(|list| &list.there);
        let values = self.decode(values.map(|value| &**value))?;
        let nulls: NullBuffer = lists.iter().map(|list| !list.there.is_empty()).collect();
        let offsets = offsets(lists.iter().map(|list| list.there.len()));
        let array = ListArray::try_new(Arc::clone(item), offsets, values, Some(nulls));
        Ok(Arc::new(array.during("making arrays")?))
    }

    fn multisets<'a>(&self, cells: impl Iterator<Item = &'a Acc>) -> Result<ArrayRef> {
        let DataType::Map(entries, is_sorted) = self.output.data_type() else {
            return Err(Error::bug("COLLECT that is declared as no multiset"));
        };
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(Error::bug("a map whose entries are no rows"));
        };
        let bags: Vec<&Multiset> = cells.filter_map(multiset_of).collect();
        let all = || {
            bags.iter()
                .flat_map(|bag| bag.iter())
                .filter(|it| *it.1 > 0)
        };
        let values = self.decode(all().map(|(value, _)| &**value))?;
        let counts: Int32Array = all().map(|(_, count)| Some(*count as i32)).collect();
        let columns = vec![values, Arc::new(counts)];
        let items = StructArray::try_new(fields.clone(), columns, None);
        let items = items.during("making multisets")?;
        let lengths = bags
            .iter()
            .map(|bag| bag.values().filter(|it| **it > 0).count());
        let array = MapArray::try_new(
            Arc::clone(entries),
            offsets(lengths),
            items,
            None,
            *is_sorted,
        );
        Ok(Arc::new(array.during("making multisets")?))
    }

    /// What `inner` makes of the different values of each group.
    fn of_different<'a>(
        &self,
        inner: &Accumulators,
        cells: impl Iterator<Item = &'a Acc>,
    ) -> Result<ArrayRef> {
        let bags: Vec<&Multiset> = cells.filter_map(multiset_of).collect();
        let there = |bag: &'a Multiset| bag.iter().filter(|it| *it.1 > 0).map(|it| &**it.0);
        let values = self.decode(bags.iter().flat_map(|bag| there(bag)))?;
        let batch = RowBatch::inserts(self.argument_batch(vec![values])?);
        let bound = inner.bind(&batch, &Vec::new())?;
        let mut outlines = Outlines::new(inner);
        let mut start = 0;
        for bag in bags {
            let end = start + there(bag).count() as u32;
            let mut acc = inner.create();
            bound.accumulate(&(start..end).collect::<Vec<_>>(), &mut acc)?;
            outlines.push(inner, &acc);
            start = end;
        }
        let column = outlines.output(inner)?.pop();
        column.ok_or_else(|| Error::bug("an aggregate without a result"))
    }
}
