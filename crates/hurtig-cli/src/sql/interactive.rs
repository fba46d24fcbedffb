//! The client to type in, or to pipe statements into.

use std::io::IsTerminal;
use std::path::PathBuf;

use hurtig_sql_parser::is_complete;
use hurtig_types::{Error, Result};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, Editor};

use super::completion::Completion;
use super::run::{Client, Next};
use super::{out, tell};

type SqlEditor = Editor<Completion, DefaultHistory>;

const WELCOME: &str = "Hurtig SQL. Statements end with a semicolon; HELP; shows more, QUIT; ends.";

const HELP: &str = "\
SELECT … ;                      runs a query and shows its changes; Ctrl-C ends it
INSERT INTO t SELECT … ;        runs a job
CREATE TABLE … WITH (…) ;       declares a table; SHOW TABLES; DESCRIBE t; SHOW CREATE TABLE t;
EXPLAIN [CHANGELOG_MODE] … ;    shows the plan of a query
SET 'key' = 'value' ;           sets an option; SET; shows all, RESET; forgets them
CLEAR ; QUIT ;
";

/// What statements are typed with, where there is a terminal.
///
/// It takes Ctrl-C for itself when it is made: whoever listens to Ctrl-C while statements run does so behind it.
pub(super) fn editor() -> Result<Option<SqlEditor>> {
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let config = Config::builder();
    let config = config.completion_type(CompletionType::List).build();
    Editor::with_config(config).map(Some).map_err(unreadable)
}

fn unreadable(error: ReadlineError) -> Error {
    Error::io(format!("cannot read from the terminal: {error}"))
}

/// Reads statements and runs them until the end of the input. What is wrong is said, and the client goes on.
pub(super) fn run(client: &mut Client, editor: Option<SqlEditor>) -> Result<Next> {
    match editor {
        Some(editor) => typed(client, editor),
        None => piped(client),
    }
}

/// Without a prompt. Whoever piped in a script wants to know whether all went well.
fn piped(client: &mut Client) -> Result<Next> {
    let mut last = Next::GoOn;
    let mut statement = String::new();
    for line in std::io::stdin().lines() {
        let line = line.map_err(|error| Error::io(format!("cannot read the input: {error}")))?;
        let Some(text) = completed(&mut statement, &line) else {
            continue;
        };
        match execute(client, &text) {
            Next::Quit => return Ok(last),
            Next::Failed => last = Next::Failed,
            Next::GoOn | Next::Interrupted => {}
        }
    }
    // The last one needs no semicolon, as behind `-e`.
    if !statement.is_empty() && execute(client, &statement) == Next::Failed {
        last = Next::Failed;
    }
    Ok(last)
}

/// At a terminal: with a prompt, and a history.
fn typed(client: &mut Client, mut editor: SqlEditor) -> Result<Next> {
    let history = history();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    client.say(WELCOME)?;
    let mut statement = String::new();
    loop {
        editor.set_helper(Some(client.completion()));
        let is_new = statement.is_empty();
        let line = match editor.readline(if is_new {
            "Hurtig SQL> "
        } else {
            ">           "
        }) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                statement.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(unreadable(error)),
        };
        if let Some(text) = completed(&mut statement, &line) {
            // A history that cannot be kept is none.
            let _ = editor.add_history_entry(text.trim());
            if execute(client, &text) == Next::Quit {
                break;
            }
        }
    }
    if let Some(path) = &history {
        let _ = editor.save_history(path);
    }
    Ok(Next::GoOn)
}

/// Adds a line to what was typed, and takes it all when it is complete.
fn completed(statement: &mut String, line: &str) -> Option<String> {
    statement.push_str(line);
    statement.push('\n');
    if statement.trim().is_empty() {
        statement.clear();
    }
    is_complete(statement).then(|| std::mem::take(statement))
}

fn execute(client: &mut Client, text: &str) -> Next {
    let word = text.trim().trim_end_matches(';').trim();
    let next = if word.eq_ignore_ascii_case("help") {
        out::put(HELP).map(|()| Next::GoOn)
    } else {
        client.script(text)
    };
    next.unwrap_or_else(|error| {
        tell(&error);
        Next::Failed
    })
}

fn history() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    Some(PathBuf::from(home).join(".hurtig-sql-history"))
}
