//! Where strings, names and comments begin and end: all that it takes to find the ends of statements.
//!
//! It works on texts that the lexer refuses, for a client asks about lines that are still being typed.

use sqlparser::tokenizer::Location;

/// What a scan found at the end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// Nothing that is still open.
    Code,
    String,
    Name,
    LineComment,
    BlockComment,
}

/// A statement's text, without its semicolon and the blanks around it; or what is behind the last semicolon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk<'a> {
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
    pub(crate) start: Location,
    /// Whether a semicolon ends it.
    pub(crate) terminated: bool,
    /// Whether there is anything but comments in it.
    pub(crate) has_code: bool,
}

/// Splits by semicolons that are in no string, name or comment. The second is what is still open at the end.
pub(crate) fn chunks(script: &str) -> (Vec<Chunk<'_>>, Within) {
    let mut scanner = Scanner::new(script);
    while scanner.step() {}
    scanner.finish(script.len(), false);
    (scanner.chunks, scanner.within)
}

struct Scanner<'a> {
    script: &'a str,
    characters: std::iter::Peekable<std::str::CharIndices<'a>>,
    within: Within,
    at: Location,
    /// Where the chunk's first character that is no blank is.
    begin: Option<(usize, Location)>,
    has_code: bool,
    chunks: Vec<Chunk<'a>>,
}

impl<'a> Scanner<'a> {
    fn new(script: &'a str) -> Self {
        Self {
            script,
            characters: script.char_indices().peekable(),
            within: Within::Code,
            at: Location::new(1, 1),
            begin: None,
            has_code: false,
            chunks: Vec::new(),
        }
    }

    fn step(&mut self) -> bool {
        let before = self.at;
        let Some((offset, character)) = self.next() else {
            return false;
        };
        if character == ';' && self.within == Within::Code {
            self.finish(offset, true);
            return true;
        }
        if self.begin.is_none() && !character.is_whitespace() {
            self.begin = Some((offset, before));
        }
        let was = self.within;
        self.within = self.advance(character);
        let is_code = was == Within::Code
            && !matches!(self.within, Within::LineComment | Within::BlockComment)
            && !character.is_whitespace();
        self.has_code |= is_code;
        true
    }

    /// What the text is within, behind `character`. A doubled quote closes and opens again, which comes to the same.
    fn advance(&mut self, character: char) -> Within {
        match (self.within, character) {
            (Within::Code, '\'') => Within::String,
            (Within::Code, '`') => Within::Name,
            (Within::Code, '-') if self.eat('-') => Within::LineComment,
            (Within::Code, '/') if self.eat('*') => {
                // A hint is code, though it looks like a comment.
                self.has_code |= self.characters.peek().is_some_and(|(_, next)| *next == '+');
                Within::BlockComment
            }
            (Within::String, '\'') | (Within::Name, '`') | (Within::LineComment, '\n') => {
                Within::Code
            }
            (Within::BlockComment, '*') if self.eat('/') => Within::Code,
            (within, _) => within,
        }
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self
            .characters
            .peek()
            .is_some_and(|(_, next)| *next == expected);
        if found {
            self.next();
        }
        found
    }

    fn next(&mut self) -> Option<(usize, char)> {
        let (offset, character) = self.characters.next()?;
        if character == '\n' {
            self.at = Location::new(self.at.line + 1, 1);
        } else {
            self.at.column += 1;
        }
        Some((offset, character))
    }

    fn finish(&mut self, end: usize, terminated: bool) {
        if let Some((offset, start)) = self.begin.take() {
            let text = self.script.get(offset..end).unwrap_or_default().trim_end();
            let has_code = self.has_code;
            self.chunks.push(Chunk {
                text,
                offset,
                start,
                terminated,
                has_code,
            });
        }
        self.has_code = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        chunks(script)
            .0
            .into_iter()
            .map(|chunk| chunk.text)
            .collect()
    }

    #[test]
    fn semicolons_end_statements_but_not_in_strings_names_and_comments() {
        assert_eq!(texts("a; b ;;\n c"), ["a", "b", "c"]);
        assert_eq!(
            texts("a 'x;''y;' `n;``;` b; c"),
            ["a 'x;''y;' `n;``;` b", "c"]
        );
        assert_eq!(
            texts("a -- no; no\n b; /* ; */ c; -- ;"),
            ["a -- no; no\n b", "/* ; */ c", "-- ;"]
        );
        assert_eq!(texts("a - b; c / d; e*f"), ["a - b", "c / d", "e*f"]);
    }

    #[test]
    fn what_is_open_is_told() {
        let within = |text| chunks(text).1;
        assert_eq!(within("a 'b"), Within::String);
        assert_eq!(within("a `b"), Within::Name);
        assert_eq!(within("a /* b"), Within::BlockComment);
        assert_eq!(within("a -- b"), Within::LineComment);
        assert_eq!(within("a /* ' */ b"), Within::Code);
    }

    #[test]
    fn places_count_lines_and_characters() {
        let (chunks, _) = chunks("ä;\n  b;\n-- c\n");
        let starts = chunks
            .iter()
            .map(|c| (c.start.line, c.start.column, c.has_code));
        assert_eq!(
            starts.collect::<Vec<_>>(),
            [(1, 1, true), (2, 3, true), (3, 1, false)]
        );
    }
}
