//! Statements: whatever is written, they are parsed, planned or refused. Nothing runs.

#![no_main]

use hurtig_connector_datagen::DatagenFactory;
use hurtig_env::World;
use hurtig_sql::TableEnvironment;
use libfuzzer_sys::fuzz_target;

const TABLES: &str = "
    CREATE TABLE bids (auction BIGINT, bidder BIGINT, price DECIMAL(10, 2), channel STRING, tags ARRAY<STRING>, ts TIMESTAMP(3),
        at AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector' = 'datagen');
    CREATE TABLE auctions (id BIGINT, item ROW<name STRING, size INT>, ts TIMESTAMP(3), WATERMARK FOR ts AS ts,
        PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'datagen');
";

fuzz_target!(|sql: &str| {
    let mut tables = TableEnvironment::in_world(World::simulated(1));
    tables.add_connector(DatagenFactory);
    tables.execute_script(TABLES).expect("the tables are right");
    // Statements of a script; what creates something does so, in memory alone.
    let statements = hurtig_sql_parser::split_script(sql).map(|all| all.len());
    let _ = tables.execute(&format!("EXPLAIN CHANGELOG_MODE, ESTIMATED_COST {sql}"));
    if statements.is_ok_and(|count| count == 1) && is_harmless(sql) {
        let _ = tables.execute(sql);
    }
});

/// Whether nothing would run.
fn is_harmless(sql: &str) -> bool {
    let word = sql.split_whitespace().next().unwrap_or_default().to_uppercase();
    let runs = sql.to_uppercase().contains("SELECT");
    !runs && ["CREATE", "ALTER", "DROP", "SHOW", "DESCRIBE", "USE", "SET", "RESET"].contains(&word.as_str())
}
