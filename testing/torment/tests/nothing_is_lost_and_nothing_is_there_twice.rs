//! A few kills, in every run of the tests; `make torment` deals a hundred.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use hurtig_torment::{Options, Planted, torment};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_hurtig-torment"))
}

#[test]
fn after_a_few_kills() {
    let options = Options {
        kills: 5,
        seed: 11,
        records: 20_000,
        ..Options::default()
    };
    let report = torment(program(), &options).unwrap_or_else(|error| panic!("{error}"));
    assert!(report.kills >= 5, "{report}");
    println!("{report}");
}

#[test]
fn a_planted_mistake_is_found() {
    for planted in Planted::ALL {
        let options = Options {
            kills: 40,
            seed: 12,
            planted: Some(planted),
            ..Options::default()
        };
        let error = match torment(program(), &options) {
            Ok(report) => panic!("{} was not found: {report}", planted.name()),
            Err(error) => error.to_string(),
        };
        assert!(error.contains("are lost, and"), "{error}");
        assert!(error.contains("to replay: cargo xtask torment"), "{error}");
    }
}
