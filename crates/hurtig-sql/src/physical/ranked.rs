//! Ranks, sorts and limits in a job.

use std::sync::Arc;

use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_table::operators::rank::{
    DeduplicateSpec, Keep, RankEnd, RankInput, SortColumn, TimeOrder, TopNSpec, WindowEnd,
    WindowTopNSpec, deduplicate, top_n, window_top_n,
};
use hurtig_table::operators::sort::{
    LimitSpec, SortLimitSpec, SortSpec, TemporalSortSpec, limit, sort, sort_limit, temporal_sort,
};
use hurtig_table::{KeyCodec, RowStream};
use hurtig_types::{Error, Result};

use super::build::{ExecOptions, named};
use super::node::{Node, Op};
use super::print::name;
use super::rank::at_watermark;
use crate::types::TimeAttribute;

/// What ranks, sorts and limits are built on.
pub(super) struct Ranks {
    pub(super) input: RowStream,
    pub(super) insert_only: bool,
    pub(super) before: bool,
    pub(super) options: ExecOptions,
}

impl Ranks {
    fn schema(&self) -> arrow_schema::SchemaRef {
        Arc::clone(self.input.schema())
    }

    fn by(
        &self,
        key: &[usize],
        node: &Node,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> Result<RowStream> {
        let key = KeyCodec::new(self.input.schema().fields(), key)?;
        let schema = Arc::clone(&node.schema);
        Ok(self.input.key_by(key).apply(named(node), schema, make))
    }

    const fn rank_input(&self) -> RankInput {
        if self.insert_only {
            RankInput::Append
        } else {
            RankInput::Retract
        }
    }

    pub(super) fn add(self, node: &Node) -> Result<RowStream> {
        match &node.op {
            Op::TopN {
                partition,
                order,
                start,
                end,
                rank,
            } => {
                let spec = TopNSpec {
                    partition: partition.clone(),
                    order: order.clone(),
                    start: *start,
                    end: RankEnd::Constant(*end),
                    output_rank: rank.clone(),
                    input: self.rank_input(),
                    generate_update_before: self.before,
                    per_record: !self.options.mini_batch,
                    ttl: self.options.state_ttl,
                    schema: self.schema(),
                };
                self.by(partition, node, move |context| top_n(spec.clone(), context))
            }
            Op::WindowTopN {
                partition,
                window_end,
                order,
                start,
                end,
                rank,
            } => {
                let spec = WindowTopNSpec {
                    partition: partition.clone(),
                    window_end: WindowEnd::new(*window_end),
                    order: order.clone(),
                    start: *start,
                    end: *end,
                    output_rank: rank.clone(),
                    schema: self.schema(),
                };
                self.by(partition, node, move |context| {
                    window_top_n(spec.clone(), context)
                })
            }
            Op::Deduplicate { key, keep, order } => self.deduplicate(node, key, *keep, *order),
            Op::Sort { order } => self.sort(node, order),
            Op::Limit {
                order,
                offset,
                limit,
            } => self.limit(node, order, *offset, *limit),
            _ => Err(Error::bug(format!("no operator for {}", name(node)))),
        }
    }

    fn deduplicate(
        &self,
        node: &Node,
        key: &[usize],
        keep: Keep,
        order: TimeOrder,
    ) -> Result<RowStream> {
        let spec = DeduplicateSpec {
            key: key.to_vec(),
            keep,
            order,
            at_watermark: at_watermark(keep, order),
            generate_update_before: self.before,
            generate_insert: true,
            per_record: !self.options.mini_batch,
            ttl: self.options.state_ttl,
            schema: self.schema(),
        };
        self.by(key, node, move |context| deduplicate(spec.clone(), context))
    }

    /// By event time as it goes, where that is the first column; else all at the end.
    fn sort(&self, node: &Node, order: &[SortColumn]) -> Result<RowStream> {
        let schema = self.schema();
        let is_rowtime = |column: &SortColumn| {
            let field = schema.fields().get(column.column);
            let attribute = field.and_then(|field| TimeAttribute::of(field));
            attribute == Some(TimeAttribute::RowTime) && !column.descending
        };
        if let Some((first, then)) = order.split_first()
            && is_rowtime(first)
        {
            let spec = TemporalSortSpec {
                rowtime: first.column,
                then: then.to_vec(),
                schema,
            };
            return self.by(&[], node, move |context| {
                temporal_sort(spec.clone(), context)
            });
        }
        let spec = SortSpec {
            order: order.to_vec(),
            offset: 0,
            limit: None,
            schema,
        };
        self.by(&[], node, move |context| sort(spec.clone(), context))
    }

    fn limit(
        &self,
        node: &Node,
        order: &[SortColumn],
        offset: u64,
        limit_rows: u64,
    ) -> Result<RowStream> {
        if order.is_empty() {
            let spec = LimitSpec {
                offset,
                limit: limit_rows,
                append_only: self.insert_only,
                schema: self.schema(),
            };
            return self.by(&[], node, move |context| limit(spec.clone(), context));
        }
        let spec = SortLimitSpec {
            order: order.to_vec(),
            offset,
            limit: limit_rows,
            input: self.rank_input(),
            generate_update_before: self.before,
            per_record: !self.options.mini_batch,
            schema: self.schema(),
        };
        self.by(&[], node, move |context| sort_limit(spec.clone(), context))
    }
}
