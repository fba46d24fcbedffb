//! Functions that users bring.

use hurtig_sql::functions::{AggregateFunction, aggregate, scalar, table};
use hurtig_types::Error;

use super::session::Session;

/// The mean of values by their weights, as Flink's documentation has it.
struct WeightedMean;

impl AggregateFunction for WeightedMean {
    type Arguments = (i64, i64);
    type Accumulator = (i64, i64);
    type Output = Option<i64>;
    const RETRACTS: bool = true;

    fn accumulate(&self, sums: &mut (i64, i64), (value, weight): (i64, i64)) {
        *sums = (sums.0 + value * weight, sums.1 + weight);
    }

    fn retract(&self, sums: &mut (i64, i64), (value, weight): (i64, i64)) {
        *sums = (sums.0 - value * weight, sums.1 - weight);
    }

    fn merge(&self, into: &mut (i64, i64), later: (i64, i64)) {
        *into = (into.0 + later.0, into.1 + later.1);
    }

    fn value(&self, (sum, weights): &(i64, i64)) -> Option<i64> {
        sum.checked_div(*weights)
    }
}

/// The longest text; it cannot take any back.
struct Longest;

impl AggregateFunction for Longest {
    type Arguments = (Option<String>,);
    type Accumulator = String;
    type Output = String;

    fn accumulate(&self, longest: &mut String, (text,): (Option<String>,)) {
        let text = text.unwrap_or_else(|| "(nothing)".to_string());
        if text.len() > longest.len() {
            *longest = text;
        }
    }

    fn merge(&self, into: &mut String, later: String) {
        if later.len() > into.len() {
            *into = later;
        }
    }

    fn value(&self, longest: &String) -> String {
        longest.clone()
    }
}

fn session() -> Session {
    let mut session = Session::new();
    let tables = &mut session.0;
    let half = scalar(|n: i64| match n % 2 {
        0 => Ok(n / 2),
        _ => Err(Error::function(format!("{n} is odd"))),
    });
    let words = table(["word", "length"], |text: String| {
        let words = text.split(' ').filter(|word| !word.is_empty());
        words
            .map(|word| (word.to_string(), word.len() as i32))
            .collect::<Vec<_>>()
    });
    tables
        .add_function("acme.Twice", scalar(|n: i64| 2 * n))
        .add_function("acme.Half", half)
        .add_function("acme.Or", scalar(|n: Option<i32>, or: i32| n.unwrap_or(or)))
        .add_function("acme.Words", words)
        .add_function("acme.WeightedMean", aggregate(WeightedMean))
        .add_function("acme.Longest", aggregate(Longest));
    tables
        .execute_script(
            "CREATE FUNCTION twice AS 'acme.Twice' LANGUAGE RUST; CREATE TEMPORARY FUNCTION half AS 'acme.Half';
             CREATE TEMPORARY SYSTEM FUNCTION price_or AS 'acme.Or'; CREATE FUNCTION words AS 'acme.Words';
             CREATE FUNCTION weighted_mean AS 'acme.WeightedMean'; CREATE FUNCTION longest AS 'acme.Longest';",
        )
        .unwrap();
    session
}

#[test]
fn of_a_row_they_give_a_value() {
    let mut session = session();
    let rows = session
        .rows("SELECT Twice(auction), price_or(price, -1) FROM bids WHERE half(bidder * 2) > 10");
    assert_eq!(rows, ["2, -1", "2, 9", "4, 7"]);
    // A smaller number is widened, a text is none; NULL gives NULL.
    assert_eq!(
        session.rows("SELECT twice(price) FROM bids WHERE auction = 1"),
        ["10", "18", "NULL"]
    );
    let error = session.error("SELECT twice(channel) FROM bids");
    assert!(
        error.contains("argument 1 of twice is Utf8View, and should be BIGINT"),
        "{error}"
    );
    let error = session.error("SELECT twice(auction, 1) FROM bids");
    assert!(
        error.contains("twice takes 1 arguments, and has 2"),
        "{error}"
    );
    let error = session
        .try_rows("SELECT half(auction) FROM bids")
        .unwrap_err();
    assert!(error.contains("1 is odd"), "{error}");
}

