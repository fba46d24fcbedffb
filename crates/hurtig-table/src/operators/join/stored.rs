//! How the rows of a side are written, and read back as columns.

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use hurtig_types::{Error, Result};

use super::flat::FlatRows;
use super::rows::{Frame, Identity, Parts};
use super::spec::{SideSpec, UniqueKey};
use crate::RowCodec;

/// Writes and reads the rows of a side.
///
/// Where some columns are a key of the side, they are written in front, so that rows are told apart by bytes.
pub(super) struct StoredRows {
    identity: Identity,
    front: RowCodec,
    /// What is behind the front, and where each column of the side is: in the front, or behind.
    behind: Option<(RowCodec, Vec<Place>)>,
    front_columns: Vec<usize>,
    behind_columns: Vec<usize>,
}

#[derive(Clone, Copy)]
enum Place {
    Front(usize),
    Behind(usize),
}

/// The rows of a batch as bytes.
#[derive(Default)]
pub(super) struct Encoded {
    front: FlatRows,
    behind: FlatRows,
}

impl Encoded {
    pub(super) fn clear(&mut self) {
        self.front.clear();
        self.behind.clear();
    }

    pub(super) const fn len(&self) -> usize {
        self.front.len()
    }

    /// All rows.
    pub(super) fn iter(&self) -> impl Iterator<Item = Parts<'_>> + Clone {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: Parts<'_>) {
        self.front.push(row.id);
        self.behind.push(row.rest);
    }

    /// A row of it.
    pub(super) fn get(&self, index: usize) -> Parts<'_> {
        Parts {
            id: self.front.get(index),
            rest: self.behind.get(index),
        }
    }
}

impl StoredRows {
    /// What the side says of its rows decides how they lie in state.
    pub(super) fn of(side: &SideSpec) -> Result<Self> {
        let unique = match &side.unique_key {
            UniqueKey::Columns(columns) if !side.insert_only => columns.as_slice(),
            UniqueKey::JoinKey if !side.insert_only => return Self::whole(side, Identity::Only),
            _ => &[],
        };
        let all = side.schema.fields().len();
        let behind: Vec<usize> = (0..all).filter(|i| !unique.contains(i)).collect();
        if unique.is_empty() || behind.is_empty() {
            return Self::whole(side, Identity::Whole);
        }
        let place = |column| match unique.iter().position(|it| *it == column) {
            Some(index) => Some(Place::Front(index)),
            None => behind
                .iter()
                .position(|it| *it == column)
                .map(Place::Behind),
        };
        let places = (0..all).filter_map(place).collect();
        let fields = side.schema.fields();
        Ok(Self {
            identity: Identity::Front,
            front: RowCodec::of_columns(fields, unique)?,
            behind: Some((RowCodec::of_columns(fields, &behind)?, places)),
            front_columns: unique.to_vec(),
            behind_columns: behind,
        })
    }

    /// Rows of which nothing is known.
    pub(super) fn plain(schema: &SchemaRef) -> Result<Self> {
        Self::of(&SideSpec::new(schema.clone()).insert_only())
    }

    fn whole(side: &SideSpec, identity: Identity) -> Result<Self> {
        Ok(Self {
            identity,
            front: RowCodec::new(side.schema.fields().clone())?,
            behind: None,
            front_columns: (0..side.schema.fields().len()).collect(),
            behind_columns: Vec::new(),
        })
    }

    /// What tells rows apart.
    pub(super) const fn identity(&self) -> Identity {
        self.identity
    }

    /// Writes the rows of a batch behind those that are there.
    pub(super) fn encode(&self, batch: &RecordBatch, rows: &mut Encoded) -> Result<()> {
        let before = rows.front.len();
        if self.front_columns.is_empty() {
            (0..batch.num_rows()).for_each(|_| rows.front.push(&[]));
        } else {
            let columns = RowCodec::project(batch, &self.front_columns)?;
            self.front
                .encode_each(&columns, |row| rows.front.push(row))?;
        }
        match &self.behind {
            Some((behind, _)) => {
                let columns = RowCodec::project(batch, &self.behind_columns)?;
                behind.encode_each(&columns, |row| rows.behind.push(row))?;
            }
            None => (before..rows.front.len()).for_each(|_| rows.behind.push(&[])),
        }
        Ok(())
    }

    /// The parts of a row in its place, as [`Encoded`] has them.
    pub(super) fn parts<'a>(&self, frame: &Frame<'a>) -> Parts<'a> {
        match self.identity {
            Identity::Front => frame.parts(),
            _ => Parts {
                id: frame.row,
                rest: &[],
            },
        }
    }

    /// The columns of these rows, in the order of the side.
    pub(super) fn decode<'a>(
        &self,
        rows: impl Iterator<Item = Parts<'a>> + Clone,
    ) -> Result<Vec<ArrayRef>> {
        let front = self.front.decode(rows.clone().map(|row| row.id))?;
        let Some((behind, places)) = &self.behind else {
            return Ok(front);
        };
        let behind = behind.decode(rows.map(|row| row.rest))?;
        let column = |place: &Place| match place {
            Place::Front(index) => front.get(*index).cloned(),
            Place::Behind(index) => behind.get(*index).cloned(),
        };
        let columns: Option<Vec<_>> = places.iter().map(column).collect();
        columns.ok_or_else(|| Error::bug("a column of a join that is not there"))
    }
}
