//! `hurtig bench nexmark`.

use std::path::Path;
use std::process::{Command, Stdio};

use hurtig_sql::{Outcome, TableEnvironment};
use hurtig_sql_parser::parse_script;
use hurtig_types::{Error, Result};
use serde_json::Value;

use super::args::Nexmark;
use super::measure::{Figures, Meter};
use super::queries;

/// Runs each query in a process of its own, so that memory is its own, and tells what it took.
pub(super) fn run(args: &Nexmark) -> Result<()> {
    let names: Vec<&'static str> = match args.queries.as_slice() {
        [] => queries::names().collect(),
        queries => queries.to_vec(),
    };
    if args.in_process {
        return names.iter().try_for_each(|name| {
            println!("{}", measured(name, args)?.json(name));
            Ok(())
        });
    }
    if !args.json {
        println!("query     events   seconds  events/s  CPU s  events/CPU s  peak MiB");
    }
    let failed: Vec<&str> = names
        .into_iter()
        .filter(|name| match child(name, args) {
            Ok(line) => {
                tell(&line, args.json);
                false
            }
            Err(error) => {
                eprintln!("{name}: {error}");
                true
            }
        })
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let failed = failed.join(", ");
    Err(Error::invalid_job(format!("failed: {failed}")))
}

/// The same for one query, by a child; its line of JSON.
fn child(name: &str, args: &Nexmark) -> Result<Value> {
    let cannot = |error| Error::io(format!("cannot run a process for the query: {error}"));
    let me = std::env::current_exe().map_err(cannot)?;
    let mut command = Command::new(me);
    command.args([
        "bench",
        "nexmark",
        "--in-process",
        "--json",
        "--queries",
        name,
    ]);
    command.args(["--events", &args.events.to_string()]);
    command.args(["--parallelism", &args.parallelism.to_string()]);
    command.args(["--state-backend", args.state_backend.name()]);
    if let Some(interval) = &args.checkpoint_interval {
        command.args(["--checkpoint-interval", interval]);
    }
    if args.full_rows {
        command.arg("--full-rows");
    }
    if args.no_mini_batch {
        command.arg("--no-mini-batch");
    }
    for (key, value) in &args.options {
        command.args(["-D", &format!("{key}={value}")]);
    }
    let output = command.stderr(Stdio::inherit()).output().map_err(cannot)?;
    if !output.status.success() {
        return Err(Error::invalid_job(format!(
            "it ended with {}",
            output.status
        )));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::bug(format!("what a query took is no JSON: {error}")))
}

fn tell(line: &Value, json: bool) {
    if json {
        println!("{line}");
        return;
    }
    let number = |key: &str| line.get(key).and_then(Value::as_f64).unwrap_or_default();
    let query = line
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (events, cpu) = (number("events"), number("cpu_seconds"));
    println!(
        "{query:5} {events:>10} {:>9.2} {:>9.0} {cpu:>6.2} {:>13.0} {:>9.0}",
        number("seconds"),
        number("events_per_second"),
        events / cpu.max(1e-9),
        number("peak_rss_mib"),
    );
}

/// Runs a query to its end.
fn measured(name: &str, args: &Nexmark) -> Result<Figures> {
    let directory = tempfile::tempdir();
    let directory =
        directory.map_err(|error| Error::io(format!("no temporary directory: {error}")))?;
    let path = directory.path();
    write_side_input(path)?;
    let place = path.display().to_string();
    let mut tables = session(args, &place)?;
    let meter = Meter::start()?;
    run_script(
        &mut tables,
        &queries::tables(args.events, args.full_rows, &place),
    )?;
    let query = queries::query(name, &place);
    let query = query.ok_or_else(|| Error::bug(format!("no query {name}")))?;
    run_script(&mut tables, &query)?;
    meter.finish(args.events)
}

fn write_side_input(directory: &Path) -> Result<()> {
    std::fs::write(directory.join("side_input.csv"), queries::side_input())
        .map_err(|error| Error::io(format!("cannot write the side input: {error}")))
}

fn session(args: &Nexmark, directory: &str) -> Result<TableEnvironment> {
    let mut tables = TableEnvironment::new();
    crate::connectors::add_to(&mut tables);
    let settings = tables.settings_mut();
    let parallelism = args.parallelism.to_string();
    settings.set("table.exec.resource.default-parallelism", &parallelism)?;
    settings.set(
        "table.exec.mini-batch.enabled",
        if args.no_mini_batch { "false" } else { "true" },
    )?;
    settings.set("state.backend.type", args.state_backend.name())?;
    if let Some(interval) = &args.checkpoint_interval {
        settings.set("execution.checkpointing.interval", interval)?;
        settings.set(
            "execution.checkpointing.dir",
            &format!("{directory}/checkpoints"),
        )?;
    }
    for (key, value) in &args.options {
        settings.set(key, value)?;
    }
    Ok(tables)
}

fn run_script(tables: &mut TableEnvironment, script: &str) -> Result<()> {
    let statements = parse_script(script).map_err(|error| Error::bug(error.to_string()))?;
    for statement in statements {
        if let Outcome::Job(job) = tables.run(statement)? {
            tables.world().block_on(job.wait())??;
        }
    }
    Ok(())
}
