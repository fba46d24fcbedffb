//! Whatever a client sends, the server says what is wrong with it, and serves the next one.

use std::time::Duration;

use http_body_util::Full;
use hurtig_env::World;
use hyper::Request;
use hyper::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Site, site, site_in};

#[track_caller]
fn assert_serves(site: &Site) {
    assert_eq!(site.get("/overview").status, 200);
}

#[track_caller]
fn assert_refused(site: &Site, path: &str, status: u16, error: &str) {
    let answer = site.get(path);
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (status, error),
        "{path}"
    );
}

#[test]
fn what_is_not_there_is_named() {
    let site = site();
    let id = "0123456789abcdef0123456789abcdef";
    for base in ["", "/v1"] {
        assert_refused(
            &site,
            &format!("{base}/jobs/{id}"),
            404,
            &format!("Job {id} not found"),
        );
        let path = format!("{base}/jobs/{id}/accumulators");
        assert_refused(&site, &path, 404, &format!("Not found: {path}"));
        let manager = format!("{base}/taskmanagers/other");
        assert_refused(&site, &manager, 404, "TaskExecutor other not found");
    }
    assert_refused(&site, "/favicon.ico", 404, "Not found: /favicon.ico");
    assert_refused(&site, "/v2/jobs", 404, "Not found: /v2/jobs");
}

#[test]
fn ids_that_are_none_are_named() {
    let site = site();
    site.env.from_collection([1]).discard();
    let job = site.env.execute("one").unwrap().job_id.to_string();
    for wrong in ["x", "0123", "+123456789abcdef0123456789abcdef"] {
        let error = format!("Cannot resolve path parameter (jobid) from value \"{wrong}\".");
        assert_refused(&site, &format!("/jobs/{wrong}"), 400, &error);
    }
    let error = "Cannot resolve path parameter (vertexid) from value \"v\".";
    assert_refused(&site, &format!("/jobs/{job}/vertices/v"), 400, error);
    let error = format!("job vertex {job} not found");
    assert_refused(&site, &format!("/jobs/{job}/vertices/{job}"), 404, &error);
    let vertex = site.json(&format!("/jobs/{job}"))["vertices"][0]["id"]
        .as_str()
        .unwrap()
        .to_string();
    let path = format!("/jobs/{job}/vertices/{vertex}/subtasks");
    let error = format!("subtask 1 of vertex {vertex} not found");
    assert_refused(&site, &format!("{path}/1/metrics"), 404, &error);
    assert_eq!(site.get(&format!("{path}/-1/metrics")).status, 400);
    assert_eq!(site.get(&format!("{path}/metrics?agg=median")).status, 400);
    assert_eq!(
        site.get(&format!("{path}/metrics?subtasks=a-b")).status,
        400
    );
    assert_eq!(
        site.get(&format!("/jobs/{job}/exceptions?maxExceptions=many"))
            .status,
        400
    );
    assert_eq!(site.get("/jobs/%FF%FE").status, 400);
    assert_serves(&site);
}

#[test]
fn a_method_that_a_path_has_not_is_refused_by_name() {
    let site = site();
    for (method, path) in [("POST", "/jobs"), ("DELETE", "/v1/overview"), ("PUT", "/")] {
        let answer = site.send(method, path, Vec::new()).unwrap();
        assert_eq!(answer.status, 405);
        let error = answer.error();
        assert!(
            error.starts_with(&format!("{method} is not allowed at ")),
            "{error}"
        );
    }
}

#[test]
fn a_body_beyond_the_bound_is_refused() {
    let site = site();
    let answer = site
        .send("PATCH", "/jobs", vec![b'x'; 64 * 1024 + 1])
        .unwrap();
    assert_eq!(answer.status, 413);
    assert!(answer.error().contains("longer than 65536 bytes"));
    let answer = site.send("PATCH", "/jobs", vec![b'x'; 64 * 1024]).unwrap();
    assert_eq!(answer.status, 405);
    assert_serves(&site);
}

#[test]
fn bytes_that_are_no_http_end_their_connection_alone() {
    let site = site();
    let garbage: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for bytes in garbage {
        let answer = site.send_raw(bytes).unwrap();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{answer}"
        );
    }
    assert_serves(&site);
}

#[test]
fn headers_without_end_are_refused() {
    let site = site();
    let long: &'static [u8] = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(64 * 1024))
        .leak()
        .as_bytes();
    let answer = site.send_raw(long).unwrap();
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    assert_serves(&site);
}

/// In simulated time: half a minute passes at once.
#[test]
fn a_client_that_says_no_more_is_cut_off() {
    let site = site_in(World::simulated(3));
    let unfinished_body = "PATCH /jobs HTTP/1.1\r\nContent-Length: 9\r\n\r\nx";
    for (begun, answered, after_s) in [
        ("", "", 30),
        ("GET /jobs HTTP/1.1\r\nHo", "", 30),
        (unfinished_body, "HTTP/1.1 408", 10),
    ] {
        let before = site.world().clock().now();
        let answer = site.send_raw(begun.as_bytes()).unwrap();
        let waited = site.world().clock().now().saturating_since(before);
        assert!(answer.starts_with(answered), "{begun:?}: {answer}");
        assert_eq!(waited, Duration::from_secs(after_s), "{begun:?}");
    }
    assert_serves(&site);
}

/// The 65th waits until one of the others is cut off; then it is served.
#[test]
fn more_clients_than_the_bound_wait_for_their_turn() {
    let site = site_in(World::simulated(4));
    let (world, address) = (site.world().clone(), site.server.address().to_string());
    let answer = site.world().block_on(async move {
        let mut silent = Vec::new();
        for _ in 0..64 {
            silent.push(world.network().connect(&address).await?);
        }
        let mut last = world.network().connect(&address).await?;
        last.write_all(b"GET /jobs HTTP/1.1\r\nConnection: close\r\n\r\n")
            .await?;
        let mut answer = String::new();
        last.read_to_string(&mut answer).await?;
        assert!(
            world.clock().now().saturating_since(Default::default()) >= Duration::from_secs(30)
        );
        Ok::<_, hurtig_types::Error>(answer)
    });
    assert!(answer.unwrap().unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_page_that_calls_this_machine_by_its_own_name_is_refused() {
    let site = site();
    let called = |host: &str| {
        let request = Request::builder().uri("/jobs").header("host", host);
        site.send_request(request.body(Full::new(Bytes::new())).unwrap())
            .unwrap()
    };
    let refused = called("evil.example:8081");
    assert_eq!(refused.status, 403);
    assert!(
        refused
            .error()
            .starts_with("`evil.example` is not this server")
    );
    for host in [
        "localhost",
        "LOCALHOST:8081",
        "127.0.0.1:1",
        "[::1]:8081",
        "[::1]",
    ] {
        assert_eq!(called(host).status, 200, "{host}");
    }
}
