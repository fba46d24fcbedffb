//! Arrays, maps and rows, item by item.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_schema::{DataType as Arrow, Field};
use datafusion_common::{Result, internal_err};
use hurtig_sql_parser::{DataType, TypeKind};

use super::Caster;
use crate::error::Carry;
use crate::types::arrow_of;

impl Caster {
    pub(super) fn nested(
        self,
        array: &ArrayRef,
        from: &TypeKind,
        to: &TypeKind,
    ) -> Result<ArrayRef> {
        let arrow = arrow_of(to).carried()?;
        match (from, to, &arrow) {
            (TypeKind::Array(from), TypeKind::Array(to), Arrow::List(item)) => {
                let list = array.as_list::<i32>();
                let values = self.cast(list.values(), &from.kind, &to.kind)?;
                let nulls = list.nulls().cloned();
                Ok(Arc::new(ListArray::try_new(
                    Arc::clone(item),
                    list.offsets().clone(),
                    values,
                    nulls,
                )?))
            }
            (
                TypeKind::Map(key, value),
                TypeKind::Map(to_key, to_value),
                Arrow::Map(entries, _),
            ) => self.map(array, entries, [key, value], [to_key, to_value]),
            (TypeKind::Multiset(item), TypeKind::Multiset(to_item), Arrow::Map(entries, _)) => {
                let count = Box::new(DataType::not_null(TypeKind::Int));
                self.map(array, entries, [item, &count], [to_item, &count])
            }
            (TypeKind::Row(from), TypeKind::Row(to), Arrow::Struct(fields)) => {
                let row = array.as_struct();
                let pairs = row.columns().iter().zip(from.iter().zip(to));
                let columns = pairs.map(|(column, (from, to))| {
                    self.cast(column, &from.data_type.kind, &to.data_type.kind)
                });
                let columns = columns.collect::<Result<Vec<_>>>()?;
                Ok(Arc::new(StructArray::try_new(
                    fields.clone(),
                    columns,
                    row.nulls().cloned(),
                )?))
            }
            _ => internal_err!("{arrow} is not nested"),
        }
    }

    fn map(
        self,
        array: &ArrayRef,
        entries: &Arc<Field>,
        from: [&DataType; 2],
        to: [&DataType; 2],
    ) -> Result<ArrayRef> {
        let map = array.as_map();
        let Arrow::Struct(fields) = entries.data_type() else {
            return internal_err!("a map without entries");
        };
        let ([from_key, from_value], [to_key, to_value]) = (from, to);
        let keys = self.cast(map.keys(), &from_key.kind, &to_key.kind)?;
        let values = self.cast(map.values(), &from_value.kind, &to_value.kind)?;
        let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
        let nulls = map.nulls().cloned();
        Ok(Arc::new(MapArray::try_new(
            Arc::clone(entries),
            map.offsets().clone(),
            pairs,
            nulls,
            false,
        )?))
    }
}
