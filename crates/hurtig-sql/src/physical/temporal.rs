//! Joins with a table as it was at a time: versioned tables by event time, tables outside by the clock.

use std::sync::Arc;

use datafusion_common::DFSchemaRef;
use datafusion_expr::utils::{conjunction, split_conjunction};
use datafusion_expr::{BinaryExpr, Expr, Operator, try_cast};
use hurtig_connect::BoxFuture;
use hurtig_table::RowStream;
use hurtig_table::connector::LookupRows;
use hurtig_table::operators::join::{
    JoinKind, JoinTime, LookupCache, LookupJoinSpec, LookupSource, TemporalJoinSpec,
};
use hurtig_types::{Error, ErrorKind, Result};

use super::aggregate::column_at;
use super::build::{Builder, named};
use super::calc::{PairCondition, column_of, passed_through};
use super::join::{Sides, kind_of, pairs_of, with_keys};
use super::keys;
use super::lookup_hint::LookupHint;
use super::lower::{Lowering, calc_named};
use super::node::{Join, Lookup, Node, Op};
use crate::planner::expression::uncast;
use crate::planner::scan::CatalogSource;
use crate::planner::system_time::as_of_call;
use crate::types::TimeAttribute;

/// What a temporal join is told.
pub(super) struct AsOf {
    time: Expr,
    /// Left and right side of each equality.
    equal: Vec<(Expr, Expr)>,
    /// What else must hold.
    rest: Vec<Expr>,
}

impl AsOf {
    /// What a join is told of a time, if it is.
    pub(super) fn of(join: &datafusion_expr::Join) -> Result<Option<Self>> {
        let parts = join.filter.iter().flat_map(split_conjunction);
        let (calls, others): (Vec<_>, Vec<_>) = parts.partition(|part| as_of_call(part).is_some());
        let [call] = calls.as_slice() else {
            return Ok(None);
        };
        let (condition, time) = as_of_call(call).ok_or_else(|| Error::bug("a join at no time"))?;
        let mut as_of = Self {
            time: time.clone(),
            equal: join.on.clone(),
            rest: Vec::new(),
        };
        for part in split_conjunction(condition).into_iter().chain(others) {
            match equality(part, join) {
                Some(pair) => as_of.equal.push(pair),
                None => as_of.rest.push(part.clone()),
            }
        }
        Ok(Some(as_of))
    }
}

/// An expression of the left side that equals one of the right.
fn equality(part: &Expr, join: &datafusion_expr::Join) -> Option<(Expr, Expr)> {
    let Expr::BinaryExpr(BinaryExpr {
        left,
        op: Operator::Eq,
        right,
    }) = part
    else {
        return None;
    };
    let is_of = |expression: &Expr, schema: &DFSchemaRef| {
        let columns = expression.column_refs();
        !columns.is_empty() && columns.iter().all(|column| schema.has_column(column))
    };
    let (lefts, rights) = (join.left.schema(), join.right.schema());
    if is_of(left, lefts) && is_of(right, rights) {
        return Some((left.as_ref().clone(), right.as_ref().clone()));
    }
    (is_of(right, lefts) && is_of(left, rights))
        .then(|| (right.as_ref().clone(), left.as_ref().clone()))
}

impl Lowering {
    pub(super) fn temporal_join(
        &self,
        join: &datafusion_expr::Join,
        as_of: AsOf,
        left: Arc<Node>,
        right: Arc<Node>,
    ) -> Result<Arc<Node>> {
        let (kind, _) = kind_of(join.join_type)?;
        if !matches!(kind, JoinKind::Inner | JoinKind::Left) {
            return Err(Error::unsupported(
                "FOR SYSTEM_TIME AS OF in a join that is neither JOIN nor LEFT JOIN",
            ));
        }
        let time = column_of(&as_of.time, join.left.schema());
        let attribute = time.and_then(|column| TimeAttribute::of(left.field(column)?));
        match (attribute, time) {
            (Some(TimeAttribute::ProcTime), _) => match looked_up(&right)? {
                Some(looked) => looked.join(join, kind, as_of, left),
                None => versioned(join, kind, as_of, left, right, None),
            },
            (Some(TimeAttribute::RowTime), Some(time)) => {
                versioned(join, kind, as_of, left, right, Some(time))
            }
            _ => Err(Error::invalid_job(format!(
                "FOR SYSTEM_TIME AS OF {}: that is no time attribute of the left side: it needs a WATERMARK, or must be PROCTIME()",
                as_of.time
            ))),
        }
    }
}

