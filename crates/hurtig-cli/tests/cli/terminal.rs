//! Statements that are typed at a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::hurtig::{PATIENCE, wait};

/// The client at a terminal of its own.
struct Typed {
    child: Child,
    terminal: File,
    reader: Receiver<String>,
    shown: String,
    /// Keeps the history.
    home: tempfile::TempDir,
}

impl Typed {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let pair = openpty(None, None).unwrap();
        let terminal = || pair.slave.try_clone().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_hurtig"))
            .arg("sql")
            .env("HOME", home.path())
            .env("TERM", "xterm")
            .stdin(terminal())
            .stdout(terminal())
            .stderr(terminal())
            .spawn()
            .unwrap();
        let terminal = File::from(pair.master);
        Self {
            child,
            reader: read(terminal.try_clone().unwrap()),
            terminal,
            shown: String::new(),
            home,
        }
    }

    fn enter(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads on until the terminal shows this text, behind what was waited for before.
    fn until(&mut self, text: &str) {
        loop {
            if let Some(place) = self.shown.find(text) {
                self.shown.drain(..place + text.len());
                return;
            }
            match self.reader.recv_timeout(PATIENCE) {
                Ok(more) => self.shown.push_str(&more),
                Err(error) => {
                    self.child.kill().unwrap();
                    panic!("{error}: no {text:?} in\n{:?}", self.shown);
                }
            }
        }
    }

    /// Waits until a line can be typed: the editor draws its prompt anew at each key, but says this only once.
    fn prompt(&mut self) {
        self.until("\x1b[?2004h");
    }
}

/// What a terminal shows, as it comes.
fn read(mut terminal: File) -> Receiver<String> {
    let (sender, reader) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = terminal.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
            if sender.send(text).is_err() {
                break;
            }
        }
    });
    reader
}

#[test]
fn statements_are_typed_behind_a_prompt_and_remembered() {
    let mut typed = Typed::start();
    typed.prompt();
    typed.enter("SELECT\r");
    typed.prompt();
    typed.enter("'first' || ' line' AS t;\r");
    typed.until(" first line |");
    typed.prompt();
    typed.enter("SELECT oops\x03");
    typed.prompt();
    typed.enter("help;\r");
    typed.until("shows the plan of a query");
    typed.prompt();
    typed.enter("\x04");
    assert_eq!(wait(&mut typed.child), Some(0));
    let history = std::fs::read_to_string(typed.home.path().join(".hurtig-sql-history")).unwrap();
    assert!(
        history.contains("first") && !history.contains("oops"),
        "{history}"
    );
}

/// The editor of lines listens to Ctrl-C as well.
#[test]
fn a_query_is_ended_by_ctrl_c_and_the_client_goes_on() {
    let mut typed = Typed::start();
    typed.prompt();
    typed.enter("CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');\r");
    typed.until("succeeded");
    for _ in 0..2 {
        typed.prompt();
        typed.enter("SELECT n FROM numbers;\r");
        typed.until("+I");
        let pid = Pid::from_raw(i32::try_from(typed.child.id()).unwrap());
        kill(pid, Signal::SIGINT).unwrap();
        typed.until("Query terminated");
    }
    typed.prompt();
    typed.enter("QUIT;\r");
    assert_eq!(wait(&mut typed.child), Some(0));
}
