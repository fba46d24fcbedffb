//! Nodes of the logical plan that DataFusion does not know.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, TimeUnit};
use datafusion_common::{Column, DFSchema, DFSchemaRef, ExprSchema as _, Result, TableReference};
use datafusion_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

use crate::types::TimeAttribute;

/// Rows get a watermark: the column becomes the event time of all that follows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WatermarkNode {
    pub(crate) input: LogicalPlan,
    /// The column of event time.
    pub(crate) column: Column,
    /// The watermark of a row.
    pub(crate) expression: Expr,
    pub(crate) schema: DFSchemaRef,
}

impl WatermarkNode {
    /// The rows of `input` with `column` as their event time.
    pub(crate) fn new(input: LogicalPlan, column: Column, expression: Expr) -> Result<Self> {
        let schema = input.schema();
        let index = schema.index_of_column(&column)?;
        let fields = schema.iter().enumerate().map(|(i, (qualifier, field))| {
            let field = if i == index {
                TimeAttribute::RowTime.mark(field)
            } else {
                Arc::clone(field)
            };
            (qualifier.cloned(), field)
        });
        let schema =
            DFSchema::new_with_metadata(fields.collect(), schema.as_arrow().metadata().clone())?;
        Ok(Self {
            input,
            column,
            expression,
            schema: Arc::new(schema),
        })
    }
}

/// Nodes have no order; DataFusion asks for a partial one.
macro_rules! unordered {
    ($node:ty) => {
        impl PartialOrd for $node {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                (self == other).then_some(std::cmp::Ordering::Equal)
            }
        }
    };
}

pub(super) use unordered;

unordered!(WatermarkNode);

impl UserDefinedLogicalNodeCore for WatermarkNode {
    fn name(&self) -> &'static str {
        "WatermarkAssigner"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![Expr::Column(self.column.clone()), self.expression.clone()]
    }

    /// A row that is filtered out must have moved event time on before: nothing is pushed below.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, expression) = (&self.column.name, &self.expression);
        write!(
            f,
            "WatermarkAssigner(rowtime=[{column}], watermark=[{expression}])"
        )
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let mut exprs = exprs.into_iter();
        let column = match exprs.next() {
            Some(Expr::Column(column)) => column,
            _ => self.column.clone(),
        };
        let expression = exprs.next().unwrap_or_else(|| self.expression.clone());
        let input = inputs
            .into_iter()
            .next()
            .unwrap_or_else(|| self.input.clone());
        Self::new(input, column, expression)
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut needed: Vec<usize> = output_columns.to_vec();
        let schema = self.input.schema();
        needed.push(schema.index_of_column(&self.column).ok()?);
        for column in self.expression.column_refs() {
            needed.push(schema.index_of_column(column).ok()?);
        }
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }
}

/// How a window table function cuts time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WindowKind {
    /// `TUMBLE`
    Tumble { size: i64, offset: i64 },
    /// `HOP`
    Hop { size: i64, slide: i64, offset: i64 },
    /// `CUMULATE`
    Cumulate { max: i64, step: i64, offset: i64 },
    /// `SESSION`
    Session { gap: i64 },
}

impl fmt::Display for WindowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tumble { size, offset } => {
                write!(f, "TUMBLE(size=[{}]{})", span(*size), with_offset(*offset))
            }
            Self::Hop {
                size,
                slide,
                offset,
            } => write!(
                f,
                "HOP(size=[{}], slide=[{}]{})",
                span(*size),
                span(*slide),
                with_offset(*offset)
            ),
            Self::Cumulate { max, step, offset } => write!(
                f,
                "CUMULATE(max_size=[{}], step=[{}]{})",
                span(*max),
                span(*step),
                with_offset(*offset)
            ),
            Self::Session { gap } => write!(f, "SESSION(gap=[{}])", span(*gap)),
        }
    }
}

/// A time in its largest whole unit, as Flink's plans write it.
fn span(millis: i64) -> String {
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ];
    let unit = units
        .iter()
        .find(|(unit, _)| millis % unit == 0 && millis != 0);
    unit.map_or_else(
        || format!("{millis} ms"),
        |(unit, name)| format!("{} {name}", millis / unit),
    )
}

