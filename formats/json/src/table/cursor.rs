//! A place in a JSON text.

use std::borrow::Cow;

use memchr::memchr2;

/// How deep values may lie in each other.
const DEPTH_MAX: u32 = 128;

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

type Read<T> = Result<T, Malformed>;

/// Goes through a text, token by token.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no blank, which is not taken.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes().first()?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    pub(crate) fn malformed(&self, expected: &str) -> Malformed {
        let found = match self.bytes() {
            [] => "its end".to_string(),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                format!("`{}`", rest.chars().take(20).collect::<String>())
            }
        };
        let column = self.at + 1;
        Malformed(format!(
            "it is no JSON: {expected} is due at column {column}, and there is {found}"
        ))
    }

    /// Takes this byte, if it is the next.
    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn enter(&mut self) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Malformed(format!("it is deeper than {DEPTH_MAX} levels")));
        }
        Ok(())
    }

    /// Takes an object: `field` is called for each name with the cursor before its value, which it is to take.
    pub(crate) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, Cow<'a, str>) -> Read<()>,
    ) -> Read<()> {
        self.list(b'{', b'}', |cursor| {
            let name = cursor.string()?;
            if !cursor.takes(b':') {
                return Err(cursor.malformed("`:`"));
            }
            field(cursor, name)
        })
    }

    /// Takes an array: `item` is called for each, with the cursor before it.
    pub(crate) fn array(&mut self, item: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.list(b'[', b']', item)
    }

    fn list(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Read<()>,
    ) -> Read<()> {
        if !self.takes(open) {
            return Err(self.malformed(if open == b'{' { "`{`" } else { "`[`" }));
        }
        self.enter()?;
        if !self.takes(close) {
            loop {
                item(self)?;
                if self.takes(close) {
                    break;
                }
                if !self.takes(b',') {
                    return Err(self.malformed("`,` or the end of the list"));
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Takes a text.
    pub(crate) fn string(&mut self) -> Read<Cow<'a, str>> {
        if !self.takes(b'"') {
            return Err(self.malformed("a text in double quotes"));
        }
        let start = self.at;
        let mut written = String::new();
        loop {
            let Some(length) = memchr2(b'"', b'\\', self.bytes()) else {
                self.at = self.text.len();
                return Err(self.malformed("the end of a text"));
            };
            let run = self.text.get(self.at..self.at + length).unwrap_or_default();
            if run.bytes().any(|byte| byte < 0x20) {
                return Err(self.malformed("a text without control characters"));
            }
            self.at += length;
            let is_end = self.bytes().first() == Some(&b'"');
            if is_end && written.is_empty() && self.at - length == start {
                self.at += 1;
                return Ok(Cow::Borrowed(run));
            }
            written.push_str(run);
            if is_end {
                self.at += 1;
                return Ok(Cow::Owned(written));
            }
            self.escape(&mut written)?;
        }
    }

    fn escape(&mut self, out: &mut String) -> Read<()> {
        let escaped = match self.bytes().get(1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(out),
            _ => return Err(self.malformed("a known escape")),
        };
        out.push(escaped);
        self.at += 2;
        Ok(())
    }

    /// `\u00e9`, or two of them for a character beyond.
    fn unicode(&mut self, out: &mut String) -> Read<()> {
        let unit = |cursor: &Self| {
            let digits = cursor.text.get(cursor.at + 2..cursor.at + 6)?;
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex
                .then(|| u32::from_str_radix(digits, 16).ok())
                .flatten()
        };
        let Some(first) = unit(self) else {
            return Err(self.malformed("four hexadecimal digits"));
        };
        self.at += 6;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) && self.bytes().starts_with(b"\\u") {
            let second = unit(self).filter(|second| (0xdc00..0xe000).contains(second));
            if let Some(second) = second {
                self.at += 6;
                code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            }
        }
        // Half of a pair is no character.
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    /// Takes a number, and gives it as it is written.
    pub(crate) fn number(&mut self) -> Read<&'a str> {
        self.peek();
        let bytes = self.bytes();
        let digits = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let whole = digits(sign);
        let mut end = sign + whole;
        let mut is_number = whole == 1 || (whole > 1 && bytes.get(sign) != Some(&b'0'));
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            is_number &= fraction > 0;
            end += 1 + fraction;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            end += 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end);
            is_number &= exponent > 0;
            end += exponent;
        }
        let text = self.text.get(self.at..self.at + end);
        match text.filter(|_| is_number) {
            Some(text) => {
                self.at += end;
                Ok(text)
            }
            None => Err(self.malformed("a value")),
        }
    }

    /// Takes `true`, `false` or `null`.
    pub(crate) fn word(&mut self) -> Read<&'static str> {
        self.peek();
        for word in ["true", "false", "null"] {
            if self.bytes().starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(word);
            }
        }
        Err(self.malformed("a value"))
    }

    /// Takes any value, and gives it as it is written.
    pub(crate) fn skip(&mut self) -> Read<&'a str> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'{') => self.object(|cursor, _| cursor.skip().map(drop))?,
            Some(b'[') => self.array(|cursor| cursor.skip().map(drop))?,
            Some(b'"') => drop(self.string()?),
            Some(b't' | b'f' | b'n') => drop(self.word()?),
            _ => drop(self.number()?),
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Fails unless nothing follows but blanks.
    pub(crate) fn end(&mut self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.malformed("the end of the line")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_json(text: &str) -> bool {
        let mut cursor = Cursor::new(text);
        cursor.skip().is_ok() && cursor.end().is_ok()
    }

    #[test]
    fn texts_are_what_they_stand_for() {
        let text = |json: &str| Cursor::new(json).string().map(Cow::into_owned);
        assert_eq!(text(r#""plain""#).unwrap(), "plain");
        assert_eq!(text(r#""\n\u00e9\uD83D\uDE00\/""#).unwrap(), "\né😀/");
        assert_eq!(text(r#""\uD83D""#).unwrap(), "\u{fffd}");
        assert!(text(r#""\x""#).is_err() && text("\"a\u{1}\"").is_err() && text(r#""a"#).is_err());
    }

    #[test]
    fn what_is_no_json_is_told() {
        let mut cursor = Cursor::new(r#"{"a" 1}"#);
        let error = cursor.skip().unwrap_err();
        assert_eq!(
            error.0,
            "it is no JSON: `:` is due at column 6, and there is `1}`"
        );
        assert!(
            Cursor::new(&"[".repeat(1000))
                .skip()
                .unwrap_err()
                .0
                .contains("deeper than 128")
        );
    }

    proptest! {
        #[test]
        fn json_is_what_serde_takes_for_it(text in r#"[\[\]{}:,"0-9eE+.\-truefalsn\\u ]{0,24}"#) {
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            // Half of a pair is an error to serde.
            prop_assert!(is_json(&text) == theirs || text.contains("\\u"), "{}", text);
        }

        #[test]
        fn garbage_is_no_panic(text: String) {
            is_json(&text);
        }
    }
}
