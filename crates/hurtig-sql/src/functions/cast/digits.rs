//! Floating point numbers as Java writes them.

/// `1.5`, `1.0E10`: the fewest digits that mean the number, one of them at least behind the point.
pub(in crate::functions) fn text_of_double(number: f64) -> String {
    written(number, &format!("{:e}", number.abs()))
}

pub(super) fn text_of_float(number: f32) -> String {
    written(f64::from(number), &format!("{:e}", number.abs()))
}

fn written(number: f64, scientific: &str) -> String {
    if number.is_nan() {
        return "NaN".to_string();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}Infinity");
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-3..7).contains(&exponent) {
        let point = if mantissa.contains('.') { "" } else { ".0" };
        return format!("{sign}{mantissa}{point}E{exponent}");
    }
    format!("{sign}{}", plain(&mantissa.replace('.', ""), exponent))
}

/// Digits, the first of which has this power of ten, with a point.
fn plain(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    match digits.split_at_checked(whole) {
        Some((whole, "")) => format!("{whole}.0"),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}.0", "0".repeat(whole - digits.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_writes_them() {
        for (number, expected) in [
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.0, "0.0"),
            (100.0, "100.0"),
            (0.001, "0.001"),
            (1e-5, "1.0E-5"),
            (12_345_678.9, "1.23456789E7"),
            (1.5e20, "1.5E20"),
            (9_999_999.0, "9999999.0"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text_of_double(number), expected);
        }
        assert_eq!(text_of_float(1.1), "1.1");
    }
}
