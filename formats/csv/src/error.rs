//! What goes wrong between a field and a value.

use std::fmt;

use serde::de;

/// Why a record could not be read. Boxed, so that the way without errors carries a pointer.
#[derive(Debug)]
pub(crate) struct FieldError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    reason: String,
    place: Place,
}

/// Which field it was.
#[derive(Debug)]
pub(crate) enum Place {
    /// None in particular.
    Record,
    /// The one in this column, from 0.
    Column(usize),
    /// One of the struct, which has no column.
    Missing(&'static str),
}

impl FieldError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            reason: reason.into(),
            place: Place::Record,
        }))
    }

    fn missing(field: &'static str) -> Self {
        Self(Box::new(Inner {
            reason: String::new(),
            place: Place::Missing(field),
        }))
    }

    /// The same, in a column, where no place is known yet.
    pub(crate) fn at(mut self, column: usize) -> Self {
        if matches!(self.0.place, Place::Record) {
            self.0.place = Place::Column(column);
        }
        self
    }

    pub(crate) fn into_parts(self) -> (String, Place) {
        (self.0.reason, self.0.place)
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.place {
            Place::Missing(field) => write!(f, "field `{field}` is missing"),
            Place::Record | Place::Column(_) => f.write_str(&self.0.reason),
        }
    }
}

impl std::error::Error for FieldError {}

impl de::Error for FieldError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_value(found, expected)
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(match found {
            de::Unexpected::Str(text) => format!("`{text}` is not {expected}"),
            other => format!("{other} is not {expected}"),
        })
    }

    fn invalid_length(found: usize, expected: &dyn de::Expected) -> Self {
        Self::new(format!("found {found} fields, expected {expected}"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("`{variant}` is none of {}", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::missing(field)
    }
}
