//! Pairs of rows as columns: what a condition is asked about, and what comes out.

use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take;
use hurtig_types::{Error, Result, RowKind};
use std::sync::Arc;

use super::spec::{JoinCondition, JoinKind};
use crate::{ArrowContext, RowBatch};

/// No row: nulls come out.
pub(super) const NO_ROW: u32 = u32::MAX;

/// Which side a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Input 0.
    Left,
    /// Input 1.
    Right,
}

impl Side {
    pub(super) const fn of_input(input: usize) -> Self {
        if input == 0 { Self::Left } else { Self::Right }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Rows of both sides, side by side: row `i` is `left[i]` with `right[i]`.
#[derive(Default)]
pub(super) struct Picks {
    pub(super) left: Vec<u32>,
    pub(super) right: Vec<u32>,
}

impl Picks {
    pub(super) fn clear(&mut self) {
        self.left.clear();
        self.right.clear();
    }

    pub(super) const fn len(&self) -> usize {
        self.left.len()
    }

    /// A row of one side with one of the other.
    #[inline]
    pub(super) fn push(&mut self, side: Side, row: u32, other: u32) {
        let (left, right) = match side {
            Side::Left => (row, other),
            Side::Right => (other, row),
        };
        self.left.push(left);
        self.right.push(right);
    }
}

/// The columns of both sides from which rows are picked.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) left: Vec<ArrayRef>,
    pub(super) right: Vec<ArrayRef>,
}

impl Sources {
    /// The columns of one side and of the other.
    pub(super) fn of(side: Side, columns: Vec<ArrayRef>, other: Vec<ArrayRef>) -> Self {
        match side {
            Side::Left => Self {
                left: columns,
                right: other,
            },
            Side::Right => Self {
                left: other,
                right: columns,
            },
        }
    }
}

/// What comes out, row by row, until it is made into columns.
#[derive(Default)]
pub(super) struct Said {
    pub(super) picks: Picks,
    pub(super) kinds: Vec<RowKind>,
}

impl Said {
    pub(super) fn clear(&mut self) {
        self.picks.clear();
        self.kinds.clear();
    }

    #[inline]
    pub(super) fn push(&mut self, kind: RowKind, side: Side, row: u32, other: u32) {
        self.picks.push(side, row, other);
        self.kinds.push(kind);
    }
}

/// Makes columns of pairs, and asks the condition about them.
pub(super) struct Pairing {
    condition: Option<Box<dyn JoinCondition>>,
    /// The columns that the condition is asked about: left ++ right.
    pairs: SchemaRef,
    output: SchemaRef,
    left_only: bool,
}

impl Pairing {
    pub(super) fn new(
        kind: JoinKind,
        condition: Option<Box<dyn JoinCondition>>,
        (left, right): (&SchemaRef, &SchemaRef),
        output: SchemaRef,
    ) -> Result<Self> {
        let expected = kind.schema(left, right);
        let types = |schema: &SchemaRef| -> Vec<_> {
            let fields = schema.fields().iter();
            fields.map(|field| field.data_type().clone()).collect()
        };
        if types(&expected) != types(&output) {
            let message = format!("a join of {expected} that puts out {output}");
            return Err(Error::bug(message));
        }
        Ok(Self {
            condition,
            pairs: JoinKind::Inner.schema(left, right),
            output,
            left_only: kind.is_left_only(),
        })
    }

    /// Whether there is a condition beside the keys.
    pub(super) const fn has_condition(&self) -> bool {
        self.condition.is_some()
    }

    /// For each pair, whether the condition holds; none where there is no condition.
    pub(super) fn holds(
        &mut self,
        sources: &Sources,
        picks: &Picks,
    ) -> Result<Option<BooleanArray>> {
        let Some(condition) = &mut self.condition else {
            return Ok(None);
        };
        if picks.len() == 0 {
            return Ok(Some(BooleanArray::from(Vec::<bool>::new())));
        }
        let batch = columns_of(&self.pairs, sources, picks, false)?;
        let holds = condition.matches(&batch)?;
        if holds.len() != picks.len() {
            let (is, of) = (holds.len(), picks.len());
            return Err(Error::bug(format!(
                "{is} answers of a condition for {of} pairs"
            )));
        }
        Ok(Some(holds))
    }

    /// The pairs of which the condition holds, as inserts: all that an inner join of inserts has to do.
    pub(super) fn inner(
        &mut self,
        sources: &Sources,
        picks: &Picks,
        kinds: &[RowKind],
    ) -> Result<RowBatch> {
        let Some(condition) = &mut self.condition else {
            let columns = columns_of(&self.output, sources, picks, false)?;
            return changes(columns, kinds.to_vec());
        };
        if picks.len() == 0 {
            return Ok(RowBatch::empty(self.output.clone()));
        }
        let batch = columns_of(&self.pairs, sources, picks, false)?;
        let holds = condition.matches(&batch)?;
        let batch = filter_record_batch(&batch, &holds).during("joining rows")?;
        let kept = kinds.iter().zip(holds.iter());
        let kept = kept.filter(|(_, holds)| *holds == Some(true));
        let kinds = kept.map(|(kind, _)| *kind).collect();
        let rows = batch.num_rows();
        changes(
            batch_of(&self.output, batch.columns().to_vec(), rows)?,
            kinds,
        )
    }

