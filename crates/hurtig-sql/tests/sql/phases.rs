//! Groups answer the same under all settings of how they are computed.

use super::session::Session;

const QUERIES: [&str; 7] = [
    "SELECT channel, COUNT(*), SUM(price), MIN(price), MAX(price), AVG(price) FROM bids GROUP BY channel",
    "SELECT COUNT(*), SUM(bidder), LISTAGG(channel) FROM bids",
    "SELECT channel, COUNT(DISTINCT bidder), COUNT(*), SUM(DISTINCT price) FILTER (WHERE price > 5) FROM bids GROUP BY channel",
    "SELECT COUNT(DISTINCT bidder), MAX(price), COUNT(DISTINCT bidder) FILTER (WHERE auction = 1) FROM bids",
    "SELECT n, COUNT(*), SUM(auction), MAX(auction) FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) GROUP BY n",
    "SELECT n, COUNT(DISTINCT auction), MIN(auction) FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) GROUP BY n",
    "SELECT channel, COUNT(DISTINCT bidder), COUNT(DISTINCT price), AVG(price) FROM bids GROUP BY channel",
];

fn session(mini_batch: bool, two_phase: bool, split: bool, batch: bool) -> Session {
    let mut session = Session::new();
    for (key, on, value) in [
        ("table.exec.mini-batch.enabled", mini_batch, "true"),
        ("table.optimizer.agg-phase-strategy", two_phase, "TWO_PHASE"),
        ("table.optimizer.distinct-agg.split.enabled", split, "true"),
        ("execution.runtime-mode", batch, "batch"),
    ] {
        if on {
            session.0.settings_mut().set(key, value).unwrap();
        }
    }
    session
}

#[test]
fn every_setting_gives_the_same_groups() {
    for query in QUERIES {
        let expected = session(false, false, false, false).rows(query);
        for bits in 1..16 {
            let is_on = |bit: u32| bits >> bit & 1 == 1;
            let settings = (is_on(0), is_on(1), is_on(2), is_on(3));
            let mut session = session(settings.0, settings.1, settings.2, settings.3);
            let rows = session.rows(query);
            assert_eq!(
                rows, expected,
                "{query}\n(mini-batch, two phases, split, batch) = {settings:?}"
            );
        }
    }
}

#[test]
fn plans_show_the_phases() {
    let mut two_phase = session(true, true, false, false);
    let explained = two_phase.text(&format!("EXPLAIN {}", QUERIES[0]));
    let local = "LocalGroupAggregate(groupBy=[channel], select=[COUNT(*)";
    assert!(
        explained.contains(local) && explained.contains("GlobalGroupAggregate(groupBy=[channel]"),
        "{explained}"
    );
    // Without mini-batch each change is said.
    let explained = session(false, true, false, false).text(&format!("EXPLAIN {}", QUERIES[0]));
    assert!(!explained.contains("LocalGroupAggregate"), "{explained}");
    let explained = session(true, false, true, false).text(&format!("EXPLAIN {}", QUERIES[3]));
    assert!(explained.contains("groupBy=[$bucket]"), "{explained}");
    // Of two columns there is no one bucket.
    let explained = session(true, false, true, false).text(&format!("EXPLAIN {}", QUERIES[6]));
    assert!(!explained.contains("$bucket"), "{explained}");
}
