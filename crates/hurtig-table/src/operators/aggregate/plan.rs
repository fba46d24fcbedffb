//! Which accumulator each call has: decided once, by its function and the type of its argument.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use hurtig_types::{Error, Result};

use super::accumulator::{Acc, AccRow, List, Moments, Ordered, Wide, merge_bags};
use super::{AggregateCall, AggregateFunction, Outlines, UserFunction};
use crate::RowCodec;

/// Where the different arguments of `DISTINCT` calls are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistinctIn {
    /// In tables of their own ([`DistinctViews`](super::DistinctViews)): a group may have many.
    Tables,
    /// In the accumulator, which can be merged with others.
    Accumulator,
}

/// How the argument of a call is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Nothing,
    Ints,
    Wides,
    Floats,
    /// Floats as numbers in the same order.
    OrderedFloats,
    Texts,
    /// Any value, as a row of one column.
    Rows,
    /// The column as it is.
    Column,
}

/// What is made of the values.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Rows,
    Count,
    Sum {
        is_zero: bool,
        is_single: bool,
    },
    Avg,
    Extreme {
        is_max: bool,
    },
    First,
    Last,
    Concat {
        separator: String,
    },
    Array,
    Moment {
        is_sample: bool,
        is_root: bool,
    },
    Multiset,
    Single,
    User(UserFunction),
    /// What this makes of the different values.
    Set(Arc<Accumulators>),
}

/// The tables of different arguments: one for each column of which there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ViewPlan {
    pub(super) argument: usize,
    /// Whether values are numbers that never go.
    pub(super) is_blocks: bool,
    /// For each slot the column that filters it. Calls with the same filter share one.
    pub(super) filters: Vec<Option<usize>>,
}

/// The most filters that a view has: a bit each.
const FILTERS_MAX: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) class: Class,
    pub(super) argument: Option<usize>,
    /// Whether rows without an argument count too.
    pub(super) counts_nulls: bool,
    pub(super) filter: Option<usize>,
    /// Of a call that counts different arguments once: its view, and its slot there.
    pub(super) seen: Option<(usize, usize)>,
    pub(super) codec: RowCodec,
    pub(super) output: FieldRef,
    empty: Acc,
}

/// The accumulators of a list of calls: made, fed, merged, and read.
///
/// The law: whatever the order in which rows of one kind come and accumulators are merged, results differ in the functions alone that
/// depend on the order (FIRST_VALUE, LAST_VALUE, LISTAGG, ARRAY_AGG) and in the last digits of floating-point sums; and a row that went
/// leaves no trace, if `retracts` was said.
#[derive(Clone, Debug)]
pub struct Accumulators {
    pub(super) plans: Vec<Plan>,
    views: Vec<ViewPlan>,
    empty: AccRow,
}

impl Accumulators {
    /// Accumulators of these calls over rows with these columns, which may be taken back if it `retracts`.
    ///
    /// # Errors
    /// When a function does not take its argument, in words for the user.
    pub fn new(
        calls: &[AggregateCall],
        fields: &Fields,
        retracts: bool,
        distinct: DistinctIn,
    ) -> Result<Self> {
        let mut views = Vec::new();
        let mut plans = Vec::with_capacity(calls.len());
        for call in calls {
            let plan = Plan::new(call, fields, retracts, distinct, &mut views);
            let named = |error: Error| error.context(format!("aggregate `{}`", call.output.name()));
            plans.push(plan.map_err(named)?);
        }
        let cells = plans.iter().map(|plan| plan.empty.clone()).collect();
        Ok(Self {
            plans,
            views,
            empty: AccRow { rows: 0, cells },
        })
    }

    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.plans.len()
    }

    /// Whether there are none: groups are told apart, and nothing else.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    pub(super) fn views(&self) -> &[ViewPlan] {
        &self.views
    }

    /// Accumulators that have seen no row.
    pub fn create(&self) -> AccRow {
        self.empty.clone()
    }

    /// Adds what `later` has seen.
    pub fn merge(&self, into: &mut AccRow, later: &AccRow) {
        into.rows += later.rows;
        let cells = into.cells.iter_mut().zip(&later.cells);
        for (plan, (into, later)) in self.plans.iter().zip(cells) {
            plan.merge(into, later);
        }
    }

    /// The results of these groups, a column for each call.
    ///
    /// # Errors
    /// When a result cannot be had: a subquery that must have one row has more; or its declared type is impossible.
    pub fn output<'a>(&self, rows: impl IntoIterator<Item = &'a AccRow>) -> Result<Vec<ArrayRef>> {
        let mut outlines = Outlines::new(self);
        rows.into_iter().for_each(|row| outlines.push(self, row));
        outlines.output(self)
    }

    /// Whether the results of two groups are the same.
    pub fn same_results(&self, one: &AccRow, other: &AccRow) -> bool {
        let mut outlines = Outlines::new(self);
        outlines.push(self, one);
        outlines.push(self, other);
        outlines.last_two_are_same(self)
    }

    /// The columns of results.
    pub fn fields(&self) -> impl Iterator<Item = &FieldRef> {
        self.plans.iter().map(|plan| &plan.output)
    }
}

