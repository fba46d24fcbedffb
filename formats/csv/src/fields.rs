//! From a record to its fields.

use hurtig_connect::RecordError;
use memchr::{memchr, memchr2};

use crate::format::Options;

/// Splits records into fields, keeping its room from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    bounds: Vec<Bounds>,
    /// The fields of a record with quotes, the quotes resolved.
    unquoted: Vec<u8>,
}

/// Where a field lies in the bytes of its record: a record has less than 2³¹, the format's check sees to it, so the highest
/// bit of the start is free to say that the field was quoted.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    start: u32,
    end: u32,
}

const QUOTED: u32 = 1 << 31;

/// The fields of one record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    bytes: &'a [u8],
    bounds: &'a [Bounds],
}

impl<'a> Record<'a> {
    pub(crate) fn len(&self) -> usize {
        self.bounds.len()
    }

    /// A field; one that is missing is empty.
    #[inline]
    pub(crate) fn field(&self, column: usize) -> Field<'a> {
        let Some(&Bounds { start, end }) = self.bounds.get(column) else {
            return Field {
                bytes: &[],
                quoted: false,
            };
        };
        let range = (start & !QUOTED) as usize..end as usize;
        Field {
            bytes: self.bytes.get(range).unwrap_or_default(),
            quoted: start >= QUOTED,
        }
    }
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    bytes: &'a [u8],
    pub(crate) quoted: bool,
}

impl<'a> Field<'a> {
    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A whole number of up to 18 digits: most are, and none of them can overflow.
    #[inline]
    pub(crate) fn short_number(&self) -> Option<i64> {
        let (negative, digits) = match self.bytes {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        if digits.len().wrapping_sub(1) > 17 {
            return None;
        }
        let mut number = 0;
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            number = number * 10 + i64::from(digit);
        }
        Some(if negative { -number } else { number })
    }
}

impl Fields {
    /// Finds the fields of `record`.
    #[inline]
    pub(crate) fn split<'a>(
        &'a mut self,
        record: &'a [u8],
        options: &Options,
    ) -> Result<Record<'a>, RecordError> {
        self.bounds.clear();
        if let Some(quote) = options
            .quote
            .filter(|quote| memchr(*quote, record).is_some())
        {
            self.split_quoted(record, quote, options)?;
            return Ok(Record {
                bytes: &self.unquoted,
                bounds: &self.bounds,
            });
        }
        self.split_plain(record, options.delimiter);
        if options.trim {
            self.bounds
                .iter_mut()
                .for_each(|bounds| bounds.trim(record));
        }
        Ok(Record {
            bytes: record,
            bounds: &self.bounds,
        })
    }

    /// Fields are short: looking at eight bytes at a time in the registers beats a call for each delimiter.
    fn split_plain(&mut self, record: &[u8], delimiter: u8) {
        let pattern = u64::from_le_bytes([delimiter; 8]);
        let mut start = 0;
        let (words, rest) = record.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let mut found = zero_bytes(u64::from_le_bytes(*word) ^ pattern);
            while found != 0 {
                let end = index as u32 * 8 + found.trailing_zeros() / 8;
                self.bounds.push(Bounds { start, end });
                start = end + 1;
                found &= found - 1;
            }
        }
        for (end, byte) in (words.len() as u32 * 8..).zip(rest) {
            if *byte == delimiter {
                self.bounds.push(Bounds { start, end });
                start = end + 1;
            }
        }
        self.bounds.push(Bounds {
            start,
            end: record.len() as u32,
        });
    }

    fn split_quoted(
        &mut self,
        record: &[u8],
        quote: u8,
        options: &Options,
    ) -> Result<(), RecordError> {
        self.unquoted.clear();
        let mut rest = record;
        loop {
            let start = self.unquoted.len() as u32;
            let begin = if options.trim { trim_start(rest) } else { rest };
            let quoted = begin.first() == Some(&quote);
            let after = if quoted {
                self.take_quoted(begin.get(1..).unwrap_or_default(), quote, options)?
            } else {
                let end = memchr(options.delimiter, begin).unwrap_or(begin.len());
                let (field, after) = begin.split_at(end);
                let field = if options.trim { trim_end(field) } else { field };
                self.unquoted.extend_from_slice(field);
                after
            };
            let start = if quoted { start | QUOTED } else { start };
            self.bounds.push(Bounds {
                start,
                end: self.unquoted.len() as u32,
            });
            match after.split_first() {
                None => return Ok(()),
                Some((byte, next)) if *byte == options.delimiter => rest = next,
                Some(_) => {
                    let column = self.bounds.len();
                    let found = String::from_utf8_lossy(after);
                    let found: String = found.chars().take(8).collect();
                    return Err(RecordError::new(format!(
                        "the quotes of field {column} are followed by `{found}` instead of a delimiter"
                    )));
                }
            }
        }
    }

    /// Takes a field's bytes up to its closing quote, and answers what follows that.
    fn take_quoted<'a>(
        &mut self,
        mut rest: &'a [u8],
        quote: u8,
        options: &Options,
    ) -> Result<&'a [u8], RecordError> {
        let escape = options.escape.unwrap_or(quote);
        loop {
            let found = memchr2(quote, escape, rest).and_then(|at| rest.split_at_checked(at));
            let Some((text, [special, after @ ..])) = found else {
                return Err(self.unclosed(options));
            };
            self.unquoted.extend_from_slice(text);
            if *special == quote && after.first() != Some(&quote) {
                return Ok(if options.trim {
                    trim_start(after)
                } else {
                    after
                });
            }
            let Some((next, after)) = after.split_first() else {
                return Err(self.unclosed(options));
            };
            self.unquoted.push(*next);
            rest = after;
        }
    }

    fn unclosed(&self, options: &Options) -> RecordError {
        let column = self.bounds.len() + 1;
        let hint = if options.multiline {
            ""
        } else {
            " on its line (fields that hold line feeds need the option `multiline`)"
        };
        RecordError::new(format!(
            "the quote that opens field {column} is not closed{hint}"
        ))
    }
}

