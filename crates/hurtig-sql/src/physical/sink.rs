//! Where the rows of a plan go: what stands between them and the table.
//!
//! ```text
//!  plan ─► ConstraintEnforcer: NULL where none may be ─► SinkUpsertMaterializer, where needed ─► without −U, if it wants none ─► sink
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use hurtig_table::Named;
use hurtig_table::connector::{ChangelogMode, SinkTable, TableDescription};
use hurtig_table::operators::changelog::{
    NotNullEnforcer, NotNullSpec, UpsertMaterializerSpec, drop_update_before, inserts_only,
    not_null_enforcer, sink_upsert_materializer,
};
use hurtig_table::{KeyCodec, RowStream};
use hurtig_types::{Error, Result, RowKind};

use super::build::Builder;
use super::node::Node;
use super::print::{Details, describe, tree};

/// `table.exec.sink.upsert-materialize`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UpsertMaterialize {
    /// Where changes come by another key than the sink's.
    #[default]
    Auto,
    /// Wherever a sink has a key.
    Force,
    /// Nowhere.
    None,
}

/// What a session says of all sinks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SinkOptions {
    /// `table.exec.sink.not-null-enforcer`
    pub(crate) enforcer: NotNullEnforcer,
    /// `table.exec.sink.upsert-materialize`
    pub(crate) materialize: UpsertMaterialize,
}

/// A plan, and the table that its rows go to.
pub(crate) struct SinkPlan {
    pub(crate) input: Arc<Node>,
    table: TableDescription,
    /// Where the columns of the table's primary key are.
    key: Vec<usize>,
    accepts: ChangelogMode,
    enforcer: NotNullEnforcer,
    /// Whether the rows of a key are put in order.
    materializes: bool,
    /// Whether the changes come by another key than the table's.
    loses_key: bool,
}

impl SinkPlan {
    /// Puts a table that takes these changes behind a plan.
    ///
    /// # Errors
    /// When the plan makes changes that the table does not take.
    pub(crate) fn new(
        input: Arc<Node>,
        table: TableDescription,
        accepts: ChangelogMode,
        options: SinkOptions,
    ) -> Result<Self> {
        let mut missing = accepts.missing(input.mode);
        if let Some(kind) = missing.find(|kind| *kind != RowKind::UpdateBefore) {
            return Err(refused(kind, &input, &table.name));
        }
        let key = key_of(&input, &table)?;
        let is_upsert = !key.is_empty() && !accepts.is_insert_only();
        let comes_by_key = input.keys.iter().any(|it| it.is_subset(&key));
        let loses_key = is_upsert && !input.mode.is_insert_only() && !comes_by_key;
        let materializes = match options.materialize {
            UpsertMaterialize::None => false,
            UpsertMaterialize::Force => is_upsert,
            // Who takes what updates take away can put things in order for himself.
            UpsertMaterialize::Auto => loses_key && !accepts.contains(RowKind::UpdateBefore),
        };
        Ok(Self {
            input,
            key: key.into_iter().collect(),
            table,
            accepts,
            enforcer: options.enforcer,
            materializes,
            loses_key,
        })
    }

    /// The sink in a line, as EXPLAIN shows it.
    pub(crate) fn describe(&self) -> String {
        let columns: Vec<usize> = (0..self.input.schema.fields().len()).collect();
        let materialize = if self.materializes {
            ", upsertMaterialize=[true]"
        } else {
            ""
        };
        format!(
            "Sink(table=[{}], fields=[{}]{materialize})",
            self.table.name,
            self.input.names(&columns)
        )
    }

    /// What whoever writes the statement should know.
    pub(crate) fn advice(&self) -> Option<String> {
        if !self.loses_key {
            return None;
        }
        let keys = self.input.keys.iter();
        let keys = keys.map(|key| self.input.names(&key.iter().copied().collect::<Vec<_>>()));
        let keys: Vec<_> = keys.map(|key| format!("({key})")).collect();
        let come_by = match keys.is_empty() {
            true => "no key".to_string(),
            false => keys.join(", "),
        };
        let then = match (
            self.materializes,
            self.accepts.contains(RowKind::UpdateBefore),
        ) {
            (true, _) => {
                "the rows of each key are kept and put in order (SinkUpsertMaterializer), in state that grows with them"
            }
            (false, true) => "the table takes each change and must find the row of it",
            (false, false) => {
                "changes of one key can arrive in any order, and the last to arrive stays: \
                 SET 'table.exec.sink.upsert-materialize' = 'auto'"
            }
        };
        Some(format!(
            "{}: its primary key is ({}), and the changes come by {come_by}: {then}",
            self.table.name,
            self.input.names(&self.key)
        ))
    }

