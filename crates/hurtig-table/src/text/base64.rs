//! Bytes as text.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Adds bytes in base 64.
///
/// ```
/// let mut text = String::new();
/// hurtig_table::text::base64::write(&mut text, b"ab");
/// assert_eq!(text, "YWI=");
/// assert_eq!(hurtig_table::text::base64::parse("YWI="), Some(b"ab".to_vec()));
/// ```
pub fn write(out: &mut String, bytes: &[u8]) {
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| {
            bits << 8 | three.get(at).map_or(0, |b| u32::from(*b))
        });
        for place in 0..4 {
            let digit = DIGITS
                .get((bits >> (18 - 6 * place)) as usize & 63)
                .copied();
            let is_there = place <= three.len();
            out.push(char::from(digit.filter(|_| is_there).unwrap_or(b'=')));
        }
    }
}

/// Reads bytes in base 64, padded or not; none where they are not.
pub fn parse(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for four in text.chunks(4) {
        let mut bits = 0u32;
        for digit in four {
            let value = DIGITS.iter().position(|known| known == digit)?;
            bits = bits << 6 | value as u32;
        }
        let whole = four.len() * 6 / 8;
        bits <<= 24 - 6 * four.len();
        bytes.extend(bits.to_be_bytes().iter().skip(1).take(whole));
        if four.len() == 1 {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            let mut text = String::new();
            write(&mut text, &bytes);
            prop_assert_eq!(text.len() % 4, 0);
            prop_assert_eq!(parse(&text), Some(bytes));
        }

        #[test]
        fn garbage_is_no_panic(text: String) {
            let _ = parse(&text);
        }
    }
}
