//! Each node of the logical plan as streaming operators.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use datafusion_common::{DFSchema, DFSchemaRef};
use datafusion_expr::{
    Distinct, Expr, FetchType, LogicalPlan, ScalarUDF, SkipType, SortExpr, TableScan,
};
use hurtig_table::ArrowContext;
use hurtig_table::connector::ChangelogMode;
use hurtig_table::operators::rank::SortColumn;
use hurtig_types::{Error, Result};

use super::calc::{Evaluator, map_keys, passed_through};
use super::node::{Calc, Node, Op, WindowColumns, columns_of};
use crate::error::PlanContext;
use crate::planner::hints::StateTtlNode;
use crate::planner::nodes::{WatermarkNode, WindowNode};
use crate::planner::scan::CatalogSource;
use crate::planner::system_time::SystemTimeNode;
use crate::planner::unnest::CorrelateNode;

/// Turns logical plans into streaming ones. A plan that occurs twice becomes one node.
pub(crate) struct Lowering {
    known: RefCell<HashMap<LogicalPlan, Arc<Node>>>,
    /// What puts arguments that are counted once into buckets, if they are to be.
    pub(super) split_distinct: Option<Arc<ScalarUDF>>,
}

impl Lowering {
    /// One that counts different arguments in buckets first, by this function, if there is one.
    pub(crate) fn new(split_distinct: Option<Arc<ScalarUDF>>) -> Self {
        Self {
            known: RefCell::default(),
            split_distinct,
        }
    }

    /// The operators of a plan.
    ///
    /// # Errors
    /// When the query cannot run on a stream: what, and what to write instead.
    pub(crate) fn lower(&self, plan: &LogicalPlan) -> Result<Arc<Node>> {
        if let Some(known) = self.known.borrow().get(plan) {
            return Ok(Arc::clone(known));
        }
        let node = self.lower_anew(plan)?;
        let mut known = self.known.borrow_mut();
        known.insert(plan.clone(), Arc::clone(&node));
        Ok(node)
    }

    fn lower_anew(&self, plan: &LogicalPlan) -> Result<Arc<Node>> {
        let node = match plan {
            LogicalPlan::TableScan(scan) => scan_of(scan)?,
            LogicalPlan::SubqueryAlias(alias) => {
                let input = self.lower(&alias.input)?;
                return Ok(renamed(&input, &alias.schema));
            }
            LogicalPlan::Projection(projection) => {
                let input = self.lower(&projection.input)?;
                let over = projection.input.schema();
                calc(
                    input,
                    over,
                    None,
                    projection.expr.clone(),
                    &projection.schema,
                )
            }
            LogicalPlan::Filter(filter) => {
                let input = self.lower(&filter.input)?;
                return self.filter(input, filter.input.schema(), &filter.predicate);
            }
            LogicalPlan::Aggregate(aggregate) => return self.aggregate(aggregate),
            LogicalPlan::Distinct(Distinct::All(input)) => return self.distinct(input),
            LogicalPlan::Distinct(Distinct::On(_)) => {
                return Err(Error::unsupported("DISTINCT ON: write ROW_NUMBER() … = 1"));
            }
            LogicalPlan::Join(join) => return self.join(join),
            LogicalPlan::Union(union) => {
                let inputs = union.inputs.iter().map(|input| self.lower(input));
                union_of(inputs.collect::<Result<_>>()?, &union.schema)
            }
            LogicalPlan::Window(window) => return self.window(window),
            LogicalPlan::Sort(sort) => {
                let input = self.lower(&sort.input)?;
                let order = order_of(&sort.expr, sort.input.schema())?;
                match sort.fetch {
                    Some(limit) => limited(input, order, 0, limit as u64),
                    None => sorted(input, order)?,
                }
            }
            LogicalPlan::Limit(limit) => {
                let (skip, fetch) = limits_of(limit)?;
                return self.limit(&limit.input, skip, fetch);
            }
            LogicalPlan::Values(values) => values_of(&values.values, &values.schema)?,
            LogicalPlan::EmptyRelation(empty) => empty_of(empty.produce_one_row, &empty.schema)?,
            LogicalPlan::Extension(extension) => return self.extension(extension),
            other => {
                return Err(Error::unsupported(format!(
                    "{} in a streaming query",
                    other.display()
                )));
            }
        };
        Ok(Arc::new(node))
    }

