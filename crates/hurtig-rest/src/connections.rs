//! The connections: so many at once, each for so long.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use hurtig_env::{Clock, Connection, Listener};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;

use crate::timer::WorldTimer;

/// How many clients are served at once; the others wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may take to send the head of a request, or be silent between two.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);
/// How many bytes the head of a request may have.
const HEADERS_BYTES_MAX: usize = 16 * 1024;
/// How old a connection gets. Then it may end the request that it is at.
const AGE_MAX: Duration = Duration::from_secs(600);
/// How long it may take for that.
const GRACE: Duration = Duration::from_secs(10);
/// How long to wait when no connection can be accepted: there may be no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves whoever connects, until it is dropped, and all connections with it.
pub(crate) async fn serve(mut listener: Listener, router: Router, clock: Clock) {
    let timer = WorldTimer::new(clock.clone());
    let mut connections = FuturesUnordered::new();
    loop {
        if connections.len() >= CONNECTIONS_MAX {
            connections.next().await;
        }
        let accepted = if connections.is_empty() {
            listener.accept().await
        } else {
            let accept = pin!(listener.accept());
            match select(accept, connections.next()).await {
                Either::Left((accepted, _)) => accepted,
                Either::Right(_) => continue,
            }
        };
        match accepted {
            Ok(connection) => {
                let served = converse(connection, router.clone(), timer.clone(), clock.clone());
                // A bug in one answer costs one connection.
                connections.push(AssertUnwindSafe(served).catch_unwind().boxed());
            }
            Err(error) => {
                tracing::warn!(%error, "the REST server could not accept a connection");
                clock.sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the requests of one client.
async fn converse(connection: Connection, router: Router, timer: WorldTimer, clock: Clock) {
    let mut http = http1::Builder::new();
    http.timer(timer)
        .header_read_timeout(HEADERS_TIMEOUT)
        .max_buf_size(HEADERS_BYTES_MAX)
        // It would be the machine's time, in a simulated world as well.
        .auto_date_header(false);
    let service = TowerToHyperService::new(router);
    let mut served = pin!(http.serve_connection(TokioIo::new(connection), service));
    let ended = match select(served.as_mut(), clock.sleep(AGE_MAX)).await {
        Either::Left((ended, _)) => Some(ended),
        Either::Right(_) => {
            served.as_mut().graceful_shutdown();
            let closing = select(served, clock.sleep(GRACE)).await;
            match closing {
                Either::Left((ended, _)) => Some(ended),
                Either::Right(_) => None,
            }
        }
    };
    if let Some(Err(error)) = ended {
        tracing::debug!(%error, "a client of the REST server was cut off");
    }
}
