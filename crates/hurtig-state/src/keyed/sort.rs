//! The sorts of state: value, list, map, reduction, aggregate.

use std::any::type_name;
use std::borrow::Cow;

use hurtig_types::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::ttl::Clock;

/// What a registered table is: told apart by type, so that a list and a value of the same layout don't mix.
pub(super) trait Sort: 'static {
    /// What the table holds for each key.
    type Stored: Clone + Send + Serialize + DeserializeOwned + 'static;

    /// Whether it has a time to live.
    const EXPIRES: bool = false;

    /// How a message names it: `ListState<u64>`.
    fn describe() -> String;

    /// Removes what has expired of what a key has; whether anything is left.
    fn prune(stored: &mut Self::Stored, clock: &Clock) -> bool {
        let _ = (stored, clock);
        true
    }

    /// When what a key has was used last, if it has a time to live.
    fn last_used(stored: &Self::Stored) -> Timestamp {
        let _ = stored;
        Timestamp::NONE
    }

    /// What has not expired of what a key has.
    fn live<'s>(stored: &'s Self::Stored, clock: &Clock) -> Option<Cow<'s, Self::Stored>> {
        let _ = clock;
        Some(Cow::Borrowed(stored))
    }
}

/// `T` as a reader would write it: without the paths of modules.
pub(crate) fn short_name<T: ?Sized>() -> String {
    shorten(type_name::<T>())
}

fn shorten(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut word = 0;
    let mut rest = name.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter == ':' && rest.next_if_eq(&':').is_some() {
            short.truncate(word);
            continue;
        }
        short.push(letter);
        if !letter.is_alphanumeric() && letter != '_' {
            word = short.len();
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_paths() {
        assert_eq!(short_name::<Option<String>>(), "Option<String>");
        assert_eq!(short_name::<(Vec<u8>, [i64; 3])>(), "(Vec<u8>, [i64; 3])");
        assert_eq!(shorten("a::b::C<d::E, &f::G>"), "C<E, &G>");
    }
}
