//! What jobs look like from outside.

use hurtig_env::World;
use serde_json::{Value, json};

use crate::support::{site, site_in};

#[test]
fn a_finished_job_shows_its_vertices_and_what_moved_between_them() {
    let site = site();
    let numbers = site
        .env
        .from_sequence(1, 1000)
        .parallelism(2)
        .name("numbers");
    let odd = numbers.filter(|number| number % 2 == 1).parallelism(2);
    odd.key_by(|number| number % 10)
        .sum(|number| number)
        .parallelism(3)
        .discard()
        .parallelism(3);
    let result = site.env.execute("odd sums").unwrap();

    let job = site.json(&format!("/jobs/{}", result.job_id));
    assert_eq!(job["jid"], result.job_id.to_string());
    assert_eq!(
        (&job["name"], &job["state"]),
        (&json!("odd sums"), &json!("FINISHED"))
    );
    assert_eq!(job["status-counts"]["FINISHED"], 2);
    let [source, sums] = &job["vertices"].as_array().unwrap()[..] else {
        panic!("two vertices: {job}");
    };
    assert_eq!(
        (&source["parallelism"], &sums["parallelism"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(
        (&source["status"], &sums["status"]),
        (&json!("FINISHED"), &json!("FINISHED"))
    );
    assert_eq!(sums["tasks"]["FINISHED"], 3);
    assert_eq!(source["metrics"]["read-records"], 0);
    assert_eq!(source["metrics"]["write-records"], 500);
    assert_eq!(sums["metrics"]["read-records"], 500);
    assert_eq!(sums["metrics"]["write-records"], 0);
    assert_eq!(
        sums["metrics"]["read-bytes"],
        source["metrics"]["write-bytes"]
    );
    assert!(sums["metrics"]["read-bytes"].as_u64() > Some(0));
    assert_eq!(job["plan"]["nodes"].as_array().unwrap().len(), 2);
    assert!(timestamp(&job, "CREATED") <= timestamp(&job, "RUNNING"));
    assert!(timestamp(&job, "RUNNING") <= timestamp(&job, "FINISHED"));
    assert_eq!(timestamp(&job, "FAILED"), 0);
    assert_eq!(job["end-time"], timestamp(&job, "FINISHED"));
}

fn timestamp(job: &Value, status: &str) -> i64 {
    job["timestamps"][status].as_i64().unwrap()
}

#[test]
fn a_running_job_can_be_watched_while_it_runs() {
    let site = site();
    site.endless().discard();
    let job = site.env.execute_async("endless").unwrap();
    let path = format!("/v1/jobs/{}", job.job_id());
    let seen = site.wait_for(&path, |job| job["vertices"][0]["status"] == "RUNNING");
    assert_eq!(
        (&seen["state"], &seen["end-time"]),
        (&json!("RUNNING"), &json!(-1))
    );
    assert_eq!(
        site.json(&format!("{path}/status")),
        json!({"status": "RUNNING"})
    );
    let vertex = seen["vertices"][0]["id"].as_str().unwrap();
    let metrics = format!("{path}/vertices/{vertex}/metrics?get=0.Source__endless.numRecordsOut");
    let records = |answer: &Value| {
        answer[0]["value"]
            .as_str()
            .and_then(|text| text.parse().ok())
    };
    let first: u64 = records(&site.wait_for(&metrics, |a| records(a) > Some(0))).unwrap();
    site.wait_for(&metrics, |answer| records(answer) > Some(first));
    site.cancel(&job);
}

#[test]
fn jobs_are_listed_with_their_states_and_tasks() {
    let site = site();
    assert_eq!(site.json("/jobs"), json!({"jobs": []}));
    site.env.from_collection([1, 2, 3]).discard();
    let first = site.env.execute("first").unwrap();
    site.endless().discard();
    let second = site.env.execute_async("second").unwrap();
    site.wait_for("/jobs", |jobs| jobs["jobs"][1]["status"] == "RUNNING");

    let jobs = site.json("/jobs");
    assert_eq!(
        jobs["jobs"][0],
        json!({"id": first.job_id.to_string(), "status": "FINISHED"})
    );
    assert_eq!(jobs["jobs"][1]["id"], second.job_id().to_string());
    let overview = site.json("/jobs/overview");
    let names: Vec<_> = overview["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["name"])
        .collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!(overview["jobs"][0]["tasks"]["finished"], 1);
    assert_eq!(overview["jobs"][1]["tasks"]["running"], 1);
    assert_eq!(overview["jobs"][1]["tasks"]["total"], 1);
    site.cancel(&second);
}

#[test]
fn the_parts_of_a_job_have_paths_of_their_own() {
    let site = site();
    site.env.set_parallelism(2);
    site.env.set("pipeline.auto-watermark-interval", "50 ms");
    site.env
        .from_collection([1, 2, 3])
        .map(|x| x + 1)
        .name("plus one")
        .discard();
    let result = site.env.execute("parts").unwrap();
    let path = format!("/jobs/{}", result.job_id);
    let job = site.json(&path);
    assert_eq!(site.json(&format!("{path}/plan"))["plan"], job["plan"]);
    let config = site.json(&format!("{path}/config"));
    assert_eq!(config["execution-config"]["job-parallelism"], 2);
    let expected = json!({"pipeline.auto-watermark-interval": "50 ms"});
    assert_eq!(config["execution-config"]["user-config"], expected);
    let id = job["vertices"][0]["id"].as_str().unwrap();
    let vertex = site.json(&format!("{path}/vertices/{id}"));
    assert_eq!(vertex["name"], job["vertices"][0]["name"]);
    assert_eq!(vertex["subtasks"][0]["status"], "FINISHED");
    assert!(vertex["subtasks"][0]["status-duration"]["RUNNING"].is_i64());
    let back_pressure = site.json(&format!("{path}/vertices/{id}/backpressure"));
    assert_eq!(
        (
            &back_pressure["status"],
            &back_pressure["backpressureLevel"]
        ),
        (&json!("ok"), &json!("ok"))
    );
    let watermarks = site.json(&format!("{path}/vertices/{id}/watermarks"));
    assert!(watermarks.is_array());
}

/// The end of a job and of its history: 3 jobs end, 2 are remembered beside the one that is submitted after them.
#[test]
fn of_the_jobs_that_have_ended_the_last_are_remembered() {
    let site = site();
    site.env.set("jobstore.max-capacity", "2");
    for name in ["a", "b", "c", "d"] {
        site.env.from_collection([1]).discard();
        site.env.execute(name).unwrap();
    }
    let overview = site.json("/jobs/overview");
    let names: Vec<_> = overview["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["name"])
        .collect();
    assert_eq!(names, ["b", "c", "d"]);
}

#[test]
fn the_simulated_world_serves_as_the_real_one_does() {
    let answers = |seed| {
        let site = site_in(World::simulated(seed));
        site.env.from_sequence(1, 10).discard();
        let result = site.env.execute("ten").unwrap();
        site.get(&format!("/jobs/{}", result.job_id)).text
    };
    assert_eq!(answers(7), answers(7));
    assert!(answers(7).contains("FINISHED"));
}
