//! Comma-separated values.

use hurtig_table::RowBatch;

use super::cells::text;

/// The columns' names, the kind of the change first.
pub(super) fn header<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    let names = std::iter::once("op").chain(columns);
    names.map(quoted).collect::<Vec<_>>().join(",")
}

/// Cells that are all there.
pub(super) fn line(cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| quoted(cell));
    cells.collect::<Vec<_>>().join(",")
}

/// The changes of a batch, a line each; NULL is nothing between two commas, an empty text two quotes.
pub(super) fn lines(rows: &RowBatch) -> impl Iterator<Item = String> {
    (0..rows.rows()).map(move |index| {
        let cells = rows.columns.columns().iter();
        let cells = cells.map(|column| match text(column, index) {
            Some(cell) if cell.is_empty() => "\"\"".to_string(),
            Some(cell) => quoted(&cell),
            None => String::new(),
        });
        let op = std::iter::once(rows.kind(index).symbol().to_string());
        op.chain(cells).collect::<Vec<_>>().join(",")
    })
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_string()
    }
}
