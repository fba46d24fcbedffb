//! A session over small tables, in a simulated world.

use hurtig_connector_print::{BlackholeFactory, ValuesFactory};
use hurtig_env::World;
use hurtig_sql::{Outcome, TableEnvironment};
use hurtig_table::RowBatch;
use hurtig_testing_rows::{Table, batch, column, text_of};

/// A session with the tables `bids`, `auctions` and `shipments`, whose rows have event time.
pub(super) struct Session(pub(super) TableEnvironment);

const TABLES: &str = "
    CREATE TABLE bids (auction BIGINT, bidder BIGINT, price INT, channel STRING, ts TIMESTAMP(3),
        WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
        WITH ('connector' = 'values', 'data-id' = 'bids');
    CREATE TABLE auctions (id BIGINT, item STRING, seller BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
        WITH ('connector' = 'values', 'data-id' = 'auctions');
";

fn bids() -> RowBatch {
    batch([
        ("auction", column::of([1i64, 2, 1, 3, 1, 2])),
        ("bidder", column::of([10i64, 11, 11, 10, 12, 10])),
        (
            "price",
            column::with_nulls([Some(5), Some(7), Some(9), Some(2), None, Some(8)]),
        ),
        ("channel", column::of(["a", "b", "a", "c", "b", "a"])),
        ("ts", column::times([0, 1000, 4000, 9000, 11_000, 25_000])),
    ])
}

fn auctions() -> RowBatch {
    batch([
        ("id", column::of([1i64, 2, 4])),
        ("item", column::of(["pear", "plum", "fig"])),
        ("seller", column::of([100i64, 100, 101])),
        ("ts", column::times([0, 500, 2000])),
    ])
}

impl Session {
    pub(super) fn new() -> Self {
        let values = ValuesFactory::new();
        values.register("bids", vec![bids()]);
        values.register("auctions", vec![auctions()]);
        let mut tables = TableEnvironment::in_world(World::simulated(7));
        tables.add_connector(values).add_connector(BlackholeFactory);
        tables.execute_script(TABLES).unwrap();
        Self(tables)
    }

    /// The changes of a query, in order.
    pub(super) fn batches(&mut self, sql: &str) -> Vec<RowBatch> {
        let outcome = self.0.execute(sql);
        let outcome = outcome.unwrap_or_else(|error| panic!("{sql}\n{error}"));
        let Outcome::Query(mut query) = outcome else {
            panic!("{sql} is no query");
        };
        let world = self.0.world().clone();
        let mut batches = Vec::new();
        while let Some(rows) = world.block_on(query.next()).unwrap().unwrap() {
            batches.push(rows);
        }
        batches
    }

    /// The changes, a line each.
    pub(super) fn changes(&mut self, sql: &str) -> Vec<String> {
        self.batches(sql).iter().flat_map(text_of).collect()
    }

    /// What the changes amount to: the rows, sorted, a line each.
    pub(super) fn rows(&mut self, sql: &str) -> Vec<String> {
        let mut table = Table::new();
        self.batches(sql).iter().for_each(|rows| table.apply(rows));
        table.rows().iter().map(|row| row.join(", ")).collect()
    }

    /// What the changes of a query amount to, or why there are none.
    pub(super) fn try_rows(&mut self, sql: &str) -> Result<Vec<String>, String> {
        let outcome = self.0.execute(sql).map_err(|error| error.to_string())?;
        let Outcome::Query(mut query) = outcome else {
            panic!("{sql} is no query");
        };
        let world = self.0.world().clone();
        let mut table = Table::new();
        while let Some(rows) = world
            .block_on(query.next())
            .unwrap()
            .map_err(|error| error.to_string())?
        {
            table.apply(&rows);
        }
        Ok(table.rows().iter().map(|row| row.join(", ")).collect())
    }

    pub(super) fn error(&mut self, sql: &str) -> String {
        match self.0.execute(sql) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{sql} is accepted"),
        }
    }

    pub(super) fn text(&mut self, sql: &str) -> String {
        match self.0.execute(sql).unwrap() {
            Outcome::Ok => String::new(),
            Outcome::Text(text) => text,
            Outcome::Table { rows, .. } => {
                let rows = rows.iter().map(|row| row.join(", "));
                rows.collect::<Vec<_>>().join("\n")
            }
            _ => panic!("{sql} shows nothing"),
        }
    }
}
