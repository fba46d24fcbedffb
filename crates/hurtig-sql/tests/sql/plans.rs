//! What EXPLAIN shows, hints, and what stands before sinks.

use std::collections::BTreeMap;

use hurtig_sql::Outcome;

use super::session::Session;

#[test]
fn hints_are_about_tables_that_are_there() {
    let mut session = Session::new();
    let joined = "FROM bids AS b JOIN auctions AS a ON b.auction = a.id";
    for (hint, says) in [
        (
            "STATE_TTL('c' = '1d')",
            "there is no `c` in this FROM, but b, a",
        ),
        ("STATE_TTL('bids' = '1d')", "there is no `bids`"),
        ("STATE_TTL('b' = 'soon')", "'soon' should be"),
        ("LOOKUP('async' = 'true')", "'table'"),
        ("BROADCAST(x)", "there is no `x`"),
    ] {
        let error = session.error(&format!("SELECT /*+ {hint} */ b.price {joined}"));
        assert!(error.contains(says), "{hint}: {error}");
    }
    let plain = session.rows(&format!("SELECT b.price, a.item {joined}"));
    let hinted = format!(
        "SELECT /*+ STATE_TTL('b' = '1d', 'a' = '2d'), BROADCAST(a) */ b.price, a.item {joined}"
    );
    assert_eq!(session.rows(&hinted), plain);
    let explained = session.text(&format!("EXPLAIN {hinted}"));
    assert!(
        explained.contains("each forgotten 172800s after its last change"),
        "{explained}"
    );
    let physical = explained
        .split("== Optimized Physical Plan ==")
        .nth(1)
        .unwrap();
    assert!(!physical.contains("StateTtl("), "{explained}");
}

#[test]
fn a_hint_is_about_what_is_grouped_too() {
    let mut session = Session::new();
    let hinted =
        "SELECT /*+ STATE_TTL('b' = '5 min') */ channel, COUNT(*) FROM bids AS b GROUP BY channel";
    let explained = session.text(&format!("EXPLAIN {hinted}"));
    let kept = "GroupAggregate(groupBy=[channel]): accumulators of each group; grows with the keys, each forgotten 300s";
    assert!(explained.contains(kept), "{explained}");
    assert_eq!(session.rows(hinted), ["a, 3", "b, 2", "c, 1"]);
}

#[test]
fn explain_says_what_is_kept_and_what_bounds_it() {
    let mut session = Session::new();
    for (query, kept) in [
        (
            "SELECT channel, COUNT(*) FROM bids GROUP BY channel",
            "unbounded: grows with the keys",
        ),
        (
            "SELECT COUNT(*) FROM bids",
            "accumulators of each group; bounded",
        ),
        (
            "SELECT COUNT(DISTINCT price) FROM bids",
            "unbounded: grows with the rows",
        ),
        (
            "SELECT b.price FROM bids AS b JOIN auctions AS a ON b.auction = a.id",
            "the rows of both sides; unbounded",
        ),
        (
            "SELECT b.price FROM bids AS b JOIN auctions AS a ON b.auction = a.id AND b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR",
            "may still meet; bounded by the watermark",
        ),
        (
            "SELECT window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' SECOND)) \
             GROUP BY window_start, window_end",
            "open windows; bounded by the watermark",
        ),
        ("SELECT price FROM bids", "== State ==\nnone"),
    ] {
        let explained = session.text(&format!("EXPLAIN {query}"));
        assert!(explained.contains(kept), "{query}\n{explained}");
    }
}

#[test]
fn explain_shows_costs_changes_and_the_job() {
    let mut session = Session::new();
    let query = "SELECT channel, COUNT(*) AS n FROM bids GROUP BY channel";
    let explained = session.text(&format!(
        "EXPLAIN ESTIMATED_COST, CHANGELOG_MODE, JSON_EXECUTION_PLAN {query}"
    ));
    assert!(
        explained.contains("changelogMode=[I,UB,UA]: rowcount = 1E7"),
        "{explained}"
    );
    let json = explained
        .split("== Physical Execution Plan ==\n")
        .nth(1)
        .unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let nodes = json["nodes"].as_array().unwrap();
    assert!(
        nodes
            .iter()
            .any(|node| node["type"].as_str().unwrap().contains("GroupAggregate")),
        "{json}"
    );
}

