//! Flink's REST API over the in-process cluster, and a page that shows what it says.
//!
//! ```text
//!  MiniCluster ──► JobClient: states, subtasks, errors, plan, metrics
//!                      │ read at each request; nothing is kept here
//!                      ▼
//!  answers/*           serde structs with Flink's field names
//!                      │
//!  routes              /jobs/:jobid/… and /v1/jobs/:jobid/…, `/` for the page
//!                      │
//!  connections         HTTP/1.1 over the listener of hurtig-env: bounded in number, size and time
//! ```
//!
//! What it is not: no cluster (there is one process), no submission of jobs over HTTP, no authentication; so it listens
//! at this machine's own address unless `rest.bind-address` says otherwise.
//!
//! Two laws:
//! 1. A request only reads, but for the cancelling of a job; and it never waits for a job.
//! 2. Whatever a client sends or omits, the server answers with an error or closes the connection, within a bound of
//!    bytes and time.
//!
//! The server is hyper's, driven by one task on the I/O lane. `axum::serve` was the road not taken: it knows no bound on
//! connections and no timeout for headers, and it starts tasks of its own, outside [`hurtig_env::World`].
//!
//! ```
//! use hurtig_env::World;
//! use hurtig_rest::RestServer;
//! use hurtig_runtime::MiniCluster;
//! use hurtig_types::Configuration;
//!
//! let world = World::real();
//! let mut configuration = Configuration::new();
//! configuration.set("rest.port", "0")?;
//! let cluster = MiniCluster::new(world.clone());
//! let server = world.block_on(RestServer::start(&cluster, &configuration))??;
//! println!("open {}", server.url());
//! # Ok::<(), hurtig_types::Error>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answers;
mod bind;
mod connections;
mod extract;
mod guard;
mod handlers;
mod page;
mod prometheus;
mod readings;
mod refusal;
mod routes;
mod server;
mod site;
mod timer;

pub use server::RestServer;
