//! A streaming plan becomes a job: each node an operator, with the exchange before it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use datafusion_expr::Expr;
use hurtig_connect::WatermarkStrategy;
use hurtig_datastream::{CollectionSource, StreamExecutionEnvironment};
use hurtig_table::connector::{ScanRequest, SourceWatermarks};
use hurtig_table::operators::aggregate::{
    Accumulators, AggregateCall, DistinctIn, GroupAggregateSpec, group_aggregate,
};
use hurtig_table::operators::calc::Calc as CalcOperator;
use hurtig_table::operators::join::{
    IntervalJoinSpec, JoinSpec, JoinTime, SideSpec, UniqueKey, WindowJoinSpec,
};
use hurtig_table::operators::window::{
    WindowAggregateSpec, WindowSpec, WindowTableFunctionSpec, WindowTime, Windowing,
    window_aggregate, window_table_function,
};
use hurtig_table::{KeyCodec, Named, RowBatch, RowStream};
use hurtig_types::{Error, Result};

use super::calc::{Evaluator, PairCondition};
use super::node::{Calc, Join, Node, Op};
use super::print::{describe, details, name};
use super::ranked::Ranks;
use super::uid::Uids;
use super::watermark::{times_of, watermark_stream};

/// What operators are told beyond the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExecOptions {
    /// `table.exec.state.ttl`
    pub(crate) state_ttl: Option<Duration>,
    /// `table.exec.mini-batch.enabled`: a key changes at most once per batch.
    pub(crate) mini_batch: bool,
    /// `table.exec.source.idle-timeout`
    pub(crate) idle_timeout: Option<Duration>,
    /// `pipeline.auto-watermark-interval`
    pub(crate) watermark_interval: Duration,
}

/// Adds plans to a job.
pub(crate) struct Builder<'a> {
    env: &'a StreamExecutionEnvironment,
    options: ExecOptions,
    /// What was built: a plan that is read twice is there once.
    built: HashMap<(*const Node, bool), RowStream>,
    uids: Uids,
}

impl<'a> Builder<'a> {
    /// Builds `plans`, and no others.
    pub(crate) fn new(
        env: &'a StreamExecutionEnvironment,
        options: ExecOptions,
        plans: &[Arc<Node>],
    ) -> Self {
        Self {
            env,
            options,
            built: HashMap::new(),
            uids: Uids::of(plans),
        }
    }

    /// What the sink of a table is called.
    pub(super) fn sink_of(&mut self, table: &str) -> Named {
        Named::from(table).with_uid(self.uid_of(format!("Sink-{table}")))
    }

    /// The rows of a node; `before` says whether whoever reads them wants what updates take away.
    pub(crate) fn build(&mut self, node: &Arc<Node>, before: bool) -> Result<RowStream> {
        // Where nothing is updated, nobody wants to know what an update takes away.
        let before = before && !node.mode.is_insert_only();
        let place = (Arc::as_ptr(node), before);
        if let Some(stream) = self.built.get(&place) {
            return Ok(stream.clone());
        }
        let uid = self.uids.take(node);
        let stream = match &node.op {
            Op::Scan { .. } => self.scan(node, uid)?,
            _ => {
                let stream = self.add(node, before)?;
                stream.set(|operator| operator.uid = uid)
            }
        };
        self.built.insert(place, stream.clone());
        Ok(stream)
    }

