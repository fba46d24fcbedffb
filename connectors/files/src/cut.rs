//! From the bytes around a part of a file to the lines that begin in it.

use bytes::Bytes;
use memchr::memchr;

/// A run of bytes of a file, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) offset: u64,
    pub(crate) bytes: Bytes,
}

/// Trims the bytes of a file, as they come, to the lines that begin in a part of it: a line that begins before the part
/// belongs to the one before, the last one is read beyond the end of the part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineCut {
    /// Whether the first line is another part's. The bytes then begin one before the part: if that one is a line feed, the
    /// line it ends is nothing to skip.
    skip_first: bool,
    /// Where the part ends.
    end: u64,
    /// Where the file ends.
    size: u64,
    done: bool,
}

impl LineCut {
    pub(crate) fn new(skip_first: bool, end: u64, size: u64) -> Self {
        Self {
            skip_first,
            end,
            size,
            done: false,
        }
    }

    /// Whether all that belongs to the part has been seen.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Takes the next bytes of the file, and gives what belongs to the part.
    pub(crate) fn take(&mut self, mut piece: Piece) -> Option<Piece> {
        if self.done {
            return None;
        }
        if self.skip_first {
            let behind = piece.offset + piece.bytes.len() as u64;
            let feed = memchr(b'\n', &piece.bytes);
            let Some(skipped) = feed.map(|feed| feed + 1) else {
                self.done = behind >= self.end;
                return None;
            };
            self.skip_first = false;
            piece = Piece {
                offset: piece.offset + skipped as u64,
                bytes: piece.bytes.slice(skipped..),
            };
            self.done = piece.offset >= self.end;
            if self.done {
                return None;
            }
        }
        if self.end < self.size {
            self.stop_after_line(&mut piece);
        }
        (!piece.bytes.is_empty()).then_some(piece)
    }

    /// Cuts off what comes after the line that holds the last byte of the part.
    fn stop_after_line(&mut self, piece: &mut Piece) {
        let last = self.end.saturating_sub(1).saturating_sub(piece.offset);
        let last = usize::try_from(last).unwrap_or(usize::MAX);
        let Some(tail) = piece.bytes.get(last..) else {
            return;
        };
        if let Some(feed) = memchr(b'\n', tail) {
            piece.bytes.truncate(last + feed + 1);
            self.done = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a part from `start` to `end` gets of `text` when it comes in chunks.
    fn part(text: &str, start: usize, end: usize, chunk: usize) -> String {
        let from = start.saturating_sub(1);
        let mut cut = LineCut::new(start > 0, end as u64, text.len() as u64);
        let mut lines = Vec::new();
        for (index, bytes) in text.as_bytes()[from..].chunks(chunk).enumerate() {
            let offset = (from + index * chunk) as u64;
            if offset >= end as u64 && end == text.len() {
                break;
            }
            if let Some(piece) = cut.take(Piece {
                offset,
                bytes: Bytes::copy_from_slice(bytes),
            }) {
                assert!(text.as_bytes()[piece.offset as usize..].starts_with(&piece.bytes));
                lines.extend_from_slice(&piece.bytes);
            }
            if cut.is_done() {
                break;
            }
        }
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn every_line_belongs_to_the_part_in_which_it_begins() {
        for text in [
            "a\nbb\n\nccc\nd",
            "\n\n\n",
            "one line",
            "a\nb\n",
            "longer\r\nlines\r\n",
        ] {
            for size in 1..=text.len() {
                for chunk in 1..=text.len() {
                    let parts: Vec<_> = (0..text.len())
                        .step_by(size)
                        .map(|start| part(text, start, (start + size).min(text.len()), chunk))
                        .collect();
                    assert_eq!(parts.concat(), text, "parts of {size}, chunks of {chunk}");
                    assert!(
                        parts
                            .iter()
                            .rev()
                            .skip_while(|part| part.is_empty())
                            .skip(1)
                            .all(|part| part.is_empty() || part.ends_with('\n')),
                        "{parts:?}"
                    );
                }
            }
        }
    }
}
