//! One split on its way from bytes to records: the compute side.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use hurtig_connect::{
    BadRecord, BadRecordPolicy, DecodeFailure, DecodeInput, DecodeOutput, Decoder, ReaderOutput,
    SourceSplit,
};
use hurtig_env::World;
use hurtig_types::{Error, ErrorKind, Origin, OriginRange, Result, batch_capacity};

use crate::FileSplit;
use crate::buffer::Buffer;
use crate::compression::{Compression, Decompressor};
use crate::cut::LineCut;
use crate::fetch::{Fetch, FetchPlan, Fetched};

/// After so many bytes without a record it lets others run: comments, or what was read before a restart.
const BYTES_PER_POLL_MAX: u64 = 1024 * 1024;

/// A split that is being read.
pub(crate) struct SplitStream<T> {
    split: FileSplit,
    id: Arc<str>,
    origin: Arc<str>,
    compression: Compression,
    policy: BadRecordPolicy,
    decoder: Box<dyn Decoder<T>>,
    has_header: bool,
    stage: Stage,
    buffer: Buffer,
    fetch: Option<Fetch>,
    failures: Vec<DecodeFailure>,
    /// What was taken of a record that has not ended; the split's position is before it.
    inside_record: u64,
    /// Where the header of the file ends, when it was read apart.
    header_end: u64,
    /// Bytes of the file that have come, for messages.
    fetched: u64,
    pub(crate) paused: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The header, at the front of the stream.
    Header,
    /// So many bytes that were read before a restart, because a compressed file can't be read from the middle.
    Skip(u64),
    Records,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The split goes on.
    Batch,
    /// It has ended.
    Finished,
}

impl<T> SplitStream<T> {
    pub(crate) fn new(
        compression: Compression,
        policy: BadRecordPolicy,
        decoder: Box<dyn Decoder<T>>,
        has_header: bool,
        split: FileSplit,
    ) -> Result<Self> {
        let decompressor = Decompressor::new(compression)
            .map_err(|error| Error::from_source(ErrorKind::Io, error).context(split.name()))?;
        let in_file_order = decompressor.is_some() || split.position.bytes == 0;
        Ok(Self {
            id: split.id().into(),
            // The lines of a later part can't be counted from the start of the file: its positions are bytes, and the
            // name of the part tells the two apart.
            origin: if split.range().start == 0 {
                split.name()
            } else {
                split.id()
            }
            .into(),
            compression,
            policy,
            decoder,
            has_header,
            stage: if in_file_order {
                Stage::Header
            } else {
                Stage::Records
            },
            buffer: Buffer::new(decompressor),
            fetch: None,
            failures: Vec::new(),
            inside_record: 0,
            header_end: 0,
            fetched: 0,
            paused: false,
            split,
        })
    }

    pub(crate) fn split(&self) -> &FileSplit {
        &self.split
    }

    /// Bytes of the file that have come so far.
    pub(crate) fn fetched(&self) -> u64 {
        self.fetched
    }

    fn is_compressed(&self) -> bool {
        self.compression != Compression::None
    }

    fn plan(&self) -> FetchPlan {
        let (range, size) = (self.split.range(), self.split.file_size());
        let position = self.split.position.bytes;
        let later_part = range.start > 0 && self.split.is_fresh();
        let from = match (self.is_compressed(), later_part) {
            (true, _) => 0,
            (false, true) => range.start - 1,
            (false, false) => position,
        };
        // A last line that went beyond the part may have been all that was left.
        let nothing_left = !self.is_compressed() && position >= range.end && range.end < size;
        FetchPlan {
            name: self.split.name().to_string(),
            header: self.has_header && self.stage == Stage::Records,
            from: if nothing_left { size } else { from },
            end: range.end,
            size,
            cut: LineCut::new(later_part, range.end, size),
        }
    }