    fn add(&mut self, node: &Arc<Node>, before: bool) -> Result<RowStream> {
        match &node.op {
            Op::Values(rows) => self.values(node, rows),
            Op::Calc(calc) => {
                let input = self.input(node, 0, before)?;
                calc_stream(&input, node, calc)
            }
            Op::Watermark(watermark) => {
                let input = self.input(node, 0, before)?;
                watermark_stream(&input, node, watermark, self.options.watermark_interval)
            }
            Op::Window { window, time, .. } => {
                let input = self.input(node, 0, before)?;
                window_stream(&input, node, *window, *time)
            }
            Op::GroupAggregate { key, calls } => self.group_aggregate(node, key, calls, before),
            Op::LocalAggregate { .. } => self.local_aggregate(node),
            Op::GlobalAggregate { .. } => self.global_aggregate(node, before),
            Op::WindowAggregate {
                key,
                calls,
                windowing,
            } => self.window_aggregate(node, key, calls, *windowing),
            Op::Join(join) => self.join(node, join),
            Op::IntervalJoin {
                join,
                time,
                lower_ms,
                upper_ms,
            } => self.interval_join(node, join, *time, (*lower_ms, *upper_ms)),
            Op::WindowJoin {
                join,
                left_window,
                right_window,
            } => self.window_join(node, join, (*left_window, *right_window)),
            Op::Rank { .. } => self.numbered(node),
            Op::Over { .. } => self.over(node),
            Op::Unnest { .. } => self.unnest(node, before),
            Op::TemporalJoin { .. } => self.temporal_join(node),
            Op::LookupJoin(_) => self.lookup_join(node),
            Op::ChangelogNormalize { .. } => self.normalize(node, before),
            Op::StateTtl(_) => self.input(node, 0, before),
            Op::SystemTime { .. } => Err(Error::unsupported(
                "FOR SYSTEM_TIME AS OF without a join: write JOIN t FOR SYSTEM_TIME AS OF left.time AS t ON …",
            )),
            Op::Union => {
                let inputs = (0..node.inputs.len()).map(|i| self.input(node, i, before));
                let inputs = inputs.collect::<Result<Vec<_>>>()?;
                let (first, others) = inputs
                    .split_first()
                    .ok_or_else(|| Error::bug("a union of nothing"))?;
                Ok(first.union(others))
            }
            _ => self.ranked(node, before),
        }
    }

    /// A uid of this text, the first time that it is asked for.
    pub(super) fn uid_of(&mut self, text: String) -> Option<String> {
        self.uids.of_text(text)
    }

    /// Whether each change of a key is said, not the last of a batch alone.
    pub(super) const fn is_per_record(&self) -> bool {
        !self.options.mini_batch
    }

    /// How long state is kept that is not changed.
    pub(super) const fn state_ttl(&self) -> Option<Duration> {
        self.options.state_ttl
    }

    /// The same of what is kept of these rows: a hint may say otherwise.
    pub(super) fn ttl_of(&self, input: Option<&Arc<Node>>) -> Option<Duration> {
        let hint = input.and_then(|input| input.state_ttl());
        hint.unwrap_or(self.options.state_ttl)
    }

    pub(super) fn input(&mut self, node: &Node, index: usize, before: bool) -> Result<RowStream> {
        let input = node.inputs.get(index);
        let input = input.ok_or_else(|| Error::bug("an operator without its input"))?;
        self.build(&Arc::clone(input), before)
    }

    fn scan(&self, node: &Node, uid: Option<String>) -> Result<RowStream> {
        let Op::Scan {
            source,
            projection,
            limit,
            watermark,
        } = &node.op
        else {
            return Err(Error::bug("no scan"));
        };
        let watermarks = match watermark {
            Some(watermark) => Some(SourceWatermarks {
                of_batch: times_of(watermark)?,
                interval: self.options.watermark_interval,
                idle_timeout: self.options.idle_timeout,
            }),
            None => None,
        };
        let request = ScanRequest {
            named: Named::from(describe(node)).with_uid(uid),
            projection: projection.clone(),
            limit: *limit,
            watermarks,
        };
        source.scan.stream(self.env, request)
    }

    fn values(&self, node: &Node, rows: &RecordBatch) -> Result<RowStream> {
        let rows = vec![RowBatch::inserts(rows.clone())];
        let source = CollectionSource::new(rows);
        let schema = Arc::clone(&node.schema);
        let strategy = WatermarkStrategy::none();
        Ok(RowStream::of_source(
            self.env, source, strategy, schema, "Values",
        ))
    }

    fn group_aggregate(
        &mut self,
        node: &Node,
        key: &[usize],
        calls: &[AggregateCall],
        before: bool,
    ) -> Result<RowStream> {
        let input = self.input(node, 0, true)?;
        let insert_only = node.input().is_some_and(|it| it.mode.is_insert_only());
        let key = KeyCodec::new(input.schema().fields(), key)?;
        check_calls(calls, &input, insert_only)?;
        let spec = GroupAggregateSpec {
            input_insert_only: insert_only,
            generate_update_before: before,
            ttl: self.ttl_of(node.input()),
            per_record: !self.options.mini_batch,
            ..GroupAggregateSpec::new(key.clone(), calls.to_vec(), Arc::clone(input.schema()))
        };
        let schema = Arc::clone(&node.schema);
        Ok(input
            .key_by(key)
            .apply(named(node), schema, move |context| {
                group_aggregate(&spec, context)
            }))
    }

