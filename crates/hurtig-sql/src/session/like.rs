//! `CREATE TABLE … LIKE`.

use hurtig_sql_parser::{Like, LikeAction, LikeFeature};
use hurtig_types::{Error, Result};

use super::TableEnvironment;
use crate::catalog::{CatalogObject, Column, ColumnKind, TableDefinition};
use crate::types::TimeAttribute;

impl TableEnvironment {
    /// What the new table takes over from another.
    pub(super) fn liken(&self, table: TableDefinition, like: &Like) -> Result<TableDefinition> {
        let path = self.catalogs.path(&like.table)?;
        let CatalogObject::Table(other) = self.catalogs.get(&path)? else {
            return Err(Error::invalid_job(format!("LIKE {path}: it is a view")));
        };
        let takes = |feature: LikeFeature| {
            let mut last = LikeAction::Including;
            for (action, of) in &like.options {
                if *of == feature || *of == LikeFeature::All {
                    last = *action;
                }
            }
            last != LikeAction::Excluding
        };
        let columns = other.columns.iter().filter(|column| match column.kind {
            ColumnKind::Physical => true,
            ColumnKind::Metadata { .. } => takes(LikeFeature::Metadata),
            ColumnKind::Computed(_) => takes(LikeFeature::Generated),
        });
        let mut columns: Vec<_> = columns
            .filter(|column| table.column(column.field.name()).is_none())
            .map(|column| Column {
                // Whether it is event time is said by the new table's watermark.
                field: TimeAttribute::unmark(&column.field),
                ..column.clone()
            })
            .collect();
        columns.extend(table.columns);
        let mut options = if takes(LikeFeature::Options) {
            other.options.clone()
        } else {
            Vec::new()
        };
        options.retain(|(key, _)| !table.options.iter().any(|(own, _)| own == key));
        options.extend(table.options);
        let or = |own: Vec<String>, others: &[String], feature| {
            if own.is_empty() && takes(feature) {
                others.to_vec()
            } else {
                own
            }
        };
        Ok(TableDefinition {
            columns,
            watermark: table.watermark.or_else(|| {
                other
                    .watermark
                    .clone()
                    .filter(|_| takes(LikeFeature::Watermarks))
            }),
            primary_key: or(
                table.primary_key,
                &other.primary_key,
                LikeFeature::Constraints,
            ),
            primary_key_name: table.primary_key_name,
            partitioned_by: or(
                table.partitioned_by,
                &other.partitioned_by,
                LikeFeature::Partitions,
            ),
            options,
            comment: table.comment.or_else(|| other.comment.clone()),
        })
    }
}
