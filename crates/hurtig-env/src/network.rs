//! Connecting and listening: TCP, or pipes in a simulated world.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hurtig_types::{ErrorContext, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;

use crate::real::{InRuntime, Runtimes};
use crate::sim::{PipeListener, Pipes};

/// What a [`Connection`] runs over: bytes both ways.
///
/// ```
/// fn is_duplex<T: hurtig_env::Duplex>(_: T) {}
/// is_duplex(tokio::io::duplex(16).0);
/// ```
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An open connection; closed when dropped. Reads and writes as tokio's streams do, on any thread.
///
/// ```
/// use hurtig_env::{Lane, World};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # fn main() -> hurtig_types::Result<()> {
/// for world in [World::real(), World::simulated(1)] {
///     let mut listener = world.block_on(world.network().listen("127.0.0.1:0"))??;
///     let address = listener.local_addr().to_string();
///     let server = world.spawner().spawn(Lane::Io, "echo", async move {
///         let mut connection = listener.accept().await?;
///         let byte = connection.read_u8().await?;
///         connection.write_u8(byte + 1).await?;
///         Ok::<_, hurtig_types::Error>(())
///     });
///     let network = world.network().clone();
///     let answer = world.block_on(async move {
///         let mut connection = network.connect(&address).await?;
///         connection.write_u8(41).await?;
///         Ok::<_, hurtig_types::Error>(connection.read_u8().await?)
///     })??;
///     assert_eq!(answer, 42);
///     world.block_on(server)???;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Connection {
    stream: Box<dyn Duplex>,
    peer: Arc<str>,
}

impl Connection {
    pub(crate) fn new(stream: impl Duplex + 'static, peer: impl Into<Arc<str>>) -> Self {
        Self {
            stream: Box::new(stream),
            peer: peer.into(),
        }
    }

    fn tcp(stream: TcpStream, peer: impl Into<Arc<str>>) -> io::Result<Self> {
        // Whoever writes has gathered a batch already; waiting for more would only add latency.
        stream.set_nodelay(true)?;
        Ok(Self::new(stream, peer))
    }

    /// Who is at the other end, for messages.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # let world = World::simulated(1);
    /// let connection = world.block_on(async {
    ///     let _listener = world.network().listen("host:1").await?;
    ///     world.network().connect("host:1").await
    /// })??;
    /// assert_eq!(connection.peer(), "host:1");
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn peer(&self) -> &str {
        &self.peer
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Connects and listens; see [`World::network`](crate::World::network). Cheap to clone.
#[derive(Clone)]
pub struct Network(Wires);

#[derive(Clone)]
enum Wires {
    Tcp(Arc<Runtimes>),
    Pipes(Arc<Pipes>),
}

impl Network {
    pub(crate) fn real(runtimes: Arc<Runtimes>) -> Self {
        Self(Wires::Tcp(runtimes))
    }

    pub(crate) fn simulated() -> Self {
        Self(Wires::Pipes(Arc::default()))
    }

    /// Connects to `host:port`. There is no timeout here: race it with a [`Sleep`](crate::Sleep).
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when nobody listens there (`connection refused`) or the host is not known.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # let world = World::simulated(1);
    /// let error = world.block_on(world.network().connect("nobody:1"))?.err();
    /// assert!(error.is_some_and(|error| error.to_string().contains("connection refused")));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn connect(
        &self,
        address: &str,
    ) -> impl Future<Output = Result<Connection>> + Send + 'static + use<> {
        let (wires, address) = (self.0.clone(), address.to_string());
        async move {
            match wires {
                Wires::Tcp(runtimes) => {
                    let io = runtimes.io_handle()?;
                    drop(runtimes);
                    InRuntime::new(io, TcpStream::connect(address.clone()))
                        .await
                        .and_then(|stream| Connection::tcp(stream, address.as_str()))
                        .or_kind(ErrorKind::Io, || format!("connecting to {address}"))
                }
                Wires::Pipes(pipes) => pipes.connect(&address).await,
            }
        }
    }

    /// Listens at `host:port`; port 0 asks for a free one.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when somebody listens there already, or the address is not this machine's.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # let world = World::real();
    /// let listener = world.block_on(world.network().listen("127.0.0.1:0"))??;
    /// assert!(!listener.local_addr().ends_with(":0"));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn listen(
        &self,
        address: &str,
    ) -> impl Future<Output = Result<Listener>> + Send + 'static + use<> {
        let (wires, address) = (self.0.clone(), address.to_string());
        async move {
            match wires {
                Wires::Tcp(runtimes) => {
                    let io = runtimes.io_handle()?;
                    drop(runtimes);
                    let bound =
                        InRuntime::new(io.clone(), TcpListener::bind(address.clone())).await;
                    bound
                        .and_then(|listener| Listener::tcp(listener, io))
                        .or_kind(ErrorKind::Io, || format!("listening at {address}"))
                }
                Wires::Pipes(pipes) => pipes.listen(&address).map(Listener::pipes),
            }
        }
    }
}

/// An open door; closed when dropped. Made by [`Network::listen`].
///
/// ```
/// # use hurtig_env::World;
/// let world = World::simulated(1);
/// let listener = world.block_on(world.network().listen("job:6123"))??;
/// assert_eq!(listener.local_addr(), "job:6123");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct Listener {
    door: Door,
    address: String,
}

enum Door {
    Tcp(TcpListener, Handle),
    Pipes(PipeListener),
}

impl Listener {
    fn tcp(listener: TcpListener, io: Handle) -> io::Result<Self> {
        let address = listener.local_addr()?.to_string();
        Ok(Self {
            door: Door::Tcp(listener, io),
            address,
        })
    }

    fn pipes(listener: PipeListener) -> Self {
        let address = listener.address().to_string();
        Self {
            door: Door::Pipes(listener),
            address,
        }
    }

    /// Where it listens, with the port that was chosen.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # let world = World::simulated(1);
    /// let listener = world.block_on(world.network().listen("127.0.0.1:0"))??;
    /// assert!(listener.local_addr().starts_with("127.0.0.1:"));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn local_addr(&self) -> &str {
        &self.address
    }

    /// Waits for the next connection. Nothing is lost if the future is dropped half-way.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # let world = World::simulated(1);
    /// world.block_on(async {
    ///     let mut listener = world.network().listen("host:1").await?;
    ///     let _client = world.network().connect("host:1").await?;
    ///     listener.accept().await.map(drop)
    /// })??;
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub async fn accept(&mut self) -> Result<Connection> {
        match &mut self.door {
            Door::Tcp(listener, io) => InRuntime::new(io.clone(), listener.accept())
                .await
                .and_then(|(stream, peer)| Connection::tcp(stream, peer.to_string()))
                .or_kind(ErrorKind::Io, || format!("accepting at {}", self.address)),
            Door::Pipes(listener) => listener.accept().await,
        }
    }
}
