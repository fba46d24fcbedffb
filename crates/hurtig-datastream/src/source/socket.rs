//! Lines of text from a TCP connection.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use hurtig_connect::{
    Boundedness, ReaderContext, ReaderEvent, ReaderOutput, Source, SourceReader, SourceSplit,
    SplitEnumerator, SplitPool, SplitRequester,
};
use hurtig_env::{JoinHandle, Lane, World};
use hurtig_types::{Error, Origin, OriginRange, Result};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

/// The longest line that is read; a longer one fails the job rather than fill the memory.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// Lines that are read ahead.
const LINES_AHEAD_MAX: usize = 1024;

/// Reads lines from a TCP server, as Flink's `socketTextStream`: for trying things out. Lines that were read are gone: a socket can't be
/// rewound, so there is no exactly-once with it.
pub struct SocketTextSource {
    address: String,
}

impl SocketTextSource {
    /// Reads from the server at `host:port`.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }
}

/// The one connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SocketSplit {
    address: String,
}

impl SourceSplit for SocketSplit {
    fn id(&self) -> &str {
        &self.address
    }
}

impl Source for SocketTextSource {
    type Item = String;
    type Split = SocketSplit;

    fn boundedness(&self) -> Boundedness {
        Boundedness::Unbounded
    }

    fn parallelism_limit(&self) -> Option<u32> {
        Some(1)
    }

    fn create_enumerator(&self, _: &World) -> Result<Box<dyn SplitEnumerator<SocketSplit>>> {
        Ok(Box::new(SplitPool::given(vec![SocketSplit {
            address: self.address.clone(),
        }])))
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<String, SocketSplit>>> {
        Ok(Box::new(SocketReader {
            world: context.world,
            request_split: context.request_split,
            connection: None,
            lines_read: 0,
            asked: false,
            no_more: false,
        }))
    }
}

struct SocketReader {
    world: World,
    request_split: SplitRequester,
    connection: Option<Connected>,
    lines_read: u64,
    asked: bool,
    no_more: bool,
}

struct Connected {
    split: SocketSplit,
    id: Arc<str>,
    lines: mpsc::Receiver<Result<String>>,
    task: JoinHandle<()>,
}

/// Reads lines until the server closes the connection or nobody wants them.
async fn read_lines(world: World, address: String, mut lines: mpsc::Sender<Result<String>>) {
    let connection = match world.network().connect(&address).await {
        Ok(connection) => connection,
        Err(error) => {
            let _ = lines
                .send(Err(error.context(format!("connecting to {address}"))))
                .await;
            return;
        }
    };
    let mut reader = BufReader::new(connection);
    for number in 1u64.. {
        let mut bytes = Vec::new();
        let read = (&mut reader)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut bytes)
            .await;
        let line = match read {
            Ok(0) => return,
            Ok(read) if read as u64 == LINE_BYTES_MAX => Err(Error::bad_record(format!(
                "line {number} of {address} is over {LINE_BYTES_MAX} bytes"
            ))),
            Ok(_) => text(bytes, number, &address),
            Err(error) => Err(Error::io(format!("reading from {address}: {error}"))),
        };
        let failed = line.is_err();
        if lines.send(line).await.is_err() || failed {
            return;
        }
    }
}

fn text(mut bytes: Vec<u8>, number: u64, address: &str) -> Result<String> {
    for end in [b'\n', b'\r'] {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    let wrong = |_| Error::bad_record(format!("line {number} of {address} is no UTF-8"));
    String::from_utf8(bytes).map_err(wrong)
}

impl SourceReader<String, SocketSplit> for SocketReader {
    fn add_splits(&mut self, splits: Vec<SocketSplit>) -> Result<()> {
        for split in splits {
            let (sender, lines) = mpsc::channel(LINES_AHEAD_MAX);
            let read = read_lines(self.world.clone(), split.address.clone(), sender);
            let task =
                self.world
                    .spawner()
                    .spawn(Lane::Io, format!("socket {}", split.address), read);
            let id = Arc::from(split.address.as_str());
            self.connection = Some(Connected {
                split,
                id,
                lines,
                task,
            });
        }
        Ok(())
    }

    fn no_more_splits(&mut self) {
        self.no_more = true;
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<String>,
    ) -> Poll<Result<ReaderEvent>> {
        let Some(connection) = &mut self.connection else {
            if self.no_more {
                return Poll::Ready(Ok(ReaderEvent::EndOfInput));
            }
            if !std::mem::replace(&mut self.asked, true) {
                (self.request_split)();
            }
            return Poll::Pending;
        };
        out.set_split(&connection.id);
        let first = self.lines_read + 1;
        let mut ended = false;
        while !out.records.is_full() {
            match connection.lines.poll_next_unpin(context) {
                Poll::Ready(Some(line)) => out.records.values.push(line?),
                Poll::Ready(None) => {
                    ended = true;
                    break;
                }
                Poll::Pending => break,
            }
        }
        self.lines_read += out.records.len() as u64;
        if !out.records.is_empty() {
            let split = Arc::clone(&connection.id);
            let range = OriginRange {
                split,
                unit: "line",
                first,
                last: self.lines_read,
            };
            out.records.origin = Origin::each(range, 1);
        }
        if ended {
            self.connection = None;
            self.asked = false;
            return Poll::Ready(Ok(ReaderEvent::SplitFinished));
        }
        if out.records.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(Ok(ReaderEvent::Batch))
        }
    }

    fn snapshot(&self) -> Vec<SocketSplit> {
        self.connection
            .iter()
            .map(|connection| connection.split.clone())
            .collect()
    }

    fn close(&mut self) -> Result<()> {
        if let Some(connection) = self.connection.take() {
            connection.task.abort();
        }
        Ok(())
    }
}
