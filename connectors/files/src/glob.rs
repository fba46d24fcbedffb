//! Patterns of names.

/// A path as a user wrote it, cut into the part that names a directory or file and the part that is to be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// What stands before the first wildcard: `data`, `memory://lake/in`, empty for the current directory.
    pub(crate) base: String,
    /// What the names below it have to look like; empty if there is no wildcard.
    pub(crate) segments: Vec<Segment>,
}

/// What one step of a path has to look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// `**`: any number of directories, none too.
    AnyDirectories,
    /// One name: alternatives, each a list of tokens.
    Name(Vec<Vec<Token>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Exactly(char),
    /// `?`
    AnyOne,
    /// `*`
    AnyMany,
    /// `[a-z]`, `[!a-z]`
    OneOf {
        ranges: Vec<(char, char)>,
        negated: bool,
    },
}

impl Pattern {
    /// Reads a path, URL or glob: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}` within a name, `**` for any directories.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let authority = text.find("://").map_or(0, |colon| {
            let after = colon + 3;
            text.get(after..)
                .and_then(|rest| rest.find('/'))
                .map_or(text.len(), |at| after + at)
        });
        let is_special = |c: char| matches!(c, '*' | '?' | '[' | '{');
        let wild = text.get(authority..).and_then(|path| path.find(is_special));
        let Some(wild) = wild.map(|at| authority + at) else {
            return Ok(Self {
                base: text.to_string(),
                segments: Vec::new(),
            });
        };
        let slash = text.get(..wild).and_then(|before| before.rfind('/'));
        let (base, pattern) = match slash {
            // The root stays the root.
            Some(0) => ("/", text.get(1..)),
            Some(slash) => (text.get(..slash).unwrap_or_default(), text.get(slash + 1..)),
            None => ("", Some(text)),
        };
        let segments = pattern
            .unwrap_or_default()
            .split('/')
            .filter(|name| !name.is_empty())
            .map(Segment::parse);
        Ok(Self {
            base: base.to_string(),
            segments: segments.collect::<Result<_, _>>()?,
        })
    }
}

impl Segment {
    /// Any file, however deep: what a directory means.
    pub(crate) fn everything() -> Vec<Self> {
        vec![Self::AnyDirectories, Self::Name(vec![vec![Token::AnyMany]])]
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text == "**" {
            return Ok(Self::AnyDirectories);
        }
        let alternatives = expand(text)?;
        let tokens = alternatives.iter().map(|alternative| tokens(alternative));
        Ok(Self::Name(tokens.collect::<Result<_, _>>()?))
    }

    /// Whether `name` is one of those meant. Names that begin with `.` or `_` are hidden: only a pattern that begins with
    /// the same character means them.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let hidden = hides(name);
        let Self::Name(alternatives) = self else {
            return !hidden;
        };
        alternatives.iter().any(|tokens| {
            let shown =
                || matches!(tokens.first(), Some(Token::Exactly(c)) if name.starts_with(*c));
            (!hidden || shown()) && matches(tokens, name)
        })
    }
}

/// Whether a name is one that isn't looked at: begun with `.` or `_`, as in Flink.
pub(crate) fn hides(name: &str) -> bool {
    name.starts_with(['.', '_'])
}

/// Resolves `{a,b}`, several and nested ones too.
fn expand(text: &str) -> Result<Vec<String>, String> {
    let Some(open) = text.find('{') else {
        return if text.contains('}') {
            Err(format!("`}}` without `{{` in `{text}`"))
        } else {
            Ok(vec![text.to_string()])
        };
    };
    let (mut depth, mut commas, mut close) = (0, vec![open], None);
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => commas.push(at),
            _ => {}
        }
        if depth == 0 {
            close = Some(at);
            break;
        }
    }
    let close = close.ok_or_else(|| format!("`{{` is not closed in `{text}`"))?;
    commas.push(close);
    let (before, after) = (
        text.get(..open).unwrap_or_default(),
        text.get(close + 1..).unwrap_or_default(),
    );
    let mut all = Vec::new();
    for bounds in commas.windows(2) {
        let &[from, to] = bounds else { continue };
        let alternative = text.get(from + 1..to).unwrap_or_default();
        all.extend(expand(&format!("{before}{alternative}{after}"))?);
        if all.len() > 1000 {
            return Err(format!("`{text}` has more than 1000 alternatives"));
        }
    }
    Ok(all)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut characters = text.chars();
    let mut tokens = Vec::new();
    while let Some(c) = characters.next() {
        tokens.push(match c {
            '?' => Token::AnyOne,
            '*' if tokens.last() == Some(&Token::AnyMany) => continue,
            '*' => Token::AnyMany,
            '[' => {
                class(&mut characters).ok_or_else(|| format!("`[` is not closed in `{text}`"))?
            }
            c => Token::Exactly(c),
        });
    }
    Ok(tokens)
}

