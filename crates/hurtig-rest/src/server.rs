//! The server: started, asked where it is, stopped.

use std::sync::Arc;

use hurtig_env::{JoinHandle, Lane};
use hurtig_runtime::MiniCluster;
use hurtig_types::{Configuration, Result, options};

use crate::bind::Bind;
use crate::site::Site;
use crate::{connections, routes};

/// Serves the REST API of a cluster, and its page, until it is dropped.
///
/// ```
/// use hurtig_env::World;
/// use hurtig_rest::RestServer;
/// use hurtig_runtime::MiniCluster;
/// use hurtig_types::Configuration;
///
/// let world = World::simulated(42);
/// let cluster = MiniCluster::new(world.clone());
/// let server = world.block_on(RestServer::start(&cluster, &Configuration::new()))??;
/// assert_eq!(server.address(), "127.0.0.1:8081");
/// world.block_on(server.stop())?;
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct RestServer {
    address: String,
    url: String,
    serving: JoinHandle<()>,
}

impl RestServer {
    /// Listens where `configuration` says (`rest.port`, `rest.bind-port`, `rest.bind-address`), and serves from then on.
    ///
    /// # Errors
    /// When a setting cannot be read, or no port is free; the message names the port and the key to change.
    pub async fn start(cluster: &MiniCluster, configuration: &Configuration) -> Result<Self> {
        let bind = Bind::from_configuration(configuration)?;
        let name = configuration.get(&options::REST_ADDRESS)?;
        let world = cluster.world().clone();
        let listener = bind.listen(world.network()).await?;
        let address = listener.local_addr().to_string();
        let port = address.rsplit_once(':').map_or("", |(_, port)| port);
        let url = format!("http://{name}:{port}");
        if !bind.is_loopback() {
            tracing::warn!(
                address,
                "anybody who reaches this address can see and cancel jobs"
            );
        }
        let site = Site {
            cluster: cluster.clone(),
            configuration: configuration.clone(),
            hosts: bind.is_loopback().then(|| hosts(name)),
        };
        let router = routes::router(Arc::new(site));
        let serving = connections::serve(listener, router, world.clock().clone());
        let serving = world.spawner().spawn(Lane::Io, "REST server", serving);
        tracing::info!(url, "the web interface is there");
        Ok(Self {
            address,
            url,
            serving,
        })
    }

    /// Where it listens: host and port, with the port that was chosen.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # use hurtig_types::Configuration;
    /// # let world = World::simulated(1);
    /// # let cluster = hurtig_runtime::MiniCluster::new(world.clone());
    /// let mut configuration = Configuration::new();
    /// configuration.set("rest.port", "0")?;
    /// let server = world.block_on(hurtig_rest::RestServer::start(&cluster, &configuration))??;
    /// assert!(server.address().starts_with("127.0.0.1:"));
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What to open in a browser: by the name of `rest.address`.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # use hurtig_types::Configuration;
    /// # let world = World::simulated(1);
    /// # let cluster = hurtig_runtime::MiniCluster::new(world.clone());
    /// # let server = world.block_on(hurtig_rest::RestServer::start(&cluster, &Configuration::new()))??;
    /// assert_eq!(server.url(), "http://localhost:8081");
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it, and waits until the port is free again. Dropping it does the same without waiting.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// # use hurtig_types::Configuration;
    /// # let world = World::simulated(1);
    /// # let cluster = hurtig_runtime::MiniCluster::new(world.clone());
    /// # let start = || world.block_on(hurtig_rest::RestServer::start(&cluster, &Configuration::new()));
    /// let server = start()??;
    /// world.block_on(server.stop())?;
    /// assert!(start()?.is_ok());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub async fn stop(mut self) {
        self.serving.abort();
        // That it was aborted is what we want.
        let _ = (&mut self.serving).await;
    }
}

impl Drop for RestServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The names of this machine for itself, and the one that it was given.
fn hosts(name: String) -> Vec<String> {
    let own = ["localhost", "127.0.0.1", "[::1]"];
    own.map(String::from).into_iter().chain([name]).collect()
}
