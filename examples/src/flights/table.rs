//! Results for the terminal.

use std::io::Write;

use hurtig::Result;

use super::record::WindowedDelays;

/// Prints the windows with the highest mean delay, at most `rows_max` of them.
///
/// # Errors
/// When the terminal is gone.
pub fn print_table(
    out: &mut impl Write,
    windows: &[WindowedDelays],
    rows_max: usize,
) -> Result<()> {
    let mut worst: Vec<&WindowedDelays> = windows.iter().collect();
    let mean = |window: &WindowedDelays| window.mean_delay.unwrap_or(f64::MIN);
    worst.sort_by(|a, b| {
        mean(b)
            .total_cmp(&mean(a))
            .then(a.origin.cmp(&b.origin))
            .then(a.start.cmp(&b.start))
    });
    writeln!(
        out,
        "day (UTC)   airport  departed  cancelled  mean delay  p95 delay  worst carrier  wind mph  lowest visibility"
    )?;
    for window in worst.into_iter().take(rows_max) {
        let day: String = window.start.to_string().chars().take(10).collect();
        let decimal =
            |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.1}"));
        let p95 = window
            .p95_delay
            .map_or("-".to_string(), |delay| delay.to_string());
        writeln!(
            out,
            "{day}  {:<7}  {:>8}  {:>9}  {:>6} min  {p95:>5} min  {:<13}  {:>8}  {:>14} mi",
            window.origin,
            window.departed,
            window.cancelled,
            decimal(window.mean_delay),
            window.worst_carrier.as_deref().unwrap_or("-"),
            decimal(window.mean_wind),
            decimal(window.lowest_visibility),
        )?;
    }
    Ok(())
}