impl Plan {
    fn new(
        call: &AggregateCall,
        fields: &Fields,
        retracts: bool,
        distinct: DistinctIn,
        views: &mut Vec<ViewPlan>,
    ) -> Result<Self> {
        let argument = call.argument.map(|index| fields.get(index));
        let argument = match argument {
            Some(None) => return Err(Error::bug("an argument that is no column")),
            Some(Some(field)) => Some(field.data_type()),
            None => None,
        };
        let (kind, class) = kind_of(call, argument)?;
        if let Kind::User(function) = &kind
            && retracts
            && !function.0.retracts()
        {
            return Err(Error::unsupported(format!(
                "{function:?} of rows that are updated or deleted: it has no retract"
            )));
        }
        let is_distinct = call.distinct && !matches!(kind, Kind::Rows | Kind::Extreme { .. });
        if let (true, Some(index), DistinctIn::Accumulator) = (is_distinct, call.argument, distinct)
        {
            return Self::of_set(call, fields, index);
        }
        let seen = match call.argument {
            Some(index) if is_distinct => Some(view_of(views, call, index, argument, retracts)),
            _ => None,
        };
        Ok(Self {
            empty: empty_of(&kind, class, retracts),
            counts_nulls: matches!(kind, Kind::Array | Kind::Single | Kind::User(_)),
            kind,
            class,
            argument: call.argument,
            filter: call.filter,
            seen,
            codec: RowCodec::of_columns(fields, call.argument.as_slice())?,
            output: FieldRef::clone(&call.output),
        })
    }

    /// All different values are kept, and aggregated when the result is asked for.
    fn of_set(call: &AggregateCall, fields: &Fields, index: usize) -> Result<Self> {
        let codec = RowCodec::of_columns(fields, &[index])?;
        let inner = AggregateCall {
            argument: Some(0),
            filter: None,
            distinct: false,
            ..call.clone()
        };
        let inner = Accumulators::new(&[inner], codec.fields(), false, DistinctIn::Tables)?;
        Ok(Self {
            kind: Kind::Set(Arc::new(inner)),
            class: Class::Rows,
            argument: call.argument,
            counts_nulls: false,
            filter: call.filter,
            seen: None,
            codec,
            output: FieldRef::clone(&call.output),
            empty: Acc::Multiset(Box::default()),
        })
    }

    /// A batch of the argument alone.
    pub(super) fn argument_batch(&self, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
        use crate::ArrowContext;
        let fields = self.codec.fields().iter();
        let fields = fields.map(|field| Field::clone(field).with_nullable(true));
        let schema = Schema::new(fields.collect::<Vec<_>>());
        RecordBatch::try_new(schema.into(), columns).during("reading values in state")
    }