fn class(characters: &mut std::str::Chars<'_>) -> Option<Token> {
    let mut ranges = Vec::new();
    let mut next = characters.next()?;
    let negated = matches!(next, '!' | '^');
    if negated {
        next = characters.next()?;
    }
    loop {
        let mut ahead = characters.clone();
        let last = match (ahead.next()?, ahead.next()) {
            ('-', Some(last)) if last != ']' => {
                *characters = ahead;
                last
            }
            _ => next,
        };
        ranges.push((next, last));
        next = characters.next()?;
        if next == ']' {
            return Some(Token::OneOf { ranges, negated });
        }
    }
}

/// Matches with one place to come back to: the last `*`.
fn matches(tokens: &[Token], name: &str) -> bool {
    let (mut tokens, mut rest) = (tokens, name.chars());
    let mut retry: Option<(&[Token], std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = rest.clone();
        match (tokens.split_first(), ahead.next()) {
            (None, None) => return true,
            (Some((Token::AnyMany, after)), _) => {
                retry = Some((after, rest.clone()));
                tokens = after;
                continue;
            }
            (Some((token, after)), Some(c)) if token.takes(c) => {
                (tokens, rest) = (after, ahead);
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = &mut retry else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        (tokens, rest) = (*after, from.clone());
    }
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Exactly(own) => *own == c,
            Self::AnyOne => true,
            Self::AnyMany => false,
            Self::OneOf { ranges, negated } => {
                ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&c))
                    != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(pattern: &str, name: &str) -> bool {
        Segment::parse(pattern).unwrap().matches(name)
    }

    #[test]
    fn names_match_as_in_a_shell() {
        assert!(meant("*.csv", "a.csv") && meant("*", "a") && meant("a*b*c", "aXbYbZc"));
        assert!(!meant("*.csv", "a.csv.gz") && !meant("a*b*c", "aXbYbZ"));
        assert!(meant("part-[0-9]?.{csv,json}", "part-42.json"));
        assert!(!meant("part-[0-9]?.{csv,json}", "part-x2.json") && !meant("[!a-c]", "b"));
        assert!(meant("[]-]", "-") && meant("ö?", "öß") && meant("{a,b{c,d}}", "bd"));
    }

    #[test]
    fn hidden_names_are_meant_only_when_asked_for() {
        assert!(!meant("*", ".a") && !meant("?a", "_a") && !meant("*_a", "_a"));
        assert!(meant("_*", "_a") && meant(".{a,b}", ".b"));
    }

    #[test]
    fn the_part_before_the_first_wildcard_is_the_base() {
        let base = |text| {
            let pattern = Pattern::parse(text).unwrap();
            (pattern.base, pattern.segments.len())
        };
        assert_eq!(base("a/b/c.csv"), ("a/b/c.csv".to_string(), 0));
        assert_eq!(base("a/b/*.csv"), ("a/b".to_string(), 1));
        assert_eq!(base("/*"), ("/".to_string(), 1));
        assert_eq!(base("x*"), (String::new(), 1));
        assert_eq!(
            base("memory://lake/in/**/*.csv"),
            ("memory://lake/in".to_string(), 2)
        );
        assert_eq!(base("memory://lake/*"), ("memory://lake".to_string(), 1));
    }

    #[test]
    fn broken_patterns_are_refused() {
        for text in ["{a", "a}", "[a", "a/[", "{a,{b}"] {
            assert!(Pattern::parse(&format!("*/{text}")).is_err(), "{text}");
        }
    }
}
