//! Just enough of Rust's syntax for the rules: what is code and what is comment or literal, which
//! braces belong together, and which items are for tests alone.

use std::ops::Range;

/// A Rust file taken apart.
pub(super) struct RustSource {
    /// The text with the insides of comments and literals blanked out; every byte keeps its place.
    pub(super) code: String,
    /// The contents of the string literals, with the offset of each.
    pub(super) strings: Vec<(usize, String)>,
    /// Where items under `#[cfg(test)]` are, attribute included.
    test_items: Vec<Range<usize>>,
    line_starts: Vec<usize>,
}

impl RustSource {
    pub(super) fn parse(text: &str) -> Self {
        let (code, strings) = mask(text);
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        let mut source = Self {
            code,
            strings,
            test_items: Vec::new(),
            line_starts,
        };
        source.test_items = source.find_test_items();
        source
    }

    /// The number of the line that holds this offset, counted from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Whether this offset is inside an item for tests.
    pub(super) fn is_in_test(&self, offset: usize) -> bool {
        self.test_items.iter().any(|item| item.contains(&offset))
    }

    /// Where the first module for tests begins that is written in the file itself.
    pub(super) fn first_inline_test_module(&self) -> Option<usize> {
        let is_module = |item: &&Range<usize>| {
            let code = &self.code[(*item).clone()];
            code.ends_with('}') && words(code).any(|(_, word)| word == "mod")
        };
        self.test_items
            .iter()
            .find(is_module)
            .map(|item| item.start)
    }

    /// All places in the code, tests left out, where `needle` stands.
    pub(super) fn shipped_matches(&self, needle: &str) -> impl Iterator<Item = usize> {
        self.code
            .match_indices(needle)
            .map(|(at, _)| at)
            .filter(|at| !self.is_in_test(*at))
    }

    /// The offset after the bracket that closes the one at `open`; the end of the text if none does.
    pub(super) fn after_matching(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, byte) in self.code.bytes().enumerate().skip(open) {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
        }
        self.code.len()
    }

    /// From an offset outside any bracket, the offset of the `;` or `{` that the item there comes to
    /// first.
    pub(super) fn body_or_end(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            match self.code.as_bytes().get(at)? {
                b';' | b'{' => return Some(at),
                b'(' | b'[' => at = self.after_matching(at),
                _ => at += 1,
            }
        }
    }

    fn find_test_items(&self) -> Vec<Range<usize>> {
        let attributes = self.code.match_indices("#[cfg(").filter_map(|(start, _)| {
            let end = self.after_matching(start + 1);
            // `not(test)` is code that ships.
            let condition = &self.code[start..end];
            let needs_test = words(condition).any(|(_, word)| word == "test");
            (needs_test && !condition.contains("not(")).then_some((start, end))
        });
        let mut items: Vec<Range<usize>> = Vec::new();
        for (start, end) in attributes {
            if items.last().is_some_and(|item| item.contains(&start)) {
                continue;
            }
            let item_end = match self.body_or_end(end) {
                Some(at) if self.code.as_bytes()[at] == b'{' => self.after_matching(at),
                Some(at) => at + 1,
                None => self.code.len(),
            };
            items.push(start..item_end);
        }
        items
    }
}

/// The words (identifiers, keywords, numbers) of code, with their offsets.
pub(super) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let length = code[start..]
            .find(|c| !is_word(c))
            .unwrap_or(code.len() - start);
        rest = start + length;
        Some((start, &code[start..rest]))
    })
}

/// Blanks comments and the insides of literals, and collects the string literals.
fn mask(text: &str) -> (String, Vec<(usize, String)>) {
    let (mut code, mut strings) = (String::with_capacity(text.len()), Vec::new());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = match opening(text, at) {
            Some(Opening::Comment) => comment_length(rest),
            Some(Opening::String { prefix, hashes }) => {
                let content = prefix + hashes.unwrap_or(0) + 1;
                let (inside, whole) = string_lengths(rest, content, hashes);
                strings.push((at, rest[content..content + inside].to_owned()));
                whole
            }
            Some(Opening::Char { length }) => length,
            None => {
                let c = rest.chars().next().unwrap_or(' ');
                code.push(c);
                at += c.len_utf8();
                continue;
            }
        };
        blank(&rest[..length], &mut code);
        at += length;
    }
    (code, strings)
}