    fn merge(&self, into: &mut Acc, later: &Acc) {
        match (into, later) {
            (Acc::Count(into), Acc::Count(more)) => *into += more,
            (Acc::Sum { sum, count }, Acc::Sum { sum: s, count: c }) => {
                *sum = sum.wrapping_add(*s);
                *count += c;
            }
            (Acc::WideSum { sum, count }, Acc::WideSum { sum: s, count: c }) => {
                *sum = sum.get().wrapping_add(s.get()).into();
                *count += c;
            }
            (Acc::FloatSum { sum, count }, Acc::FloatSum { sum: s, count: c }) => {
                *sum += s;
                *count += c;
            }
            (Acc::Moments(into), Acc::Moments(more)) => into.merge(more),
            (Acc::Extreme(into), Acc::Extreme(Some(other))) => self.keep_extreme(into, other),
            (Acc::WideExtreme(into), Acc::WideExtreme(Some(other))) => {
                self.keep_extreme(into, other);
            }
            (Acc::BytesExtreme(into), Acc::BytesExtreme(Some(other))) => {
                self.keep_extreme(into, other);
            }
            (Acc::Ordered(into), Acc::Ordered(more)) => into.merge(more),
            (Acc::Kept(into), Acc::Kept(Some(value)))
                if into.is_none() || matches!(self.kind, Kind::Last) =>
            {
                *into = Some(value.clone());
            }
            (Acc::List(into), Acc::List(more)) => into.merge(more),
            (Acc::Multiset(into), Acc::Multiset(more)) => merge_bags(into, more),
            (Acc::Single { value, count }, Acc::Single { value: v, count: c }) => {
                *count += c;
                if value.is_none() {
                    value.clone_from(v);
                }
            }
            (Acc::User(into), Acc::User(later)) => {
                if let Kind::User(function) = &self.kind {
                    function.0.merge(into, later);
                }
            }
            // Accumulators of one call are of one kind; the rest holds nothing.
            _ => {}
        }
    }

    fn keep_extreme<V: Ord + Clone>(&self, into: &mut Option<V>, other: &V) {
        let is_better = match into {
            Some(best) => self.is_better(other, best),
            None => true,
        };
        if is_better {
            *into = Some(other.clone());
        }
    }

    #[inline(always)]
    pub(super) fn is_better<V: Ord + ?Sized>(&self, value: &V, best: &V) -> bool {
        match self.kind {
            Kind::Extreme { is_max: true } => value > best,
            _ => value < best,
        }
    }
}

/// The view and the slot of a call with `DISTINCT`.
fn view_of(
    views: &mut Vec<ViewPlan>,
    call: &AggregateCall,
    argument: usize,
    data_type: Option<&DataType>,
    retracts: bool,
) -> (usize, usize) {
    let fits = |view: &ViewPlan| {
        view.argument == argument
            && (view.filters.len() < FILTERS_MAX || view.filters.contains(&call.filter))
    };
    let index = views.iter().position(fits).unwrap_or_else(|| {
        let is_number = data_type.is_some_and(|it| it.is_signed_integer() || it.is_temporal());
        let is_blocks = is_number && !retracts && !matches!(data_type, Some(DataType::Interval(_)));
        views.push(ViewPlan {
            argument,
            is_blocks,
            filters: Vec::new(),
        });
        views.len() - 1
    });
    let Some(view) = views.get_mut(index) else {
        return (index, 0);
    };
    let slot = view
        .filters
        .iter()
        .position(|filter| *filter == call.filter);
    let slot = slot.unwrap_or_else(|| {
        view.filters.push(call.filter);
        view.filters.len() - 1
    });
    (index, slot)
}

fn kind_of(call: &AggregateCall, argument: Option<&DataType>) -> Result<(Kind, Class)> {
    use AggregateFunction as F;
    let moment = |is_sample, is_root| Kind::Moment { is_sample, is_root };
    let kind = match &call.function {
        F::CountStar if call.filter.is_none() => return Ok((Kind::Rows, Class::Nothing)),
        F::CountStar | F::Count => return Ok((Kind::Count, Class::Nothing)),
        F::Sum | F::Sum0 => Kind::Sum {
            is_zero: call.function == F::Sum0,
            is_single: argument == Some(&DataType::Float32),
        },
        F::Avg => Kind::Avg,
        F::Min => Kind::Extreme { is_max: false },
        F::Max => Kind::Extreme { is_max: true },
        F::FirstValue => Kind::First,
        F::LastValue => Kind::Last,
        F::ListAgg { separator } => Kind::Concat {
            separator: separator.clone(),
        },
        F::ArrayAgg => Kind::Array,
        F::StddevPop => moment(false, true),
        F::StddevSamp => moment(true, true),
        F::VarPop => moment(false, false),
        F::VarSamp => moment(true, false),
        F::Collect => Kind::Multiset,
        F::SingleValue => Kind::Single,
        F::User(function) => Kind::User(function.clone()),
    };
    let Some(argument) = argument else {
        return Err(Error::invalid_job(format!(
            "{:?} of nothing",
            call.function
        )));
    };
    let class = class_of(&kind, argument).ok_or_else(|| {
        Error::unsupported(format!("{:?} of values of type {argument}", call.function))
    })?;
    Ok((kind, class))
}

