//! From a record to its fields.

use hurtig_connect::RecordError;
use memchr::{memchr, memchr_iter, memchr2};

use crate::format::Options;

/// Splits records into fields, keeping its room from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    bounds: Vec<Bounds>,
    /// The text of the fields of a record with quotes, the quotes resolved.
    unquoted: String,
}

/// Where a field lies in the text of its record. A record has less than 2³¹ bytes: the format's check sees to it.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    start: u32,
    end: u32,
    quoted: bool,
}

/// The fields of one record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    text: &'a str,
    bounds: &'a [Bounds],
}

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) text: &'a str,
    pub(crate) quoted: bool,
}

impl<'a> Record<'a> {
    pub(crate) fn len(&self) -> usize {
        self.bounds.len()
    }

    /// A field; one that is missing is empty.
    #[inline]
    pub(crate) fn field(&self, column: usize) -> Field<'a> {
        let nothing = Field { text: "", quoted: false };
        self.bounds.get(column).map_or(nothing, |bounds| Field {
            text: self.text.get(bounds.start as usize..bounds.end as usize).unwrap_or_default(),
            quoted: bounds.quoted,
        })
    }
}

impl Fields {
    /// Finds the fields of `record`.
    pub(crate) fn split<'a>(
        &'a mut self,
        record: &'a str,
        options: &Options,
    ) -> Result<Record<'a>, RecordError> {
        self.bounds.clear();
        if let Some(quote) = options.quote.filter(|quote| memchr(*quote, record.as_bytes()).is_some()) {
            self.split_quoted(record, quote, options)?;
            return Ok(Record { text: &self.unquoted, bounds: &self.bounds });
        }
        let mut start = 0;
        for end in memchr_iter(options.delimiter, record.as_bytes()) {
            self.bounds.push(Bounds::new(start, end, false));
            start = end + 1;
        }
        self.bounds.push(Bounds::new(start, record.len(), false));
        if options.trim {
            self.bounds.iter_mut().for_each(|bounds| bounds.trim(record));
        }
        Ok(Record { text: record, bounds: &self.bounds })
    }

    fn split_quoted(
        &mut self,
        record: &str,
        quote: u8,
        options: &Options,
    ) -> Result<(), RecordError> {
        self.unquoted.clear();
        let mut rest = record;
        loop {
            let start = self.unquoted.len();
            let begin = if options.trim { rest.trim_start_matches([' ', '\t']) } else { rest };
            let quoted = begin.as_bytes().first() == Some(&quote);
            let after = if quoted {
                self.take_quoted(begin.get(1..).unwrap_or_default(), quote, options)?
            } else {
                let end = memchr(options.delimiter, begin.as_bytes()).unwrap_or(begin.len());
                let (field, after) = begin.split_at(end);
                let field = if options.trim { field.trim_end_matches([' ', '\t']) } else { field };
                self.unquoted.push_str(field);
                after
            };
            self.bounds.push(Bounds::new(start, self.unquoted.len(), quoted));
            match after.as_bytes().first() {
                None => return Ok(()),
                Some(byte) if *byte == options.delimiter => rest = after.get(1..).unwrap_or_default(),
                Some(_) => {
                    let column = self.bounds.len();
                    let found: String = after.chars().take(8).collect();
                    return Err(RecordError::new(format!(
                        "the quotes of field {column} are followed by `{found}` instead of a delimiter"
                    )));
                }
            }
        }
    }

    /// Takes a field's text up to its closing quote, and answers what follows that.
    fn take_quoted<'a>(
        &mut self,
        mut rest: &'a str,
        quote: u8,
        options: &Options,
    ) -> Result<&'a str, RecordError> {
        let escape = options.escape.unwrap_or(quote);
        loop {
            let Some(at) = memchr2(quote, escape, rest.as_bytes()) else {
                return Err(self.unclosed(options));
            };
            let (text, tail) = rest.split_at(at);
            self.unquoted.push_str(text);
            let closing = tail.as_bytes().first() == Some(&quote);
            let mut after = tail.chars();
            after.next();
            let next = after.clone().next();
            if closing && next != Some(char::from(quote)) {
                let after = after.as_str();
                return Ok(if options.trim { after.trim_start_matches([' ', '\t']) } else { after });
            }
            let Some(next) = next else { return Err(self.unclosed(options)) };
            self.unquoted.push(next);
            after.next();
            rest = after.as_str();
        }
    }

    fn unclosed(&self, options: &Options) -> RecordError {
        let column = self.bounds.len() + 1;
        let hint = if options.multiline {
            ""
        } else {
            " on its line (fields that hold line feeds need the option `multiline`)"
        };
        RecordError::new(format!("the quote that opens field {column} is not closed{hint}"))
    }
}

impl Bounds {
    #[inline]
    fn new(start: usize, end: usize, quoted: bool) -> Self {
        Self { start: start as u32, end: end as u32, quoted }
    }

    fn trim(&mut self, record: &str) {
        let field = record.get(self.start as usize..self.end as usize).unwrap_or_default();
        let tail = field.trim_start_matches([' ', '\t']);
        self.start += (field.len() - tail.len()) as u32;
        self.end = self.start + tail.trim_end_matches([' ', '\t']).len() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(record: &str, options: &Options) -> Result<Vec<String>, String> {
        let mut fields = Fields::default();
        let record = fields.split(record, options).map_err(|error| error.to_string())?;
        Ok((0..record.len())
            .map(|column| {
                let field = record.field(column);
                format!("{}{}", if field.quoted { "=" } else { "" }, field.text)
            })
            .collect())
    }

    #[test]
    fn fields_with_and_without_quotes() {
        let options = Options::default();
        assert_eq!(split("a,b,,c", &options).unwrap(), ["a", "b", "", "c"]);
        assert_eq!(split("", &options).unwrap(), [""]);
        assert_eq!(split("ä,\"b,\"\"c\"\"\",\"\",", &options).unwrap(), ["ä", "=b,\"c\"", "=", ""]);
        assert_eq!(split("5\" pipe,\"x\"", &options).unwrap(), ["5\" pipe", "=x"]);
        assert_eq!(split("\"ünï\",b", &options).unwrap(), ["=ünï", "b"]);
    }

    #[test]
    fn blanks_count_unless_trimmed() {
        let trim = Options { trim: true, ..Options::default() };
        assert_eq!(split(" a , b\t,", &trim).unwrap(), ["a", "b", ""]);
        assert_eq!(split(" \" a \" , b c ", &trim).unwrap(), ["= a ", "b c"]);
        assert_eq!(split(" a ,b", &Options::default()).unwrap(), [" a ", "b"]);
    }

    #[test]
    fn escapes_and_no_quotes_at_all() {
        let escaped = Options { escape: Some(b'\\'), ..Options::default() };
        assert_eq!(split(r#""a\"ö\\",b"#, &escaped).unwrap(), [r#"=a"ö\"#, "b"]);
        let none = Options { quote: None, ..Options::default() };
        assert_eq!(split("\"a,b\"", &none).unwrap(), ["\"a", "b\""]);
    }

    #[test]
    fn broken_quotes_are_named() {
        let error = |record| split(record, &Options::default()).unwrap_err();
        assert!(error("a,\"b").starts_with("the quote that opens field 2 is not closed on its line"));
        assert_eq!(
            error("\"a\"x,b"),
            "the quotes of field 1 are followed by `x,b` instead of a delimiter"
        );
    }
}