fn blank(text: &str, code: &mut String) {
    code.extend(
        text.bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
    );
}

enum Opening {
    Comment,
    /// `prefix` bytes of `r`, `b` or `c` before the hashes; no hashes at all if it is not raw.
    String {
        prefix: usize,
        hashes: Option<usize>,
    },
    Char {
        length: usize,
    },
}

/// What begins at this offset, if it is not code.
fn opening(text: &str, at: usize) -> Option<Opening> {
    let rest = &text[at..];
    if rest.starts_with("//") || rest.starts_with("/*") {
        return Some(Opening::Comment);
    }
    if rest.starts_with('"') {
        return Some(Opening::String {
            prefix: 0,
            hashes: None,
        });
    }
    if rest.starts_with('\'') {
        return char_length(rest).map(|length| Opening::Char { length });
    }
    let follows_word = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let prefix = ["br", "cr", "r"]
        .into_iter()
        .find(|prefix| rest.starts_with(prefix))?;
    let after = &rest[prefix.len()..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    let is_raw_string = !follows_word && after[hashes..].starts_with('"');
    is_raw_string.then_some(Opening::String {
        prefix: prefix.len(),
        hashes: Some(hashes),
    })
}

/// The length of a character literal; nothing if the quote begins a lifetime.
fn char_length(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next();
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    let (at, second) = chars.next()?;
    (second == '\'').then_some(at + 1)
}

fn comment_length(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(next) = rest[at..].find(['/', '*']) {
        at += next;
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The lengths of a string literal's inside, which begins at `content`, and of the whole literal.
fn string_lengths(rest: &str, content: usize, hashes: Option<usize>) -> (usize, usize) {
    let to_the_end = rest.len() - content;
    if let Some(hashes) = hashes {
        let closing = format!("\"{}", "#".repeat(hashes));
        let inside = rest[content..].find(&closing);
        return inside.map_or((to_the_end, rest.len()), |n| {
            (n, content + n + closing.len())
        });
    }
    let mut is_escaped = false;
    for (n, byte) in rest[content..].bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return (n, content + n + 1),
            _ => {}
        }
    }
    (to_the_end, rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        let source = RustSource::parse(text);
        assert_eq!(source.code.len(), text.len());
        source.code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_are_blank() {
        assert_eq!(code("a /* b /* c */ d */ e // f\ng"), "a e g");
        assert_eq!(
            code(r#"f("x \" { \\", 'c', '\'', '{', b'"', "ü");"#),
            "f( , , , , b , );"
        );
        assert_eq!(code("r\"a\\\" b r#\"c\"d\"# e br##\"\"#\"## f"), "b e f");
        let lifetimes = "fn f<'a>(x: &'a str) -> &'static str { for_r }";
        assert_eq!(code(lifetimes), lifetimes);
        assert_eq!(
            code("'outer: loop { break 'outer; }"),
            "'outer: loop { break 'outer; }"
        );
    }

    #[test]
    fn string_contents_are_kept() {
        let source = RustSource::parse("a(\"x/y.rs\", r#\"q\"#)");
        assert_eq!(
            source.strings,
            [(2, "x/y.rs".to_owned()), (12, "q".to_owned())]
        );
    }

    #[test]
    fn test_items_are_found() {
        let text = "fn a() {}\n#[cfg(test)]\nuse x;\nfn b() {}\n#[cfg(not(test))]\nfn c() {}\n\
                    #[cfg(all(test, unix))]\nmod tests { fn d() { e(); } }\nfn f() {}\n";
        let source = RustSource::parse(text);
        let is_test = |needle: &str| source.is_in_test(text.find(needle).unwrap());
        assert_eq!(
            ["a()", "use", "b()", "c()", "e()", "f()"].map(is_test),
            [false, true, false, false, true, false]
        );
        let module = source.first_inline_test_module().unwrap();
        assert_eq!(source.line_of(module), 7);
    }

    #[test]
    fn brackets_match_across_literals() {
        let source = RustSource::parse("fn f(x: [u8; 2]) -> u8 { \"}\"; { '}' } } fn g() {}");
        let body = source.body_or_end(0).unwrap();
        assert_eq!(source.after_matching(body), 39);
    }
}
