//! The REST API over real connections, with jobs of the typed API behind it. Each test states a promise.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "rest/support.rs"]
mod support;

#[path = "rest/bad_requests.rs"]
mod bad_requests;
#[path = "rest/cancel.rs"]
mod cancel;
#[path = "rest/cluster.rs"]
mod cluster;
#[path = "rest/explain.rs"]
mod explain;
#[path = "rest/failure.rs"]
mod failure;
#[path = "rest/jobs.rs"]
mod jobs;
#[path = "rest/metrics.rs"]
mod metrics;
#[path = "rest/page.rs"]
mod page;
#[path = "rest/server.rs"]
mod server;
