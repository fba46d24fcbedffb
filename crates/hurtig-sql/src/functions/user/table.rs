//! Functions of a row that give rows: called in FROM.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, ListArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType as Arrow, Field, Fields};
use datafusion_common::Result;
use datafusion_expr::ScalarUDF;
use hurtig_sql_parser::{DataType, RowField, TypeKind};

use super::arguments::{Arguments, parameters};
use super::scalar::Scalar;
use super::sql_type::{SqlType, as_declared};
use super::{Kind, UserFunction};
use crate::error::Carry;
use crate::types::field_of;

/// The type of the rows that a table function gives: a tuple of values, or one value.
pub trait RowType: Sized + Send + 'static {
    /// The types of their columns.
    fn data_types() -> Vec<DataType>;

    /// The columns of these rows.
    ///
    /// # Errors
    /// When a value is beyond what the type of SQL holds.
    fn columns(rows: Vec<Self>) -> Result<Vec<ArrayRef>>;
}

macro_rules! rows {
    ($(($($name:ident $index:tt),+),)*) => { $(
        impl<$($name: SqlType),+> RowType for ($($name,)+) {
            fn data_types() -> Vec<DataType> {
                vec![$($name::data_type()),+]
            }

            #[allow(non_snake_case)]
            fn columns(rows: Vec<Self>) -> Result<Vec<ArrayRef>> {
                $(let mut $name = Vec::with_capacity(rows.len());)+
                for row in rows {
                    $($name.push(Some(row.$index));)+
                }
                Ok(vec![$($name::column($name)?),+])
            }
        }
    )* };
}

rows! {
    (A 0),
    (A 0, B 1),
    (A 0, B 1, C 2),
    (A 0, B 1, C 2, D 3),
    (A 0, B 1, C 2, D 3, E 4),
    (A 0, B 1, C 2, D 3, E 4, F 5),
}

/// A closure of up to six arguments that gives rows.
pub trait TableFunction<A: Arguments>: Send + Sync + 'static {
    /// Its rows.
    type Row: RowType;

    /// Calls it.
    fn call(&self, arguments: A) -> Vec<Self::Row>;
}

macro_rules! closures {
    ($(($($name:ident),*),)*) => { $(
        impl<Function, Row, $($name: SqlType),*> TableFunction<($($name,)*)> for Function
        where
            Function: Fn($($name),*) -> Vec<Row> + Send + Sync + 'static,
            Row: RowType,
        {
            type Row = Row;

            #[allow(non_snake_case)]
            fn call(&self, ($($name,)*): ($($name,)*)) -> Vec<Row> {
                self($($name),*)
            }
        }
    )* };
}

closures! {
    (),
    (A),
    (A, B),
    (A, B, C),
    (A, B, C, D),
    (A, B, C, D, E),
    (A, B, C, D, E, F),
}

/// A function that gives rows, whose columns are called so; the query may call them otherwise.
///
/// ```
/// use hurtig_sql::{Outcome, TableEnvironment, functions::table};
///
/// let mut tables = TableEnvironment::new();
/// let words = table(["word", "length"], |text: String| {
///     text.split(' ').map(|it| (it.to_string(), it.len() as i32)).collect::<Vec<_>>()
/// });
/// tables.create_temporary_system_function("words", words)?;
/// let query = "SELECT word, length FROM (VALUES ('to be')) AS t (line), LATERAL TABLE(words(line))";
/// assert!(matches!(tables.execute(query)?, Outcome::Query(_)));
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub fn table<A: Arguments, const N: usize>(
    columns: [&str; N],
    function: impl TableFunction<A>,
) -> UserFunction {
    let function = Typed {
        names: columns.map(str::to_string).to_vec(),
        function,
        arguments: PhantomData,
    };
    UserFunction(Kind::Table(Arc::new(function)))
}

/// It is a scalar function, whose values are arrays of rows.
pub(super) trait Table: Scalar {
    fn as_scalar(self: Arc<Self>) -> Arc<dyn Scalar>;
}

struct Typed<F, A> {
    names: Vec<String>,
    function: F,
    arguments: PhantomData<fn(A)>,
}

impl<A: Arguments, F: TableFunction<A>> Typed<F, A> {
    fn fields(&self) -> Vec<RowField> {
        let types = F::Row::data_types().into_iter().enumerate();
        let fields = types.map(|(index, data_type)| {
            let name = self.names.get(index).cloned();
            RowField {
                name: name.unwrap_or_else(|| format!("f{index}")),
                data_type,
                comment: None,
            }
        });
        fields.collect()
    }
}

impl<A: Arguments, F: TableFunction<A>> Table for Typed<F, A> {
    fn as_scalar(self: Arc<Self>) -> Arc<dyn Scalar> {
        self
    }
}

impl<A: Arguments, F: TableFunction<A>> Scalar for Typed<F, A> {
    fn parameters(&self) -> Vec<DataType> {
        A::data_types()
    }

    fn returns(&self) -> DataType {
        let row = DataType::not_null(TypeKind::Row(self.fields()));
        DataType::not_null(TypeKind::Array(Box::new(row)))
    }

    fn signature(&self) -> String {
        let row = TypeKind::Row(self.fields());
        format!("{} -> {row}", parameters::<A>())
    }

    fn call(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let mut lengths = Vec::with_capacity(rows);
        let mut all = Vec::new();
        for row in 0..rows {
            let arguments = A::get(columns, row);
            let given = arguments.map_or_else(Vec::new, |it| self.function.call(it));
            lengths.push(given.len());
            all.extend(given);
        }
        let count = all.len();
        let fields = self.fields().into_iter();
        let fields: Fields = fields
            .map(|field| field_of(&field.name, &field.data_type).carried())
            .collect::<Result<_>>()?;
        let columns = F::Row::columns(all)?;
        let columns = columns.iter().zip(&fields);
        let columns = columns.map(|(column, field)| as_declared(column, field));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let items = match columns.is_empty() {
            true => StructArray::new_empty_fields(count, None),
            false => StructArray::try_new(fields.clone(), columns, None)?,
        };
        let item = Field::new("item", Arrow::Struct(fields), items.is_nullable());
        let offsets = OffsetBuffer::from_lengths(lengths);
        let list = ListArray::try_new(Arc::new(item), offsets, Arc::new(items), None)?;
        Ok(Arc::new(list))
    }
}

/// The function, as DataFusion's planner knows it.
pub(super) fn udf(name: &str, function: &Arc<dyn Table>) -> Arc<ScalarUDF> {
    super::scalar::udf(name, &Arc::clone(function).as_scalar())
}
