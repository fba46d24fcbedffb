//! Metrics: listed, chosen, summed, and for Prometheus.

use serde_json::{Value, json};

use crate::support::{Site, site};

/// A job of two subtasks that has read 100 numbers; its path, and its vertex's.
fn hundred(site: &Site) -> (String, String) {
    let numbers = site.env.from_sequence(1, 100).parallelism(2);
    numbers
        .map(|x| x)
        .name("same, again")
        .parallelism(2)
        .discard()
        .parallelism(2);
    let job = format!("/jobs/{}", site.env.execute("hundred").unwrap().job_id);
    let id = site.json(&job)["vertices"][0]["id"]
        .as_str()
        .unwrap()
        .to_string();
    let vertex = format!("{job}/vertices/{id}");
    (job, vertex)
}

fn ids(answer: &Value) -> Vec<&str> {
    let answer = answer.as_array().unwrap().iter();
    answer
        .map(|metric| metric["id"].as_str().unwrap())
        .collect()
}

#[test]
fn metrics_are_listed_and_read_by_subtask_and_operator() {
    let site = site();
    let (job, vertex) = hundred(&site);
    let all = site.json(&format!("{vertex}/metrics"));
    assert!(ids(&all).contains(&"1.same__again.numRecordsIn"), "{all}");
    assert!(ids(&all).contains(&"0.accumulateBusyTimeMs"));
    assert_eq!(all[0]["value"], Value::Null);
    let chosen = "get=0.same__again.numRecordsIn,1.same__again.numRecordsIn,nothing";
    let read = site.json(&format!("{vertex}/metrics?{chosen}"));
    let counts = read.as_array().unwrap().iter();
    let counts = counts.map(|metric| metric["value"].as_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(counts.sum::<u64>(), 100);
    let own = site.json(&format!("{vertex}/subtasks/1/metrics"));
    assert!(ids(&own).contains(&"same__again.numRecordsIn"));
    assert!(ids(&own).contains(&"numRecordsOut"));
    let of_job = site.json(&format!("{job}/metrics"));
    assert!(ids(&of_job).contains(&"numRestarts"), "{of_job}");
}

#[test]
fn subtasks_are_summed_up_in_the_ways_that_are_asked_for() {
    let site = site();
    let (_, vertex) = hundred(&site);
    let path = format!("{vertex}/subtasks/metrics");
    assert!(ids(&site.json(&path)).contains(&"same__again.numRecordsIn"));
    let all = site.json(&format!("{path}?get=same__again.numRecordsIn"));
    assert_eq!(
        all,
        json!([{
            "id": "same__again.numRecordsIn", "min": 50.0, "max": 50.0, "avg": 50.0, "sum": 100.0
        }])
    );
    let some = site.json(&format!(
        "{path}?get=same__again.numRecordsIn&agg=max,sum&subtasks=1"
    ));
    assert_eq!(
        some,
        json!([{"id": "same__again.numRecordsIn", "max": 50.0, "sum": 50.0}])
    );
    let none = site.json(&format!("{path}?get=same__again.numRecordsIn&subtasks=7-9"));
    assert_eq!(none, json!([]));
}

#[test]
fn prometheus_reads_the_metrics_of_running_jobs() {
    let site = site();
    hundred(&site);
    assert_eq!(site.get("/metrics").text, "");
    site.endless().discard();
    let job = site.env.execute_async("endless").unwrap();
    site.wait_for("/jobs/overview", |jobs| {
        jobs["jobs"][1]["tasks"]["running"] == 1
    });
    let answer = site.get("/metrics");
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"));
    let name = "flink_taskmanager_job_task_operator_numRecordsOut";
    assert!(
        answer
            .text
            .contains(&format!("# TYPE {name} gauge\n{name}{{host=\"localhost\","))
    );
    assert!(answer.text.contains("job_name=\"endless\""));
    assert!(!answer.text.contains("job_name=\"hundred\""));
    site.cancel(&job);
}
