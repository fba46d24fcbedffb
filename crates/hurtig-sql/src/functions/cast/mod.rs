//! CAST and TRY_CAST, by Flink's rules.
//!
//! What is no value of the type fails (NULL in TRY_CAST); numbers that are too large for a whole type keep their lower bits, and too large
//! a DECIMAL is NULL.

mod digits;
mod nested;
mod number;
mod read;
mod time;
mod write;

use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_cast::cast as arrow_cast;
use arrow_schema::{DataType as Arrow, Field};
use datafusion_common::{Result, exec_err, plan_err};
use hurtig_sql_parser::{DataType, TypeKind};

use super::arguments::Arguments;
use super::definition::{Call, Definition, Returns};
use super::parameters::Kind;
use super::time::Zone;
use crate::error::Carry;
use crate::types::{arrow_of, field_of, flink_of};

pub(super) use digits::text_of_double;
pub(super) use write::texts_of_values;

const PARAMETERS: &[Kind] = &[Kind::Any, Kind::Text];

pub(super) static ALL: [Definition; 2] = [
    Definition::new("__cast", PARAMETERS, Returns::Field(type_of), |a| {
        cast(a, false)
    }),
    Definition::new("__try_cast", PARAMETERS, Returns::Field(type_of), |a| {
        cast(a, true)
    })
    .nullable(),
];

/// A cast, as far as it is the same for all values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caster {
    pub(super) zone: Zone,
    /// Whether what fails is NULL.
    pub(super) tries: bool,
}

fn type_of(call: &Call<'_>) -> Result<Field> {
    let target = target(call.text(1))?;
    let Some(source) = call.fields.first() else {
        return plan_err!("CAST of nothing");
    };
    let source = flink_of(source).carried()?;
    if !is_allowed(&source.kind, &target.kind) {
        return plan_err!(
            "{} cannot be CAST to {}{}",
            source.kind_text(),
            target.kind_text(),
            advice(&source.kind, &target.kind)
        );
    }
    let field = field_of("", &target).carried()?.as_ref().clone();
    Ok(match target.kind {
        // Their items say what they are; the same type made of values has no more to say.
        TypeKind::Array(_) | TypeKind::Map(..) | TypeKind::Row(_) => {
            field.with_metadata(Default::default())
        }
        _ => field,
    })
}

/// The type that is named.
fn target(text: Option<&str>) -> Result<DataType> {
    let Some(text) = text else {
        return plan_err!("CAST to a type that is computed");
    };
    match text.parse() {
        Ok(target) => Ok(target),
        Err(error) => plan_err!("{error}"),
    }
}

/// A type's name without NOT NULL.
trait KindText {
    fn kind_text(&self) -> String;
}

impl KindText for DataType {
    fn kind_text(&self) -> String {
        Self::nullable(self.kind.clone()).to_string()
    }
}

fn is_text(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Char(_) | TypeKind::Varchar(_))
}

fn is_bytes(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Binary(_) | TypeKind::Varbinary(_))
}

fn is_number(kind: &TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::TinyInt
            | TypeKind::SmallInt
            | TypeKind::Int
            | TypeKind::BigInt
            | TypeKind::Float
            | TypeKind::Double
            | TypeKind::Decimal(..)
    )
}

fn is_timestamp(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Timestamp(_) | TypeKind::TimestampLtz(_))
}

/// Whether there is such a cast at all.
fn is_allowed(from: &TypeKind, to: &TypeKind) -> bool {
    use TypeKind as K;
    match (from, to) {
        (K::Null, _) => true,
        (_, to) if is_text(to) => true,
        (from, to) if is_text(from) => {
            is_number(to)
                || is_bytes(to)
                || is_timestamp(to)
                || matches!(to, K::Boolean | K::Date | K::Time(_))
        }
        (from, to) if is_bytes(from) => is_bytes(to),
        (K::Boolean, to) => is_number(to) || *to == K::Boolean,
        (from, K::Boolean) => is_number(from),
        (from, to) if is_number(from) => is_number(to),
        (K::Date, to) => is_timestamp(to) || *to == K::Date,
        (K::Time(_), to) => is_timestamp(to) || matches!(to, K::Time(_)),
        (from, to) if is_timestamp(from) => is_timestamp(to) || matches!(to, K::Date | K::Time(_)),
        (K::Interval(from), K::Interval(to)) => {
            std::mem::discriminant(from) == std::mem::discriminant(to)
        }
        (K::Array(from), K::Array(to)) | (K::Multiset(from), K::Multiset(to)) => {
            is_allowed(&from.kind, &to.kind)
        }
        (K::Map(key, value), K::Map(to_key, to_value)) => {
            is_allowed(&key.kind, &to_key.kind) && is_allowed(&value.kind, &to_value.kind)
        }
        (K::Row(from), K::Row(to)) => {
            let is_allowed_each =
                |(from, to): (&hurtig_sql_parser::RowField, &hurtig_sql_parser::RowField)| {
                    is_allowed(&from.data_type.kind, &to.data_type.kind)
                };
            from.len() == to.len() && from.iter().zip(to).all(is_allowed_each)
        }
        _ => false,
    }
}

fn advice(from: &TypeKind, to: &TypeKind) -> &'static str {
    if is_number(from) && is_timestamp(to) {
        return ": write TO_TIMESTAMP_LTZ(number, 3), or 0 for seconds";
    }
    ""
}

fn cast(arguments: &Arguments<'_>, tries: bool) -> Result<ArrayRef> {
    let target = target(arguments.texts(1)?.at(0))?;
    let array = arguments.array(0)?;
    let source = match arguments.fields.first() {
        Some(field) => flink_of(field).carried()?,
        None => return exec_err!("CAST of nothing"),
    };
    Caster {
        zone: arguments.zone,
        tries,
    }
    .cast(&array, &source.kind, &target.kind)
}

impl Caster {
    /// The values of an array of one type, as those of another.
    pub(super) fn cast(self, array: &ArrayRef, from: &TypeKind, to: &TypeKind) -> Result<ArrayRef> {
        use TypeKind as K;
        let arrow = arrow_of(to).carried()?;
        if array.data_type().is_null() || array.null_count() == array.len() {
            return Ok(new_null_array(&arrow, array.len()));
        }
        match (from, to) {
            (_, to) if is_text(to) => write::to_text(array, from, to, self.zone),
            (from, to) if is_text(from) => {
                let texts = arrow_cast(array, &Arrow::Utf8View)?;
                self.read(&texts, to)
            }
            (_, to) if is_bytes(to) => write::to_bytes(array, to),
            (K::Boolean, to) | (to, K::Boolean) if is_number(to) => {
                number::of_boolean(array, &arrow)
            }
            (from, to) if is_number(from) && is_number(to) => number::of_number(array, &arrow),
            (K::Array(_), K::Array(_))
            | (K::Map(..), K::Map(..))
            | (K::Multiset(_), K::Multiset(_))
            | (K::Row(_), K::Row(_)) => self.nested(array, from, to),
            (from, to) if is_timestamp(from) || is_timestamp(to) => {
                time::of_time(array, to, &arrow, self.zone)
            }
            _ if *array.data_type() == arrow => Ok(array.clone()),
            _ => Ok(arrow_cast(array, &arrow)?),
        }
    }
}
