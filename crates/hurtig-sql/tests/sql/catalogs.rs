//! Statements about tables, views, databases, settings.

use super::session::Session;

#[test]
fn tables_are_listed_described_and_shown() {
    let mut session = Session::new();
    assert_eq!(session.text("SHOW TABLES"), "auctions\nbids");
    let described = session.text("DESCRIBE auctions");
    assert_eq!(
        described,
        "id, BIGINT, TRUE, , , \nitem, STRING, TRUE, , , \nseller, BIGINT, TRUE, , , \nts, TIMESTAMP(3) *ROWTIME*, TRUE, , , ts"
    );
    let shown = session.text("SHOW CREATE TABLE bids");
    assert!(
        shown.starts_with(
            "CREATE TABLE `default_catalog`.`default_database`.`bids` (\n  `auction` BIGINT,\n"
        ),
        "{shown}"
    );
    session.0.execute("DROP TABLE bids").unwrap();
    session.0.execute(&shown).unwrap();
    assert_eq!(session.text("SHOW CREATE TABLE bids"), shown);
}

#[test]
fn computed_columns_and_likes() {
    let mut session = Session::new();
    session
        .0
        .execute_script(
            "CREATE TABLE more (twice AS price * 2, at AS PROCTIME()) WITH ('data-id' = 'bids') LIKE bids (EXCLUDING WATERMARKS);",
        )
        .unwrap();
    assert_eq!(
        session.rows("SELECT twice FROM more WHERE twice > 14"),
        ["16", "18"]
    );
    let described = session.text("DESCRIBE more");
    assert!(
        described.contains("twice, INT, TRUE, , AS price * 2, "),
        "{described}"
    );
    assert!(
        described.contains("at, TIMESTAMP_LTZ(3) *PROCTIME*, FALSE"),
        "{described}"
    );
}

#[test]
fn databases_and_catalogs() {
    let mut session = Session::new();
    session
        .0
        .execute_script("CREATE DATABASE d; USE d; CREATE TEMPORARY VIEW v AS SELECT 1 AS one;")
        .unwrap();
    assert_eq!(session.text("SHOW CURRENT DATABASE"), "d");
    assert_eq!(session.text("SHOW TABLES"), "v");
    assert_eq!(session.rows("SELECT one FROM default_catalog.d.v"), ["1"]);
    session
        .0
        .execute_script("CREATE CATALOG c; USE CATALOG c;")
        .unwrap();
    assert_eq!(session.text("SHOW CATALOGS"), "c\ndefault_catalog");
    assert!(
        session
            .error("SELECT * FROM v")
            .contains("there is no table or view c.default_database.v")
    );
}

#[test]
fn plans_are_explained() {
    let plan = Session::new().text(
        "EXPLAIN CHANGELOG_MODE SELECT auction, COUNT(*) AS n FROM bids WHERE price > 5 GROUP BY auction",
    );
    let physical = plan.split("== Optimized Physical Plan ==").nth(1).unwrap();
    assert!(
        physical.contains("GroupAggregate(groupBy=[auction]"),
        "{plan}"
    );
    assert!(physical.contains("changelogMode=[I,UB,UA]"), "{plan}");
    assert!(
        physical.contains("TableSourceScan(table=[[default_catalog.default_database.bids]]"),
        "{plan}"
    );
}

#[test]
fn settings_are_checked() {
    let mut session = Session::new();
    session
        .0
        .execute("SET 'table.exec.mini-batch.enabled' = 'true'")
        .unwrap();
    assert_eq!(session.text("SET"), "table.exec.mini-batch.enabled, true");
    let error = session.error("SET 'table.exec.mini-batch.enabled' = 'maybe'");
    assert!(error.contains("should be true or false"), "{error}");
    assert!(
        session
            .error("SET 'paralelism.default' = '2'")
            .contains("parallelism.default")
    );
    session.0.execute("RESET").unwrap();
    assert_eq!(session.text("SET"), "");
}
