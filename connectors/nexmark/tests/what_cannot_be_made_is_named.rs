//! Tables that the generator does not fit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop where it fails"
)]

mod common;

use arrow_schema::{DataType, Field, Fields};
use common::{TIME, all, bid, describe, scan};
use hurtig_connector_nexmark::NexmarkFactory;
use hurtig_table::connector::TableFactory;

fn error(fields: Fields, options: &[(&str, &str)]) -> String {
    let scan = scan(fields, options);
    scan.err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

fn one(name: &str, data_type: DataType) -> Fields {
    Fields::from(vec![Field::new(name, data_type, true)])
}

#[test]
fn columns_that_there_are_none_of() {
    let of_bid = [("nexmark.table", "bid")];
    let unknown = error(one("seller", DataType::Int64), &of_bid);
    assert!(
        unknown.contains("a bid has no 'seller', but auction, bidder, price"),
        "{unknown}"
    );
    let wrong = error(one("price", DataType::Int32), &of_bid);
    assert_eq!(wrong, "table events: 'price' of a bid should be BIGINT");
    let wrong = error(one("dateTime", DataType::Utf8View), &of_bid);
    assert_eq!(
        wrong,
        "table events: 'dateTime' of a bid should be TIMESTAMP(3)"
    );
    let plain = error(one("price", DataType::Int64), &[]);
    assert!(
        plain.contains("with 'nexmark.table' they are columns of one kind"),
        "{plain}"
    );
    let bid = Field::new("bid", DataType::Struct(bid()), false);
    let never_null = error(Fields::from(vec![bid]), &[]);
    assert!(never_null.contains("may not be NOT NULL"), "{never_null}");
}

#[test]
fn options_that_make_no_sense() {
    let table = error(bid(), &[("nexmark.table", "bids")]);
    assert!(
        table.contains("'nexmark.table' is 'bids', and should be person, auction or bid"),
        "{table}"
    );
    let unknown = describe(bid(), &[("events.number", "5")]);
    let unknown = unknown
        .options
        .check(&NexmarkFactory.options())
        .unwrap_err();
    assert!(
        unknown.to_string().contains("'events.number' is no option"),
        "{unknown}"
    );
}

#[test]
fn part_of_a_row_will_do() {
    let part = Fields::from(vec![Field::new("dateTime", TIME, true)]);
    assert_eq!(error(one("bid", DataType::Struct(part)), &[]), "");
    assert!(!scan(all(), &[]).unwrap().is_bounded());
    assert!(scan(all(), &[("events.num", "5")]).unwrap().is_bounded());
    assert!(
        !scan(all(), &[("events.num", "5"), ("keep-alive", "true")])
            .unwrap()
            .is_bounded()
    );
}
