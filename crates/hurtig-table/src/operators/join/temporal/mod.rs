//! Joins with the version of a table that was valid at a time.

mod event_time;
mod latest;

use arrow_schema::SchemaRef;
use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Error, Result};

use super::spec::check_keys;
use super::{JoinCondition, JoinKind, JoinTime};
use crate::{KeyCodec, RowBytes};
use event_time::EventTimeJoin;
use latest::LatestJoin;

/// A join of each left row with the row of the right side, a table with a key, that is valid at the time of the left row.
///
/// By event time, a left row waits until the watermark has passed its time; the right side is a changelog whose rows say from when on they
/// are valid (of a deletion: from when on there is none). By processing time, a left row is joined with the last version, at once.
pub struct TemporalJoinSpec {
    /// Which rows come out: inner or left.
    pub kind: JoinKind,
    /// The key of left rows.
    pub left_key: KeyCodec,
    /// The key of the versions, of the same types.
    pub right_key: KeyCodec,
    /// The columns of the left side.
    pub left: SchemaRef,
    /// The columns of the right side.
    pub right: SchemaRef,
    /// Where the times are.
    pub time: JoinTime,
    /// What else must hold of a pair.
    pub condition: Option<Box<dyn JoinCondition>>,
    /// Whether null equals null in keys.
    pub null_equals_null: bool,
    /// The columns that come out, as [`JoinKind::schema`] says.
    pub output: SchemaRef,
}

impl TemporalJoinSpec {
    /// The operator in a subtask.
    ///
    /// # Errors
    /// When the specification makes no sense.
    pub fn operator(self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        check_keys(&self.left_key, &self.right_key)?;
        if !matches!(self.kind, JoinKind::Inner | JoinKind::Left) {
            let message = format!(
                "a join with a versioned table cannot be a {:?} join",
                self.kind
            );
            return Err(Error::unsupported(message));
        }
        let is_number = self.left_key.is_number();
        Ok(match self.time {
            JoinTime::Event { left, right } if is_number => Box::new(
                EventTimeJoin::<Option<i64>>::new(self, (left, right), context)?,
            ),
            JoinTime::Event { left, right } => Box::new(EventTimeJoin::<RowBytes>::new(
                self,
                (left, right),
                context,
            )?),
            JoinTime::Processing if is_number => {
                Box::new(LatestJoin::<Option<i64>>::new(self, context)?)
            }
            JoinTime::Processing => Box::new(LatestJoin::<RowBytes>::new(self, context)?),
        })
    }
}