    fn extension(&self, extension: &datafusion_expr::Extension) -> Result<Arc<Node>> {
        let node = extension.node.as_any();
        if let Some(watermark) = node.downcast_ref::<WatermarkNode>() {
            return self.watermark(watermark);
        }
        if let Some(window) = node.downcast_ref::<WindowNode>() {
            return self.window_function(window);
        }
        if let Some(correlate) = node.downcast_ref::<CorrelateNode>() {
            return self.correlate(correlate);
        }
        if let Some(table) = node.downcast_ref::<SystemTimeNode>() {
            let input = self.lower(&table.input)?;
            return Ok(Arc::new(Node {
                op: Op::SystemTime {
                    lookup: table.lookup.clone(),
                },
                inputs: vec![Arc::clone(&input)],
                ..input.as_ref().clone()
            }));
        }
        if let Some(hint) = node.downcast_ref::<StateTtlNode>() {
            let input = self.lower(&hint.input)?;
            return Ok(Arc::new(Node {
                op: Op::StateTtl(hint.ttl),
                inputs: vec![Arc::clone(&input)],
                ..input.as_ref().clone()
            }));
        }
        Err(Error::bug(format!("a plan with {}", extension.node.name())))
    }

    fn distinct(&self, input: &LogicalPlan) -> Result<Arc<Node>> {
        let node = self.lower(input)?;
        let key: Vec<usize> = (0..node.schema.fields().len()).collect();
        Ok(Arc::new(super::aggregate::grouped(
            node,
            key,
            Vec::new(),
            None,
        )))
    }

    /// `ORDER BY … LIMIT`: the order is just below.
    fn limit(&self, input: &LogicalPlan, offset: u64, limit: u64) -> Result<Arc<Node>> {
        if let LogicalPlan::Sort(sort) = input {
            let order = order_of(&sort.expr, sort.input.schema())?;
            let input = self.lower(&sort.input)?;
            return Ok(Arc::new(limited(input, order, offset, limit)));
        }
        let input = self.lower(input)?;
        Ok(Arc::new(limited(input, Vec::new(), offset, limit)))
    }
}

/// The same rows under other names.
pub(super) fn renamed(input: &Arc<Node>, schema: &DFSchemaRef) -> Arc<Node> {
    let schema = columns_of(schema);
    if input.schema == schema {
        return Arc::clone(input);
    }
    let columns = schema.fields().len();
    let over = unqualified(&input.schema);
    let projection = over.columns().into_iter().map(Expr::Column).collect();
    debug_assert_eq!(columns, over.fields().len());
    Arc::new(calc_named(
        Arc::clone(input),
        over,
        None,
        projection,
        schema,
    ))
}

/// The columns of a node under names that tell them apart, for expressions that are made here.
pub(super) fn unqualified(schema: &SchemaRef) -> DFSchemaRef {
    let fields = schema.fields().iter().enumerate();
    let fields = fields.map(|(index, field)| {
        let field = field.as_ref().clone().with_name(format!("${index}"));
        (None, Arc::new(field))
    });
    let schema = DFSchema::new_with_metadata(fields.collect(), Default::default());
    Arc::new(schema.unwrap_or_else(|_| DFSchema::empty()))
}

/// A filter and a projection; nothing where neither does anything.
pub(super) fn calc(
    input: Arc<Node>,
    over: &DFSchemaRef,
    filter: Option<Expr>,
    projection: Vec<Expr>,
    schema: &DFSchemaRef,
) -> Node {
    calc_named(
        input,
        Arc::clone(over),
        filter,
        projection,
        columns_of(schema),
    )
}

