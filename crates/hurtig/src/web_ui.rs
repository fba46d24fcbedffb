//! An environment whose jobs can be watched in a browser.

use hurtig_datastream::StreamExecutionEnvironment;
use hurtig_rest::RestServer;
use hurtig_types::{Configuration, Result};

/// Serves the web interface, and with it the REST API, of an environment that runs its jobs in this process.
///
/// It is there from this call until the environment and the last of its streams are dropped: while jobs run, before, between and
/// after them. It listens at `rest.port` (8081) of this machine's own address; `rest.port` 0 takes any port that is free.
///
/// ```
/// use hurtig::prelude::*;
///
/// let mut configuration = Configuration::new();
/// configuration.set("rest.port", "0")?;
/// let env = StreamExecutionEnvironment::create_local_environment_with_web_ui(&configuration)?;
/// println!("open {}", env.web_ui_url().unwrap_or_default());
/// env.from_sequence(1, 100).filter(|x| x % 7 == 0).discard();
/// env.execute("sevens")?;
/// # Ok::<(), hurtig::Error>(())
/// ```
pub trait WebUi: Sized {
    /// Flink's `createLocalEnvironmentWithWebUI`: a new environment of these settings, served at once.
    ///
    /// # Errors
    /// When a setting cannot be read, or the port is taken.
    fn create_local_environment_with_web_ui(configuration: &Configuration) -> Result<Self>;

    /// Serves the web interface of an environment that is there already, where its own settings say. A second call changes nothing.
    ///
    /// ```
    /// use hurtig::env::World;
    /// use hurtig::prelude::*;
    ///
    /// let env = StreamExecutionEnvironment::in_world(World::simulated(42));
    /// env.serve_web_ui()?;
    /// assert_eq!(env.web_ui_url().as_deref(), Some("http://localhost:8081"));
    /// # Ok::<(), hurtig::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a setting cannot be read, or the port is taken.
    fn serve_web_ui(&self) -> Result<()>;

    /// What to open in a browser, if the web interface is served.
    fn web_ui_url(&self) -> Option<String>;
}

impl WebUi for StreamExecutionEnvironment {
    fn create_local_environment_with_web_ui(configuration: &Configuration) -> Result<Self> {
        let env = Self::new();
        env.configure(configuration);
        env.serve_web_ui()?;
        Ok(env)
    }

    fn serve_web_ui(&self) -> Result<()> {
        if self.kept::<RestServer>().is_some() {
            return Ok(());
        }
        let configuration = self.configuration();
        let start = RestServer::start(self.cluster(), &configuration);
        self.keep(self.world().block_on(start)??);
        Ok(())
    }

    fn web_ui_url(&self) -> Option<String> {
        let server = self.kept::<RestServer>()?;
        Some(server.url().to_string())
    }
}
