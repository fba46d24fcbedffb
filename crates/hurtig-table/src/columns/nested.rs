//! Columns whose values have parts.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, FieldRef, Fields};
use hurtig_types::{Error, Result};

use super::ColumnBuilder;

/// A column of rows.
pub struct RowBuilder {
    fields: Fields,
    columns: Vec<ColumnBuilder>,
    nulls: NullBufferBuilder,
}

impl RowBuilder {
    pub(super) fn new(fields: &Fields) -> Result<Self> {
        let columns = fields
            .iter()
            .map(|field| ColumnBuilder::new(field.data_type()));
        Ok(Self {
            columns: columns.collect::<Result<_>>()?,
            fields: fields.clone(),
            nulls: NullBufferBuilder::new(0),
        })
    }

    /// The fields of a row.
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The columns of the fields: each is to get a value before [`end`](Self::end); those that don't are null.
    pub fn columns(&mut self) -> &mut [ColumnBuilder] {
        &mut self.columns
    }

    /// Rows so far, without one that has not ended.
    pub fn rows(&self) -> usize {
        self.nulls.len()
    }

    /// The row has ended; is it there, or null?
    pub fn end(&mut self, is_there: bool) {
        self.nulls.append(is_there);
        let length = self.nulls.len();
        for (column, field) in self.columns.iter_mut().zip(&self.fields) {
            column.fill(length, field.is_nullable());
        }
    }

    /// A row that was given up may have values in some columns.
    pub(super) fn settle(&mut self) {
        self.columns.iter_mut().for_each(ColumnBuilder::settle);
        if self
            .columns
            .iter()
            .any(|column| column.len() > self.nulls.len())
        {
            self.end(false);
        }
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let length = self.nulls.len();
        let nulls = self.nulls.finish();
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish);
        let columns = columns.collect::<Result<_, _>>()?;
        let rows = StructArray::try_new_with_length(self.fields.clone(), columns, nulls, length)?;
        Ok(Arc::new(rows))
    }
}

/// Where the parts of each value end.
struct Ends {
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Ends {
    fn new() -> Self {
        Self {
            ends: vec![0],
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn end(&mut self, parts: usize, is_there: bool) {
        // A batch with more than 2 billion items of lists would have run out of memory before.
        self.ends.push(i32::try_from(parts).unwrap_or(i32::MAX));
        self.nulls.append(is_there);
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, Option<arrow_buffer::NullBuffer>) {
        let ends = std::mem::replace(&mut self.ends, vec![0]);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        (offsets, self.nulls.finish())
    }
}

/// A column of lists.
pub struct ListBuilder {
    item: FieldRef,
    items: Box<ColumnBuilder>,
    ends: Ends,
}

impl ListBuilder {
    pub(super) fn new(item: &FieldRef) -> Result<Self> {
        Ok(Self {
            items: Box::new(ColumnBuilder::new(item.data_type())?),
            item: Arc::clone(item),
            ends: Ends::new(),
        })
    }

    /// What an item is.
    pub const fn item(&self) -> &FieldRef {
        &self.item
    }

    /// Where the items of the list that has not ended go.
    pub fn items(&mut self) -> &mut ColumnBuilder {
        &mut self.items
    }

    pub(super) fn len(&self) -> usize {
        self.ends.nulls.len()
    }

    /// The list has ended; is it there, or null?
    pub fn end(&mut self, is_there: bool) {
        self.ends.end(self.items.len(), is_there);
    }

    pub(super) fn settle(&mut self) {
        self.items.settle();
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, nulls) = self.ends.finish();
        let items = self.items.finish()?;
        let lists = ListArray::try_new(Arc::clone(&self.item), offsets, items, nulls)?;
        Ok(Arc::new(lists))
    }
}

/// A column of maps.
pub struct MapBuilder {
    entry: FieldRef,
    fields: Fields,
    keys: Box<ColumnBuilder>,
    values: Box<ColumnBuilder>,
    ends: Ends,
}

impl MapBuilder {
    pub(super) fn new(entry: &FieldRef) -> Result<Self> {
        let DataType::Struct(fields) = entry.data_type() else {
            return Err(Error::bug("a map whose entries are no rows"));
        };
        let [key, value] = &fields[..] else {
            return Err(Error::bug("a map whose entries are no pairs"));
        };
        Ok(Self {
            keys: Box::new(ColumnBuilder::new(key.data_type())?),
            values: Box::new(ColumnBuilder::new(value.data_type())?),
            fields: fields.clone(),
            entry: Arc::clone(entry),
            ends: Ends::new(),
        })
    }

    /// Whether values may be null.
    pub fn has_nullable_values(&self) -> bool {
        self.fields.get(1).is_some_and(|value| value.is_nullable())
    }

    /// Where keys and values of the map that has not ended go, as many of the ones as of the others.
    pub fn entries(&mut self) -> (&mut ColumnBuilder, &mut ColumnBuilder) {
        (&mut self.keys, &mut self.values)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.nulls.len()
    }

    /// The map has ended; is it there, or null?
    pub fn end(&mut self, is_there: bool) {
        self.ends.end(self.keys.len(), is_there);
    }

    /// A map that was given up may have a key without a value.
    pub(super) fn settle(&mut self) {
        self.keys.settle();
        let (entries, nullable) = (self.keys.len(), self.has_nullable_values());
        self.values.fill(entries, nullable);
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, nulls) = self.ends.finish();
        let columns = vec![self.keys.finish()?, self.values.finish()?];
        let entries = StructArray::try_new(self.fields.clone(), columns, None)?;
        let maps = MapArray::try_new(Arc::clone(&self.entry), offsets, entries, nulls, false)?;
        Ok(Arc::new(maps))
    }
}
