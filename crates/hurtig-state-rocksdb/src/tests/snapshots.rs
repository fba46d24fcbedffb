//! A snapshot holds what was written before it was taken.

use std::sync::Barrier;

use super::{Scratch, column, delete, entries, key, put, wanted};

#[test]
fn what_is_written_after_a_snapshot_is_not_in_it() {
    for ask_first in [false, true] {
        let scratch = Scratch::new();
        let mut store = scratch.store();
        let sums = column(&mut *store, "sums");
        put(&mut *store, sums, &key(1, "a"), b"old");
        put(&mut *store, sums, &key(2, "b"), b"stays");
        let snapshot = wanted(&mut *store);
        if ask_first {
            snapshot.files().unwrap();
        }
        put(&mut *store, sums, &key(1, "a"), b"new");
        delete(&mut *store, sums, &key(2, "b"));
        let late = column(&mut *store, "late");
        put(&mut *store, late, &key(1, "a"), b"late");

        let mut restored = scratch.restored(&*snapshot);
        assert_eq!(restored.columns(), ["sums"]);
        let there = column(&mut *restored, "sums");
        let expected = [
            (key(1, "a"), b"old".to_vec()),
            (key(2, "b"), b"stays".to_vec()),
        ];
        assert_eq!(
            entries(&*restored, there),
            expected,
            "asked first: {ask_first}"
        );
        assert_eq!(entries(&*store, sums), [(key(1, "a"), b"new".to_vec())]);
    }
}

#[test]
fn snapshots_that_wait_for_each_other_hold_what_was_there_when_each_was_taken() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    let mut snapshots = Vec::new();
    for round in 0..5_u8 {
        put(&mut *store, sums, &key(1, "a"), &[round]);
        snapshots.push(wanted(&mut *store));
        snapshots.push(wanted(&mut *store));
    }
    // Those that nobody has any more are not made.
    snapshots.truncate(9);
    for (index, snapshot) in snapshots.iter().enumerate() {
        let mut restored = scratch.restored(&**snapshot);
        let there = column(&mut *restored, "sums");
        assert_eq!(
            entries(&*restored, there),
            [(key(1, "a"), vec![index as u8 / 2])]
        );
    }
}

#[test]
fn taking_a_snapshot_makes_no_files_and_one_that_is_dropped_makes_none_ever() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    put(&mut *store, sums, &key(1, "a"), b"1");
    let snapshots = || {
        let databases = std::fs::read_dir(scratch.backend.directory()).unwrap();
        let inside = databases.flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap());
        let names = inside.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("snapshot")).count()
    };
    let kept = wanted(&mut *store);
    let dropped = wanted(&mut *store);
    assert_eq!(snapshots(), 0);
    drop(dropped);
    put(&mut *store, sums, &key(1, "a"), b"2");
    assert_eq!(snapshots(), 1);
    drop(kept);
    assert_eq!(snapshots(), 0, "the links go with the last reference");
}

#[test]
fn a_snapshot_outlives_its_store() {
    for made in [false, true] {
        let scratch = Scratch::new();
        let mut store = scratch.store();
        let sums = column(&mut *store, "sums");
        put(&mut *store, sums, &key(1, "a"), b"1");
        let snapshot = wanted(&mut *store);
        if made {
            snapshot.files().unwrap();
        }
        drop(store);
        let mut restored = scratch.restored(&*snapshot);
        let there = column(&mut *restored, "sums");
        assert_eq!(entries(&*restored, there), [(key(1, "a"), b"1".to_vec())]);
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a race needs threads")]
fn a_write_and_an_upload_at_once_do_not_disturb_the_snapshot() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    for round in 0..20_u8 {
        put(&mut *store, sums, &key(1, "a"), &[round]);
        let snapshot = wanted(&mut *store);
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                snapshot.files().unwrap();
            });
            start.wait();
            put(&mut *store, sums, &key(1, "a"), b"later");
        });
        let mut restored = scratch.restored(&*snapshot);
        let there = column(&mut *restored, "sums");
        assert_eq!(entries(&*restored, there), [(key(1, "a"), vec![round])]);
    }
}

#[test]
fn files_of_entries_are_immutable_and_shared_by_snapshots() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    put(&mut *store, sums, &key(1, "a"), b"1");
    let first = wanted(&mut *store);
    let first_files = first.files().unwrap();
    put(&mut *store, sums, &key(2, "a"), b"2");
    let second = wanted(&mut *store);
    let second_files = second.files().unwrap();
    let immutable = first_files.iter().filter(|file| file.is_immutable);
    let immutable: Vec<_> = immutable.collect();
    assert_eq!(immutable.len(), 1, "{first_files:?}");
    for file in immutable {
        assert!(
            second_files.contains(file),
            "{file:?} is not in {second_files:?}"
        );
        assert_eq!(
            first.read(&file.name).unwrap(),
            second.read(&file.name).unwrap()
        );
    }
    assert!(first.read("../db/CURRENT").is_err());
}

#[test]
fn a_snapshot_that_cannot_be_made_fails_and_the_store_goes_on() {
    let scratch = Scratch::new();
    let mut store = scratch.store();
    let sums = column(&mut *store, "sums");
    put(&mut *store, sums, &key(1, "a"), b"1");
    wanted(&mut *store).files().unwrap();
    // Its tables are gone from under it, so there is nothing to link.
    let is_database = |path: &std::path::Path| path.join("db").is_dir();
    let databases = std::fs::read_dir(scratch.backend.directory()).unwrap();
    let mut databases = databases.map(|entry| entry.unwrap().path());
    let home = databases.find(|path| is_database(path)).unwrap();
    for file in std::fs::read_dir(home.join("db")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "sst") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let snapshot = wanted(&mut *store);
    put(&mut *store, sums, &key(2, "a"), b"2");
    let error = snapshot.files().unwrap_err().to_string();
    assert!(error.contains(home.to_str().unwrap()), "{error}");
    assert!(error.contains("could not snapshot the database"), "{error}");
}