impl Bounds {
    fn trim(&mut self, record: &[u8]) {
        let field = record
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default();
        let tail = trim_start(field);
        self.start += (field.len() - tail.len()) as u32;
        self.end = self.start + trim_end(tail).len() as u32;
    }
}

/// The highest bit of every byte that is zero, exactly.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    const LOW_BITS: u64 = u64::from_le_bytes([0x7f; 8]);
    !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS)
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|byte| is_blank(byte)).count();
    bytes.get(blanks..).unwrap_or_default()
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().rev().take_while(|byte| is_blank(byte)).count();
    bytes.get(..bytes.len() - blanks).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(record: &str, options: &Options) -> Result<Vec<String>, String> {
        let mut fields = Fields::default();
        let record = fields
            .split(record.as_bytes(), options)
            .map_err(|error| error.to_string())?;
        let shown = |field: Field<'_>| {
            let mark = if field.quoted { "=" } else { "" };
            format!("{mark}{}", std::str::from_utf8(field.bytes()).unwrap())
        };
        Ok((0..record.len())
            .map(|column| shown(record.field(column)))
            .collect())
    }

    #[test]
    fn fields_with_and_without_quotes() {
        let options = Options::default();
        assert_eq!(split("a,b,,c", &options).unwrap(), ["a", "b", "", "c"]);
        assert_eq!(split("", &options).unwrap(), [""]);
        assert_eq!(
            split("ä,\"b,\"\"c\"\"\",\"\",", &options).unwrap(),
            ["ä", "=b,\"c\"", "=", ""]
        );
        assert_eq!(
            split("5\" pipe,\"x\"", &options).unwrap(),
            ["5\" pipe", "=x"]
        );
        assert_eq!(split("\"ünï\",b", &options).unwrap(), ["=ünï", "b"]);
    }

    #[test]
    fn long_records_split_like_short_ones() {
        let options = Options::default();
        for length in 0..40 {
            for at in 0..length {
                let mut record = "¬x".repeat(length).chars().take(length).collect::<Vec<_>>();
                record[at] = ',';
                record[length / 2] = ',';
                let record: String = record.into_iter().collect();
                let expected: Vec<_> = record.split(',').collect();
                assert_eq!(split(&record, &options).unwrap(), expected, "{record}");
            }
        }
    }

    #[test]
    fn short_numbers_are_read_wherever_they_stand() {
        let number = |record: &str, column| {
            let mut fields = Fields::default();
            let split = fields
                .split(record.as_bytes(), &Options::default())
                .unwrap();
            split.field(column).short_number()
        };
        for value in [
            0,
            7,
            10,
            99,
            1400,
            12_345,
            987_654,
            1_234_567,
            99_999_999i64,
        ] {
            for shown in [value, -value] {
                assert_eq!(number(&format!("1234567890,{shown},9"), 1), Some(shown));
                assert_eq!(number(&format!("ab,-9,{shown}"), 2).unwrap_or(shown), shown);
            }
        }
        for text in [
            "",
            "-",
            "--1",
            "+1",
            "1a",
            "a1",
            "1:",
            "/1",
            "1234567890123456789",
            "1.5",
            "1 ",
        ] {
            assert_eq!(number(&format!("1234567890,{text},9"), 1), None, "{text}");
        }
        assert_eq!(number("00000007", 0), Some(7));
        assert_eq!(number("x", 1), None);
    }

    #[test]
    fn blanks_count_unless_trimmed() {
        let trim = Options {
            trim: true,
            ..Options::default()
        };
        assert_eq!(split(" a , b\t,", &trim).unwrap(), ["a", "b", ""]);
        assert_eq!(split(" \" a \" , b c ", &trim).unwrap(), ["= a ", "b c"]);
        assert_eq!(split(" a ,b", &Options::default()).unwrap(), [" a ", "b"]);
    }

    #[test]
    fn escapes_and_no_quotes_at_all() {
        let escaped = Options {
            escape: Some(b'\\'),
            ..Options::default()
        };
        assert_eq!(split(r#""a\"ö\\",b"#, &escaped).unwrap(), [r#"=a"ö\"#, "b"]);
        let none = Options {
            quote: None,
            ..Options::default()
        };
        assert_eq!(split("\"a,b\"", &none).unwrap(), ["\"a", "b\""]);
    }

    #[test]
    fn broken_quotes_are_named() {
        let error = |record| split(record, &Options::default()).unwrap_err();
        assert!(
            error("a,\"b").starts_with("the quote that opens field 2 is not closed on its line")
        );
        assert_eq!(
            error("\"a\"x,b"),
            "the quotes of field 1 are followed by `x,b` instead of a delimiter"
        );
    }
}
