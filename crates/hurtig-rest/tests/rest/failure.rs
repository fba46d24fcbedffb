//! A job that failed says why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hurtig_connect::{Sink, SinkWriter, WatermarkStrategy, WriterContext};
use hurtig_datastream::GeneratorSource;
use hurtig_types::{Error, Records, Result};
use serde_json::json;

use crate::support::site;

#[test]
fn a_failed_job_names_the_error_its_cause_and_its_place() {
    let site = site();
    let inverse = |number: u64| match number.checked_sub(3) {
        Some(rest) => Ok(100 / rest),
        None => Err(Error::function("too <small>")),
    };
    let numbers = site.env.from_collection([5, 4, 2]).rebalance();
    numbers
        .try_map(inverse)
        .name("inverse")
        .parallelism(1)
        .discard();
    let job = site.env.execute_async("inverse").unwrap();
    let error = site.world().block_on(job.wait()).unwrap().err().unwrap();

    let path = format!("/jobs/{}", job.job_id());
    let seen = site.json(&path);
    assert_eq!(seen["state"], "FAILED");
    assert!(seen["timestamps"]["FAILING"].as_i64() > Some(0));
    assert_eq!(seen["status-counts"]["FAILED"], 1);
    let exceptions = site.json(&format!("{path}/exceptions"));
    let root = &exceptions["exceptionHistory"]["entries"][0];
    assert_eq!(root["exceptionName"], "user function");
    assert_eq!(root["stacktrace"], format!("{error:?}"));
    assert!(root["stacktrace"].as_str().unwrap().contains("too <small>"));
    let task = root["taskName"].as_str().unwrap();
    assert!(
        task.starts_with("inverse") && task.ends_with("(1/1)"),
        "{task}"
    );
    assert!(root["timestamp"].as_i64() <= seen["end-time"].as_i64());
    assert!(root["concurrentExceptions"].is_array());
}

#[test]
fn what_went_wrong_before_there_were_tasks_is_told_as_well() {
    let site = site();
    site.env.set("jobstore.max-capacity", "plenty");
    site.env.from_collection([1]).discard();
    let job = site.env.execute_async("misconfigured").unwrap();
    assert!(site.world().block_on(job.wait()).unwrap().is_err());
    let path = format!("/jobs/{}", job.job_id());
    assert_eq!(site.json(&path)["status-counts"]["CANCELED"], 1);
    let exceptions = site.json(&format!("{path}/exceptions"));
    let root = &exceptions["exceptionHistory"]["entries"][0];
    assert!(
        root["stacktrace"]
            .as_str()
            .unwrap()
            .contains("`jobstore.max-capacity` is `plenty`")
    );
    assert_eq!(root["taskName"], json!(null));
    let none = site.json(&format!("{path}/exceptions?maxExceptions=0"));
    assert_eq!(
        none["exceptionHistory"],
        json!({"entries": [], "truncated": true})
    );
}

#[test]
fn the_checkpoints_of_a_job_are_shown_and_so_is_each_attempt_that_failed() {
    let site = site();
    site.env.enable_checkpointing(Duration::from_millis(20));
    site.env.set("restart-strategy.type", "fixed-delay");
    site.env.set("restart-strategy.fixed-delay.delay", "10 ms");
    let seen = Arc::new(AtomicU64::new(0));
    let once = move |number: u64| match seen.fetch_add(1, Ordering::Relaxed) {
        300 => Err(Error::function("not today")),
        _ => Ok(number),
    };
    let source = GeneratorSource::new(1_000, |number| number).records_per_second(2_000.0);
    let numbers = site
        .env
        .from_source(source, WatermarkStrategy::none(), "numbers");
    numbers.try_map(once).discard();
    let job = site.env.execute_async("once more").unwrap();
    site.world().block_on(job.wait()).unwrap().unwrap();

    let path = format!("/jobs/{}", job.job_id());
    let checkpoints = site.json(&format!("{path}/checkpoints"));
    assert_eq!(checkpoints["counts"]["restored"], 1, "{checkpoints}");
    assert!(checkpoints["counts"]["completed"].as_u64() > Some(1));
    let last = &checkpoints["latest"]["completed"];
    assert_eq!(last["status"], "COMPLETED");
    assert_eq!(last["num_subtasks"], last["num_acknowledged_subtasks"]);
    assert!(last["state_size"].as_u64() > Some(0), "{last}");
    let exceptions = site.json(&format!("{path}/exceptions"));
    let entries = exceptions["exceptionHistory"]["entries"]
        .as_array()
        .unwrap();
    assert_eq!(entries.len(), 1);
    assert!(
        entries[0]["stacktrace"]
            .as_str()
            .unwrap()
            .contains("not today")
    );
}

