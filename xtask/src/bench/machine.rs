//! What the figures were measured on. A thing that cannot be found out is left out.

use std::fs::read_to_string;
use std::process::Command;

/// The machine in a few lines of Markdown.
pub(super) fn describe() -> String {
    let cores = std::thread::available_parallelism().map(|cores| format!("{cores} cores"));
    let cpu_info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory_info = read_to_string("/proc/meminfo").unwrap_or_default();
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let facts = [
        ("CPU", field(&cpu_info, "model name")),
        ("Cores", cores.ok()),
        (
            "Memory",
            field(&memory_info, "MemTotal").and_then(|text| in_gib(&text)),
        ),
        ("System", first_line("uname", &["-sr"])),
        ("Compiler", first_line("rustc", &["--version"])),
        (
            "Commit",
            first_line("git", &["describe", "--always", "--dirty"]),
        ),
        (
            "Load before",
            load.split(' ')
                .next()
                .filter(|load| !load.is_empty())
                .map(str::to_owned),
        ),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    known
        .map(|(name, value)| format!("- {name}: {value}\n"))
        .collect()
}

/// The first value of `name : value` lines.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn in_gib(kib: &str) -> Option<String> {
    let kib: f64 = kib.strip_suffix(" kB")?.parse().ok()?;
    Some(format!("{:.0} GiB", kib / 1024.0 / 1024.0))
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout)
        .ok()
        .filter(|_| output.status.success())?;
    text.lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found() {
        let text = "processor\t: 0\nmodel name\t: A  CPU @ 2 GHz\nmodel name\t: B\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A CPU @ 2 GHz"));
        assert_eq!(field(text, "name"), None);
        assert_eq!(in_gib("16384000 kB").as_deref(), Some("16 GiB"));
    }

    #[test]
    fn the_machine_has_cores_and_a_compiler() {
        let text = describe();
        assert!(
            text.contains("Cores: ") && text.contains("Compiler: rustc"),
            "{text}"
        );
    }
}
