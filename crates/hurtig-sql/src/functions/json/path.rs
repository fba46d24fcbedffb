//! Paths into JSON: `lax $.a[0].*`.

use serde_json::Value;

/// A path, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// Whether a step that leads nowhere is an error.
    pub(super) is_strict: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    /// From the end, if it is negative.
    Index(i64),
    /// From a place to before another.
    Slice(Option<i64>, Option<i64>),
    /// All keys or items.
    Every,
    /// What follows, at any depth.
    Descend,
}

impl Path {
    /// `None` if it is no path.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mode = |name: &str| {
            let (word, rest) = text.split_at_checked(name.len())?;
            (word.eq_ignore_ascii_case(name) && rest.starts_with([' ', '$']))
                .then(|| rest.trim_start())
        };
        let (is_strict, rest) = match (mode("strict"), mode("lax")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => (true, text),
        };
        let mut rest = rest.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            rest = match rest.strip_prefix('.') {
                Some(rest) => after_dot(rest, &mut steps)?,
                None => in_brackets(rest.strip_prefix('[')?, &mut steps)?,
            };
        }
        Some(Self { is_strict, steps })
    }

    /// Whether it leads to one value at most.
    pub(super) fn is_single(&self) -> bool {
        self.steps
            .iter()
            .all(|step| matches!(step, Step::Key(_) | Step::Index(_)))
    }

    /// The values that it leads to.
    pub(super) fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![value];
        for step in &self.steps {
            found = found
                .into_iter()
                .flat_map(|value| step.from(value))
                .collect();
        }
        found
    }
}

fn after_dot<'a>(rest: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    if let Some(rest) = rest.strip_prefix('.') {
        steps.push(Step::Descend);
        return if rest.starts_with('[') {
            Some(rest)
        } else {
            after_dot(rest, steps)
        };
    }
    if rest.starts_with('[') {
        return Some(rest);
    }
    if let Some(rest) = rest.strip_prefix('*') {
        steps.push(Step::Every);
        return Some(rest);
    }
    let end = rest.find(['.', '[', ' ']).unwrap_or(rest.len());
    let (key, rest) = rest.split_at_checked(end)?;
    if key.is_empty() {
        return None;
    }
    steps.push(Step::Key(key.to_string()));
    Some(rest)
}

fn in_brackets<'a>(rest: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let rest = rest.trim_start();
    for quote in ['\'', '"'] {
        if let Some(quoted) = rest.strip_prefix(quote) {
            let (key, behind) = quoted.split_once(quote)?;
            steps.push(Step::Key(key.to_string()));
            return behind.trim_start().strip_prefix(']');
        }
    }
    let (inside, behind) = rest.split_once(']')?;
    let inside = inside.trim();
    steps.push(match inside.split_once(':') {
        _ if inside == "*" => Step::Every,
        Some((from, to)) => Step::Slice(place(from)?, place(to)?),
        None => Step::Index(inside.parse().ok()?),
    });
    Some(behind)
}

/// A place, or nothing.
fn place(text: &str) -> Option<Option<i64>> {
    match text.trim() {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    }
}

impl Step {
    fn from<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match (self, value) {
            (Self::Key(key), Value::Object(entries)) => entries.get(key).into_iter().collect(),
            (Self::Index(index), Value::Array(items)) => {
                let index = from_start(*index, items.len());
                items.get(index).into_iter().collect()
            }
            (Self::Slice(from, to), Value::Array(items)) => {
                let from = from.map_or(0, |place| from_start(place, items.len()));
                let to = to
                    .map_or(items.len(), |place| from_start(place, items.len()))
                    .min(items.len());
                items.get(from..to).unwrap_or_default().iter().collect()
            }
            (Self::Every, Value::Array(items)) => items.iter().collect(),
            (Self::Every, Value::Object(entries)) => entries.values().collect(),
            (Self::Descend, value) => descendants(value),
            _ => Vec::new(),
        }
    }
}

/// A place from the start; those before it are nowhere.
fn from_start(place: i64, length: usize) -> usize {
    let place = if place < 0 {
        length as i64 + place
    } else {
        place
    };
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn descendants(value: &Value) -> Vec<&Value> {
    let inner: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(entries) => entries.values().collect(),
        _ => Vec::new(),
    };
    std::iter::once(value)
        .chain(inner.into_iter().flat_map(descendants))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let value = serde_json::json!({"a": [{"b": 1}, {"b": 2}], "c d": true});
        let found = |path: &str| {
            let path = Path::parse(path).unwrap();
            path.find(&value)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(found("$.a[1].b"), ["2"]);
        assert_eq!(found("lax $.a[*].b"), ["1", "2"]);
        assert_eq!(found("$['c d']"), ["true"]);
        assert_eq!(found("strict $..b"), ["1", "2"]);
        assert_eq!(found("$.a[-1:]"), [r#"{"b":2}"#]);
        assert_eq!(found("$.x"), Vec::<String>::new());
        assert_eq!(Path::parse("a.b"), None);
        assert_eq!(Path::parse("$."), None);
    }
}
