//! A table on the terminal, as Flink's client draws it.

use arrow_schema::{DataType, Schema};
use hurtig_table::RowBatch;

use super::cells::text;

/// Draws rows as they come, so that widths are known before: they follow from the types.
pub(super) struct Tableau {
    names: Vec<String>,
    widths: Vec<usize>,
}

impl Tableau {
    /// A table of changes with these columns; texts of more than `text_width` characters are cut.
    pub(super) fn of_changes(schema: &Schema, text_width: usize) -> Self {
        let mut names = vec!["op".to_string()];
        let mut widths = vec![2];
        for field in schema.fields() {
            names.push(field.name().clone());
            widths.push(width(field.data_type(), text_width).max(columns(field.name())));
        }
        Self { names, widths }
    }

    /// A table of lines that are all known.
    pub(super) fn of_lines(names: &[String], rows: &[Vec<String>]) -> Self {
        let widths = names.iter().enumerate().map(|(index, name)| {
            let cells = rows.iter().filter_map(|row| row.get(index));
            let widest = cells.map(|cell| columns(cell)).max().unwrap_or(0);
            widest.max(columns(name))
        });
        Self {
            widths: widths.collect(),
            names: names.to_vec(),
        }
    }

    /// The border above, below and behind the names.
    pub(super) fn border(&self) -> String {
        let dashes = self.widths.iter().map(|width| "-".repeat(width + 2));
        format!("+{}+", dashes.collect::<Vec<_>>().join("+"))
    }

    /// What is above the rows.
    pub(super) fn head(&self) -> [String; 3] {
        [self.border(), self.header(), self.border()]
    }

    /// The names.
    fn header(&self) -> String {
        let names: Vec<_> = self.names.iter().map(|name| Some(name.clone())).collect();
        self.line(&names)
    }

    /// The changes of a batch.
    pub(super) fn changes<'a>(&'a self, rows: &'a RowBatch) -> impl Iterator<Item = String> + 'a {
        (0..rows.rows()).map(move |index| {
            let op = Some(rows.kind(index).symbol().to_string());
            let cells = rows
                .columns
                .columns()
                .iter()
                .map(|column| text(column, index));
            self.line(&std::iter::once(op).chain(cells).collect::<Vec<_>>())
        })
    }

    /// A line of cells; numbers and texts end at the right.
    pub(super) fn line(&self, cells: &[Option<String>]) -> String {
        let cells = cells.iter().zip(&self.widths).map(|(cell, width)| {
            let cell = cell.as_deref().unwrap_or("<NULL>");
            let cell = cut(cell, *width);
            format!("{}{cell}", " ".repeat(width.saturating_sub(columns(&cell))))
        });
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    }
}

/// How wide values of a type become.
const fn width(data_type: &DataType, text_width: usize) -> usize {
    match data_type {
        DataType::Boolean => 7,
        DataType::Int8 => 6,
        DataType::Int16 => 8,
        DataType::Int32 => 11,
        DataType::Int64 => 20,
        DataType::Float32 => 15,
        DataType::Date32 | DataType::Time32(_) => 12,
        DataType::Timestamp(..) => 23,
        _ => text_width,
    }
}

/// How many places a text takes on the terminal; wide characters are counted as one.
fn columns(text: &str) -> usize {
    text.chars().count()
}

fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_string();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}
