//! To the terminal.

use std::any::Any;
use std::fmt::Debug;
use std::io::Write;
use std::task::{Context, Poll};

use hurtig_connect::{Sink, SinkWriter, WriterContext};
use hurtig_types::{Error, Records, Result};

/// Prints each record on a line, behind `subtask> ` where there are several subtasks, as Flink's `print()` does. Strings appear as they
/// are, other records by their `Debug`.
///
/// ```
/// use hurtig_datastream::{PrintSink, StreamExecutionEnvironment};
///
/// let env = StreamExecutionEnvironment::new();
/// env.from_collection(vec![("a", 1)].into_iter().map(|(s, n)| (s.to_string(), n)).collect::<Vec<_>>())
///     .sink_to(PrintSink::stdout());
/// env.execute("print").unwrap(); // ("a", 1)
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PrintSink {
    stderr: bool,
}

impl PrintSink {
    /// To standard output.
    pub const fn stdout() -> Self {
        Self { stderr: false }
    }

    /// To standard error.
    pub const fn stderr() -> Self {
        Self { stderr: true }
    }
}

impl<T: Debug + 'static> Sink<T> for PrintSink {
    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        let prefix = match context.parallelism {
            1 => String::new(),
            _ => format!("{}> ", context.subtask + 1),
        };
        Ok(Box::new(PrintWriter {
            stderr: self.stderr,
            prefix,
            text: Vec::new(),
        }))
    }
}

struct PrintWriter {
    stderr: bool,
    prefix: String,
    text: Vec<u8>,
}

impl PrintWriter {
    fn format<T: Debug + 'static>(&mut self, record: &T) -> std::io::Result<()> {
        match (record as &dyn Any).downcast_ref::<String>() {
            Some(text) => writeln!(self.text, "{}{text}", self.prefix),
            None => writeln!(self.text, "{}{record:?}", self.prefix),
        }
    }

    /// A whole batch at once, so that lines of several subtasks don't mix.
    fn bring_out(&mut self) -> std::io::Result<()> {
        if self.stderr {
            std::io::stderr().lock().write_all(&self.text)?;
        } else {
            let mut out = std::io::stdout().lock();
            out.write_all(&self.text)?;
            out.flush()?;
        }
        self.text.clear();
        Ok(())
    }
}

impl<T: Debug + 'static> SinkWriter<T> for PrintWriter {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<T>) -> Poll<Result<()>> {
        let formatted = batch
            .values
            .drain(..)
            .try_for_each(|record| self.format(&record));
        let written = formatted.and_then(|()| self.bring_out());
        Poll::Ready(written.map_err(|error| Error::io(format!("cannot print: {error}"))))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}
