//! Rows for a client: what SELECT shows.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::RowBatch;
use hurtig_connect::{PreCommit, Sink, SinkWriter, WriterContext, decode_value, encode_value};
use hurtig_types::{Error, Records, Result};
use parking_lot::Mutex;

/// Rows that wait for the client before the job does.
const ROWS_MAX: usize = 64 * 1024;

/// A sink, and the other end of it. The reader ends when the job has ended, or the reader's handle on it says so.
///
/// ```
/// let (sink, reader) = hurtig_table::connector::collect();
/// assert_eq!(reader.rows_waiting(), 0);
/// # let _ = sink;
/// ```
pub fn collect() -> (CollectSink, CollectReader) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    (CollectSink(Arc::clone(&shared)), CollectReader(shared))
}

/// Hands rows with their kinds to a [`CollectReader`], by one subtask, and waits when it does not take them.
///
/// After a failure the job hands over again what came after its checkpoint. What of it the client has not taken is replaced; where it has
/// taken some, it gets an error, for the rows may be others now.
#[derive(Clone)]
pub struct CollectSink(Arc<Mutex<Shared>>);

/// Takes the rows of a job.
pub struct CollectReader(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    queue: VecDeque<RowBatch>,
    rows_waiting: usize,
    /// Rows that were handed over, and rows that were taken, since the job began.
    handed: u64,
    taken: u64,
    ended: bool,
    /// Why the job failed, to be told behind the last row.
    end: Option<Error>,
    failure: Option<Error>,
    gone: bool,
    writer: Option<Waker>,
    reader: Option<Waker>,
}

impl Shared {
    /// A writer begins behind so many rows.
    fn begin(&mut self, position: u64) {
        self.ended = false;
        if position < self.taken {
            self.failure = Some(Error::io(format!(
                "the job started again behind its row {position}, of which {} were shown: they may differ now; with \
                 checkpoints that are more frequent less is lost",
                self.taken
            )));
            self.wake_reader();
        }
        while self.handed > position.max(self.taken) {
            let Some(last) = self.queue.back_mut() else {
                break;
            };
            let extra = (self.handed - position.max(self.taken)).min(last.rows() as u64) as usize;
            let kept = last.rows() - extra;
            if kept == 0 {
                self.queue.pop_back();
            } else {
                *last = first_rows(last, kept);
            }
            self.handed -= extra as u64;
            self.rows_waiting -= extra;
        }
        // Behind the restart both count alike: what is between them waits.
        self.taken = position.saturating_sub(self.rows_waiting as u64);
        self.handed = position;
    }

    fn hand_over(&mut self, rows: RowBatch) {
        self.handed += rows.rows() as u64;
        self.rows_waiting += rows.rows();
        self.queue.push_back(rows);
        self.wake_reader();
    }

    fn wake_reader(&mut self) {
        if let Some(waker) = self.reader.take() {
            waker.wake();
        }
    }

    fn wake_writer(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }
}

fn first_rows(rows: &RowBatch, count: usize) -> RowBatch {
    RowBatch {
        columns: rows.columns.slice(0, count),
        kinds: rows.kinds.get(..count).unwrap_or_default().to_vec(),
        hashes: Vec::new(),
        origin: rows.origin.clone(),
    }
}

impl Sink<RowBatch> for CollectSink {
    fn parallelism_limit(&self) -> Option<u32> {
        Some(1)
    }

    fn create_writer(&self, _: WriterContext) -> Result<Box<dyn SinkWriter<RowBatch>>> {
        Ok(Box::new(CollectWriter {
            shared: Arc::clone(&self.0),
            position: 0,
            begun: false,
        }))
    }
}

struct CollectWriter {
    shared: Arc<Mutex<Shared>>,
    /// Rows that were handed over.
    position: u64,
    begun: bool,
}

impl CollectWriter {
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.shared.lock().begin(self.position);
        }
    }
}

impl SinkWriter<RowBatch> for CollectWriter {
    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        batch: &mut Records<RowBatch>,
    ) -> Poll<Result<()>> {
        self.begin();
        let mut shared = self.shared.lock();
        let mut taken = 0;
        for rows in &mut batch.values {
            if shared.gone {
                return Poll::Ready(Err(Error::cancelled().context("nobody takes the rows")));
            }
            if shared.rows_waiting >= ROWS_MAX {
                shared.writer = Some(context.waker().clone());
                break;
            }
            let rows = rows.take();
            self.position += rows.rows() as u64;
            shared.hand_over(rows);
            taken += 1;
        }
        batch.values.drain(..taken);
        if batch.values.is_empty() {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        self.begin();
        Poll::Ready(Ok(()))
    }

    fn poll_pre_commit(&mut self, _: &mut Context<'_>) -> Poll<Result<PreCommit>> {
        self.begin();
        let state = encode_value(&self.position);
        Poll::Ready(state.map(|state| PreCommit {
            committables: Vec::new(),
            states: vec![state],
        }))
    }

    fn restore(&mut self, states: Vec<Vec<u8>>) -> Result<()> {
        for state in states {
            self.position = self.position.max(decode_value(&state)?);
        }
        Ok(())
    }
}