    /// The columns in which there must be a value.
    fn not_null(&self) -> Vec<usize> {
        let columns = self.input.schema.fields().iter().enumerate();
        let must = |name: &str| {
            self.table
                .schema
                .field_with_name(name)
                .is_ok_and(|it| !it.is_nullable())
        };
        let may_break = columns.filter(|(_, given)| given.is_nullable() && must(given.name()));
        may_break.map(|(index, _)| index).collect()
    }
}

impl Builder<'_> {
    /// Adds a plan with its sink.
    pub(crate) fn write(&mut self, plan: &SinkPlan, sink: SinkTable) -> Result<()> {
        // To put rows in order takes what updates take away.
        let before = plan.materializes || plan.accepts.contains(RowKind::UpdateBefore);
        let stream = self.build(&plan.input, before)?;
        let mut stream = with_values(stream, plan);
        if plan.materializes {
            stream = self.in_order(&stream, plan)?;
        }
        let name = plan.table.name.clone();
        let schema = Arc::clone(stream.schema());
        if plan.accepts.is_insert_only() {
            let named = Named::new("ConstraintEnforcer", "kinds=[I]");
            let name = name.clone();
            stream = stream.apply(named, schema, move |_| Ok(inserts_only(name.clone())));
        } else if !plan.accepts.contains(RowKind::UpdateBefore) && !plan.materializes {
            let named = Named::new("DropUpdateBefore", "");
            stream = stream.apply(named, schema, |_| Ok(drop_update_before()));
        }
        (sink.sink)(&stream, self.sink_of(&name));
        Ok(())
    }

    fn in_order(&mut self, stream: &RowStream, plan: &SinkPlan) -> Result<RowStream> {
        let key = KeyCodec::new(stream.schema().fields(), &plan.key)?;
        let upsert_key = plan.input.keys.first();
        let spec = UpsertMaterializerSpec {
            sink_key: plan.key.clone(),
            upsert_key: upsert_key.map(|key| key.iter().copied().collect()),
            per_record: self.is_per_record(),
            ttl: self.state_ttl(),
            schema: Arc::clone(stream.schema()),
        };
        let uid = self.uid_of(format!("SinkUpsertMaterializer-{}", plan.table.name));
        let named = Named::new("SinkUpsertMaterializer", plan.describe());
        let named = named.keyed_by("ROW").with_uid(uid);
        let schema = Arc::clone(stream.schema());
        Ok(stream.key_by(key).apply(named, schema, move |context| {
            sink_upsert_materializer(spec.clone(), context)
        }))
    }
}

/// Where the columns of a table's primary key are among those that are written.
fn key_of(input: &Node, table: &TableDescription) -> Result<BTreeSet<usize>> {
    let columns = table.primary_key.iter().map(|column| {
        let field = table.schema.fields().get(*column)?;
        input.schema.index_of(field.name()).ok()
    });
    let key: Option<BTreeSet<usize>> = columns.collect();
    key.ok_or_else(|| Error::bug(format!("{} has a key that is not written", table.name)))
}

/// No NULL where none may be.
fn with_values(stream: RowStream, plan: &SinkPlan) -> RowStream {
    let columns = plan.not_null();
    if columns.is_empty() {
        return stream;
    }
    let names = plan.input.names(&columns);
    let schema = Arc::clone(stream.schema());
    let spec = NotNullSpec {
        columns,
        enforcer: plan.enforcer,
        schema: Arc::clone(&schema),
    };
    let named = Named::new(
        "ConstraintEnforcer",
        format!("NotNullEnforcer(fields=[{names}])"),
    );
    stream.apply(named, schema, move |context| {
        not_null_enforcer(spec.clone(), context)
    })
}

fn refused(kind: RowKind, node: &Node, name: &str) -> Error {
    let changes = if kind == RowKind::Delete {
        "update and delete changes"
    } else {
        "update changes"
    };
    let culprit = culprit(node);
    Error::invalid_job(format!(
        "Table sink '{name}' doesn't support consuming {changes} which is produced by node {culprit}: \
         write to a table with a primary key, or one that takes all changes"
    ))
}

/// The lowest node that makes changes of rows that were only inserted.
fn culprit(node: &Node) -> String {
    let mut inputs = node.inputs.iter();
    let changing = inputs.find(|input| !input.mode.is_insert_only());
    changing.map_or_else(|| describe(node), |input| culprit(input))
}

/// All sinks of a job with what leads to them.
pub(crate) fn sinks_tree(plans: &[SinkPlan], more: Details) -> String {
    let plans = plans.iter().map(|plan| {
        let below = tree(&plan.input, more);
        let mut lines = below.lines();
        let first = lines.next().unwrap_or_default();
        let mut text = format!("{}\n+- {first}\n", plan.describe());
        for line in lines {
            text.push_str(&format!("   {line}\n"));
        }
        text
    });
    plans.collect::<Vec<_>>().join("\n")
}
