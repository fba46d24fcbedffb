//! Runs the binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process that does not end is killed after so long, and the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The output of a run that must have gone well.
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.out
    }

    /// The errors of a run that must have failed.
    pub(crate) fn bad(self) -> String {
        assert_eq!(self.code, Some(1), "{self:#?}");
        self.err
    }
}

/// Runs `hurtig` with these arguments and nothing to read.
pub(crate) fn hurtig(args: &[&str]) -> Ran {
    with_input(args, "")
}

/// Runs `hurtig sql` with these arguments.
pub(crate) fn sql(args: &[&str]) -> Ran {
    hurtig(&[&["sql"], args].concat())
}

/// Runs `hurtig` with these arguments and a text to read.
pub(crate) fn with_input(args: &[&str], input: &str) -> Ran {
    let mut running = Running::start(args);
    running.write(input);
    running.end()
}

/// A process that runs.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    read: String,
}

impl Running {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hurtig"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let read = String::new();
        Self { child, out, read }
    }

    pub(crate) fn write(&mut self, input: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Reads lines until there is one with this text.
    pub(crate) fn until(&mut self, text: &str) {
        loop {
            let begin = self.read.len();
            let bytes = self.out.read_line(&mut self.read).unwrap();
            assert!(bytes > 0, "it ended without {text}:\n{}", self.read);
            if self.read[begin..].contains(text) {
                return;
            }
        }
    }

    /// As the terminal does at Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, Signal::SIGINT).unwrap();
    }

    /// Interrupts it over and over, while there may be more to read.
    pub(crate) fn interrupted_until_it_ends(mut self) -> Option<i32> {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            self.interrupt();
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Reads no more.
    pub(crate) fn close_output(self) -> Child {
        self.child
    }

    /// Gives it nothing more to read, and waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        drop(self.child.stdin.take());
        let mut stderr = self.child.stderr.take().unwrap();
        let err = std::thread::spawn(move || {
            let mut err = String::new();
            stderr.read_to_string(&mut err).map(|_| err)
        });
        let out =
            std::thread::spawn(move || self.out.read_to_string(&mut self.read).map(|_| self.read));
        let code = wait(&mut self.child);
        Ran {
            code,
            out: out.join().unwrap().unwrap(),
            err: err.join().unwrap().unwrap(),
        }
    }
}

/// The exit code of a process that ends in time.
pub(crate) fn wait(child: &mut Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
