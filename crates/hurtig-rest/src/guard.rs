//! What every request must pass before it is looked at.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::future::{Either, select};

use crate::refusal::Refusal;
use crate::site::Site;

/// How many bytes the body of a request may have. None needs one yet.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a client may take to send it.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Lets requests through that call us by our name and whose body is within its bounds.
pub(crate) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    if let Err(refusal) = check_host(&site, request.headers()) {
        return refusal.into_response();
    }
    match with_body(&site, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// A page from elsewhere whose name was made to resolve to this machine (DNS rebinding) calls us by that name.
fn check_host(site: &Site, headers: &HeaderMap) -> Result<(), Refusal> {
    let (Some(ours), Some(host)) = (&site.hosts, headers.get(header::HOST)) else {
        return Ok(());
    };
    let host = String::from_utf8_lossy(host.as_bytes());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => &host,
    };
    if ours.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let message =
        format!("`{name}` is not this server: to call it by that name, set `rest.address`");
    Err(Refusal::new(StatusCode::FORBIDDEN, message))
}

/// The request with its body read.
async fn with_body(site: &Site, request: Request) -> Result<Request, Refusal> {
    let (parts, body) = request.into_parts();
    let read = pin!(to_bytes(body, BODY_BYTES_MAX));
    match select(read, site.clock().sleep(BODY_TIMEOUT)).await {
        Either::Left((Ok(bytes), _)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Either::Left((Err(_), _)) => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body of the request is broken, or longer than {BODY_BYTES_MAX} bytes"),
        )),
        Either::Right(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body of the request did not come in time",
        )),
    }
}
