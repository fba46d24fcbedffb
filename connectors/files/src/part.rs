//! A file that is being written: the compute side.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hurtig_connect::Encoder;
use hurtig_types::{Error, ErrorKind, Result, Timestamp};

use crate::Compression;
use crate::deflate::Compressor;
use crate::upload::{Ended, Upload};

/// How much is given to the I/O lane at a time.
const CHUNK_BYTES: usize = 256 * 1024;
/// How much is encoded at a time where what comes of it is compressed.
const PLAIN_BYTES: usize = 64 * 1024;

/// A part file in the making.
pub(crate) struct Part<T> {
    encoder: Box<dyn Encoder<T>>,
    compressor: Compressor,
    compressed: bool,
    /// What is encoded but not compressed.
    plain: Vec<u8>,
    /// What is to be sent.
    ready: Vec<u8>,
    sent_bytes: u64,
    upload: Upload,
    pub(crate) begun: Timestamp,
    pub(crate) written: Timestamp,
}

impl<T> Part<T> {
    pub(crate) fn begin(
        mut encoder: Box<dyn Encoder<T>>,
        compression: Compression,
        upload: Upload,
        now: Timestamp,
    ) -> Result<Self> {
        let mut plain = Vec::new();
        encoder.start_file(&mut plain)?;
        Ok(Self {
            encoder,
            compressor: Compressor::new(compression).map_err(compressing)?,
            compressed: !matches!(compression, Compression::None | Compression::ByName),
            plain,
            ready: Vec::new(),
            sent_bytes: 0,
            upload,
            begun: now,
            written: now,
        })
    }

    /// How long the file is so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.sent_bytes + self.ready.len() as u64
    }

    /// Takes records from the front of `values` until the file has `bytes_max` bytes; answers how many.
    pub(crate) fn write(&mut self, values: &[T], bytes_max: u64, now: Timestamp) -> Result<usize> {
        let room = usize::try_from(bytes_max.saturating_sub(self.bytes())).unwrap_or(usize::MAX);
        let chunk = if self.compressed {
            PLAIN_BYTES
        } else {
            CHUNK_BYTES
        };
        let taken = self
            .encoder
            .encode(values, room.min(chunk), &mut self.plain)?;
        self.compressor
            .write(&mut self.plain, &mut self.ready)
            .map_err(compressing)?;
        self.written = now;
        Ok(taken)
    }

    /// Sends what makes a whole chunk. `Pending` while the store lags behind.
    pub(crate) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.ready.len() < CHUNK_BYTES {
            return Poll::Ready(Ok(()));
        }
        let sent = ready!(self.upload.poll_ready(context)).and_then(|()| {
            self.sent_bytes += self.ready.len() as u64;
            self.upload
                .write(Bytes::from(std::mem::take(&mut self.ready)))
        });
        match sent {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Ended) => self.upload.poll_end(context).map(|end| {
                end.and_then(|_| Err(Error::bug("an upload ended before its file did")))
            }),
        }
    }

    /// Ends the file, and says how long it is; it is where it belongs when the upload says so.
    pub(crate) fn finish(mut self) -> Result<(Upload, u64)> {
        self.encoder.finish_file(&mut self.plain)?;
        self.compressor
            .write(&mut self.plain, &mut self.ready)
            .map_err(compressing)?;
        self.compressor
            .finish(&mut self.ready)
            .map_err(compressing)?;
        let bytes = self.sent_bytes + self.ready.len() as u64;
        self.upload.finish(Bytes::from(self.ready));
        Ok((self.upload, bytes))
    }
}

fn compressing(error: std::io::Error) -> Error {
    Error::from_source(ErrorKind::Io, error).context("compressing")
}
