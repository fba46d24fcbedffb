//! The items of collections, as a table function.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use arrow_select::take::take;
use hurtig_types::{Error, Result};

use super::spec::{TableFunction, UnnestSpec};
use crate::ArrowContext;

/// Makes the items of a row's collection.
pub(super) struct Items {
    column: usize,
    multiset: bool,
    with_ordinality: bool,
    schema: SchemaRef,
}

impl Items {
    pub(super) fn new(spec: &UnnestSpec) -> Result<Self> {
        let fields = spec.output.fields();
        let collection = fields.get(spec.column).map(|field| field.data_type());
        let collection =
            collection.ok_or_else(|| Error::bug("UNNEST of a column that is not there"))?;
        let mut items = item_fields(collection, spec.multiset)?;
        if spec.with_ordinality {
            items.push(Field::new("ordinality", DataType::Int32, true));
        }
        if items.len() + spec.column >= fields.len() {
            return Err(Error::bug("UNNEST into fewer columns than it makes"));
        }
        Ok(Self {
            column: spec.column,
            multiset: spec.multiset,
            with_ordinality: spec.with_ordinality,
            schema: Arc::new(Schema::new(items)),
        })
    }
}

/// The columns that the items of a collection make.
fn item_fields(collection: &DataType, multiset: bool) -> Result<Vec<Field>> {
    let of_item = |item: &DataType| match item {
        DataType::Struct(fields) => nullable(fields),
        other => vec![Field::new("item", other.clone(), true)],
    };
    match collection {
        DataType::List(item) => Ok(of_item(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if multiset => {
                let item = fields.first().map(|field| of_item(field.data_type()));
                item.ok_or_else(|| Error::bug("a multiset without items"))
            }
            DataType::Struct(fields) => Ok(nullable(fields)),
            other => Err(Error::bug(format!("a map of {other}"))),
        },
        other => Err(Error::unsupported(format!(
            "UNNEST of {other}, which is no collection"
        ))),
    }
}

/// A row without items, and an item that is NULL, make columns that are.
fn nullable(fields: &Fields) -> Vec<Field> {
    let fields = fields.iter();
    fields
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect()
}

impl TableFunction for Items {
    fn call(&mut self, rows: &RecordBatch) -> Result<(RecordBatch, UInt32Array)> {
        let column = rows.columns().get(self.column);
        let column = column.ok_or_else(|| Error::bug("UNNEST of a column that is not there"))?;
        let (offsets, values, counts) = match column.data_type() {
            DataType::List(_) => {
                let list = column.as_list::<i32>();
                (list.offsets(), columns_of(list.values())?, None)
            }
            DataType::Map(..) => {
                let map = column.as_map();
                if self.multiset {
                    let counts = map.values().as_primitive_opt().cloned();
                    let counts: Option<Int32Array> = counts;
                    let counts = counts.ok_or_else(|| Error::bug("a multiset without counts"))?;
                    (map.offsets(), columns_of(map.keys())?, Some(counts))
                } else {
                    let columns = vec![Arc::clone(map.keys()), Arc::clone(map.values())];
                    (map.offsets(), columns, None)
                }
            }
            other => return Err(Error::bug(format!("UNNEST of {other}"))),
        };
        let places = Places::of(offsets, column.nulls(), counts.as_ref());
        self.results(values, places)
    }
}

impl Items {
    fn results(&self, values: Vec<ArrayRef>, places: Places) -> Result<(RecordBatch, UInt32Array)> {
        let items = UInt32Array::from(places.items);
        let mut columns = Vec::with_capacity(values.len() + 1);
        for column in values {
            columns.push(take(&column, &items, None).during("picking items")?);
        }
        if self.with_ordinality {
            columns.push(Arc::new(Int32Array::from(places.ordinals)));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        Ok((
            batch.during("taking items out")?,
            UInt32Array::from(places.parents),
        ))
    }
}

/// Where the items of each row stand.
#[derive(Default)]
struct Places {
    parents: Vec<u32>,
    items: Vec<u32>,
    ordinals: Vec<i32>,
}

impl Places {
    /// A collection that is NULL has no items, whatever stands behind it; an item of a multiset is there as often as it counts.
    fn of(
        offsets: &OffsetBuffer<i32>,
        nulls: Option<&NullBuffer>,
        counts: Option<&Int32Array>,
    ) -> Self {
        let mut places = Self::default();
        for ((bounds, row), parent) in offsets.windows(2).zip(0usize..).zip(0u32..) {
            let [start, end] = bounds else { continue };
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            let mut ordinal = 0;
            for item in *start as u32..*end as u32 {
                let count = counts.and_then(|counts| counts.values().get(item as usize));
                for _ in 0..count.copied().unwrap_or(1) {
                    ordinal += 1;
                    places.parents.push(parent);
                    places.items.push(item);
                    places.ordinals.push(ordinal);
                }
            }
        }
        places
    }
}

/// An item that is a ROW makes a column of each field; one that is NULL makes nulls.
fn columns_of(items: &ArrayRef) -> Result<Vec<ArrayRef>> {
    let Some(rows) = items.as_struct_opt() else {
        return Ok(vec![Arc::clone(items)]);
    };
    if rows.null_count() == 0 {
        return Ok(rows.columns().to_vec());
    }
    let valid = (0..rows.len() as u32).map(|row| rows.is_valid(row as usize).then_some(row));
    let valid: UInt32Array = valid.collect();
    let columns = rows.columns().iter();
    columns
        .map(|column| take(column, &valid, None).during("taking fields of items"))
        .collect()
}