    /// Left rows with what was found for each (their rows one after another, [`NO_ROW`] where nothing was): pairs of which the condition
    /// holds, and left rows of which no pair is left, where these are padded.
    pub(super) fn left_with(
        &mut self,
        sources: &Sources,
        found: &Said,
        pads: bool,
        said: &mut Said,
    ) -> Result<RowBatch> {
        let mut pairs = Picks::default();
        let rows = || found.picks.left.iter().zip(&found.picks.right);
        for (left, right) in rows().filter(|(_, right)| **right != NO_ROW) {
            pairs.push(Side::Left, *left, *right);
        }
        let holds = self.holds(sources, &pairs)?;
        let (mut pair, mut is_met) = (0, false);
        let mut nexts = found.picks.left.iter().skip(1);
        said.clear();
        for ((left, right), kind) in rows().zip(&found.kinds) {
            if *right != NO_ROW {
                let holds = holds.as_ref();
                if holds.is_none_or(|holds| holds.is_valid(pair) && holds.value(pair)) {
                    said.push(*kind, Side::Left, *left, *right);
                    is_met = true;
                }
                pair += 1;
            }
            if nexts.next() != Some(left) {
                if pads && !is_met {
                    said.push(*kind, Side::Left, *left, NO_ROW);
                }
                is_met = false;
            }
        }
        self.rows(sources, said)
    }

    /// What was said, as columns.
    pub(super) fn rows(&self, sources: &Sources, said: &Said) -> Result<RowBatch> {
        let columns = columns_of(&self.output, sources, &said.picks, self.left_only)?;
        changes(columns, said.kinds.clone())
    }
}

/// Kinds that are not there: all are inserts.
fn changes(columns: RecordBatch, kinds: Vec<RowKind>) -> Result<RowBatch> {
    if kinds.is_empty() {
        return Ok(RowBatch::inserts(columns));
    }
    RowBatch::changes(columns, kinds)
}

fn columns_of(
    schema: &SchemaRef,
    sources: &Sources,
    picks: &Picks,
    left_only: bool,
) -> Result<RecordBatch> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    let fields = schema.fields().iter();
    let mut types = fields.map(|field| field.data_type());
    let sides = [(&sources.left, &picks.left), (&sources.right, &picks.right)];
    for (source, picks) in sides.into_iter().take(if left_only { 1 } else { 2 }) {
        let how = How::of(source, picks);
        for column in source {
            let data_type = types.next().unwrap_or(column.data_type());
            columns.push(match &how {
                How::AsTheyAre => Arc::clone(column),
                How::Nulls => new_null_array(data_type, picks.len()),
                How::Taken(indexes) => take(column, indexes, None).during("joining rows")?,
            });
        }
    }
    batch_of(schema, columns, picks.len())
}

/// How rows are picked from the columns of a side.
enum How {
    AsTheyAre,
    Nulls,
    Taken(UInt32Array),
}

impl How {
    fn of(source: &[ArrayRef], picks: &[u32]) -> Self {
        let rows = source.first().map_or(0, |column| column.len());
        if rows == picks.len() && picks.iter().zip(0u32..).all(|(pick, row)| *pick == row) {
            return Self::AsTheyAre;
        }
        let padded = picks.iter().filter(|pick| **pick == NO_ROW).count();
        if padded == picks.len() {
            return Self::Nulls;
        }
        if padded == 0 {
            return Self::Taken(UInt32Array::from(picks.to_vec()));
        }
        let nulls: NullBuffer = picks.iter().map(|pick| *pick != NO_ROW).collect();
        let indexes = picks
            .iter()
            .map(|pick| if *pick == NO_ROW { 0 } else { *pick });
        let indexes: ScalarBuffer<u32> = indexes.collect();
        Self::Taken(UInt32Array::new(indexes, Some(nulls)))
    }
}

fn batch_of(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).during("joining rows")
}

/// Rows below these rows.
pub(super) fn below(columns: Vec<ArrayRef>, more: Vec<ArrayRef>) -> Result<Vec<ArrayRef>> {
    let pairs = columns.into_iter().zip(more);
    pairs
        .map(|(column, more)| concat(&[column.as_ref(), more.as_ref()]).during("joining rows"))
        .collect()
}

/// Places in state are counted in 32 bits.
#[cold]
pub(super) fn key_is_full() -> Error {
    Error::function(
        "the rows of one key of a join are more than 4 GiB: divide them by another key, or let them expire",
    )
}