impl CollectReader {
    /// The next rows; `None` after [`end`](Self::end), once all are taken.
    ///
    /// # Errors
    /// When the job started again behind rows that were taken already: what comes may repeat or contradict them. Or what the job failed
    /// with, if [`ender`](Self::ender) was given it.
    pub async fn next(&mut self) -> Result<Option<RowBatch>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`next`](Self::next).
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<RowBatch>>> {
        let mut shared = self.0.lock();
        if let Some(failure) = shared.failure.take() {
            return Poll::Ready(Err(failure));
        }
        if let Some(rows) = shared.queue.pop_front() {
            shared.taken += rows.rows() as u64;
            shared.rows_waiting -= rows.rows();
            shared.wake_writer();
            return Poll::Ready(Ok(Some(rows)));
        }
        if shared.ended {
            return Poll::Ready(shared.end.take().map_or(Ok(None), Err));
        }
        shared.reader = Some(context.waker().clone());
        Poll::Pending
    }

    /// Rows that wait to be taken.
    pub fn rows_waiting(&self) -> usize {
        self.0.lock().rows_waiting
    }

    /// Says that the job has ended, however it did: whoever waits for it calls this, and [`next`](Self::next) ends after the last row.
    /// A sink cannot say so itself, for a job whose sink is gone may start again.
    pub fn end(&self) {
        end(&self.0, None);
    }

    /// What [`end`](Self::end) is called by when the reader is elsewhere, with what the job failed with, if it did.
    pub fn ender(&self) -> impl Fn(Option<Error>) + Send + Sync + use<> {
        let shared = Arc::clone(&self.0);
        move |failure| end(&shared, failure)
    }
}

fn end(shared: &Mutex<Shared>, failure: Option<Error>) {
    let mut shared = shared.lock();
    shared.ended = true;
    shared.end = failure;
    shared.wake_reader();
}

/// Nobody takes the rows any more: the job need not make them.
impl Drop for CollectReader {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        shared.gone = true;
        shared.wake_writer();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};
    use futures::FutureExt;

    fn rows(numbers: impl IntoIterator<Item = i64>) -> RowBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        RowBatch::inserts(RecordBatch::try_from_iter([("n", numbers)]).unwrap())
    }

    fn writer(sink: &CollectSink, position: u64) -> CollectWriter {
        CollectWriter {
            shared: Arc::clone(&sink.0),
            position,
            begun: false,
        }
    }

    fn write(writer: &mut CollectWriter, rows: RowBatch) -> Poll<Result<()>> {
        let mut context = Context::from_waker(Waker::noop());
        writer.poll_write(&mut context, &mut Records::from_values(vec![rows]))
    }

    fn taken(reader: &mut CollectReader) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(rows) = reader.next().now_or_never() {
            match rows.unwrap() {
                Some(rows) => {
                    let numbers = rows.columns.column(0).as_primitive::<Int64Type>();
                    lines.extend(numbers.values().iter().map(|n| format!("+I[{n}]")));
                }
                None => lines.push("end".to_string()),
            }
            if lines.last().is_some_and(|line| line == "end") {
                break;
            }
        }
        lines
    }

    #[test]
    fn a_client_that_does_not_take_rows_holds_the_job() {
        let (sink, mut reader) = collect();
        let mut writer = writer(&sink, 0);
        assert!(write(&mut writer, rows(0..ROWS_MAX as i64)).is_ready());
        assert!(write(&mut writer, rows([1])).is_pending());
        assert_eq!(
            reader
                .next()
                .now_or_never()
                .unwrap()
                .unwrap()
                .unwrap()
                .rows(),
            ROWS_MAX
        );
        assert!(write(&mut writer, rows([1])).is_ready());
        reader.end();
        assert_eq!(taken(&mut reader), ["+I[1]", "end"]);
        drop(reader);
        assert!(matches!(write(&mut writer, rows([2])), Poll::Ready(Err(_))));
    }

    #[test]
    fn rows_that_come_again_take_the_place_of_those_that_were_not_taken() {
        let (sink, mut reader) = collect();
        assert!(write(&mut writer(&sink, 0), rows([1, 2, 3, 4])).is_ready());
        assert!(write(&mut writer(&sink, 3), rows([5])).is_ready());
        assert_eq!(taken(&mut reader), ["+I[1]", "+I[2]", "+I[3]", "+I[5]"]);
    }

    #[test]
    fn rows_that_come_again_though_they_were_taken_are_an_error() {
        let (sink, mut reader) = collect();
        assert!(write(&mut writer(&sink, 0), rows([1, 2])).is_ready());
        assert_eq!(taken(&mut reader).len(), 2);
        assert!(write(&mut writer(&sink, 1), rows([3])).is_ready());
        let error = reader.next().now_or_never().unwrap().unwrap_err();
        assert!(
            error.to_string().contains("started again behind its row 1"),
            "{error}"
        );
        assert_eq!(taken(&mut reader), ["+I[3]"]);
    }
}