fn class_of(kind: &Kind, argument: &DataType) -> Option<Class> {
    use DataType as T;
    let is_text = matches!(argument, T::Utf8 | T::Utf8View);
    Some(match (kind, argument) {
        (Kind::Extreme { .. }, T::Float32 | T::Float64) => Class::OrderedFloats,
        (Kind::Extreme { .. }, T::Binary) => Class::Texts,
        (Kind::Extreme { .. }, _) if is_text => Class::Texts,
        (Kind::Extreme { .. }, T::Boolean | T::Date32 | T::Timestamp(..)) => Class::Ints,
        (Kind::Extreme { .. }, T::Time32(_) | T::Time64(_)) => Class::Ints,
        (Kind::Extreme { .. } | Kind::Sum { .. } | Kind::Avg, T::Decimal128(..)) => Class::Wides,
        (Kind::Extreme { .. } | Kind::Sum { .. } | Kind::Avg, it) if it.is_signed_integer() => {
            Class::Ints
        }
        (Kind::Sum { .. } | Kind::Avg, T::Float32 | T::Float64) => Class::Floats,
        (Kind::Moment { .. }, T::Decimal128(..) | T::Float32 | T::Float64) => Class::Floats,
        (Kind::Moment { .. }, it) if it.is_signed_integer() => Class::Floats,
        (Kind::Concat { .. }, _) if !is_text => return None,
        (Kind::Extreme { .. } | Kind::Sum { .. } | Kind::Avg | Kind::Moment { .. }, _) => {
            return None;
        }
        (Kind::User(_), _) => Class::Column,
        _ => Class::Rows,
    })
}

fn empty_of(kind: &Kind, class: Class, retracts: bool) -> Acc {
    match (kind, class) {
        (Kind::Rows, _) => Acc::Rows,
        (Kind::Count, _) => Acc::Count(0),
        (Kind::Sum { .. } | Kind::Avg, Class::Wides) => Acc::WideSum {
            sum: Wide::default(),
            count: 0,
        },
        (Kind::Sum { .. } | Kind::Avg, Class::Floats) => Acc::FloatSum { sum: 0.0, count: 0 },
        (Kind::Sum { .. } | Kind::Avg, _) => Acc::Sum { sum: 0, count: 0 },
        (Kind::Moment { .. }, _) => Acc::Moments(Box::<Moments>::default()),
        (Kind::Extreme { .. }, class) if retracts => Acc::Ordered(Box::new(match class {
            Class::Wides => Ordered::Wides(BTreeMap::new()),
            Class::Texts => Ordered::Texts(BTreeMap::new()),
            _ => Ordered::Ints(BTreeMap::new()),
        })),
        (Kind::Extreme { .. }, Class::Wides) => Acc::WideExtreme(None),
        (Kind::Extreme { .. }, Class::Texts) => Acc::BytesExtreme(None),
        (Kind::Extreme { .. }, _) => Acc::Extreme(None),
        (Kind::First | Kind::Last, _) if !retracts => Acc::Kept(None),
        (Kind::First | Kind::Last | Kind::Concat { .. } | Kind::Array, _) => {
            Acc::List(Box::<List>::default())
        }
        (Kind::Multiset | Kind::Set(_), _) => Acc::Multiset(Box::default()),
        (Kind::User(function), _) => Acc::User(function.0.create()),
        (Kind::Single, _) => Acc::Single {
            value: None,
            count: 0,
        },
    }
}
