//! What a join is told: its kind, its keys, its sides, and what else must hold of a pair.

use std::time::Duration;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::{Field, FieldRef, Schema, SchemaRef};
use hurtig_types::{Error, Result};
use std::sync::Arc;

use crate::KeyCodec;

/// Which rows a join puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Pairs.
    Inner,
    /// Pairs, and rows of the left side without one.
    Left,
    /// Pairs, and rows of the right side without one.
    Right,
    /// Pairs, and rows of both sides without one.
    Full,
    /// Rows of the left side that have a pair.
    Semi,
    /// Rows of the left side that have none.
    Anti,
}

impl JoinKind {
    /// Whether rows of the left side come out without a pair, the columns of the right side null.
    pub const fn pads_left(self) -> bool {
        matches!(self, Self::Left | Self::Full)
    }

    /// Whether rows of the right side come out without a pair, the columns of the left side null.
    pub const fn pads_right(self) -> bool {
        matches!(self, Self::Right | Self::Full)
    }

    /// Whether the columns of the left side alone come out.
    pub const fn is_left_only(self) -> bool {
        matches!(self, Self::Semi | Self::Anti)
    }

    /// The columns that come out of such a join: left ++ right, those of a side that is padded may be null; left alone for semi and anti
    /// joins.
    pub fn schema(self, left: &Schema, right: &Schema) -> SchemaRef {
        let nullable = |field: &FieldRef, yes: bool| -> FieldRef {
            if yes && !field.is_nullable() {
                Arc::new(Field::clone(field).with_nullable(true))
            } else {
                Arc::clone(field)
            }
        };
        let left = left.fields().iter();
        let left = left.map(|field| nullable(field, self.pads_right()));
        let right = right.fields().iter().filter(|_| !self.is_left_only());
        let right = right.map(|field| nullable(field, self.pads_left()));
        Arc::new(Schema::new(left.chain(right).collect::<Vec<_>>()))
    }
}

/// What must hold of a pair beside equal keys.
///
/// The law: the answer for a pair depends on the pair alone. Called from one task, with many pairs at once, of which there may be none.
pub trait JoinCondition: Send {
    /// For each pair, whether it holds; null counts as false. The columns of `pairs` are left ++ right.
    ///
    /// # Errors
    /// When an expression fails at a pair.
    fn matches(&mut self, pairs: &RecordBatch) -> Result<BooleanArray>;
}

/// By which rows of a side are told apart, and thereby how they lie in state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UniqueKey {
    /// The join key contains a key of the side: at most one row per join key.
    JoinKey,
    /// These columns are a key of the side: one row for each value of them.
    Columns(Vec<usize>),
    /// Rows may be there several times: a bag.
    None,
}

/// A side of a join.
#[derive(Clone, Debug)]
pub struct SideSpec {
    /// Its columns.
    pub schema: SchemaRef,
    /// Whether nothing but inserts come.
    pub insert_only: bool,
    /// What tells its rows apart.
    pub unique_key: UniqueKey,
    /// How long after it was written last a row stays, in processing time; for ever without.
    pub ttl: Option<Duration>,
}

impl SideSpec {
    /// A side that changes, of whose rows nothing is known.
    pub const fn new(schema: SchemaRef) -> Self {
        Self {
            schema,
            insert_only: false,
            unique_key: UniqueKey::None,
            ttl: None,
        }
    }

    /// The same with inserts alone.
    #[must_use]
    pub fn insert_only(self) -> Self {
        Self {
            insert_only: true,
            ..self
        }
    }

    /// The same with rows that this tells apart.
    #[must_use]
    pub fn unique_by(self, unique_key: UniqueKey) -> Self {
        Self { unique_key, ..self }
    }

    /// The same with rows that go after so long.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self {
            ttl: Some(ttl),
            ..self
        }
    }
}

/// A join over all that has ever come (or come within the sides' time to live), of sides that may change.
///
/// Each side comes by its key from its exchange: input 0 is the left side, input 1 the right one.
pub struct JoinSpec {
    /// Which rows come out.
    pub kind: JoinKind,
    /// The key of rows of the left side.
    pub left_key: KeyCodec,
    /// The key of rows of the right side, of the same types.
    pub right_key: KeyCodec,
    /// What else must hold of a pair.
    pub condition: Option<Box<dyn JoinCondition>>,
    /// The left side.
    pub left: SideSpec,
    /// The right side.
    pub right: SideSpec,
    /// Whether null equals null in keys (`IS NOT DISTINCT FROM`); otherwise a key with a null has no pair.
    pub null_equals_null: bool,
    /// The columns that come out, as [`JoinKind::schema`] says, whatever they are called.
    pub output: SchemaRef,
}

impl JoinSpec {
    /// A join of these sides on these keys alone.
    pub fn new(
        kind: JoinKind,
        (left, left_key): (SideSpec, KeyCodec),
        (right, right_key): (SideSpec, KeyCodec),
    ) -> Self {
        Self {
            output: kind.schema(&left.schema, &right.schema),
            kind,
            left_key,
            right_key,
            condition: None,
            left,
            right,
            null_equals_null: false,
        }
    }

    /// The same for pairs alone of which this holds.
    #[must_use]
    pub fn on(self, condition: Box<dyn JoinCondition>) -> Self {
        Self {
            condition: Some(condition),
            ..self
        }
    }
}

/// Which clock a join goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinTime {
    /// Event time, in these columns (of timestamps) of the left and the right side.
    Event {
        /// The column of the left side.
        left: usize,
        /// The column of the right side.
        right: usize,
    },
    /// Processing time: that at which a row comes.
    Processing,
}

/// Keys of the two sides are of one type.
pub(super) fn check_keys(left: &KeyCodec, right: &KeyCodec) -> Result<()> {
    let types = |key: &KeyCodec| -> Vec<_> {
        let fields = key.fields().iter();
        fields.map(|field| field.data_type().clone()).collect()
    };
    if types(left) == types(right) {
        return Ok(());
    }
    let (left, right) = (types(left), types(right));
    Err(Error::bug(format!(
        "a join of keys of type {left:?} with keys of type {right:?}"
    )))
}
