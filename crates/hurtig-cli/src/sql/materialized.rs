//! The table that changes amount to: `SET 'sql-client.execution.result-mode' = 'table'`, and what a query of a batch answers.

use std::collections::{BTreeMap, HashMap};
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use hurtig_table::RowBatch;
use hurtig_types::Result;

use super::cells::text;
use super::out;
use super::tableau::Tableau;

/// Nobody reads faster.
const BETWEEN_VIEWS: Duration = Duration::from_millis(250);
/// As many rows as a live view shows; the others are counted.
const ROWS_IN_VIEW: usize = 40;

type Row = Vec<Option<String>>;

/// Rows in the order in which they came, and how they are seen while they change.
pub(super) struct Materialized {
    names: Vec<String>,
    rows: BTreeMap<u64, Row>,
    /// Where each row is, as often as it is there.
    places: HashMap<Row, Vec<u64>>,
    next: u64,
    rows_max: usize,
    /// When it was last drawn, where there is a terminal to draw on.
    drawn: Option<Instant>,
}

impl Materialized {
    /// No rows yet, of which at most `rows_max` are kept, the last ones; seen while they come, if `live`.
    pub(super) fn new(names: Vec<String>, rows_max: usize, live: bool) -> Self {
        Self {
            names,
            rows: BTreeMap::new(),
            places: HashMap::new(),
            next: 0,
            rows_max,
            drawn: (live && std::io::stdout().is_terminal()).then(Instant::now),
        }
    }

    /// Takes changes in, and shows the table as it is now and then.
    pub(super) fn apply(&mut self, batch: &RowBatch) -> Result<()> {
        for index in 0..batch.rows() {
            let cells = batch.columns.columns().iter();
            let row: Row = cells.map(|column| text(column, index)).collect();
            if batch.kind(index).adds() {
                self.add(row);
            } else {
                self.remove(&row);
            }
        }
        if self
            .drawn
            .is_some_and(|drawn| drawn.elapsed() >= BETWEEN_VIEWS)
        {
            self.drawn = Some(Instant::now());
            out::put("\x1b[2J\x1b[H")?;
            return self.show(ROWS_IN_VIEW);
        }
        Ok(())
    }

    fn add(&mut self, row: Row) {
        self.places.entry(row.clone()).or_default().push(self.next);
        self.rows.insert(self.next, row);
        self.next += 1;
        if self.rows.len() > self.rows_max
            && let Some((_, oldest)) = self.rows.pop_first()
        {
            self.forget(&oldest, true);
        }
    }

    fn remove(&mut self, row: &Row) {
        if let Some(place) = self.forget(row, false) {
            self.rows.remove(&place);
        }
    }

    /// Takes a place of a row out: the first, or the last.
    fn forget(&mut self, row: &Row, first: bool) -> Option<u64> {
        let places = self.places.get_mut(row)?;
        let place = if first && !places.is_empty() {
            Some(places.remove(0))
        } else {
            places.pop()
        };
        if places.is_empty() {
            self.places.remove(row);
        }
        place
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Draws the table at its end.
    pub(super) fn finish(&self) -> Result<()> {
        if self.drawn.is_some() {
            out::put("\x1b[2J\x1b[H")?;
        }
        self.show(usize::MAX)
    }

    fn show(&self, rows_max: usize) -> Result<()> {
        let shown = self.rows.values().take(rows_max);
        let lines = shown.map(|row| {
            let cells = row.iter();
            cells
                .map(|cell| cell.clone().unwrap_or_else(|| "<NULL>".to_string()))
                .collect()
        });
        let lines: Vec<Vec<String>> = lines.collect();
        let table = Tableau::of_lines(&self.names, &lines);
        out::lines(table.head())?;
        out::lines(lines.iter().map(|row| {
            table.line(
                &row.iter()
                    .map(|cell| Some(cell.clone()))
                    .collect::<Vec<_>>(),
            )
        }))?;
        let hidden = self.rows.len().saturating_sub(rows_max);
        let more = (hidden > 0).then(|| format!("… and {hidden} more"));
        out::lines(std::iter::once(table.border()).chain(more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_and_go_and_the_oldest_make_room() {
        let mut table = Materialized::new(vec!["n".to_string()], 2, false);
        let row = |n: &str| vec![Some(n.to_string())];
        table.add(row("a"));
        table.add(row("b"));
        table.remove(&row("a"));
        table.remove(&row("never there"));
        assert_eq!(table.rows.values().collect::<Vec<_>>(), [&row("b")]);
        table.add(row("b"));
        table.add(row("c"));
        assert_eq!(
            table.rows.values().collect::<Vec<_>>(),
            [&row("b"), &row("c")]
        );
        assert_eq!(table.len(), 2);
    }
}
