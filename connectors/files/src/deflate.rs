//! Compressing what is written.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use crate::Compression;

/// Compresses one file.
pub(crate) enum Compressor {
    None,
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compressor {
    pub(crate) fn new(compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::ByName | Compression::None => Self::None,
            Compression::Gzip => {
                Self::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::default()))
            }
            Compression::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 0)?),
        })
    }

    /// Takes what is in `plain`, and adds to `out` what has come of it.
    pub(crate) fn write(&mut self, plain: &mut Vec<u8>, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::None => out.append(plain),
            Self::Gzip(gzip) => {
                gzip.write_all(plain)?;
                out.append(gzip.get_mut());
            }
            Self::Zstd(zstd) => {
                zstd.write_all(plain)?;
                out.append(zstd.get_mut());
            }
        }
        plain.clear();
        Ok(())
    }

    /// Adds to `out` what is still held back.
    pub(crate) fn finish(self, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::None => {}
            Self::Gzip(gzip) => out.append(&mut gzip.finish()?),
            Self::Zstd(zstd) => out.append(&mut zstd.finish()?),
        }
        Ok(())
    }
}
