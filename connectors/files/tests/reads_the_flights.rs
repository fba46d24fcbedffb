//! The file of the demo: all flights that left New York in January 2013.

// These tests look at the machine itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod common;

use std::path::Path;

use common::read;
use hurtig_connector_files::FileSource;
use hurtig_env::World;
use hurtig_format_csv::CsvFormat;
use hurtig_types::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Flight {
    dep_delay: Option<i32>,
    carrier: String,
    tailnum: Option<String>,
    origin: String,
    #[serde(with = "hurtig_connect::timestamp_serde")]
    time_hour: Timestamp,
}

#[test]
fn every_flight_once_with_its_time() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/data/flights-2013-01.csv.gz"
    );
    if !Path::new(path).exists() {
        eprintln!("{path} is not there: nothing was tested");
        return;
    }
    let world = World::builder().compute_threads(1).io_threads(1).build();
    let source = FileSource::<Flight>::new(path).format(CsvFormat::new().null_literal("NA"));
    let flights = read(&world, &source, 1).unwrap().records;
    assert_eq!(flights.len(), 27_004);
    let first = &flights[0];
    assert_eq!((first.carrier.as_str(), first.dep_delay), ("UA", Some(2)));
    assert_eq!(first.time_hour.to_string(), "2013-01-01T10:00:00.000Z");
    assert_eq!(
        flights
            .iter()
            .filter(|flight| flight.dep_delay.is_none())
            .count(),
        521
    );
    assert!(
        flights
            .iter()
            .all(|flight| ["EWR", "JFK", "LGA"].contains(&flight.origin.as_str()))
    );
}