/// The table below the mark, under the same projections, and the time of its rows, which is put behind where they leave it out.
fn without_mark(node: &Arc<Node>) -> Result<(Arc<Node>, Option<usize>)> {
    match (&node.op, node.input()) {
        (Op::SystemTime { .. }, Some(input)) => Ok((Arc::clone(input), time_of(input))),
        (Op::Calc(calc), Some(input)) => {
            let (input, time) = without_mark(input)?;
            let mut projection = calc.projection.clone();
            let mut fields: Vec<_> = node.schema.fields().iter().cloned().collect();
            let mut at = None;
            if let Some((time, field)) = time.and_then(|it| Some((it, input.field(it)?))) {
                let passed = passed_through(&projection, &calc.input);
                at = Some(passed.get(&time).copied().unwrap_or(projection.len()));
                if !passed.contains_key(&time) {
                    projection.push(column_at(&calc.input, time));
                    fields.push(Arc::new(field.clone()));
                }
            }
            let schema = Arc::new(arrow_schema::Schema::new(fields));
            let filter = calc.filter.clone();
            let over = Arc::clone(&calc.input);
            let node = calc_named(input, over, filter, projection, schema);
            Ok((Arc::new(node), at))
        }
        _ => Err(Error::unsupported(
            "FOR SYSTEM_TIME AS OF behind something else than the table that it is of",
        )),
    }
}

/// The column of event time.
fn time_of(node: &Node) -> Option<usize> {
    let mut fields = node.schema.fields().iter();
    fields.position(|field| TimeAttribute::of(field) == Some(TimeAttribute::RowTime))
}

/// A join with the versions of a table: valid at `time`, or the last there is.
fn versioned(
    join: &datafusion_expr::Join,
    kind: JoinKind,
    as_of: AsOf,
    left: Arc<Node>,
    right: Arc<Node>,
    time: Option<usize>,
) -> Result<Arc<Node>> {
    let width = right.schema.fields().len();
    let (right, valid_from) = without_mark(&right)?;
    let over = join.right.schema();
    let (on_key, beside) = by_key(as_of.equal, &right, over).ok_or_else(|| {
        Error::invalid_job(
            "FOR SYSTEM_TIME AS OF of a table without a key that the condition names: it needs a PRIMARY KEY \
             (or to be a view that keeps one row per key), all columns of which must be equal to something",
        )
    })?;
    let time = match time {
        None => JoinTime::Processing,
        Some(left) => JoinTime::Event {
            left,
            right: valid_from.ok_or_else(no_time)?,
        },
    };
    let (lefts, rights): (Vec<_>, Vec<_>) = on_key.into_iter().unzip();
    let widths = (left.schema.fields().len(), width);
    let (left, left_key) = with_keys(left, join.left.schema(), &lefts)?;
    let (right, right_key) = with_keys(right, over, &rights)?;
    let pairs = pairs_of((join.left.schema(), &left), (over, &right))?;
    let equal = beside.into_iter().map(|(a, b)| a.eq(b));
    let spec = Join {
        kind,
        unique: (
            keys::in_join(&left.keys, &left_key),
            keys::in_join(&right.keys, &right_key),
        ),
        left_key,
        right_key,
        condition: conjunction(as_of.rest.into_iter().chain(equal)),
        pairs: Arc::clone(&pairs),
        null_equals_null: false,
    };
    let sides = Sides {
        left,
        right,
        widths,
        pairs,
    };
    let op = Op::TemporalJoin { join: spec, time };
    let node = Node {
        keys: sides.left.keys.clone(),
        window: sides.left.window,
        ..sides.node(op, sides.left.mode)
    };
    Ok(sides.without_keys(node, &join.schema, kind))
}

type Equal = Vec<(Expr, Expr)>;

