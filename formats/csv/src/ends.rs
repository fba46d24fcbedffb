//! Where a record ends whose quoted fields may hold line feeds.

use std::sync::Arc;

use hurtig_connect::{FindEnd, LineEnds, RecordEnd};
use memchr::memchr2;

use crate::format::Options;

/// Ends records at the line feeds outside quotes. A quote counts at the start of a field only, as in
/// [`Fields`](crate::fields::Fields).
#[derive(Debug)]
pub(crate) struct QuotedEnds {
    options: Arc<Options>,
    lines: LineEnds,
    /// So far the bytes have been looked at.
    at: usize,
    /// Whether `at` is within quotes.
    quoted: bool,
    /// Line feeds seen within quotes.
    feeds: u64,
}

impl QuotedEnds {
    pub(crate) fn new(options: Arc<Options>) -> Self {
        Self {
            options,
            lines: LineEnds::default(),
            at: 0,
            quoted: false,
            feeds: 0,
        }
    }

    fn is_comment(&self, bytes: &[u8]) -> bool {
        self.options
            .comment
            .as_ref()
            .is_some_and(|prefix| bytes.starts_with(prefix.as_bytes()))
    }

    /// Whether a quote at `at` opens a field: at its start, blanks apart if they don't count.
    fn opens(&self, bytes: &[u8], at: usize) -> bool {
        let before = bytes.get(..at).unwrap_or_default();
        let before = if self.options.trim {
            before.trim_ascii_end()
        } else {
            before
        };
        before
            .last()
            .is_none_or(|byte| *byte == self.options.delimiter)
    }

    /// Goes to the next byte that matters. `false` when it lies beyond `bytes`.
    fn step_in_quotes(&mut self, bytes: &[u8], quote: u8, last: bool) -> bool {
        let rest = bytes.get(self.at..).unwrap_or_default();
        let escape = self.options.escape.unwrap_or(quote);
        let (end, found) = match memchr2(quote, escape, rest) {
            Some(found) => (self.at + found, rest.get(found).copied()),
            None => (bytes.len(), None),
        };
        let passed = bytes.get(self.at..end).unwrap_or_default();
        self.feeds += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at = end;
        let (Some(found), next) = (found, bytes.get(end + 1)) else {
            return false;
        };
        if next.is_none() && !last {
            return false;
        }
        if found == quote && next != Some(&quote) {
            self.quoted = false;
            self.at += 1;
        } else {
            self.feeds += u64::from(next == Some(&b'\n'));
            self.at += 2;
        }
        true
    }
}

impl FindEnd for QuotedEnds {
    fn find_end(&mut self, bytes: &[u8], last: bool) -> Option<RecordEnd> {
        let quote = match self.options.quote {
            Some(quote) if !self.is_comment(bytes) => quote,
            _ => {
                let end = self.lines.find_end(bytes, last);
                if end.is_some() {
                    self.reset();
                }
                return end;
            }
        };
        loop {
            if self.quoted {
                if self.step_in_quotes(bytes, quote, last) {
                    continue;
                }
            } else {
                let rest = bytes.get(self.at..).unwrap_or_default();
                match memchr2(b'\n', quote, rest).map(|found| self.at + found) {
                    Some(at) if bytes.get(at) == Some(&quote) => {
                        self.quoted = self.opens(bytes, at);
                        self.at = at + 1;
                        continue;
                    }
                    Some(at) => return Some(self.end(bytes, at, at + 1)),
                    None => self.at = bytes.len(),
                }
            }
            let open_end = last && !bytes.is_empty();
            return open_end.then(|| self.end(bytes, bytes.len(), bytes.len()));
        }
    }

    fn reset(&mut self) {
        (self.at, self.quoted, self.feeds) = (0, false, 0);
        self.lines.reset();
    }
}

impl QuotedEnds {
    fn end(&mut self, bytes: &[u8], content: usize, next: usize) -> RecordEnd {
        let lines = self.feeds + 1;
        self.reset();
        let content = match bytes.get(..content).and_then(<[u8]>::last) {
            Some(b'\r') => content - 1,
            _ => content,
        };
        RecordEnd {
            content,
            next,
            lines,
        }
    }
}

/// How many lines a text takes.
#[cfg(test)]
fn feeds(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, chunk: usize) -> Vec<(String, u64)> {
        let bytes = text.as_bytes();
        let mut ends = QuotedEnds::new(Arc::new(Options {
            comment: Some("#".into()),
            multiline: true,
            ..Options::default()
        }));
        let (mut from, mut to, mut records) = (0, 0, Vec::new());
        while from < bytes.len() {
            to = (to + chunk).min(bytes.len());
            while let Some(end) = ends.find_end(&bytes[from..to], to == bytes.len()) {
                let record = &bytes[from..from + end.content];
                records.push((String::from_utf8(record.to_vec()).unwrap(), end.lines));
                assert_eq!(
                    end.lines as usize,
                    feeds(&bytes[from..from + end.next]).max(1)
                );
                from += end.next;
            }
        }
        records
    }

    #[test]
    fn quotes_hold_line_feeds_whatever_the_chunks() {
        let text = "a,\"x\ny\",b\r\n#it's \"5\n5\" pipe,2\n\"\"\"\n\"\"\",z\n\n\"q\"";
        let whole = cut(text, usize::MAX / 2);
        let records: Vec<&str> = whole.iter().map(|(record, _)| record.as_str()).collect();
        assert_eq!(
            records,
            [
                "a,\"x\ny\",b",
                "#it's \"5",
                "5\" pipe,2",
                "\"\"\"\n\"\"\",z",
                "",
                "\"q\""
            ]
        );
        assert_eq!(
            whole.iter().map(|(_, lines)| lines).collect::<Vec<_>>(),
            [&2, &1, &1, &2, &1, &1]
        );
        for chunk in 1..text.len() {
            assert_eq!(cut(text, chunk), whole, "chunks of {chunk}");
        }
    }
}
