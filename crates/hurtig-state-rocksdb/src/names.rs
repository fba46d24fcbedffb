//! Names of columns as names of column families, and back.
//!
//! A column is named by whoever writes a job, so its name may hold anything; RocksDB cuts names at a zero byte, and has a family
//! `default` of its own. So a family is `s-` and the name with all but plain characters as `%` and two digits.

use std::fmt::Write;

const FRONT: &str = "s-";

/// The family of a column.
pub(crate) fn family_of(column: &str) -> String {
    let mut family = String::with_capacity(FRONT.len() + column.len());
    family.push_str(FRONT);
    for byte in column.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            family.push(char::from(byte));
        } else {
            // A string takes all that is written.
            let _ = write!(family, "%{byte:02X}");
        }
    }
    family
}

/// The column of a family, if it is one's.
pub(crate) fn column_of(family: &str) -> Option<String> {
    let mut rest = family.strip_prefix(FRONT)?.bytes();
    let mut column = Vec::with_capacity(family.len());
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            column.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        column.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(column).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_comes_back_whatever_is_in_it(name in any::<String>()) {
            let family = family_of(&name);
            prop_assert!(family.bytes().all(|byte| byte.is_ascii_graphic()), "{family}");
            prop_assert_eq!(column_of(&family), Some(name));
        }
    }

    #[test]
    fn what_is_no_family_of_ours_is_told_apart() {
        assert_eq!(column_of("default"), None);
        assert_eq!(column_of("s-%4"), None);
        assert_eq!(column_of("s-%zz"), None);
        assert_eq!(column_of("s-%FF"), None);
        assert_eq!(family_of("a\u{1}b"), "s-a%01b");
    }
}
