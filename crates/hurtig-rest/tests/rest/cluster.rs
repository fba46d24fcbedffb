//! What is said of the process itself.

use hurtig_rest::RestServer;
use hurtig_types::{Configuration, Error};
use serde_json::json;

use crate::support::{Site, site};

#[test]
fn the_overview_counts_jobs_by_how_they_are() {
    let site = site();
    site.env.from_collection([1]).discard();
    site.env.execute("finished").unwrap();
    site.env
        .from_collection([1])
        .try_map(|_| Err::<u64, _>(Error::function("no")))
        .discard();
    assert!(site.env.execute("failed").is_err());
    site.endless().discard();
    let cancelled = site.env.execute_async("cancelled").unwrap();
    site.cancel(&cancelled);
    site.endless()
        .rebalance()
        .map(|x| x)
        .parallelism(3)
        .discard();
    let running = site.env.execute_async("running").unwrap();
    let overview = site.wait_for("/overview", |overview| overview["slots-total"] == 3);
    for kind in ["running", "finished", "cancelled", "failed"] {
        assert_eq!(overview[format!("jobs-{kind}")], 1, "{overview}");
    }
    assert_eq!(overview["taskmanagers"], 1);
    let managers = site.json("/taskmanagers");
    assert_eq!(managers["taskmanagers"][0]["slotsNumber"], 3);
    let id = managers["taskmanagers"][0]["id"].as_str().unwrap();
    assert_eq!(
        site.json(&format!("/taskmanagers/{id}")),
        managers["taskmanagers"][0]
    );
    site.cancel(&running);
}

#[test]
fn what_was_set_is_shown() {
    let Site { env, server } = site();
    drop(server);
    let mut configuration = Configuration::new();
    configuration.set("rest.port", "0").unwrap();
    configuration.set("parallelism.default", "4").unwrap();
    let start = RestServer::start(env.cluster(), &configuration);
    let server = env.world().block_on(start).unwrap().unwrap();
    let site = Site { env, server };
    let entries = site.json("/jobmanager/config");
    let expected = json!([
        {"key": "parallelism.default", "value": "4"},
        {"key": "rest.port", "value": "0"},
    ]);
    assert_eq!(entries, expected);
    assert_eq!(site.json("/config")["features"]["web-cancel"], true);
}