    /// Reads on: up to a batch of records, fewer if there are no more now.
    pub(crate) fn poll(
        &mut self,
        world: &World,
        context: &mut Context<'_>,
        out: &mut ReaderOutput<T>,
    ) -> Poll<Result<Progress>> {
        out.set_split(&self.id);
        let mut passed = 0;
        loop {
            let taken = self.step(out)?;
            passed += taken.unwrap_or(0);
            if out.records.is_full() {
                return Poll::Ready(Ok(Progress::Batch));
            }
            let has_output = !out.records.is_empty() || !out.bad.is_empty();
            if taken.is_some() {
                if passed < BYTES_PER_POLL_MAX {
                    continue;
                }
                if has_output {
                    return Poll::Ready(Ok(Progress::Batch));
                }
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if self.buffer.has_ended() {
                return Poll::Ready(self.end().map(|()| Progress::Finished));
            }
            match self.poll_more(world, context) {
                Poll::Ready(more) => more?,
                Poll::Pending if has_output => return Poll::Ready(Ok(Progress::Batch)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Takes what can be taken of what is ready; `None` when more has to come first.
    fn step(&mut self, out: &mut ReaderOutput<T>) -> Result<Option<u64>> {
        let input = DecodeInput {
            bytes: self.buffer.ready(),
            last: self.buffer.has_ended(),
        };
        match self.stage {
            Stage::Header => {
                let header = self.decoder.decode_header(input);
                let Some(taken) = header.map_err(|error| error.context(self.quoted_name()))? else {
                    return Ok(None);
                };
                self.buffer.consume(taken.bytes);
                let position = &mut self.split.position;
                if position.bytes == 0 {
                    position.bytes = taken.bytes as u64;
                    position.lines = taken.lines;
                }
                self.stage = Stage::Skip(position.bytes.saturating_sub(taken.bytes as u64));
                Ok(Some(taken.bytes as u64))
            }
            Stage::Skip(0) => {
                self.stage = Stage::Records;
                Ok(Some(0))
            }
            Stage::Skip(left) => {
                let bytes = usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(input.bytes.len());
                self.buffer.consume(bytes);
                self.stage = Stage::Skip(left - bytes as u64);
                Ok((bytes > 0).then_some(bytes as u64))
            }
            Stage::Records => self.decode(out),
        }
    }

    fn decode(&mut self, out: &mut ReaderOutput<T>) -> Result<Option<u64>> {
        let input = DecodeInput {
            bytes: self.buffer.ready(),
            last: self.buffer.has_ended(),
        };
        let had = out.records.len();
        let room = const { batch_capacity::<T>() }.saturating_sub(had);
        let mut output = DecodeOutput::new(&mut out.records.values, &mut self.failures, room);
        let taken = self.decoder.decode(input, &mut output);
        let taken = taken.map_err(|error| error.context(self.quoted_name()))?;
        if taken.bytes == 0 && taken.lines == 0 {
            return Ok(None);
        }
        self.buffer.consume(taken.bytes);
        if taken.inside_record {
            self.inside_record += taken.bytes as u64;
            return Ok(Some(taken.bytes as u64));
        }
        let before = self.split.position;
        let position = &mut self.split.position;
        position.bytes += taken.bytes as u64 + std::mem::take(&mut self.inside_record);
        position.lines += taken.lines;
        position.records += (out.records.len() - had + self.failures.len()) as u64;
        let after = *position;
        let added = out.records.len() - had;
        if added > 0 {
            let (unit, first, last) = if self.counts_lines() {
                ("line", before.lines + 1, after.lines)
            } else {
                ("byte", before.bytes, after.bytes - 1)
            };
            let split = Arc::clone(&self.origin);
            let range = OriginRange {
                split,
                unit,
                first,
                last,
            };
            // As many records as lines, and none that could not be read: a line for each.
            let each = unit == "line" && taken.lines == added as u64 && self.failures.is_empty();
            let origin = if each {
                Origin::each(range, 1)
            } else {
                Origin::from(range)
            };
            if had == 0 {
                out.records.origin = origin;
            } else {
                out.records.origin.append(&origin);
            }
        }
        self.report_failures(before, out)?;
        Ok(Some(taken.bytes as u64))
    }

    fn counts_lines(&self) -> bool {
        self.split.range().start == 0
    }

    fn report_failures(
        &mut self,
        before: crate::FilePosition,
        out: &mut ReaderOutput<T>,
    ) -> Result<()> {
        let lines = self.counts_lines();
        for failure in self.failures.drain(..) {
            let (unit, position) = if lines {
                ("line", before.lines + failure.lines_before + 1)
            } else {
                ("byte", before.bytes + failure.bytes_before)
            };
            let bad = BadRecord {
                split: self.origin.to_string(),
                position,
                unit: unit.to_string(),
                field: failure.reason.field,
                reason: failure.reason.reason,
                raw: failure.raw,
            };
            if self.policy == BadRecordPolicy::Fail {
                return Err(Error::bad_record(bad.to_string()));
            }
            out.bad.push(bad);
        }
        Ok(())
    }

    /// Gets more bytes ready.
    fn poll_more(&mut self, world: &World, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.buffer.fill().map_err(|error| self.corrupt(&error))? {
            return Poll::Ready(Ok(()));
        }
        if self.fetch.is_none() {
            self.fetch = Some(Fetch::start(world, self.plan())?);
        }
        let Some(fetch) = &mut self.fetch else {
            return Poll::Pending;
        };
        match ready!(fetch.poll_next(context))? {
            Fetched::Piece(mut piece) => {
                // A part may begin before the header does: behind comments.
                let header = self.header_end.saturating_sub(piece.offset);
                let header = usize::try_from(header)
                    .unwrap_or(usize::MAX)
                    .min(piece.bytes.len());
                piece.bytes.advance(header);
                piece.offset += header as u64;
                if self.fetched == 0 && !self.is_compressed() {
                    // Of a part that begins in the middle of a line only now it is known where its own begin.
                    self.split.position.bytes = piece.offset;
                }
                self.fetched += piece.bytes.len() as u64;
                self.buffer.give(Some(piece.bytes));
            }
            Fetched::Header(start, whole) => self.read_header_of_file(&start, whole)?,
            Fetched::End => self.buffer.give(None),
        }
        Poll::Ready(Ok(()))
    }

    /// The header of a file whose later part this is.
    fn read_header_of_file(&mut self, start: &[u8], whole: bool) -> Result<()> {
        let header = self.decoder.decode_header(DecodeInput {
            bytes: start,
            last: whole,
        });
        match header.map_err(|error| error.context(self.quoted_name()))? {
            Some(taken) => {
                self.header_end = taken.bytes as u64;
                Ok(())
            }
            None => Err(Error::bad_record(format!(
                "{}: the header is longer than {} bytes",
                self.quoted_name(),
                start.len()
            ))),
        }
    }

    /// Whether all that was to be there was there.
    fn end(&self) -> Result<()> {
        match self.stage {
            Stage::Skip(left) if left > 0 => Err(Error::io(format!(
                "{} is {left} bytes shorter than what was read of it before: it is not the same file",
                self.quoted_name()
            ))),
            Stage::Records if !self.buffer.ready().is_empty() => Err(Error::bug(format!(
                "{}: the decoder left {} bytes at the end",
                self.quoted_name(),
                self.buffer.ready().len()
            ))),
            _ => Ok(()),
        }
    }

    fn quoted_name(&self) -> String {
        format!("`{}`", self.split.name())
    }

    fn corrupt(&self, error: &std::io::Error) -> Error {
        let how = if self.compression == Compression::Zstd {
            "zstd"
        } else {
            "gzip"
        };
        Error::bad_record(format!(
            "{} is no whole {how} file: {error} (within its first {} bytes, after line {})",
            self.quoted_name(),
            self.fetched,
            self.split.position.lines
        ))
    }
}