/// The equalities of the columns of a key, and the others.
fn by_key(equal: Equal, right: &Node, over: &DFSchemaRef) -> Option<(Equal, Equal)> {
    let column = |pair: &(Expr, Expr)| column_of(uncast(&pair.1), over);
    let columns: Vec<usize> = equal.iter().filter_map(column).collect();
    let mut keys = right.keys.iter();
    let key = keys.find(|key| key.iter().all(|column| columns.contains(column)))?;
    let is_of_key = |pair: &(Expr, Expr)| column(pair).is_some_and(|it| key.contains(&it));
    Some(equal.into_iter().partition(is_of_key))
}

fn no_time() -> Error {
    Error::invalid_job(
        "FOR SYSTEM_TIME AS OF a row's event time, and the table has none: declare its WATERMARK",
    )
}

/// A table that can be asked by key, and the columns of it that are wanted.
struct LookedUp {
    source: Arc<CatalogSource>,
    columns: Vec<usize>,
    schema: arrow_schema::SchemaRef,
    hint: LookupHint,
}

/// The table outside that a node is, if it can be asked by key; none if it can only be read.
fn looked_up(node: &Arc<Node>) -> Result<Option<LookedUp>> {
    let Some((source, columns)) = columns_of_table(node) else {
        return Ok(None);
    };
    match source.factory.lookup(&source.description) {
        Ok(_) => Ok(Some(LookedUp {
            source,
            columns,
            schema: Arc::clone(&node.schema),
            hint: LookupHint::of(hint_of(node))?,
        })),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a hint says of how a table is asked.
fn hint_of(node: &Node) -> &[(String, String)] {
    match (&node.op, node.input()) {
        (Op::SystemTime { lookup }, _) => lookup,
        (_, Some(input)) => hint_of(input),
        (_, None) => &[],
    }
}

/// The columns of a table that a node shows, as its connector numbers them, if it shows nothing else.
fn columns_of_table(node: &Arc<Node>) -> Option<(Arc<CatalogSource>, Vec<usize>)> {
    match &node.op {
        Op::Scan {
            source, projection, ..
        } => Some((Arc::clone(source), projection.clone())),
        Op::SystemTime { .. } | Op::StateTtl(_) => columns_of_table(node.input()?),
        Op::Calc(calc) if calc.filter.is_none() => {
            let (source, below) = columns_of_table(node.input()?)?;
            let columns = calc.projection.iter();
            let columns = columns.map(|it| below.get(column_of(it, &calc.input)?).copied());
            Some((source, columns.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

impl LookedUp {
    fn join(
        self,
        join: &datafusion_expr::Join,
        kind: JoinKind,
        as_of: AsOf,
        left: Arc<Node>,
    ) -> Result<Arc<Node>> {
        let over = join.right.schema();
        let mut asked = Vec::new();
        let mut table_key = Vec::new();
        let mut rest = as_of.rest;
        for (mine, of_table) in as_of.equal {
            let column = column_of(uncast(&of_table), over);
            let place = column.and_then(|column| {
                Some((self.columns.get(column)?, self.schema.fields().get(column)?))
            });
            match place {
                Some((place, field)) if !table_key.contains(place) => {
                    table_key.push(*place);
                    asked.push(as_type(mine, field.data_type(), &of_table));
                }
                _ => rest.push(mine.eq(of_table)),
            }
        }
        if table_key.is_empty() {
            return Err(Error::invalid_job(format!(
                "a lookup join with {}: the condition must have a column of the table that is equal to something",
                self.source.path
            )));
        }
        let width = left.schema.fields().len();
        let (left, key) = with_keys(left, join.left.schema(), &asked)?;
        let right = Node::new(Op::Union, Vec::new(), Arc::clone(&self.schema));
        let pairs = pairs_of((join.left.schema(), &left), (over, &right))?;
        let lookup = Lookup {
            kind,
            key,
            source: self.source,
            table_key,
            projection: self.columns,
            right: Arc::clone(&self.schema),
            condition: conjunction(rest),
            pairs: Arc::clone(&pairs),
            hint: self.hint,
        };
        let schema = kind.schema(&left.schema, &self.schema);
        let node = Node {
            mode: left.mode,
            window: left.window,
            ..Node::new(Op::LookupJoin(lookup), vec![Arc::clone(&left)], schema)
        };
        let widths = (width, self.schema.fields().len());
        let right = Arc::new(right);
        let sides = Sides {
            left,
            right,
            widths,
            pairs,
        };
        Ok(sides.without_keys(node, &join.schema, kind))
    }
}

/// What is asked for as the column's type: what does not fit is found nowhere.
fn as_type(mine: Expr, data_type: &arrow_schema::DataType, of_table: &Expr) -> Expr {
    match of_table {
        Expr::Cast(_) => try_cast(uncast(&mine).clone(), data_type.clone()),
        _ => mine,
    }
}

impl Builder<'_> {
    pub(super) fn temporal_join(&mut self, node: &Node) -> Result<RowStream> {
        let Op::TemporalJoin { join, time } = &node.op else {
            return Err(Error::bug("no temporal join"));
        };
        let sides = self.sides(node, join)?;
        let (kind, time) = (join.kind, *time);
        let schema = Arc::clone(&node.schema);
        let output = Arc::clone(&schema);
        let (one, two) = (sides.left.clone(), sides.right.clone());
        Ok(one.apply_with(&two, named(node), schema, move |context| {
            let spec = TemporalJoinSpec {
                kind,
                left_key: sides.left_key.clone(),
                right_key: sides.right_key.clone(),
                left: Arc::clone(sides.left.schema()),
                right: Arc::clone(sides.right.schema()),
                time,
                condition: sides.condition()?,
                null_equals_null: false,
                output: Arc::clone(&output),
            };
            spec.operator(context)
        }))
    }

    pub(super) fn lookup_join(&mut self, node: &Node) -> Result<RowStream> {
        let Op::LookupJoin(lookup) = &node.op else {
            return Err(Error::bug("no lookup join"));
        };
        let mut input = self.input(node, 0, true)?;
        let key = hurtig_table::KeyCodec::new(input.schema().fields(), &lookup.key)?;
        if lookup.hint.shuffle {
            input = input.key_by(key.clone());
        }
        let left = Arc::clone(input.schema());
        let table = lookup.source.factory.lookup(&lookup.source.description)?;
        let cache = cache_of(lookup)?;
        if let Some(condition) = &lookup.condition {
            PairCondition::new(condition, &lookup.pairs)?;
        }
        let lookup = lookup.clone();
        let schema = Arc::clone(&node.schema);
        let output = Arc::clone(&schema);
        Ok(input.apply(named(node), schema, move |context| {
            let condition = lookup.condition.as_ref();
            let condition = condition.map(|it| PairCondition::new(it, &lookup.pairs));
            let spec = LookupJoinSpec {
                kind: lookup.kind,
                key: key.clone(),
                left: Arc::clone(&left),
                right: Arc::clone(&lookup.right),
                condition: match condition {
                    Some(condition) => Some(Box::new(condition?)),
                    None => None,
                },
                cache,
                options: lookup.hint.options(table.keys_at_once()),
                source: Box::new(Connected(table.connect(
                    &context.world,
                    &lookup.table_key,
                    &lookup.projection,
                )?)),
                output: Arc::clone(&output),
            };
            spec.operator(context)
        }))
    }
}

/// What is remembered of answers: `'lookup.cache' = 'PARTIAL'`.
fn cache_of(lookup: &Lookup) -> Result<Option<LookupCache>> {
    let options = &lookup.source.description.options;
    if !options
        .get("lookup.cache")
        .is_some_and(|it| it.eq_ignore_ascii_case("PARTIAL"))
    {
        return Ok(None);
    }
    let rows_max = options.parse("lookup.partial-cache.max-rows")?;
    Ok(Some(LookupCache {
        rows_max: rows_max.unwrap_or(usize::MAX),
        ttl: options.duration("lookup.partial-cache.expire-after-write")?,
    }))
}

/// A connection to the table, as the operator wants it.
struct Connected(Box<dyn LookupRows>);

impl LookupSource for Connected {
    fn lookup(
        &mut self,
        keys: arrow_array::RecordBatch,
    ) -> BoxFuture<'static, Result<Vec<arrow_array::RecordBatch>>> {
        self.0.lookup(keys)
    }
}

/// The time of a temporal join in the words of plans.
pub(super) fn time_name(time: JoinTime) -> &'static str {
    match time {
        JoinTime::Event { .. } => "ROWTIME",
        JoinTime::Processing => "PROCTIME",
    }
}
