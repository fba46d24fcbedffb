//! Gzip and zstd, of one member or several, by name or by force; and what is said of broken ones.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::compressed::{gzip, zstd};
use common::{Row, csv, put, read, row};
use hurtig_connect::TextFormat;
use hurtig_connector_files::{Compression, FileSource};
use hurtig_env::World;
use hurtig_format_csv::CsvFormat;
use hurtig_types::ErrorKind;
use proptest::prelude::*;

fn lines(input: &str) -> FileSource<String, TextFormat> {
    FileSource::new(input)
        .format(TextFormat::new())
        .split_size(10)
}

#[test]
fn are_read_whole_whatever_the_split_size() {
    let world = World::simulated(1);
    let text = csv(0..30_000);
    put(&world, "in/a.csv.gz", gzip(text.as_bytes()));
    put(&world, "in/b.csv.zst", zstd(text.as_bytes()));
    for file in ["in/a.csv.gz", "in/b.csv.zst"] {
        let source = FileSource::<Row>::new(file)
            .split_size(1000)
            .format(CsvFormat::new());
        let output = read(&world, &source, 2).unwrap();
        assert_eq!(output.records, (0..30_000).map(row).collect::<Vec<_>>());
        assert_eq!(output.finished, 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn of_several_members(parts in prop::collection::vec("[a-z\n]{0,200}", 1..6)) {
        let world = World::simulated(1);
        let text = parts.concat();
        let joined = |compress: fn(&[u8]) -> Vec<u8>| -> Vec<u8> {
            parts.iter().flat_map(|part| compress(part.as_bytes())).collect()
        };
        put(&world, "a.gz", joined(gzip));
        put(&world, "a.zst", joined(zstd));
        put(&world, "a.txt", &text);
        let plain = read(&world, &lines("a.txt"), 1).unwrap().records;
        prop_assert_eq!(&read(&world, &lines("a.gz"), 1).unwrap().records, &plain);
        prop_assert_eq!(&read(&world, &lines("a.zst"), 1).unwrap().records, &plain);
    }
}

#[test]
fn are_known_by_name_or_by_what_the_user_says() {
    let world = World::simulated(1);
    put(&world, "a.GZ", gzip(b"x"));
    put(&world, "b", zstd(b"y"));
    put(&world, "c.gz", b"plain");
    assert_eq!(read(&world, &lines("a.GZ"), 1).unwrap().records, ["x"]);
    let forced = |file, compression| read(&world, &lines(file).compression(compression), 1);
    assert_eq!(forced("b", Compression::Zstd).unwrap().records, ["y"]);
    assert_eq!(
        forced("c.gz", Compression::None).unwrap().records,
        ["plain"]
    );
}

#[test]
fn that_are_broken_are_named() {
    let world = World::simulated(1);
    let text = csv(0..1000);
    let mut flipped = gzip(text.as_bytes());
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let mut crc = gzip(text.as_bytes());
    let end = crc.len() - 8;
    crc[end] ^= 1;
    let zipped = gzip(text.as_bytes());
    let squeezed = zstd(text.as_bytes());
    for (file, bytes) in [
        ("flipped.gz", flipped.as_slice()),
        ("crc.gz", &crc),
        ("half.gz", &zipped[..zipped.len() / 2]),
        ("plain.gz", b"id,name\n1,x\n"),
        ("half.zst", &squeezed[..squeezed.len() / 2]),
        ("plain.zst", b"id,name\n1,x\n"),
    ] {
        put(&world, file, bytes);
        let error = read(&world, &lines(file), 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRecord);
        let message = error.to_string();
        assert!(
            message.contains(&format!("`{file}` is no whole")),
            "{message}"
        );
        assert!(
            message.contains(&format!("first {} bytes", bytes.len())),
            "{message}"
        );
    }
}
