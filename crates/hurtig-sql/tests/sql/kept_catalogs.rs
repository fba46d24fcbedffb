//! Catalogs of files, and what ALTER does to what is in them.

use hurtig_connector_print::{BlackholeFactory, ValuesFactory};
use hurtig_env::World;
use hurtig_sql::{Outcome, TableEnvironment, functions::scalar};
use hurtig_testing_rows::{batch, column};

fn session(world: &World) -> TableEnvironment {
    let mut tables = TableEnvironment::in_world(world.clone());
    let values = ValuesFactory::new();
    let rows = batch([
        ("id", column::of([1i64])),
        ("price", column::of([1i32])),
        ("ts", column::times([0])),
    ]);
    values.register("x", vec![rows]);
    tables
        .add_connector(values)
        .add_connector(BlackholeFactory)
        .add_function("acme.Twice", scalar(|n: i64| 2 * n));
    let create = "CREATE CATALOG kept WITH ('type' = 'file', 'path' = 's3://bucket/tables'); USE CATALOG kept;";
    tables.execute_script(create).unwrap();
    tables
}

fn text(tables: &mut TableEnvironment, sql: &str) -> String {
    match tables.execute(sql) {
        Ok(Outcome::Text(text)) => text,
        Ok(Outcome::Table { rows, .. }) => {
            let rows = rows.iter().map(|row| row.join(", "));
            rows.collect::<Vec<_>>().join("\n")
        }
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_created_is_there_in_the_next_session() {
    let world = World::simulated(1);
    let mut first = session(&world);
    first
        .execute_script(
            "CREATE DATABASE shop COMMENT 'ours' WITH ('a' = 'b');
             CREATE TABLE shop.orders (id BIGINT, price INT, twice AS price * 2, ts TIMESTAMP(3),
                WATERMARK FOR ts AS ts - INTERVAL '1' SECOND,
                PRIMARY KEY (id) NOT ENFORCED) COMMENT 'it''s' PARTITIONED BY (price) WITH ('connector' = 'values', 'data-id' = 'x');
             CREATE TEMPORARY TABLE passing (n INT) WITH ('connector' = 'blackhole');
             USE shop; CREATE VIEW cheap AS SELECT id FROM orders WHERE price < 10;
             CREATE FUNCTION twice AS 'acme.Twice' LANGUAGE RUST;",
        )
        .unwrap();
    let shown = text(&mut first, "SHOW CREATE TABLE orders");
    let mut second = session(&world);
    assert_eq!(
        text(&mut second, "SHOW DATABASES"),
        "default_database\nshop"
    );
    assert_eq!(text(&mut second, "SHOW TABLES"), "");
    second.execute("USE shop").unwrap();
    assert_eq!(text(&mut second, "SHOW TABLES"), "cheap\norders");
    assert_eq!(text(&mut second, "SHOW CREATE TABLE orders"), shown);
    assert!(text(&mut second, "DESCRIBE DATABASE EXTENDED shop").contains("ours\na, b"));
    assert_eq!(text(&mut second, "SHOW USER FUNCTIONS"), "twice");
    assert!(text(&mut second, "EXPLAIN SELECT twice(id) FROM cheap").contains("orders"));
}

#[test]
fn what_is_changed_and_dropped_stays_so() {
    let world = World::simulated(2);
    let mut first = session(&world);
    first
        .execute_script(
            "CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'values', 'data-id' = 'x');
             CREATE TABLE gone (a INT) WITH ('connector' = 'blackhole'); DROP TABLE gone;
             CREATE DATABASE d; CREATE TABLE d.x (a INT) WITH ('connector' = 'blackhole'); DROP DATABASE d CASCADE;
             ALTER TABLE t ADD (ts TIMESTAMP(3) FIRST, twice AS a * 2, WATERMARK FOR ts AS ts);
             ALTER TABLE t RENAME b TO name; ALTER TABLE t MODIFY (a BIGINT COMMENT 'wide' AFTER name);
             ALTER TABLE t SET ('data-id' = 'y'); ALTER TABLE t RENAME TO u;",
        )
        .unwrap();
    let mut second = session(&world);
    assert_eq!(text(&mut second, "SHOW TABLES"), "u");
    assert_eq!(text(&mut second, "SHOW DATABASES"), "default_database");
    let described = "ts, TIMESTAMP(3) *ROWTIME*, TRUE, , , ts\nname, STRING, TRUE, , , \na, BIGINT, TRUE, , , \n\
                     twice, BIGINT, TRUE, , AS a * 2, ";
    assert_eq!(text(&mut second, "DESCRIBE u"), described);
    assert!(text(&mut second, "SHOW CREATE TABLE u").contains("'data-id' = 'y'"));
}

#[test]
fn what_cannot_be_altered_is_said_and_changes_nothing() {
    let world = World::simulated(3);
    let mut tables = session(&world);
    let create = "CREATE TABLE t (a INT, twice AS a * 2, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'values', 'data-id' = 'x')";
    tables.execute(create).unwrap();
    let before = text(&mut tables, "SHOW CREATE TABLE t");
    for (alter, says) in [
        ("DROP (b)", "has no column `b`"),
        ("DROP (a)", "primary key"),
        ("RENAME a TO b", "a"),
        ("ADD (a INT)", "the column `a` twice"),
        (
            "ADD (PRIMARY KEY (a) NOT ENFORCED)",
            "has a primary key already",
        ),
        ("MODIFY (WATERMARK FOR ts AS ts)", "has no watermark"),
        ("DROP WATERMARK", "has no watermark"),
        ("DROP CONSTRAINT pk", "has no pk"),
        ("ADD (c INT AFTER b)", "has no column `b`"),
    ] {
        let error = text(&mut tables, &format!("ALTER TABLE t {alter}"));
        assert!(error.contains(says), "{alter}: {error}");
        assert_eq!(text(&mut tables, "SHOW CREATE TABLE t"), before, "{alter}");
    }
}

#[test]
fn a_catalog_that_cannot_be_read_is_not_there() {
    let world = World::simulated(4);
    drop(session(&world));
    let place = world
        .storage()
        .open("s3://bucket/tables/d/bad.table.sql")
        .unwrap();
    let put = async move {
        use hurtig_env::object_store::ObjectStoreExt as _;
        place
            .store
            .put(&place.path, "CREATE TABEL nonsense".into())
            .await
    };
    world.block_on(put).unwrap().unwrap();
    let mut tables = TableEnvironment::in_world(world);
    let create = "CREATE CATALOG kept WITH ('type' = 'file', 'path' = 's3://bucket/tables')";
    let error = text(&mut tables, create);
    assert!(error.contains("bad.table.sql"), "{error}");
    assert_eq!(text(&mut tables, "SHOW CATALOGS"), "default_catalog");
    let error = text(&mut tables, "CREATE CATALOG c WITH ('type' = 'file')");
    assert!(error.contains("needs a 'path'"), "{error}");
    let error = text(&mut tables, "CREATE CATALOG c WITH ('type' = 'hive')");
    assert!(
        error.contains("'hive'") && error.contains("'file'"),
        "{error}"
    );
}
