//! Floating point numbers as Java writes them.

use std::fmt::Write;

/// Adds a `DOUBLE`: `1.0`, `1.0E10`, `NaN`.
///
/// ```
/// let mut text = String::new();
/// for number in [1.0, 0.1 + 0.2, 1e7, 1.5e-4, -0.0, f64::INFINITY] {
///     hurtig_table::text::number::write_f64(&mut text, number);
///     text.push(' ');
/// }
/// assert_eq!(text, "1.0 0.30000000000000004 1.0E7 1.5E-4 -0.0 Infinity ");
/// ```
pub fn write_f64(out: &mut String, number: f64) {
    if number.is_finite() {
        write_finite(
            out,
            &format!("{number:e}"),
            (1e-3..1e7).contains(&number.abs()),
        );
    } else {
        write_other(out, number);
    }
}

/// Adds a `FLOAT`.
pub fn write_f32(out: &mut String, number: f32) {
    if number.is_finite() {
        write_finite(
            out,
            &format!("{number:e}"),
            (1e-3..1e7).contains(&number.abs()),
        );
    } else {
        write_other(out, f64::from(number));
    }
}

fn write_other(out: &mut String, number: f64) {
    out.push_str(if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    });
}

/// `scientific` is Rust's: the fewest digits that say which number it is, and an exponent.
fn write_finite(out: &mut String, scientific: &str, plain: bool) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    out.push_str(sign);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !plain || exponent == 0 {
        let fraction = if fraction.is_empty() { "0" } else { fraction };
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
        if exponent != 0 {
            // Writing to a text does not fail.
            let _written = write!(out, "E{exponent}");
        }
    } else if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n(
            '0',
            exponent.unsigned_abs() as usize - 1,
        ));
        out.push_str(whole);
        out.push_str(fraction);
    } else {
        write_shifted(out, whole, fraction, exponent.unsigned_abs() as usize);
    }
}

/// `whole.fraction` with the point so many digits further to the right.
fn write_shifted(out: &mut String, whole: &str, fraction: &str, places: usize) {
    out.push_str(whole);
    match fraction.split_at_checked(places) {
        Some((before, behind)) => {
            out.push_str(before);
            out.push('.');
            out.push_str(if behind.is_empty() { "0" } else { behind });
        }
        None => {
            out.push_str(fraction);
            out.extend(std::iter::repeat_n('0', places - fraction.len()));
            out.push_str(".0");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_look_like_javas() {
        let shown = |number| {
            let mut text = String::new();
            write_f64(&mut text, number);
            text
        };
        assert_eq!(shown(123_456.789), "123456.789");
        assert_eq!(shown(9_999_999.0), "9999999.0");
        assert_eq!(shown(12_345_678.9), "1.23456789E7");
        assert_eq!(shown(0.001), "0.001");
        assert_eq!(shown(0.01234), "0.01234");
        assert_eq!(shown(0.0), "0.0");
        assert_eq!(shown(1e300), "1.0E300");
        let mut text = String::new();
        write_f32(&mut text, 0.1);
        assert_eq!(text, "0.1");
    }

    proptest! {
        #[test]
        fn the_text_of_a_number_is_that_number(number: f64) {
            let mut text = String::new();
            write_f64(&mut text, number);
            let text = text.replace("Infinity", "inf");
            let back: f64 = text.parse().unwrap();
            prop_assert!(back == number || (back.is_nan() && number.is_nan()), "{}", text);
        }
    }
}
