//! Compressed files: which are, and how they are read.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use hurtig_types::{Error, Result};
use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

/// How files are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Compression {
    /// As their names say: `.gz` and `.gzip`, `.zst` and `.zstd`; any other isn't. (For a sink: not at all.)
    #[default]
    ByName,
    /// Not at all, whatever the name.
    None,
    /// Gzip, also of several members one after the other.
    Gzip,
    /// Zstandard, also of several frames.
    Zstd,
}

/// What is known by name, but not read.
const NOT_BUILT: &[&str] = &[
    "bz2", "xz", "lz4", "lzo", "br", "deflate", "snappy", "zip", "7z",
];

impl Compression {
    /// How the file called `name` is compressed: never [`Compression::ByName`].
    ///
    /// # Errors
    /// When its name says that it is compressed in a way that is not known here.
    ///
    /// ```
    /// use hurtig_connector_files::Compression;
    ///
    /// assert_eq!(Compression::ByName.of("a.csv.gz")?, Compression::Gzip);
    /// assert_eq!(Compression::ByName.of("a.csv")?, Compression::None);
    /// assert_eq!(Compression::Zstd.of("a.csv")?, Compression::Zstd);
    /// assert!(Compression::ByName.of("a.csv.bz2").is_err());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn of(self, name: &str) -> Result<Self> {
        if self != Self::ByName {
            return Ok(self);
        }
        let extension = name
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("gz" | "gzip") => Ok(Self::Gzip),
            Some("zst" | "zstd") => Ok(Self::Zstd),
            Some(other) if NOT_BUILT.contains(&other) => Err(Error::unsupported(format!(
                "`{name}`: files compressed as .{other} can't be read, only .gz and .zst; if it isn't one, say \
                 `compression(Compression::None)`"
            ))),
            _ => Ok(Self::None),
        }
    }

    /// What is added to the name of a file that is written so.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::ByName | Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// Decompresses a stream that comes in chunks.
pub(crate) enum Decompressor {
    Gzip(Box<MultiGzDecoder<Feed>>),
    Zstd {
        decoder: ZstdDecoder<'static>,
        feed: Feed,
        frame_open: bool,
    },
}

/// What a decompressor did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decompressed {
    /// It put so many bytes out.
    Bytes(usize),
    /// It needs another chunk.
    NeedsInput,
    /// That was all.
    End,
}

impl Decompressor {
    /// `None` for files that are not compressed.
    pub(crate) fn new(compression: Compression) -> io::Result<Option<Self>> {
        Ok(match compression {
            Compression::Gzip => Some(Self::Gzip(Box::new(MultiGzDecoder::new(Feed::default())))),
            Compression::Zstd => Some(Self::Zstd {
                decoder: ZstdDecoder::new()?,
                feed: Feed::default(),
                frame_open: false,
            }),
            Compression::ByName | Compression::None => None,
        })
    }

    /// Gives it the next chunk, once it asked for one; `None` says that there is no more.
    pub(crate) fn feed(&mut self, chunk: Option<Bytes>) {
        let feed = match self {
            Self::Gzip(gzip) => gzip.get_mut(),
            Self::Zstd { feed, .. } => feed,
        };
        match chunk {
            Some(chunk) => feed.chunk = chunk,
            None => feed.ended = true,
        }
    }

    /// Goes on. An error says that the stream is corrupt, or ends too early.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<Decompressed> {
        match self {
            Self::Gzip(gzip) => match gzip.read(out) {
                Ok(0) => Ok(Decompressed::End),
                Ok(bytes) => Ok(Decompressed::Bytes(bytes)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Ok(Decompressed::NeedsInput)
                }
                Err(error) => Err(error),
            },
            Self::Zstd {
                decoder,
                feed,
                frame_open,
            } => read_zstd(decoder, feed, frame_open, out),
        }
    }
}

fn read_zstd(
    decoder: &mut ZstdDecoder<'static>,
    feed: &mut Feed,
    frame_open: &mut bool,
    out: &mut [u8],
) -> io::Result<Decompressed> {
    loop {
        let mut input = InBuffer::around(&feed.chunk);
        let mut output = OutBuffer::around(&mut *out);
        if *frame_open || !input.src.is_empty() {
            *frame_open = decoder.run(&mut input, &mut output)? > 0;
        }
        let (taken, written) = (input.pos(), output.pos());
        feed.chunk.advance(taken);
        if written > 0 {
            return Ok(Decompressed::Bytes(written));
        }
        if feed.chunk.is_empty() {
            return match (feed.ended, *frame_open) {
                (false, _) => Ok(Decompressed::NeedsInput),
                (true, false) => Ok(Decompressed::End),
                (true, true) => Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it ends in the middle of a zstd frame",
                )),
            };
        }
    }
}

/// A reader over the chunk at hand: would block when that is used up.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    chunk: Bytes,
    ended: bool,
}

impl Read for Feed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(out)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, bytes: usize) {
        self.chunk.advance(bytes.min(self.chunk.len()));
    }
}
