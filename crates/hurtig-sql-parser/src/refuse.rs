//! What the parser below reads for other dialects, and Flink does not have. A planner might overlook it: so it is an error.

use sqlparser::ast::{Query, Select, SelectFlavor, SetExpr, TableFactor, TableVersion};

/// Why a query's clauses are not Flink's.
pub(crate) fn query(query: &Query) -> Option<&'static str> {
    if !query.locks.is_empty() || query.for_clause.is_some() {
        return Some("FOR goes with SYSTEM_TIME AS OF behind a table alone: streams have no locks");
    }
    match query.body.as_ref() {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
            Some("a query only reads: write INSERT INTO t WITH … SELECT …")
        }
        SetExpr::Table(_) => Some("TABLE t is no query of its own: write SELECT * FROM t"),
        _ => None,
    }
}

/// Why a SELECT's clauses are not Flink's.
pub(crate) fn select(select: &Select) -> Option<&'static str> {
    if select.top.is_some() {
        return Some("TOP is not supported: write LIMIT behind the query");
    }
    if select.into.is_some() {
        return Some(
            "SELECT INTO is not supported: write INSERT INTO t SELECT …, or CREATE TABLE t AS SELECT …",
        );
    }
    if !select.lateral_views.is_empty() {
        return Some(
            "LATERAL VIEW is not supported: write CROSS JOIN UNNEST(…) or LATERAL TABLE(…)",
        );
    }
    let others = !select.cluster_by.is_empty()
        || !select.distribute_by.is_empty()
        || !select.sort_by.is_empty()
        || !select.connect_by.is_empty()
        || select.prewhere.is_some()
        || select.value_table_mode.is_some()
        || select.flavor != SelectFlavor::Standard;
    others.then_some("this SELECT has a clause that is none of Flink's: CLUSTER BY, DISTRIBUTE BY, SORT BY, CONNECT BY or AS VALUE")
}

/// Why a table in FROM is not Flink's.
pub(crate) fn table_factor(factor: &TableFactor) -> Option<&'static str> {
    match factor {
        TableFactor::Table {
            with_hints,
            partitions,
            sample,
            version,
            ..
        } => {
            if !with_hints.is_empty() {
                return Some(
                    "WITH (…) behind a table is not supported: write /*+ OPTIONS('key' = 'value') */",
                );
            }
            if !partitions.is_empty() {
                return Some("PARTITION behind a table is not supported: write WHERE");
            }
            if sample.is_some() {
                return Some("TABLESAMPLE is not supported: write WHERE RAND() < 0.1");
            }
            let other = version
                .as_ref()
                .is_some_and(|v| !matches!(v, TableVersion::ForSystemTimeAsOf(_)));
            other.then_some("a table's version is written FOR SYSTEM_TIME AS OF")
        }
        TableFactor::Derived {
            sample: Some(_), ..
        } => Some("TABLESAMPLE is not supported: write WHERE RAND() < 0.1"),
        TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => {
            Some("PIVOT is not supported: write an aggregate with FILTER (WHERE …) for each column")
        }
        TableFactor::UNNEST {
            with_offset: true, ..
        } => Some("WITH OFFSET is not supported: write WITH ORDINALITY"),
        TableFactor::JsonTable { .. }
        | TableFactor::OpenJsonTable { .. }
        | TableFactor::XmlTable { .. }
        | TableFactor::SemanticView { .. } => Some("this kind of table is none of Flink's"),
        _ => None,
    }
}