pub(super) fn calc_named(
    input: Arc<Node>,
    over: DFSchemaRef,
    filter: Option<Expr>,
    projection: Vec<Expr>,
    schema: SchemaRef,
) -> Node {
    let passed = passed_through(&projection, &over);
    let window = input.window.and_then(|window| {
        let at = |column: usize| passed.get(&column).copied();
        Some(WindowColumns {
            start: at(window.start)?,
            end: at(window.end)?,
            time: window.time.and_then(at),
            proctime: window.proctime,
        })
    });
    let calc = Calc {
        filter,
        projection,
        input: over,
    };
    Node {
        mode: input.mode,
        keys: map_keys(&input.keys, &passed),
        window,
        ..Node::new(Op::Calc(calc), vec![input], schema)
    }
}

fn scan_of(scan: &TableScan) -> Result<Node> {
    let any: Arc<dyn datafusion_expr::TableSource> = Arc::clone(&scan.source);
    let source: Arc<CatalogSource> = downcast(&any)?;
    let declared = scan.source.schema();
    let columns: Vec<usize> = match &scan.projection {
        Some(projection) => projection.clone(),
        None => (0..declared.fields().len()).collect(),
    };
    let projection: Option<Vec<usize>> = columns
        .iter()
        .map(|column| source.stored.get(*column).copied())
        .collect();
    let projection = projection.ok_or_else(|| Error::bug("a column that a table has not"))?;
    let key: Option<BTreeSet<usize>> = primary_key(&source, &columns);
    // Upserts become whole changes right behind the scan, where nothing is pushed in between.
    let mode = match source.scan.changelog_mode() {
        mode if mode.is_upsert() => ChangelogMode::ALL,
        mode => mode,
    };
    let is_bounded = source.scan.is_bounded();
    let op = Op::Scan {
        source,
        projection,
        limit: scan.fetch.map(|fetch| fetch as u64),
        watermark: None,
    };
    Ok(Node {
        mode,
        keys: key.into_iter().collect(),
        is_bounded,
        ..Node::new(op, Vec::new(), columns_of(&scan.projected_schema))
    })
}

/// The source, shared: plans hold it without its type.
fn downcast(source: &Arc<dyn datafusion_expr::TableSource>) -> Result<Arc<CatalogSource>> {
    match source.downcast_ref::<CatalogSource>() {
        Some(source) => Ok(Arc::new(source.share())),
        None => Err(Error::bug("a table that no catalog knows")),
    }
}

/// Where the columns of the primary key are, if all were asked for.
fn primary_key(source: &CatalogSource, columns: &[usize]) -> Option<BTreeSet<usize>> {
    let key = &source.description.primary_key;
    let stored = |column: &usize| source.stored.get(*column).copied();
    let position = |physical: &usize| {
        columns
            .iter()
            .position(|column| stored(column) == Some(*physical))
    };
    let key: Option<BTreeSet<usize>> = key.iter().map(position).collect();
    key.filter(|key| !key.is_empty())
}

/// Rows of all inputs; their columns are of one type by now.
fn union_of(inputs: Vec<Arc<Node>>, schema: &DFSchemaRef) -> Node {
    let schema = columns_of(schema);
    let same = inputs.into_iter().map(|input| {
        if input.schema.fields().len() == schema.fields().len() && input.schema != schema {
            let over = unqualified(&input.schema);
            let columns = over.columns().into_iter().zip(schema.fields());
            let projection = columns.map(|(column, field)| {
                datafusion_expr::cast(Expr::Column(column), field.data_type().clone())
            });
            let projection = projection.collect();
            return Arc::new(calc_named(
                input,
                over,
                None,
                projection,
                Arc::clone(&schema),
            ));
        }
        input
    });
    let inputs: Vec<_> = same.collect();
    let modes = inputs.iter().map(|input| input.mode);
    let mode = modes.reduce(|all, mode| all.or(mode));
    Node {
        mode: mode.unwrap_or(ChangelogMode::INSERT_ONLY),
        ..Node::new(Op::Union, inputs, schema)
    }
}