/// A sink whose first subtask cannot prepare a checkpoint, once.
struct ForgetfulSink(Arc<AtomicU64>);

struct ForgetfulWriter(Arc<AtomicU64>);

impl Sink<u64> for ForgetfulSink {
    fn create_writer(&self, _: WriterContext) -> Result<Box<dyn SinkWriter<u64>>> {
        Ok(Box::new(ForgetfulWriter(self.0.clone())))
    }
}

impl SinkWriter<u64> for ForgetfulWriter {
    fn poll_write(&mut self, _: &mut Context<'_>, batch: &mut Records<u64>) -> Poll<Result<()>> {
        batch.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(match self.0.fetch_add(1, Ordering::Relaxed) {
            2 => Err(Error::io("the bucket leaks")),
            _ => Ok(()),
        })
    }
}

#[test]
fn a_failed_checkpoint_is_shown_with_the_subtask_and_the_phase_at_fault() {
    let site = site();
    site.env.enable_checkpointing(Duration::from_millis(20));
    site.env.set("restart-strategy.type", "none");
    let source = GeneratorSource::new(200_000, |number| number).records_per_second(2_000.0);
    site.env
        .from_source(source, WatermarkStrategy::none(), "numbers")
        .rebalance()
        .sink_to(ForgetfulSink(Arc::default()))
        .name("bucket");
    let job = site.env.execute_async("leaking").unwrap();
    assert!(site.world().block_on(job.wait()).unwrap().is_err());

    let path = format!("/jobs/{}/checkpoints", job.job_id());
    let failed = &site.json(&path)["latest"]["failed"];
    assert_eq!(failed["status"], "FAILED", "{failed}");
    let by = &failed["failed_by"];
    assert_eq!(by["id"], job.plan().job_graph.vertices()[1].id.to_string());
    assert_eq!(by["subtask"], 0);
    assert_eq!(by["phase"], "sync");
    let message = failed["failure_message"].as_str().unwrap();
    assert!(message.contains("the bucket leaks"), "{message}");
    let details = site.json(&format!("{path}/details/{}", failed["id"]));
    assert_eq!(&details["failed_by"], by);
}

#[test]
fn a_checkpoint_is_shown_with_what_each_subtask_did_for_it() {
    let site = site();
    site.env
        .enable_checkpointing(Duration::from_millis(20))
        .set_parallelism(2);
    let source = GeneratorSource::new(1_000, |number| number).records_per_second(2_000.0);
    site.env
        .from_source(source, WatermarkStrategy::none(), "numbers")
        .key_by(|number| number % 7)
        .reduce(|a, b| a + b)
        .discard();
    let job = site.env.execute_async("counted").unwrap();
    site.world().block_on(job.wait()).unwrap().unwrap();

    let path = format!("/jobs/{}/checkpoints", job.job_id());
    let all = site.json(&path);
    let duration = &all["summary"]["end_to_end_duration"];
    assert!(
        duration["min"].as_u64() <= duration["p50"].as_u64(),
        "{all}"
    );
    assert!(duration["p99"].as_u64() <= duration["max"].as_u64());
    assert!(all["summary"]["state_size"]["avg"].as_u64() > Some(0));

    let first = &all["history"].as_array().unwrap().last().unwrap()["id"];
    let details = site.json(&format!("{path}/details/{first}"));
    assert_eq!(details["status"], "COMPLETED", "{details}");
    let vertices = job.plan().job_graph.vertices();
    for vertex in vertices {
        let task = &details["tasks"][vertex.id.to_string()];
        assert_eq!(task["num_acknowledged_subtasks"], 2, "{details}");
        let of_vertex = format!("{path}/details/{first}/subtasks/{}", vertex.id);
        let subtasks = site.json(&of_vertex);
        assert!(subtasks["summary"]["start_delay"]["max"].is_u64());
        let each = subtasks["subtasks"].as_array().unwrap();
        assert_eq!(each.len(), 2);
        for (index, subtask) in each.iter().enumerate() {
            assert_eq!(subtask["index"], index);
            assert_eq!(subtask["status"], "completed");
            let acknowledged = subtask["ack_timestamp"].as_i64();
            assert!(acknowledged >= details["trigger_timestamp"].as_i64());
            assert!(subtask["checkpoint"]["sync"].is_u64());
            assert!(subtask["checkpoint"]["async"].is_u64());
            assert!(subtask["alignment"]["duration"].is_u64());
            assert!(subtask["alignment"]["processed"].is_u64());
        }
    }
    let config = site.json(&format!("{path}/config"));
    assert_eq!(config["mode"], "exactly_once");
    assert_eq!(config["interval"], 20);
    assert_eq!(config["externalization"]["enabled"], false);
}
