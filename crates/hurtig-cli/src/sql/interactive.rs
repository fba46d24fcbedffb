//! The client to type in.

use std::path::PathBuf;

use hurtig_sql_parser::is_complete;
use hurtig_types::{Error, Result};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::run::{Client, Next};
use super::tell;

const WELCOME: &str = "Hurtig SQL. Statements end with a semicolon; HELP; shows more, QUIT; ends.";

const HELP: &str = "\
SELECT … ;                      runs a query and shows its changes; Ctrl-C ends it
INSERT INTO t SELECT … ;        runs a job
CREATE TABLE … WITH (…) ;       declares a table; SHOW TABLES; DESCRIBE t; SHOW CREATE TABLE t;
EXPLAIN [CHANGELOG_MODE] … ;    shows the plan of a query
SET 'key' = 'value' ;           sets an option; SET; shows all, RESET; forgets them
CLEAR ; QUIT ;
";

/// Reads statements and runs them until the end of the input.
pub(super) fn run(client: &mut Client) -> Result<()> {
    let failed =
        |error: ReadlineError| Error::io(format!("cannot read from the terminal: {error}"));
    let mut editor = DefaultEditor::new().map_err(failed)?;
    let history = history();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    println!("{WELCOME}");
    let mut statement = String::new();
    loop {
        let prompt = if statement.is_empty() {
            "Hurtig SQL> "
        } else {
            ">           "
        };
        match editor.readline(prompt) {
            Ok(line) => {
                statement.push_str(&line);
                statement.push('\n');
            }
            Err(ReadlineError::Interrupted) => {
                statement.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(error)),
        }
        if statement.trim().is_empty() {
            statement.clear();
        }
        if !is_complete(&statement) {
            continue;
        }
        let text = std::mem::take(&mut statement);
        // A history that cannot be kept is none.
        let _ = editor.add_history_entry(text.trim());
        if execute(client, &text) == Next::Quit {
            break;
        }
    }
    if let Some(path) = &history {
        let _ = editor.save_history(path);
    }
    Ok(())
}

/// Runs what was typed; what is wrong is said, and the client goes on.
fn execute(client: &mut Client, text: &str) -> Next {
    let word = text.trim().trim_end_matches(';').trim();
    if word.eq_ignore_ascii_case("help") {
        print!("{HELP}");
        return Next::GoOn;
    }
    let result = client.tables.execute(text.trim().trim_end_matches(';'));
    match result.and_then(|outcome| client.show(outcome)) {
        Ok(next) => next,
        Err(error) => {
            tell(&error);
            Next::GoOn
        }
    }
}

fn history() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    Some(PathBuf::from(home).join(".hurtig-sql-history"))
}