const SINK: &str = "CREATE TABLE prices (channel STRING, price INT NOT NULL, PRIMARY KEY (channel) NOT ENFORCED) \
    WITH ('connector' = 'blackhole')";

#[test]
fn a_null_where_none_may_be_fails_or_is_dropped() {
    let mut session = Session::new();
    session.text(SINK);
    let insert = "INSERT INTO prices SELECT channel, price FROM bids";
    let error = session.0.execute_script(insert).unwrap_err().to_string();
    assert!(
        error.contains("price") && error.contains("not-null-enforcer"),
        "{error}"
    );
    session.text("SET 'table.exec.sink.not-null-enforcer' = 'drop'");
    session.0.execute_script(insert).unwrap();
}

#[test]
fn a_key_that_is_lost_on_the_way_is_said() {
    let mut session = Session::new();
    session.text(SINK);
    let insert = |key: &str| {
        format!(
            "EXPLAIN INSERT INTO prices SELECT MAX(channel) AS channel, COALESCE(MAX(price), 0) AS price FROM bids GROUP BY {key}"
        )
    };
    let explained = session.text(&insert("auction"));
    assert!(
        explained.contains("== Advice ==")
            && explained.contains("its primary key is (channel), and the changes come by no key"),
        "{explained}"
    );
    let explained = session.text("EXPLAIN INSERT INTO prices SELECT channel, COALESCE(MAX(price), 0) AS price FROM bids GROUP BY channel");
    assert!(!explained.contains("== Advice =="), "{explained}");
    session.text("SET 'table.exec.sink.upsert-materialize' = 'force'");
    let explained = session.text(&insert("auction"));
    assert!(
        explained.contains("upsertMaterialize=[true]"),
        "{explained}"
    );
    session
        .0
        .execute_script(insert("auction").trim_start_matches("EXPLAIN "))
        .unwrap();
}

/// The ids of the operators of a query's job.
fn ids(session: &mut Session, query: &str) -> BTreeMap<String, String> {
    let Outcome::Query(query) = session.0.execute(query).unwrap() else {
        panic!("{query} is no query");
    };
    let vertices = query.job.plan().job_graph.vertices().iter();
    let operators = vertices.flat_map(|vertex| &vertex.operators);
    let ids = operators.map(|it| (it.name.clone(), it.operator_id.to_string()));
    ids.collect()
}

/// An operator with state is found again though rows are filtered before it; not if it keeps something else.
#[test]
fn operators_with_state_keep_their_ids() {
    let mut session = Session::new();
    let grouped = |select: &str, filter: &str| {
        format!("SELECT channel, {select} FROM bids {filter} GROUP BY channel")
    };
    let before = ids(&mut session, &grouped("COUNT(*)", ""));
    let filtered = ids(&mut session, &grouped("COUNT(*)", "WHERE price > 3"));
    let other = ids(&mut session, &grouped("SUM(price)", ""));
    assert_eq!(before["GroupAggregate"], filtered["GroupAggregate"]);
    assert_ne!(before["GroupAggregate"], other["GroupAggregate"]);
    let source = |ids: &BTreeMap<String, String>| {
        let mut sources = ids.iter().filter(|(name, _)| name.starts_with("Source"));
        sources.next().unwrap().1.clone()
    };
    assert_eq!(source(&before), source(&filtered));
    assert_eq!(source(&before), source(&other));
}

/// Of two that keep the same of the same, neither is the other.
#[test]
fn twins_are_told_apart() {
    let mut session = Session::new();
    let one = |filter: &str| {
        format!("SELECT channel, COUNT(*) FROM bids WHERE {filter} GROUP BY channel")
    };
    let alone = ids(&mut session, &one("price > 3"));
    let both = format!("{} UNION ALL {}", one("price > 3"), one("price < 3"));
    let Outcome::Query(query) = session.0.execute(&both).unwrap() else {
        panic!("no query");
    };
    let vertices = query.job.plan().job_graph.vertices().iter();
    let operators = vertices.flat_map(|vertex| &vertex.operators);
    let twins = operators.filter(|it| it.name == "GroupAggregate");
    let twins: Vec<_> = twins.map(|it| it.operator_id.to_string()).collect();
    assert_eq!(twins.len(), 2);
    assert_ne!(twins[0], twins[1]);
    assert!(!twins.contains(&alone["GroupAggregate"]));
}
