//! The bytes between reading and decoding.

use std::io;

use bytes::{Buf, Bytes};

use crate::compression::{Decompressed, Decompressor};

/// How much is added at a time: small enough to be decoded while it is still in the cache.
const FILL_BYTES: usize = 64 * 1024;

/// Takes chunks, and holds what of them is ready to be decoded in one piece.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// So many at the front are decoded.
    taken: usize,
    chunk: Bytes,
    decompressor: Option<Decompressor>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// More chunks will come.
    Open,
    /// No more chunks will come.
    Closed,
    /// And nothing is left to be decompressed.
    Ended,
}

impl Buffer {
    pub(crate) fn new(decompressor: Option<Decompressor>) -> Self {
        Self {
            bytes: Vec::new(),
            taken: 0,
            chunk: Bytes::new(),
            decompressor,
            state: State::Open,
        }
    }

    /// What is ready.
    pub(crate) fn ready(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }

    /// Whether nothing will be added to what is ready.
    pub(crate) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Drops what was decoded.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.taken = (self.taken + bytes).min(self.bytes.len());
    }

    /// Gives it a chunk, once [`Buffer::fill`] asked for one; `None` says that there is no more.
    pub(crate) fn give(&mut self, chunk: Option<Bytes>) {
        match (&mut self.decompressor, chunk) {
            (Some(decompressor), chunk) => {
                if chunk.is_none() {
                    self.state = State::Closed;
                }
                decompressor.feed(chunk);
            }
            (None, Some(chunk)) => self.chunk = chunk,
            (None, None) => self.state = State::Ended,
        }
    }

    /// Adds to what is ready. `false` when it needs a chunk for that.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        let Some(decompressor) = &mut self.decompressor else {
            let length = self.chunk.len().min(FILL_BYTES);
            self.bytes
                .extend_from_slice(self.chunk.get(..length).unwrap_or_default());
            self.chunk.advance(length);
            return Ok(length > 0);
        };
        let start = self.bytes.len();
        self.bytes.resize(start + FILL_BYTES, 0);
        let mut filled = start;
        let needs_input = loop {
            let room = self.bytes.get_mut(filled..).unwrap_or_default();
            if room.is_empty() {
                break false;
            }
            match decompressor.read(room)? {
                Decompressed::Bytes(bytes) => filled += bytes,
                Decompressed::NeedsInput => break true,
                Decompressed::End => {
                    self.state = State::Ended;
                    break false;
                }
            }
        };
        self.bytes.truncate(filled);
        Ok(!needs_input || filled > start)
    }
}
