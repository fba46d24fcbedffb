//! The simulated network: pipes between who listens and who connects, by address.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_types::{Error, Result};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::{Connection, yield_now};

/// How many bytes may be under way in each direction of a connection.
const PIPE_BYTES_MAX: usize = 64 * 1024;
/// How many connections may wait to be accepted; the next one waits to connect.
const BACKLOG_MAX: usize = 128;
/// Port 0 means: the next free one from here.
const PORT_FIRST: u16 = 40_000;

#[derive(Default)]
pub(crate) struct Pipes {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    listeners: BTreeMap<String, mpsc::Sender<Connection>>,
    ports_given: u16,
    connections: u64,
}

impl State {
    /// Who hears a call to `address`: its own listener, or one for all hosts.
    fn listener(&self, address: &str) -> Option<&mpsc::Sender<Connection>> {
        let anywhere = || {
            let (_, port) = address.rsplit_once(':')?;
            self.listeners.get(&format!("0.0.0.0:{port}"))
        };
        self.listeners.get(address).or_else(anywhere)
    }
}

impl Pipes {
    pub(crate) async fn connect(&self, address: &str) -> Result<Connection> {
        yield_now().await;
        let address = canonical(address);
        let refused = || Error::io(format!("connection refused: nobody listens at {address}"));
        let (listener, number) = {
            let mut state = self.state.lock();
            state.connections += 1;
            (
                state.listener(&address).cloned().ok_or_else(refused)?,
                state.connections,
            )
        };
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES_MAX);
        let theirs = Connection::new(theirs, format!("client-{number}"));
        listener.send(theirs).await.map_err(|_| refused())?;
        Ok(Connection::new(ours, address))
    }

    pub(crate) fn listen(self: Arc<Self>, address: &str) -> Result<PipeListener> {
        let mut address = canonical(address);
        let (sender, connections) = mpsc::channel(BACKLOG_MAX);
        {
            let mut state = self.state.lock();
            if let Some(host) = address.strip_suffix(":0") {
                address = format!("{host}:{}", PORT_FIRST.wrapping_add(state.ports_given));
                state.ports_given = state.ports_given.wrapping_add(1);
            }
            if state.listeners.contains_key(&address) {
                return Err(Error::io(format!(
                    "address in use: somebody listens at {address} already"
                )));
            }
            state.listeners.insert(address.clone(), sender);
        }
        Ok(PipeListener {
            pipes: self,
            address,
            connections,
        })
    }
}

fn canonical(address: &str) -> String {
    match address.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => address.to_string(),
    }
}

pub(crate) struct PipeListener {
    pipes: Arc<Pipes>,
    address: String,
    connections: mpsc::Receiver<Connection>,
}

impl PipeListener {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn accept(&mut self) -> Result<Connection> {
        let next = self.connections.recv().await;
        next.ok_or_else(|| {
            Error::bug(format!(
                "the simulated network forgot who listens at {}",
                self.address
            ))
        })
    }
}

impl Drop for PipeListener {
    fn drop(&mut self) {
        self.pipes.state.lock().listeners.remove(&self.address);
    }
}
