//! `table.optimizer.distinct-agg.split.enabled`: different arguments are counted in buckets first, so that a group that has very many of
//! them is not one subtask's alone.
//!
//! ```text
//!  GROUP BY k: COUNT(DISTINCT x), SUM(y)
//!    ─►  GROUP BY k, $bucket(x): COUNT(DISTINCT x) AS a, SUM(y) AS b  ─►  GROUP BY k: $SUM0(a), SUM(b)
//! ```

use std::sync::Arc;

use arrow_schema::{FieldRef, Schema};
use datafusion_expr::ScalarUDF;
use hurtig_table::operators::aggregate::{AggregateCall, AggregateFunction};

use super::aggregate::{column_at, grouped};
use super::lower::{calc_named, unqualified};
use super::node::Node;

/// What is left to be done of groups whose different arguments were counted in buckets.
pub(super) struct Split {
    pub(super) input: Arc<Node>,
    pub(super) key: Vec<usize>,
    pub(super) calls: Vec<AggregateCall>,
}

/// Splits groups, if their calls count different values of one column, and the others can be put together from parts.
pub(super) fn split(
    input: &Arc<Node>,
    key: &[usize],
    calls: &[AggregateCall],
    bucket: &Arc<ScalarUDF>,
) -> Option<Split> {
    let mut distinct = calls.iter().filter(|call| call.distinct);
    let column = distinct.next()?.argument?;
    if distinct.any(|call| call.argument != Some(column)) {
        return None;
    }
    let second: Option<Vec<_>> = calls.iter().map(put_together).collect();
    let second = second?;
    let bucketed = with_bucket(input, column, bucket);
    let place = input.schema.fields().len();
    let first_key: Vec<usize> = key.iter().copied().chain([place]).collect();
    let fields = bucketed.schema.fields();
    let of_key = first_key.iter().filter_map(|index| fields.get(*index));
    let results = calls.iter().map(|call| &call.output);
    let output: Vec<FieldRef> = of_key.chain(results).cloned().collect();
    let output = Arc::new(Schema::new(output));
    let inner = grouped(bucketed, first_key.clone(), calls.to_vec(), Some(output));
    let width = first_key.len();
    let calls = calls.iter().zip(second).enumerate();
    let calls = calls.map(|(index, (call, function))| {
        AggregateCall::new(function, Some(width + index), Arc::clone(&call.output))
    });
    Some(Split {
        input: Arc::new(inner),
        key: (0..key.len()).collect(),
        calls: calls.collect(),
    })
}

/// What makes the result of the parts' results.
fn put_together(call: &AggregateCall) -> Option<AggregateFunction> {
    use AggregateFunction as F;
    match &call.function {
        F::CountStar | F::Count | F::Sum0 => Some(F::Sum0),
        F::Sum => Some(F::Sum),
        F::Min => Some(F::Min),
        F::Max => Some(F::Max),
        _ => None,
    }
}

/// All columns, and the bucket of one of them behind.
fn with_bucket(input: &Arc<Node>, column: usize, bucket: &Arc<ScalarUDF>) -> Arc<Node> {
    let over = unqualified(&input.schema);
    let count = input.schema.fields().len();
    let mut projection: Vec<_> = (0..count).map(|index| column_at(&over, index)).collect();
    projection.push(bucket.call(vec![column_at(&over, column)]));
    let mut fields: Vec<FieldRef> = input.schema.fields().iter().cloned().collect();
    let number = arrow_schema::Field::new("$bucket", arrow_schema::DataType::Int32, false);
    fields.push(Arc::new(number));
    let schema = Arc::new(Schema::new(fields));
    Arc::new(calc_named(
        Arc::clone(input),
        over,
        None,
        projection,
        schema,
    ))
}
