//! What a key is looked up by.

/// What finds a key and can become one: the key itself, or a reference that is cloned only when the key is new.
///
/// The law: [`matches`](Self::matches) says yes exactly for keys that equal what [`into_key`](Self::into_key) would
/// return. Tables call `matches` once or twice for each look-up, and `into_key` at most once, when the key is new.
///
/// ```
/// use hurtig_state::Probe;
///
/// fn find_or_add(keys: &mut Vec<String>, probe: impl Probe<String>) -> usize {
///     keys.iter().position(|key| probe.matches(key)).unwrap_or_else(|| {
///         keys.push(probe.into_key());
///         keys.len() - 1
///     })
/// }
///
/// let mut keys = Vec::new();
/// assert_eq!(find_or_add(&mut keys, "plum".to_string()), 0); // moved in
/// assert_eq!(find_or_add(&mut keys, "plum"), 0);             // nothing is allocated
/// assert_eq!(find_or_add(&mut keys, &"pear".to_string()), 1); // cloned
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a key of type `{K}`",
    note = "pass the key itself, a reference to it, or for `String` keys a `&str`"
)]
pub trait Probe<K> {
    /// Whether this stands for `key`.
    fn matches(&self, key: &K) -> bool;

    /// The key that this stands for.
    fn into_key(self) -> K;
}

impl<K: Eq> Probe<K> for K {
    #[inline]
    fn matches(&self, key: &K) -> bool {
        self == key
    }

    #[inline]
    fn into_key(self) -> K {
        self
    }
}

impl<K: Eq + Clone> Probe<K> for &K {
    #[inline]
    fn matches(&self, key: &K) -> bool {
        *self == key
    }

    #[inline]
    fn into_key(self) -> K {
        self.clone()
    }
}

impl Probe<String> for &str {
    #[inline]
    fn matches(&self, key: &String) -> bool {
        *self == key
    }

    #[inline]
    fn into_key(self) -> String {
        self.to_string()
    }
}
