//! Databases that are damaged are refused, with the name of what is.

use std::path::{Path, PathBuf};

use hurtig_state::store::{ReceivedDatabase, StateBackend};

use super::{Scratch, all, column, key, put, wanted};

fn received(scratch: &Scratch) -> ReceivedDatabase {
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    for number in 0..1000_u32 {
        put(&mut *store, sums, &key(1, number.to_be_bytes()), &[7; 100]);
    }
    scratch.receive(&*wanted(&mut *store), all())
}

fn file(directory: &Path, is_it: impl Fn(&str) -> bool) -> PathBuf {
    let mut names = crate::local::names(directory).unwrap().into_iter();
    directory.join(names.find(|name| is_it(name)).unwrap())
}

fn truncate(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_damaged_database_is_an_error_that_names_it() {
    let is_table = |name: &str| name.ends_with(".sst");
    let is_manifest = |name: &str| name.starts_with("MANIFEST");
    let damages: [(&str, fn(&Path), &dyn Fn(&str) -> bool); 6] = [
        (
            "a missing table",
            |path| std::fs::remove_file(path).unwrap(),
            &is_table,
        ),
        ("a truncated table", truncate, &is_table),
        (
            "a missing manifest",
            |path| std::fs::remove_file(path).unwrap(),
            &is_manifest,
        ),
        (
            "a garbage manifest",
            |path| std::fs::write(path, [0xa5; 300]).unwrap(),
            &is_manifest,
        ),
        (
            "an empty manifest",
            |path| std::fs::write(path, []).unwrap(),
            &is_manifest,
        ),
        (
            "a missing CURRENT",
            |path| std::fs::remove_file(path).unwrap(),
            &|name| name == "CURRENT",
        ),
    ];
    let scratch = Scratch::new();
    for (what, damage, is_it) in damages {
        let database = received(&scratch);
        let directory = database.files.directory();
        damage(&file(&directory, is_it));
        let opened = scratch.backend.open("sum (1/1)", all(), vec![database]);
        let error = opened
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            error.contains(directory.to_str().unwrap()),
            "{what}: {error:?}"
        );
        assert!(error.contains("sum (1/1)"), "{what}: {error:?}");
    }
}

#[test]
fn a_damaged_block_is_an_error_of_the_read() {
    let scratch = Scratch::new();
    let database = received(&scratch);
    let table = file(&database.files.directory(), |name| name.ends_with(".sst"));
    let mut bytes = std::fs::read(&table).unwrap();
    for byte in &mut bytes[20..120] {
        *byte ^= 0x55;
    }
    std::fs::write(&table, bytes).unwrap();
    let mut store = scratch
        .backend
        .open("sum (1/1)", all(), vec![database])
        .unwrap();
    let sums = column(&mut *store, "sums");
    let error = store
        .scan(sums, &[], &[0xff; 4], &mut |_, _| Ok(true))
        .unwrap_err();
    assert!(
        error.to_string().contains("could not scan the database in"),
        "{error}"
    );
}

#[test]
fn a_local_directory_that_cannot_be_made_is_named() {
    let scratch = Scratch::new();
    let file = scratch.local.path().join("file");
    std::fs::write(&file, "").unwrap();
    let options = crate::RocksDbOptions::new(file.join("below"));
    let error = crate::RocksDbBackend::new(options).err().unwrap();
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
}
