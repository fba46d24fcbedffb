//! A server that speaks S3, for tests: moto, which `scripts/setup.sh` installs below the target directory.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Weak};

use hurtig_env::{Lane, World};
use hurtig_types::{Configuration, Error, ErrorContext, ErrorKind, Result};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Where the Python is that has it, below the target directory.
const PYTHON: &str = "moto/bin/python";
/// How it is installed where the make targets are not used.
const INSTALL: &str = "scripts/setup.sh --tests";
/// Serves on a free port, says which, and ends with whoever has started it: when its input does.
const SCRIPT: &str = "\
import logging, os, sys
from moto.server import ThreadedMotoServer
logging.disable(logging.INFO)
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
";

/// The one that runs, if one does.
static RUNNING: Mutex<Weak<S3Server>> = Mutex::new(Weak::new());

/// A process that speaks S3 on a free port of this machine, and forgets everything when it ends.
///
/// The tests of a program share one; it ends when the last of them lets it go.
///
/// ```no_run
/// use hurtig_env::World;
/// use hurtig_testing::S3Server;
///
/// let (world, server) = (World::real(), S3Server::shared()?);
/// server.make_bucket(&world, "orders")?;
/// let storage = world.storage().configured(&server.configuration()?);
/// let place = storage.open("s3://orders/of/today")?;
/// # let _ = place;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Debug)]
pub struct S3Server {
    process: Child,
    endpoint: String,
}

impl S3Server {
    /// The server that runs already, or a new one.
    ///
    /// # Errors
    /// When it is not installed, with the command that does that, or does not start.
    pub fn shared() -> Result<Arc<Self>> {
        let mut running = RUNNING.lock();
        if let Some(server) = running.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Self::start()?);
        *running = Arc::downgrade(&server);
        Ok(server)
    }

    fn start() -> Result<Self> {
        let python = python()?;
        let mut process = Command::new(&python)
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .or_kind(ErrorKind::Io, || format!("starting `{}`", python.display()))?;
        match port(&mut process) {
            Ok(port) => Ok(Self {
                process,
                endpoint: format!("http://127.0.0.1:{port}"),
            }),
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(error)
            }
        }
    }

    /// Where it listens: `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What a job must be told to find it, key by key.
    pub fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("s3.endpoint", &self.endpoint),
            ("s3.path.style.access", "true"),
            ("s3.access-key", "test"),
            ("s3.secret-key", "not a secret"),
        ]
    }

    /// The same as a configuration.
    ///
    /// # Errors
    /// None, as long as the keys are known.
    pub fn configuration(&self) -> Result<Configuration> {
        let mut configuration = Configuration::new();
        for (key, value) in self.settings() {
            configuration.set(key, value)?;
        }
        Ok(configuration)
    }

    /// Makes a bucket, or empties nothing if it is there.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn make_bucket(&self, world: &World, bucket: &str) -> Result<()> {
        let address = self.endpoint.trim_start_matches("http://").to_string();
        let request = format!(
            "PUT /{bucket} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let network = world.network().clone();
        let asking = world
            .spawner()
            .spawn(Lane::Io, "make a bucket", async move {
                let mut connection = network.connect(&address).await?;
                let mut answer = String::new();
                let told = connection.write_all(request.as_bytes()).await;
                told.or_kind(ErrorKind::Io, || "asking for a bucket".into())?;
                let heard = connection.read_to_string(&mut answer).await;
                heard.or_kind(ErrorKind::Io, || "asking for a bucket".into())?;
                let is_there = answer.starts_with("HTTP/1.1 200");
                is_there.then_some(()).ok_or_else(|| Error::io(answer))
            });
        world.block_on(asking)??
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The Python, below the target directory that this very test was built into.
#[allow(
    clippy::disallowed_methods,
    reason = "it is the machine's, whatever world the test is in"
)]
fn python() -> Result<PathBuf> {
    let own = std::env::current_exe();
    let own = own.or_kind(ErrorKind::Io, || "looking for the target directory".into())?;
    let in_target = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"));
    let mut places = own.ancestors().map(PathBuf::from).chain([in_target]);
    let python = places.find_map(|place| {
        let python = place.join(PYTHON);
        python.exists().then_some(python)
    });
    python.ok_or_else(|| {
        Error::io(format!(
            "there is no `{PYTHON}` in the target directory, which has moto, the S3 server of the tests: install it by `{INSTALL}`"
        ))
    })
}

/// The port that the server says it listens at.
fn port(process: &mut Child) -> Result<u16> {
    let mut line = String::new();
    if let Some(said) = process.stdout.take() {
        let read = BufReader::new(said).read_line(&mut line);
        read.or_kind(ErrorKind::Io, || {
            "listening to the S3 server of the tests".into()
        })?;
    }
    line.trim().parse().map_err(|_| {
        Error::io(format!(
            "the S3 server of the tests did not start, and said `{}`: see above, or install it again by removing moto from the \
             target directory and `{INSTALL}`",
            line.trim()
        ))
    })
}
