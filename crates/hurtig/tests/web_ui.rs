//! The web interface of a local environment.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::time::Duration;

use hurtig::env::World;
use hurtig::prelude::*;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn local(port: &str) -> Result<StreamExecutionEnvironment> {
    let mut configuration = Configuration::new();
    configuration.set("rest.port", port)?;
    StreamExecutionEnvironment::create_local_environment_with_web_ui(&configuration)
}

/// The same program in each environment.
fn sevens(env: &StreamExecutionEnvironment) -> Result<Vec<u64>> {
    let sevens = env.from_sequence(1, 100).filter(|x| x % 7 == 0);
    let sevens = sevens.key_by(|x| x % 2).sum(|x| x).parallelism(2);
    let mut sums = sevens.execute_and_collect("sevens")?;
    sums.sort_unstable();
    Ok(sums)
}

fn address(env: &StreamExecutionEnvironment) -> String {
    let url = env.web_ui_url().unwrap();
    let (_, port) = url.rsplit_once(':').unwrap();
    format!("127.0.0.1:{port}")
}

/// The body of `GET path`; an error when nobody listens.
fn get(world: &World, address: &str, path: &str) -> Result<String> {
    let network = world.network().clone();
    let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n");
    let answer = world.block_on(async move {
        let mut connection = network.connect(address).await?;
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok::<_, Error>(answer)
    })??;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    Ok(body.to_string())
}

fn get_json(env: &StreamExecutionEnvironment, path: &str) -> Value {
    let body = get(env.world(), &address(env), path).unwrap();
    serde_json::from_str(&body).unwrap()
}

#[test]
fn the_same_program_runs_with_a_web_ui_and_without() {
    let plain = StreamExecutionEnvironment::new();
    let watched = local("0").unwrap();
    assert_eq!(plain.web_ui_url(), None);
    assert_eq!(sevens(&watched).unwrap(), sevens(&plain).unwrap());
    let jobs = get_json(&watched, "/jobs/overview");
    assert_eq!(jobs["jobs"][0]["name"], "sevens");
    assert_eq!(jobs["jobs"][0]["state"], "FINISHED");
    let page = get(watched.world(), &address(&watched), "/").unwrap();
    assert!(page.starts_with("<!doctype html>"));
}

#[test]
fn a_job_is_served_while_it_runs() {
    let env = local("0").unwrap();
    let source = GeneratorSource::unbounded(|n| n).records_per_second(1000.0);
    env.from_source(source, WatermarkStrategy::none(), "numbers")
        .discard();
    let job = env.execute_async("endless").unwrap();
    let path = format!("/v1/jobs/{}", job.job_id());
    while get_json(&env, &path)["vertices"][0]["status"] != "RUNNING" {}
    job.cancel();
    assert!(env.world().block_on(job.wait()).unwrap().is_err());
    assert_eq!(get_json(&env, &path)["state"], "CANCELED");
}

#[test]
fn it_listens_at_8081_unless_told_otherwise() {
    let env = StreamExecutionEnvironment::in_world(World::simulated(1));
    env.serve_web_ui().unwrap();
    env.serve_web_ui().unwrap();
    assert_eq!(env.web_ui_url().unwrap(), "http://localhost:8081");
    sevens(&env).unwrap();
    assert_eq!(get_json(&env, "/jobs")["jobs"][0]["status"], "FINISHED");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let first = local("0").unwrap();
    let address = address(&first);
    let (_, port) = address.rsplit_once(':').unwrap();
    let error = local(port).err().unwrap().to_string();
    assert!(
        error.contains(port) && error.contains("`rest.port`"),
        "{error}"
    );
}

#[test]
fn it_is_gone_with_the_environment_and_its_last_stream() {
    let env = local("0").unwrap();
    let (world, address) = (env.world().clone(), address(&env));
    let stream = env.from_collection([1]);
    drop(env);
    assert!(get(&world, &address, "/jobs").is_ok());
    drop(stream);
    let gone = (0..1000).any(|_| {
        let pause = world.clock().sleep(Duration::from_millis(5));
        world.block_on(pause).unwrap();
        get(&world, &address, "/jobs").is_err()
    });
    assert!(gone);
}
