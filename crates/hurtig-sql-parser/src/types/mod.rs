//! Flink's types as they are written, with the limits that Flink has.

mod interval;
mod parse;
mod print;

use std::str::FromStr;

pub use interval::{DayTimeFields, IntervalType, YearMonthFields};
pub(crate) use parse::{data_type, plain_type};

use crate::error::ParseError;

/// The longest text and the longest bytes: what STRING and BYTES stand for.
pub const LENGTH_MAX: u32 = i32::MAX as u32;
/// The most digits of a DECIMAL.
pub const DECIMAL_PRECISION_MAX: u32 = 38;
/// The most digits of a second's fraction in Flink: nanoseconds.
pub const TIME_PRECISION_MAX: u32 = 9;

/// A type, and whether NULL is one of its values.
///
/// ```
/// use hurtig_sql_parser::{DataType, TypeKind};
///
/// let data_type: DataType = "ROW<id BIGINT NOT NULL, tags ARRAY<VARCHAR(10)>>".parse()?;
/// assert_eq!(data_type.to_string(), "ROW<`id` BIGINT NOT NULL, `tags` ARRAY<VARCHAR(10)>>");
/// assert!(data_type.nullable);
///
/// let error = "DECIMAL(40, 2)".parse::<DataType>().unwrap_err();
/// assert_eq!(error.message, "DECIMAL has 1 to 38 digits, not 40");
/// assert_eq!(error.column, 9);
/// # Ok::<(), hurtig_sql_parser::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataType {
    /// What the values are.
    pub kind: TypeKind,
    /// False behind `NOT NULL`.
    pub nullable: bool,
}

/// What the values of a type are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// `CHAR(n)`
    Char(u32),
    /// `VARCHAR(n)`; STRING is the longest.
    Varchar(u32),
    /// `BOOLEAN`
    Boolean,
    /// `BINARY(n)`
    Binary(u32),
    /// `VARBINARY(n)`; BYTES is the longest.
    Varbinary(u32),
    /// `DECIMAL(precision, scale)`
    Decimal(u32, u32),
    /// `TINYINT`, 8 bits
    TinyInt,
    /// `SMALLINT`, 16 bits
    SmallInt,
    /// `INT`, 32 bits
    Int,
    /// `BIGINT`, 64 bits
    BigInt,
    /// `FLOAT`, 32 bits
    Float,
    /// `DOUBLE`, 64 bits
    Double,
    /// `DATE`
    Date,
    /// `TIME(p)`
    Time(u32),
    /// `TIMESTAMP(p)`: what a clock on a wall shows
    Timestamp(u32),
    /// `TIMESTAMP(p) WITH TIME ZONE`
    TimestampTz(u32),
    /// `TIMESTAMP_LTZ(p)`: an instant
    TimestampLtz(u32),
    /// `INTERVAL …`
    Interval(IntervalType),
    /// `ARRAY<t>`
    Array(Box<DataType>),
    /// `MULTISET<t>`
    Multiset(Box<DataType>),
    /// `MAP<k, v>`
    Map(Box<DataType>, Box<DataType>),
    /// `ROW<name type 'comment', …>`
    Row(Vec<RowField>),
    /// `VARIANT`: a value that brings its type
    Variant,
    /// `NULL`: the type of a bare NULL
    Null,
}

/// A field of a ROW.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowField {
    /// Its name, without quotes.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// What was written about it.
    pub comment: Option<String>,
}

impl TypeKind {
    /// `VARCHAR(2147483647)`
    pub const STRING: Self = Self::Varchar(LENGTH_MAX);
    /// `VARBINARY(2147483647)`
    pub const BYTES: Self = Self::Varbinary(LENGTH_MAX);
}

impl DataType {
    /// A type with NULL among its values.
    pub fn nullable(kind: TypeKind) -> Self {
        Self {
            kind,
            nullable: true,
        }
    }

    /// A type without NULL.
    pub fn not_null(kind: TypeKind) -> Self {
        Self {
            kind,
            nullable: false,
        }
    }

    /// The type of a CAST or of a typed literal in an expression, which travels as one of sqlparser's: plain types as its
    /// own, all others as `Custom`, with the type's text as the name.
    ///
    /// ```
    /// use hurtig_sql_parser::{DataType, parse_expression};
    /// use sqlparser::ast::Expr;
    ///
    /// let Expr::Cast { data_type, .. } = parse_expression("CAST(x AS ROW<a INT, b TIMESTAMP_LTZ(3)>)")? else { panic!() };
    /// assert_eq!(DataType::from_sql(&data_type)?.to_string(), "ROW<`a` INT, `b` TIMESTAMP_LTZ(3)>");
    /// # Ok::<(), hurtig_sql_parser::ParseError>(())
    /// ```
    pub fn from_sql(data_type: &sqlparser::ast::DataType) -> Result<Self, ParseError> {
        data_type.to_string().parse()
    }

    /// The same type as [`from_sql`](Self::from_sql) reads it.
    pub fn to_sql(&self) -> sqlparser::ast::DataType {
        use sqlparser::ast::{DataType as Sql, Ident, ObjectName, TimezoneInfo};
        match self.kind {
            _ if !self.nullable => {}
            TypeKind::Boolean => return Sql::Boolean,
            TypeKind::TinyInt => return Sql::TinyInt(None),
            TypeKind::SmallInt => return Sql::SmallInt(None),
            TypeKind::Int => return Sql::Int(None),
            TypeKind::BigInt => return Sql::BigInt(None),
            TypeKind::Date => return Sql::Date,
            TypeKind::STRING => return Sql::String(None),
            TypeKind::Timestamp(p) => return Sql::Timestamp(Some(p.into()), TimezoneInfo::None),
            TypeKind::Time(p) => return Sql::Time(Some(p.into()), TimezoneInfo::None),
            _ => {}
        }
        Sql::Custom(ObjectName::from(Ident::new(self.to_string())), Vec::new())
    }
}

impl FromStr for DataType {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        crate::syntax::whole(text, data_type)
    }
}
