//! A job is stopped from outside.

use hurtig_types::ErrorKind;
use serde_json::json;

use crate::support::site;

#[test]
fn a_job_is_cancelled_and_says_so() {
    for query in ["", "?mode=cancel"] {
        let site = site();
        site.endless()
            .rebalance()
            .map(|x| x)
            .parallelism(2)
            .discard();
        let job = site.env.execute_async("endless").unwrap();
        let path = format!("/jobs/{}", job.job_id());
        site.wait_for(&path, |job| job["state"] == "RUNNING");

        let answer = site
            .send("PATCH", &format!("{path}{query}"), Vec::new())
            .unwrap();
        assert_eq!((answer.status, answer.json()), (202, json!({})));
        let error = site.world().block_on(job.wait()).unwrap().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        let ended = site.json(&path);
        assert_eq!(ended["state"], "CANCELED");
        assert_eq!(
            ended["status-counts"]["CANCELED"],
            ended["vertices"].as_array().unwrap().len()
        );
        assert!(ended["timestamps"]["CANCELLING"].as_i64() > Some(0));
        assert!(ended["timestamps"]["CANCELLING"].as_i64() <= ended["end-time"].as_i64());
        // It was not a failure.
        let exceptions = site.json(&format!("{path}/exceptions"));
        assert_eq!(exceptions["exceptionHistory"]["entries"], json!([]));
        // To ask for it twice is no mistake.
        let again = site.send("PATCH", &path, Vec::new()).unwrap();
        assert_eq!(again.status, 202);
        assert_eq!(site.json(&path)["state"], "CANCELED");
    }
}

#[test]
fn a_job_that_has_finished_cannot_be_cancelled() {
    let site = site();
    site.env.from_collection([1]).discard();
    let result = site.env.execute("one").unwrap();
    let path = format!("/jobs/{}", result.job_id);
    let answer = site.send("PATCH", &path, Vec::new()).unwrap();
    assert_eq!(answer.status, 409);
    assert!(
        answer
            .error()
            .ends_with("has ended before it was cancelled: FINISHED")
    );
    assert_eq!(site.json(&path)["state"], "FINISHED");
}

#[test]
fn another_way_of_stopping_is_refused_by_its_name() {
    let site = site();
    site.endless().discard();
    let job = site.env.execute_async("endless").unwrap();
    let path = format!("/jobs/{}?mode=stop", job.job_id());
    let answer = site.send("PATCH", &path, Vec::new()).unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains("`stop`"));
    site.cancel(&job);
}