fn with_offset(millis: i64) -> String {
    if millis == 0 {
        String::new()
    } else {
        format!(", offset=[{}]", span(millis))
    }
}

/// Rows with the windows that they belong to: a window table function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WindowNode {
    pub(crate) input: LogicalPlan,
    pub(crate) kind: WindowKind,
    /// The time attribute that windows are cut by.
    pub(crate) time: Column,
    /// Sessions are of each of these for itself.
    pub(crate) partition_by: Vec<Expr>,
    pub(crate) schema: DFSchemaRef,
}

unordered!(WindowNode);

impl Hash for WindowNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.kind.hash(state);
        self.time.hash(state);
        self.partition_by.hash(state);
    }
}

/// The columns that a window table function adds.
pub(crate) const WINDOW_COLUMNS: [&str; 3] = ["window_start", "window_end", "window_time"];

impl WindowNode {
    pub(crate) fn new(
        input: LogicalPlan,
        kind: WindowKind,
        time: Column,
        partition_by: Vec<Expr>,
    ) -> Result<Self> {
        let schema = input.schema();
        let time_field = schema.field_from_column(&time)?;
        let attribute = TimeAttribute::of(time_field);
        let time_type = time_field.data_type().clone();
        let plain = DataType::Timestamp(TimeUnit::Millisecond, None);
        let [start, end, window_time] = WINDOW_COLUMNS;
        let window_time = Field::new(window_time, time_type, false);
        let window_time = match attribute {
            Some(attribute) => attribute.mark(&window_time),
            None => Arc::new(window_time),
        };
        let added = [
            Arc::new(Field::new(start, plain.clone(), false)),
            Arc::new(Field::new(end, plain, false)),
            window_time,
        ];
        let before = schema
            .iter()
            .map(|(qualifier, field)| (qualifier.cloned(), unmarked(field)));
        let fields: Vec<(Option<TableReference>, FieldRef)> = before
            .chain(added.into_iter().map(|field| (None, field)))
            .collect();
        let schema = DFSchema::new_with_metadata(fields, schema.as_arrow().metadata().clone())?;
        Ok(Self {
            input,
            kind,
            time,
            partition_by,
            schema: Arc::new(schema),
        })
    }
}

/// Behind a window its own time is the time attribute: that of the row no longer is.
fn unmarked(field: &FieldRef) -> FieldRef {
    if TimeAttribute::of(field).is_some() {
        TimeAttribute::unmark(field)
    } else {
        Arc::clone(field)
    }
}

impl UserDefinedLogicalNodeCore for WindowNode {
    fn name(&self) -> &'static str {
        "WindowTableFunction"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        let mut expressions = vec![Expr::Column(self.time.clone())];
        expressions.extend(self.partition_by.iter().cloned());
        expressions
    }

    /// What a row is asked for goes below; what its window is asked for does not. Rows that are filtered out have moved event time on.
    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        WINDOW_COLUMNS
            .iter()
            .map(|name| (*name).to_string())
            .collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, kind) = (&self.time.name, &self.kind);
        write!(f, "WindowTableFunction(window=[{kind}], time_col=[{time}])")
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let mut exprs = exprs.into_iter();
        let time = match exprs.next() {
            Some(Expr::Column(column)) => column,
            _ => self.time.clone(),
        };
        let input = inputs
            .into_iter()
            .next()
            .unwrap_or_else(|| self.input.clone());
        Self::new(input, self.kind.clone(), time, exprs.collect())
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let schema = self.input.schema();
        let width = schema.fields().len();
        let mut needed: Vec<usize> = output_columns
            .iter()
            .copied()
            .filter(|index| *index < width)
            .collect();
        needed.push(schema.index_of_column(&self.time).ok()?);
        for expression in &self.partition_by {
            for column in expression.column_refs() {
                needed.push(schema.index_of_column(column).ok()?);
            }
        }
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }
}