    fn window_aggregate(
        &mut self,
        node: &Node,
        key: &[usize],
        calls: &[AggregateCall],
        windowing: Windowing,
    ) -> Result<RowStream> {
        let input = self.input(node, 0, true)?;
        let key = KeyCodec::new(input.schema().fields(), key)?;
        let insert_only = node.input().is_some_and(|it| it.mode.is_insert_only());
        check_calls(calls, &input, insert_only)?;
        let columns = node.schema.fields().iter();
        let width = node.schema.fields().len().saturating_sub(3);
        let window: Vec<_> = columns.skip(width).cloned().collect();
        let mut spec = WindowAggregateSpec::new(
            key.clone(),
            calls.to_vec(),
            windowing,
            Arc::clone(input.schema()),
        );
        spec.input_insert_only = insert_only;
        if let Ok(window) = window.try_into() {
            spec.window_fields = window;
        }
        let schema = Arc::clone(&node.schema);
        Ok(input
            .key_by(key)
            .apply(named(node), schema, move |context| {
                window_aggregate(&spec, context)
            }))
    }

    /// Both sides of a join by their keys, what updates take away included.
    pub(super) fn sides(&mut self, node: &Node, join: &Join) -> Result<Sides> {
        let left = self.input(node, 0, true)?;
        let right = self.input(node, 1, true)?;
        let left_key = KeyCodec::new(left.schema().fields(), &join.left_key)?;
        let right_key = KeyCodec::new(right.schema().fields(), &join.right_key)?;
        let condition = join.condition.clone();
        let pairs = Arc::clone(&join.pairs);
        if let Some(condition) = &condition {
            PairCondition::new(condition, &pairs)?;
        }
        Ok(Sides {
            left: left.key_by(left_key.clone()),
            right: right.key_by(right_key.clone()),
            left_key,
            right_key,
            condition: condition.map(|condition| (condition, pairs)),
        })
    }

    fn join(&mut self, node: &Node, join: &Join) -> Result<RowStream> {
        let sides = self.sides(node, join)?;
        let side = |index: usize, unique: &UniqueKey, schema| {
            let input = node.inputs.get(index);
            SideSpec {
                schema,
                insert_only: input.is_some_and(|it| it.mode.is_insert_only()),
                unique_key: unique.clone(),
                ttl: self.ttl_of(input),
            }
        };
        let left = side(0, &join.unique.0, Arc::clone(sides.left.schema()));
        let right = side(1, &join.unique.1, Arc::clone(sides.right.schema()));
        let (kind, null_equals_null) = (join.kind, join.null_equals_null);
        let schema = Arc::clone(&node.schema);
        let output = Arc::clone(&schema);
        let (one, two) = (sides.left.clone(), sides.right.clone());
        Ok(one.apply_with(&two, named(node), schema, move |context| {
            let spec = JoinSpec {
                kind,
                left_key: sides.left_key.clone(),
                right_key: sides.right_key.clone(),
                condition: sides.condition()?,
                left: left.clone(),
                right: right.clone(),
                null_equals_null,
                output: Arc::clone(&output),
            };
            spec.operator(context)
        }))
    }

    fn interval_join(
        &mut self,
        node: &Node,
        join: &Join,
        time: (usize, usize),
        (lower_ms, upper_ms): (i64, i64),
    ) -> Result<RowStream> {
        let sides = self.sides(node, join)?;
        let (kind, null_equals_null) = (join.kind, join.null_equals_null);
        let schema = Arc::clone(&node.schema);
        let output = Arc::clone(&schema);
        let (one, two) = (sides.left.clone(), sides.right.clone());
        Ok(one.apply_with(&two, named(node), schema, move |context| {
            let spec = IntervalJoinSpec {
                kind,
                left_key: sides.left_key.clone(),
                right_key: sides.right_key.clone(),
                left: Arc::clone(sides.left.schema()),
                right: Arc::clone(sides.right.schema()),
                time: JoinTime::Event {
                    left: time.0,
                    right: time.1,
                },
                lower_ms,
                upper_ms,
                lateness_ms: 0,
                condition: sides.condition()?,
                null_equals_null,
                output: Arc::clone(&output),
            };
            spec.operator(context)
        }))
    }

