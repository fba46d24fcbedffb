//! Aligned columns.

/// Rows of cells, shown with each column as wide as its widest cell.
pub(super) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(super) fn new(headings: [&str; COLUMNS]) -> Self {
        Self {
            rows: vec![headings.map(str::to_string)],
        }
    }

    pub(super) fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells);
    }

    /// Appends all rows to `text`, each indented by two spaces, after a blank line unless a heading
    /// stands before it; nothing when there is no row but the headings.
    pub(super) fn show(&self, text: &mut String) {
        if self.rows.len() < 2 {
            return;
        }
        if text.ends_with('\n') && !text.ends_with("==\n") {
            text.push('\n');
        }
        let mut widths = [0; COLUMNS];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.rows {
            let cells = row.iter().zip(widths);
            let line: String = cells
                .map(|(cell, width)| format!("  {cell:width$}"))
                .collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
}
