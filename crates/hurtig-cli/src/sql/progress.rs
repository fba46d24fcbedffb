//! How far a job has come, while somebody waits for it: on standard error, beside the rows.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hurtig_datastream::{Progress, StreamExecutionEnvironment};

/// On a terminal the line is written over.
const ON_TERMINAL: Duration = Duration::from_secs(1);
/// In a log every one stays.
const IN_LOG: Duration = Duration::from_secs(10);
/// As wide as a line is where the terminal does not tell.
const WIDTH: usize = 80;

/// The line that tells it. Cheap to clone; all are one.
#[derive(Clone)]
pub(super) struct ProgressLine {
    on_terminal: bool,
    /// Whether anybody waits, and where that does not get between rows.
    wanted: Arc<AtomicBool>,
    /// Whether there is a line to be wiped out.
    drawn: Arc<AtomicBool>,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self {
            on_terminal: std::io::stderr().is_terminal(),
            wanted: Arc::default(),
            drawn: Arc::default(),
        }
    }

    /// Tells of the jobs of this environment.
    pub(super) fn watch(&self, env: &StreamExecutionEnvironment) {
        let line = self.clone();
        let interval = match self.on_terminal {
            true => ON_TERMINAL,
            false => IN_LOG,
        };
        env.on_progress(interval, move |progress| line.tell(progress));
    }

    /// Begins to tell. Rows that are drawn on the same terminal are progress enough.
    pub(super) fn begin(&self, draws_rows: bool) {
        let in_the_way = draws_rows && self.on_terminal && std::io::stdout().is_terminal();
        self.wanted.store(!in_the_way, Ordering::Release);
    }

    /// Tells no more, and wipes out what was told.
    pub(super) fn end(&self) {
        self.wanted.store(false, Ordering::Release);
        if self.drawn.swap(false, Ordering::AcqRel) {
            put("\r\x1b[K");
        }
    }

    fn tell(&self, progress: &Progress) {
        if !self.wanted.load(Ordering::Acquire) {
            return;
        }
        if !self.on_terminal {
            return put(&format!("[INFO] {progress}\n"));
        }
        let width = terminal_size::terminal_size_of(std::io::stderr());
        let width = width.map_or(WIDTH, |(width, _)| usize::from(width.0));
        let line: String = progress
            .to_string()
            .chars()
            .take(width.saturating_sub(1))
            .collect();
        self.drawn.store(true, Ordering::Release);
        put(&format!("\r\x1b[K{line}"));
    }
}

/// Whoever closed standard error does not want to know.
fn put(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
