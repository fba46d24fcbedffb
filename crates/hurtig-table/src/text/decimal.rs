//! Decimals: digits, and how many of them stand behind the point.

/// What `DECIMAL(38)` holds.
pub const PRECISION_MAX: u8 = 38;

/// Adds a decimal in plain digits: `0.00000027`.
///
/// ```
/// let mut text = String::new();
/// hurtig_table::text::decimal::write_plain(&mut text, -12_345, 3);
/// assert_eq!(text, "-12.345");
/// ```
pub fn write_plain(out: &mut String, value: i128, scale: i8) {
    let digits = value.unsigned_abs().to_string();
    if value < 0 {
        out.push('-');
    }
    let Ok(scale) = usize::try_from(scale) else {
        out.push_str(&digits);
        let zeros = usize::from(scale.unsigned_abs());
        out.extend(std::iter::repeat_n('0', if value == 0 { 0 } else { zeros }));
        return;
    };
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    out.push_str(whole);
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
}

/// Adds a decimal as Java does: small ones with an exponent, `2.7E-7`.
pub fn write_scientific(out: &mut String, value: i128, scale: i8) {
    let digits = value.unsigned_abs().to_string();
    let exponent = digits.len() as i64 - 1 - i64::from(scale);
    if scale >= 0 && exponent >= -6 {
        return write_plain(out, value, scale);
    }
    if value < 0 {
        out.push('-');
    }
    let (first, rest) = digits.split_at(1);
    out.push_str(first);
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    if exponent != 0 {
        out.push_str(&format!("E{exponent:+}"));
    }
}

/// Reads a decimal, rounded half up to `scale` digits behind the point. None where it is none, or has more digits than `precision` allows.
///
/// ```
/// use hurtig_table::text::decimal::parse;
///
/// assert_eq!(parse("-1.255", 10, 2), Some(-126));
/// assert_eq!(parse("1e3", 5, 0), Some(1000));
/// assert_eq!(parse("12345", 4, 0), None);
/// assert_eq!(parse("1.2.3", 10, 2), None);
/// ```
pub fn parse(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (negative, text) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // How many digits are kept, counted from the first one.
    let kept = whole.len() as i64 + i64::from(exponent) + i64::from(scale);
    let digits = whole.bytes().chain(fraction.bytes());
    let value = rounded(digits, kept)?;
    let limit = 10i128.checked_pow(u32::from(precision.min(PRECISION_MAX)))?;
    (value < limit).then_some(if negative { -value } else { value })
}

/// The number that the first `kept` digits make (zeros behind the last), rounded half up.
fn rounded(digits: impl Iterator<Item = u8>, kept: i64) -> Option<i128> {
    let mut value: i128 = 0;
    let mut position = 0;
    for digit in digits {
        let digit = i128::from(digit - b'0');
        if position < kept {
            value = value.checked_mul(10)?.checked_add(digit)?;
        } else {
            if position == kept && digit >= 5 {
                value = value.checked_add(1)?;
            }
            return Some(value);
        }
        position += 1;
    }
    if value == 0 {
        return Some(0);
    }
    let zeros = u32::try_from(kept - position).ok()?;
    value.checked_mul(10i128.checked_pow(zeros)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_decimals_have_an_exponent_where_java_gives_them_one() {
        let shown = |value, scale| {
            let mut text = String::new();
            write_scientific(&mut text, value, scale);
            text
        };
        assert_eq!(shown(27, 8), "2.7E-7");
        assert_eq!(shown(27, 7), "0.0000027");
        assert_eq!(shown(0, 3), "0.000");
        assert_eq!(shown(-150, 2), "-1.50");
    }

    #[test]
    fn a_digit_that_is_left_out_rounds() {
        assert_eq!(parse("0.005", 5, 2), Some(1));
        assert_eq!(parse("0.0049", 5, 2), Some(0));
        assert_eq!(parse(".5", 5, 0), Some(1));
        assert_eq!(parse("0.00005", 5, 0), Some(0));
        assert_eq!(parse("99.995", 4, 2), None);
        assert_eq!(parse("-", 4, 2), None);
        assert_eq!(parse("0e99", 4, 2), Some(0));
    }

    proptest! {
        #[test]
        fn a_decimal_comes_back_from_its_text(value in -10i128.pow(38) + 1..10i128.pow(38), scale in 0i8..=38) {
            for write in [write_plain, write_scientific] {
                let mut text = String::new();
                write(&mut text, value, scale);
                prop_assert_eq!(parse(&text, 38, scale), Some(value), "{}", text);
            }
        }

        #[test]
        fn garbage_is_no_decimal_and_no_panic(text: String) {
            let _ = parse(&text, 38, 10);
        }
    }
}
