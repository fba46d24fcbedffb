//! Which column is which field.

use std::cmp::Ordering;

use hurtig_connect::RecordError;

use crate::fields::Record;
use crate::format::Options;

/// The columns of a file: their names, where there are any, and the way from them to the fields of the record's type.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) names: Option<Vec<String>>,
    pub(crate) plan: Plan,
}

/// How the fields of a struct find their columns.
///
/// Every struct can be read by the names of its fields, one comparison after the other. A struct whose fields all have a
/// column can as well be read as a sequence, in the order it declares them, without a name ever being looked at; but not
/// every type that asks for a struct takes a sequence for one, and with `#[serde(alias)]` there are more names than fields.
/// So a type is read by name until one record was read well, then as a sequence if it takes that as well.
#[derive(Debug, Default)]
pub(crate) enum Plan {
    /// By name, until a record shows whether it works as a sequence.
    #[default]
    Unknown,
    /// As a sequence of these columns.
    Sequence(Vec<usize>),
    /// By name, for good.
    ByName,
}

impl Columns {
    pub(crate) fn named(names: Option<Vec<String>>) -> Self {
        Self {
            names,
            plan: Plan::Unknown,
        }
    }

    /// The name of a column, or its number counted from 1.
    pub(crate) fn name(&self, column: usize) -> String {
        let name = self.names.as_ref().and_then(|names| names.get(column));
        name.map_or_else(|| (column + 1).to_string(), String::clone)
    }

    /// The columns of `fields`, in order, if all of them have one.
    pub(crate) fn order_of(&self, fields: &[&str]) -> Option<Vec<usize>> {
        let names = self.names.as_ref()?;
        fields
            .iter()
            .map(|field| names.iter().position(|name| name == field))
            .collect()
    }

    /// Whether a record has as many fields as there are columns; always, where nothing says how many there are.
    #[inline]
    pub(crate) fn check_count(
        &self,
        record: &Record<'_>,
        options: &Options,
    ) -> Result<(), RecordError> {
        let Some(names) = &self.names else {
            return Ok(());
        };
        let (found, expected) = (record.len(), names.len());
        match found.cmp(&expected) {
            Ordering::Equal => return Ok(()),
            Ordering::Less if options.missing_fields => return Ok(()),
            Ordering::Greater if options.extra_fields => return Ok(()),
            _ => {}
        }
        Err(RecordError::new(format!(
            "it has {found} fields instead of {expected}"
        )))
    }
}