    fn window_join(
        &mut self,
        node: &Node,
        join: &Join,
        (left_window, right_window): ((usize, usize), (usize, usize)),
    ) -> Result<RowStream> {
        let sides = self.sides(node, join)?;
        let (kind, null_equals_null) = (join.kind, join.null_equals_null);
        let schema = Arc::clone(&node.schema);
        let output = Arc::clone(&schema);
        let (one, two) = (sides.left.clone(), sides.right.clone());
        Ok(one.apply_with(&two, named(node), schema, move |context| {
            let spec = WindowJoinSpec {
                kind,
                left_key: sides.left_key.clone(),
                right_key: sides.right_key.clone(),
                left: Arc::clone(sides.left.schema()),
                right: Arc::clone(sides.right.schema()),
                left_window,
                right_window,
                condition: sides.condition()?,
                null_equals_null,
                output: Arc::clone(&output),
            };
            spec.operator(context)
        }))
    }

    fn ranked(&mut self, node: &Node, before: bool) -> Result<RowStream> {
        let input = self.input(node, 0, true)?;
        let insert_only = node.input().is_some_and(|it| it.mode.is_insert_only());
        let ranks = Ranks {
            input,
            insert_only,
            before,
            options: self.options.clone(),
        };
        ranks.add(node)
    }
}

/// Both sides of a join.
pub(super) struct Sides {
    pub(super) left: RowStream,
    pub(super) right: RowStream,
    pub(super) left_key: KeyCodec,
    pub(super) right_key: KeyCodec,
    condition: Option<(Expr, datafusion_common::DFSchemaRef)>,
}

impl Sides {
    pub(super) fn condition(
        &self,
    ) -> Result<Option<Box<dyn hurtig_table::operators::join::JoinCondition>>> {
        let Some((condition, pairs)) = &self.condition else {
            return Ok(None);
        };
        Ok(Some(Box::new(PairCondition::new(condition, pairs)?)))
    }
}

/// What cannot be computed fails here, not when the job runs.
fn check_calls(calls: &[AggregateCall], input: &RowStream, insert_only: bool) -> Result<()> {
    let fields = input.schema().fields();
    Accumulators::new(calls, fields, !insert_only, DistinctIn::Tables).map(drop)
}

pub(super) fn named(node: &Node) -> Named {
    let named = Named::new(name(node), details(node));
    match &node.op {
        Op::GroupAggregate { .. }
        | Op::GlobalAggregate { .. }
        | Op::WindowAggregate { .. }
        | Op::Join(_)
        | Op::IntervalJoin { .. }
        | Op::WindowJoin { .. }
        | Op::TemporalJoin { .. }
        | Op::Over { .. }
        | Op::TopN { .. }
        | Op::WindowTopN { .. }
        | Op::Deduplicate { .. }
        | Op::Sort { .. }
        | Op::Limit { .. }
        | Op::ChangelogNormalize { .. } => named.keyed_by("ROW"),
        _ => named,
    }
}

fn calc_stream(input: &RowStream, node: &Node, calc: &Calc) -> Result<RowStream> {
    let calc = calc.clone();
    let output = Arc::clone(&node.schema);
    // What cannot be computed fails here, not when the job runs.
    let make = move || {
        Evaluator::new(
            calc.filter.as_ref(),
            &calc.projection,
            &calc.input,
            Arc::clone(&output),
        )
    };
    drop(make()?);
    let schema = Arc::clone(&node.schema);
    Ok(input.apply(named(node), schema, move |_| {
        Ok(Box::new(CalcOperator::new(Box::new(make()?))))
    }))
}

fn window_stream(
    input: &RowStream,
    node: &Node,
    window: WindowSpec,
    time: WindowTime,
) -> Result<RowStream> {
    let columns = node.schema.fields().iter();
    let width = input.schema().fields().len();
    let added: Vec<_> = columns.skip(width).cloned().collect();
    let window_fields = added
        .try_into()
        .map_err(|_| Error::bug("a window of other columns than three"))?;
    let spec = WindowTableFunctionSpec {
        window,
        time,
        input: Arc::clone(input.schema()),
        window_fields,
    };
    let schema = Arc::clone(&node.schema);
    Ok(input.apply(named(node), schema, move |_| window_table_function(&spec)))
}