/// The columns of an order; expressions were computed below by now.
pub(super) fn order_of(order: &[SortExpr], schema: &DFSchemaRef) -> Result<Vec<SortColumn>> {
    let columns = order.iter().map(|sort| match &sort.expr {
        Expr::Column(column) => Ok(SortColumn {
            column: schema.index_of_column(column).planned()?,
            descending: !sort.asc,
            nulls_first: sort.nulls_first,
        }),
        other => Err(Error::unsupported(format!(
            "ORDER BY {other}: give it a name in a subquery, and order by that"
        ))),
    });
    columns.collect()
}

fn limited(input: Arc<Node>, order: Vec<SortColumn>, offset: u64, limit: u64) -> Node {
    let is_plain = order.is_empty() && input.mode.is_insert_only();
    let mode = if is_plain {
        input.mode
    } else {
        ChangelogMode::ALL
    };
    let schema = Arc::clone(&input.schema);
    let keys = input.keys.clone();
    let op = Op::Limit {
        order,
        offset,
        limit,
    };
    Node {
        mode,
        keys,
        ..Node::new(op, vec![input], schema)
    }
}

/// All rows in an order: of a stream without end that is possible by event time alone.
fn sorted(input: Arc<Node>, order: Vec<SortColumn>) -> Result<Node> {
    use crate::types::TimeAttribute;
    let first = order.first().filter(|first| !first.descending);
    let by_time = first
        .and_then(|first| input.field(first.column))
        .is_some_and(|field| TimeAttribute::of(field).is_some());
    let goes = input.is_bounded || by_time && input.mode.is_insert_only();
    if !goes {
        return Err(Error::unsupported(
            "ORDER BY of a table without end: order by its time attribute, ascending, first; or write LIMIT",
        ));
    }
    let schema = Arc::clone(&input.schema);
    Ok(Node {
        mode: ChangelogMode::INSERT_ONLY,
        keys: input.keys.clone(),
        window: input.window,
        ..Node::new(Op::Sort { order }, vec![input], schema)
    })
}

fn limits_of(limit: &datafusion_expr::Limit) -> Result<(u64, u64)> {
    let skip = match limit.get_skip_type().planned()? {
        SkipType::Literal(skip) => skip as u64,
        SkipType::UnsupportedExpr => return Err(Error::unsupported("OFFSET of an expression")),
    };
    let fetch = match limit.get_fetch_type().planned()? {
        FetchType::Literal(Some(fetch)) => fetch as u64,
        FetchType::Literal(None) => u64::MAX / 2,
        FetchType::UnsupportedExpr => return Err(Error::unsupported("LIMIT of an expression")),
    };
    Ok((skip, fetch))
}

/// `VALUES`: each row is computed now.
fn values_of(rows: &[Vec<Expr>], schema: &DFSchemaRef) -> Result<Node> {
    let columns = columns_of(schema);
    let nothing = Arc::new(DFSchema::empty());
    let one = one_row()?;
    let mut batches = Vec::new();
    for row in rows {
        let mut evaluator = Evaluator::new(None, row, &nothing, Arc::clone(&columns))?;
        batches.push(evaluator.evaluate(&one, 0)?);
    }
    let rows = concat_batches(&columns, &batches).during("putting VALUES together")?;
    Ok(constant(rows))
}

fn empty_of(one: bool, schema: &DFSchemaRef) -> Result<Node> {
    if one {
        return Ok(constant(one_row()?));
    }
    Ok(constant(RecordBatch::new_empty(columns_of(schema))))
}

fn constant(rows: RecordBatch) -> Node {
    let schema = rows.schema();
    Node {
        is_bounded: true,
        ..Node::new(Op::Values(rows), Vec::new(), schema)
    }
}

/// One row of no columns: what a query without FROM is over.
fn one_row() -> Result<RecordBatch> {
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(1));
    let schema = Arc::new(arrow_schema::Schema::empty());
    RecordBatch::try_new_with_options(schema, Vec::new(), &options).during("making a row")
}

/// Where columns of the input are in the output.
pub(super) type Passed = BTreeMap<usize, usize>;
