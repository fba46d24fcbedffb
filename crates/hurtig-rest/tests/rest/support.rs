//! A cluster with a server before it, and a client that speaks HTTP.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hurtig_datastream::{
    DataStream, GeneratorSource, StreamExecutionEnvironment, WatermarkStrategy,
};
use hurtig_env::{Lane, World};
use hurtig_rest::RestServer;
use hurtig_runtime::JobClient;
use hurtig_types::{Configuration, Result};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An environment and its server, at a port of its own.
pub(crate) struct Site {
    pub(crate) env: StreamExecutionEnvironment,
    pub(crate) server: RestServer,
}

pub(crate) fn start(env: &StreamExecutionEnvironment, port: u16) -> Result<RestServer> {
    let mut configuration = Configuration::new();
    configuration.set("rest.port", port.to_string())?;
    let start = RestServer::start(env.cluster(), &configuration);
    env.world().block_on(start)?
}

pub(crate) fn site_in(world: World) -> Site {
    let env = StreamExecutionEnvironment::in_world(world);
    let server = start(&env, 0).unwrap();
    Site { env, server }
}

pub(crate) fn site() -> Site {
    site_in(World::real())
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The one error of a refusal.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        let json = self.json();
        let errors = json["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1);
        errors[0].as_str().unwrap().to_string()
    }
}

impl Site {
    pub(crate) fn world(&self) -> &World {
        self.env.world()
    }

    /// One request on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Answer> {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(HOST, self.server.address());
        self.send_request(request.body(Full::new(Bytes::from(body)))?)
    }

    pub(crate) fn send_request(&self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let (world, address) = (self.world().clone(), self.server.address().to_string());
        self.world().block_on(async move {
            let connection = world.network().connect(&address).await?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(connection)).await?;
            let run = async move { drop(connection.await) };
            let running = world.spawner().spawn(Lane::Io, "client", run);
            let answer = read(sender.send_request(request).await?).await;
            running.abort();
            answer
        })?
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Vec::new()).unwrap()
    }

    /// The JSON of an answer that must be there.
    #[track_caller]
    pub(crate) fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let kind = answer.headers["content-type"].to_str().unwrap();
        assert_eq!(kind, "application/json; charset=UTF-8");
        answer.json()
    }

    /// Bytes as they are; what comes back until the server closes the connection.
    pub(crate) fn send_raw(&self, bytes: &'static [u8]) -> Result<String> {
        let (world, address) = (self.world().clone(), self.server.address().to_string());
        self.world().block_on(async move {
            let mut connection = world.network().connect(&address).await?;
            connection.write_all(bytes).await?;
            let mut answer = Vec::new();
            // A connection that is reset has been closed as well.
            let _ = connection.read_to_end(&mut answer).await;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        })?
    }

    /// Asks again and again until the answer is right.
    #[track_caller]
    pub(crate) fn wait_for(&self, path: &str, right: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..3000 {
            let json = self.json(path);
            if right(&json) {
                return json;
            }
            self.pause();
        }
        panic!("{path} never said what it should: {}", self.get(path).text);
    }

    fn pause(&self) {
        let pause = self.world().clock().sleep(Duration::from_millis(10));
        self.world().block_on(pause).unwrap();
    }

    /// A stream that goes on until it is cancelled.
    pub(crate) fn endless(&self) -> DataStream<u64> {
        let source = GeneratorSource::unbounded(|number| number).records_per_second(10_000.0);
        self.env
            .from_source(source, WatermarkStrategy::none(), "endless")
    }

    pub(crate) fn cancel(&self, job: &JobClient) {
        job.cancel();
        assert!(self.world().block_on(job.wait()).unwrap().is_err());
    }
}

async fn read(answer: Response<hyper::body::Incoming>) -> Result<Answer> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        text: String::from_utf8(body.to_vec())?,
    })
}