#[test]
fn of_a_row_they_give_rows() {
    let mut session = session();
    let lines =
        "(VALUES ('to be', 1), ('or', 2), (CAST(NULL AS STRING), 3), ('', 4)) AS t (line, n)";
    let rows = session.rows(&format!(
        "SELECT n, word, length FROM {lines}, LATERAL TABLE(words(line))"
    ));
    assert_eq!(rows, ["1, be, 2", "1, to, 2", "2, or, 2"]);
    let rows = session.rows(&format!(
        "SELECT n, w FROM {lines} LEFT JOIN LATERAL TABLE(words(line)) AS x (w, l) ON TRUE"
    ));
    assert_eq!(rows, ["1, be", "1, to", "2, or", "3, NULL", "4, NULL"]);
    assert_eq!(
        session.rows("SELECT word FROM TABLE(words('a bc'))"),
        ["a", "bc"]
    );
}

#[test]
fn of_a_group_they_give_a_value() {
    let mut session = session();
    let mean = "SELECT channel, weighted_mean(price, auction) FROM bids GROUP BY channel";
    // What has no price counts nowhere.
    assert_eq!(session.rows(mean), ["a, 7", "b, 7", "c, 2"]);
    let rows = session.rows("SELECT longest(CAST(price AS STRING)), longest(channel) FILTER (WHERE price > 8) FROM bids");
    assert_eq!(rows, ["(nothing), a"]);
    let rows = session.rows("SELECT weighted_mean(DISTINCT bidder, 1) FROM bids");
    assert_eq!(rows, ["11"]);
    let windows = "SELECT window_start, weighted_mean(price, 1) \
        FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end";
    assert_eq!(session.rows(windows).len(), 6);
    let over = "SELECT auction, weighted_mean(price, 1) OVER (PARTITION BY bidder ORDER BY ts ROWS 1 PRECEDING) \
        FROM bids WHERE bidder = 10";
    assert_eq!(session.rows(over), ["1, 5", "2, 5", "3, 3"]);
}

#[test]
fn what_changes_is_taken_back() {
    let mut session = session();
    let counts = "(SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction)";
    // Of counts 3, 2 and 1: each was less before.
    let rows = session.rows(&format!("SELECT weighted_mean(n, 1), SUM(n) FROM {counts}"));
    assert_eq!(rows, ["2, 6"]);
    let error = session.error(&format!("SELECT longest(CAST(n AS STRING)) FROM {counts}"));
    assert!(
        error.contains("longest") && error.contains("it has no retract"),
        "{error}"
    );
}

#[test]
fn they_are_declared_shown_changed_and_dropped() {
    let mut session = session();
    assert_eq!(
        session.text("SHOW USER FUNCTIONS"),
        "half\nlongest\nprice_or\ntwice\nweighted_mean\nwords"
    );
    let described = session.text("DESCRIBE FUNCTION weighted_mean");
    assert!(described.contains("kind, AGGREGATE"), "{described}");
    assert!(
        described.contains("signature, (BIGINT, BIGINT) -> BIGINT"),
        "{described}"
    );
    session.text("ALTER FUNCTION twice AS 'acme.Half'");
    assert_eq!(session.rows("SELECT twice(4)"), ["2"]);
    session.text("DROP FUNCTION twice");
    let error = session.error("SELECT twice(4)");
    assert!(error.contains("twice"), "{error}");
    session.text("DROP FUNCTION IF EXISTS twice");
    session.text("CREATE FUNCTION IF NOT EXISTS words AS 'acme.Half'");
    for (statement, says) in [
        ("CREATE FUNCTION x AS 'acme.None'", "'acme.Half'"),
        (
            "CREATE FUNCTION x AS 'com.acme.X' LANGUAGE JAVA",
            "functions in JAVA",
        ),
        (
            "CREATE FUNCTION x AS 'acme.Half' USING JAR '/x.jar'",
            "USING JAR",
        ),
        ("CREATE FUNCTION words AS 'acme.Half'", "exists already"),
        ("DROP FUNCTION none", "there is no none"),
    ] {
        let error = session.error(statement);
        assert!(error.contains(says), "{statement}: {error}");
    }
}

/// Flink's functions can be hidden by one that is known everywhere, and by no other.
#[test]
fn whose_name_is_whose() {
    let mut session = session();
    session.text("CREATE FUNCTION upper AS 'acme.Words'");
    assert_eq!(session.rows("SELECT upper('a')"), ["A"]);
    let shout = scalar(|text: String| format!("{text}!"));
    session
        .0
        .create_temporary_system_function("upper", shout)
        .unwrap();
    assert_eq!(session.rows("SELECT UPPER('a')"), ["a!"]);
}
