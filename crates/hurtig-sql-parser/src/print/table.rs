//! `CREATE TABLE` and `ALTER TABLE`.

use std::fmt::{self, Write};

use sqlparser::ast::Ident;

use super::{comment, keys, list, options, partition_spec, with_options, word};
use crate::ast::{
    AlterTable, AlterTableAction, Column, ColumnKind, ColumnPosition, CreateTable, Distribution,
    DistributionKind, Like, LikeAction, LikeFeature, PrimaryKey, SchemaChange, Watermark,
};
use crate::quote::string;

pub(super) fn create(table: &CreateTable, out: &mut String) -> fmt::Result {
    let replace = word(table.or_replace, "OR REPLACE ");
    let temporary = word(table.temporary, "TEMPORARY ");
    let exists = word(table.if_not_exists, "IF NOT EXISTS ");
    write!(
        out,
        "CREATE {replace}{temporary}TABLE {exists}{}",
        table.name
    )?;
    let elements = table.columns.iter().map(column);
    let elements = elements.chain(table.watermark.as_ref().map(watermark));
    let elements = elements
        .chain(table.primary_key.as_ref().map(primary_key))
        .collect::<Vec<_>>();
    if !elements.is_empty() {
        write!(out, " (\n  {}\n)", elements.join(",\n  "))?;
    }
    out.push_str(&comment(table.comment.as_ref()));
    if let Some(distribution) = &table.distribution {
        write!(out, " DISTRIBUTED {}", distributed(distribution))?;
    }
    if !table.partitioned_by.is_empty() {
        write!(out, " PARTITIONED BY ({})", list(&table.partitioned_by))?;
    }
    out.push_str(&with_options(&table.options));
    if let Some(other) = &table.like {
        like(other, out)?;
    }
    match &table.query {
        Some(query) => write!(out, " AS {query}"),
        None => Ok(()),
    }
}

fn column(column: &Column) -> String {
    let Column { name, kind, .. } = column;
    let comment = comment(column.comment.as_ref());
    match kind {
        ColumnKind::Physical(data_type) => format!("{name} {data_type}{comment}"),
        ColumnKind::Computed(expression) => format!("{name} AS {expression}{comment}"),
        ColumnKind::Metadata {
            data_type,
            key,
            is_virtual,
        } => {
            let from = key
                .as_ref()
                .map(|key| format!(" FROM {}", string(key)))
                .unwrap_or_default();
            format!(
                "{name} {data_type} METADATA{from}{}{comment}",
                word(*is_virtual, " VIRTUAL")
            )
        }
        ColumnKind::Listed => name.to_string(),
    }
}

fn watermark(watermark: &Watermark) -> String {
    format!(
        "WATERMARK FOR {} AS {}",
        watermark.column, watermark.expression
    )
}

fn primary_key(key: &PrimaryKey) -> String {
    format!(
        "{}PRIMARY KEY ({}) NOT ENFORCED",
        constraint(key.name.as_ref()),
        list(&key.columns)
    )
}

fn constraint(name: Option<&Ident>) -> String {
    name.map(|name| format!("CONSTRAINT {name} "))
        .unwrap_or_default()
}

fn distributed(distribution: &Distribution) -> String {
    let kind = match distribution.kind {
        Some(DistributionKind::Hash) => "HASH ",
        Some(DistributionKind::Range) => "RANGE ",
        None => "",
    };
    let by = (!distribution.columns.is_empty())
        .then(|| format!("BY {kind}({})", list(&distribution.columns)));
    let into = distribution
        .buckets
        .map(|buckets| format!("INTO {buckets} BUCKETS"));
    by.into_iter().chain(into).collect::<Vec<_>>().join(" ")
}

fn like(like: &Like, out: &mut String) -> fmt::Result {
    write!(out, " LIKE {}", like.table)?;
    if like.options.is_empty() {
        return Ok(());
    }
    let options = like
        .options
        .iter()
        .map(|(action, feature)| format!("{} {}", like_action(*action), like_feature(*feature)));
    write!(out, " ({})", options.collect::<Vec<_>>().join(" "))
}

fn like_action(action: LikeAction) -> &'static str {
    match action {
        LikeAction::Including => "INCLUDING",
        LikeAction::Excluding => "EXCLUDING",
        LikeAction::Overwriting => "OVERWRITING",
    }
}

fn like_feature(feature: LikeFeature) -> &'static str {
    match feature {
        LikeFeature::All => "ALL",
        LikeFeature::Constraints => "CONSTRAINTS",
        LikeFeature::Distribution => "DISTRIBUTION",
        LikeFeature::Generated => "GENERATED",
        LikeFeature::Metadata => "METADATA",
        LikeFeature::Options => "OPTIONS",
        LikeFeature::Partitions => "PARTITIONS",
        LikeFeature::Watermarks => "WATERMARKS",
    }
}

pub(super) fn alter(table: &AlterTable, out: &mut String) -> fmt::Result {
    write!(
        out,
        "ALTER TABLE {}{} ",
        word(table.if_exists, "IF EXISTS "),
        table.name
    )?;
    match &table.action {
        AlterTableAction::RenameTo(name) => write!(out, "RENAME TO {name}"),
        AlterTableAction::RenameColumn { from, to } => write!(out, "RENAME {from} TO {to}"),
        AlterTableAction::SetOptions(given) => write!(out, "SET {}", options(given)),
        AlterTableAction::ResetOptions(given) => write!(out, "RESET {}", keys(given)),
        AlterTableAction::Add(changes) => write!(out, "ADD ({})", list(changes.iter().map(change))),
        AlterTableAction::Modify(changes) => {
            write!(out, "MODIFY ({})", list(changes.iter().map(change)))
        }
        AlterTableAction::DropColumns(columns) => write!(out, "DROP ({})", list(columns)),
        AlterTableAction::DropPrimaryKey => out.write_str("DROP PRIMARY KEY"),
        AlterTableAction::DropConstraint(name) => write!(out, "DROP CONSTRAINT {name}"),
        AlterTableAction::DropWatermark => out.write_str("DROP WATERMARK"),
        AlterTableAction::DropDistribution => out.write_str("DROP DISTRIBUTION"),
        AlterTableAction::AddPartitions {
            if_not_exists,
            partitions,
        } => {
            let partitions = partitions.iter().map(|(spec, options)| {
                format!("{}{}", partition_spec(spec), with_options(options))
            });
            let partitions = partitions.collect::<Vec<_>>().join(" ");
            write!(
                out,
                "ADD {}{partitions}",
                word(*if_not_exists, "IF NOT EXISTS ")
            )
        }
        AlterTableAction::DropPartitions {
            if_exists,
            partitions,
        } => {
            write!(
                out,
                "DROP {}{}",
                word(*if_exists, "IF EXISTS "),
                list(partitions.iter().map(partition_spec))
            )
        }
    }
}

fn change(change: &SchemaChange) -> String {
    match change {
        SchemaChange::Column(added, position) => {
            let position = match position {
                Some(ColumnPosition::First) => " FIRST".to_owned(),
                Some(ColumnPosition::After(other)) => format!(" AFTER {other}"),
                None => String::new(),
            };
            format!("{}{position}", column(added))
        }
        SchemaChange::Watermark(added) => watermark(added),
        SchemaChange::PrimaryKey(key) => primary_key(key),
        SchemaChange::Distribution(distribution) => {
            format!("DISTRIBUTION {}", distributed(distribution))
        }
    }
}
