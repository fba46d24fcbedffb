//! `'connector' = 'print'`: to the terminal.

use std::io::Write;
use std::task::{Context, Poll};

use hurtig_connect::{Sink, SinkWriter, WriterContext};
use hurtig_table::RowBatch;
use hurtig_table::connector::{
    ChangelogMode, SinkTable, TableDescription, TableFactory, TableOption,
};
use hurtig_table::text::write_row;
use hurtig_types::{Error, Records, Result};

/// Text is brought out when there is so much of it.
const TEXT_BYTES: usize = 64 * 1024;

/// Tables whose rows are printed.
///
/// ```
/// use hurtig_connector_print::PrintFactory;
/// use hurtig_table::connector::{TableFactory, TableOptions};
///
/// let options = TableOptions::new("t", [("print-identifer", "a")]);
/// let error = options.check(&PrintFactory.options()).unwrap_err().to_string();
/// assert!(error.contains("knows: print-identifier, sink.parallelism, standard-error"), "{error}");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PrintFactory;

impl TableFactory for PrintFactory {
    fn identifier(&self) -> &'static str {
        "print"
    }

    fn options(&self) -> Vec<TableOption> {
        ["print-identifier", "standard-error", "sink.parallelism"]
            .map(TableOption::optional)
            .to_vec()
    }

    fn sink(&self, table: &TableDescription) -> Result<SinkTable> {
        let options = &table.options;
        let sink = PrintRows {
            identifier: options.get("print-identifier").unwrap_or("").to_string(),
            stderr: options.parse("standard-error")?.unwrap_or(false),
        };
        let parallelism = options.parse("sink.parallelism")?;
        Ok(SinkTable::with_parallelism(
            ChangelogMode::ALL,
            sink,
            parallelism,
        ))
    }
}

/// Prints each row on a line: `+I[7, a]`, behind `identifier> `, `subtask> ` or `identifier:subtask> ` where there is an identifier and
/// are several subtasks.
#[derive(Clone, Debug, Default)]
pub struct PrintRows {
    /// What stands before each line; nothing for nothing.
    pub identifier: String,
    /// To standard error, and not to standard output.
    pub stderr: bool,
}

impl PrintRows {
    /// What stands before the lines of a subtask.
    fn prefix(&self, subtask: u32, parallelism: u32) -> String {
        let identifier = &self.identifier;
        match (identifier.is_empty(), parallelism) {
            (true, 1) => String::new(),
            (true, _) => format!("{}> ", subtask + 1),
            (false, 1) => format!("{identifier}> "),
            (false, _) => format!("{identifier}:{}> ", subtask + 1),
        }
    }
}

impl Sink<RowBatch> for PrintRows {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<RowBatch>>> {
        Ok(Box::new(PrintWriter {
            stderr: self.stderr,
            prefix: self.prefix(context.subtask, context.parallelism),
            text: String::new(),
        }))
    }
}

struct PrintWriter {
    stderr: bool,
    prefix: String,
    text: String,
}

impl PrintWriter {
    fn print(&mut self, rows: &RowBatch) -> std::io::Result<()> {
        for row in 0..rows.rows() {
            self.line(rows, row);
            if self.text.len() >= TEXT_BYTES {
                self.bring_out()?;
            }
        }
        self.bring_out()
    }

    fn line(&mut self, rows: &RowBatch, row: usize) {
        self.text.push_str(&self.prefix);
        write_row(&mut self.text, rows.kind(row), rows.columns.columns(), row);
        self.text.push('\n');
    }

    /// Whole lines at once, so that those of several subtasks don't mix.
    fn bring_out(&mut self) -> std::io::Result<()> {
        if self.stderr {
            std::io::stderr().lock().write_all(self.text.as_bytes())?;
        } else {
            let mut out = std::io::stdout().lock();
            out.write_all(self.text.as_bytes())?;
            out.flush()?;
        }
        self.text.clear();
        Ok(())
    }
}

impl SinkWriter<RowBatch> for PrintWriter {
    fn poll_write(
        &mut self,
        _: &mut Context<'_>,
        batch: &mut Records<RowBatch>,
    ) -> Poll<Result<()>> {
        let printed = batch
            .values
            .drain(..)
            .try_for_each(|rows| self.print(&rows));
        Poll::Ready(printed.map_err(|error| Error::io(format!("cannot print: {error}"))))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_testing_rows::{batch, changes, column};

    #[test]
    fn a_line_begins_with_the_identifier_and_the_subtask() {
        let named = |identifier: &str| PrintRows {
            identifier: identifier.to_string(),
            stderr: false,
        };
        assert_eq!(named("").prefix(0, 1), "");
        assert_eq!(named("").prefix(0, 2), "1> ");
        assert_eq!(named("orders").prefix(0, 1), "orders> ");
        assert_eq!(named("orders").prefix(1, 2), "orders:2> ");
    }

    #[test]
    fn a_row_is_a_line_as_flink_prints_it() {
        let rows = batch([
            ("id", column::of([7i64, 7])),
            ("text", column::with_nulls([Some("a"), None])),
            ("at", column::times([1_609_329_600_000, 1_609_329_600_120])),
            ("part", column::of([0.5, 1e10])),
        ]);
        let rows = changes(rows, &["-U", "+U"]).unwrap();
        let mut writer = PrintWriter {
            stderr: false,
            prefix: "orders:1> ".to_string(),
            text: String::new(),
        };
        (0..2).for_each(|row| writer.line(&rows, row));
        let expected = "orders:1> -U[7, a, 2020-12-30T12:00, 0.5]\n\
                        orders:1> +U[7, null, 2020-12-30T12:00:00.120, 1.0E10]\n";
        assert_eq!(writer.text, expected);
    }
}
