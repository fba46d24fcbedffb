//! Standard output.

use std::io::{ErrorKind, Write as _};

use hurtig_types::{Error, Result};

/// How a program ends whose reader has gone: 128 and the number of SIGPIPE, which would have ended it.
const NOBODY_READS: i32 = 141;

/// Writes lines, at once. Where nobody reads any more (`… | head`), the program ends as others do.
pub(super) fn lines(lines: impl IntoIterator<Item = String>) -> Result<()> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    put(&text)
}

/// The same for text as it is.
pub(super) fn put(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(NOBODY_READS),
        Err(error) => Err(Error::io(format!("cannot write the results: {error}"))),
    }
}
