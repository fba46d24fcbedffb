//! Files that lie on this machine still are not fetched, and names that a checkpoint has are used again.

use hurtig_state::store::{ReceivedDatabase, StateBackend, StoreSnapshot};

use super::{Scratch, all, column, entries, key, put, wanted};

/// What a checkpoint does: stores what has no name yet, under one that tells the checkpoint. Says all names.
fn store(snapshot: &dyn StoreSnapshot, checkpoint: u32) -> Vec<(String, String)> {
    let name_of = |file: hurtig_state::store::SnapshotFile| {
        let stored = file
            .stored_name
            .unwrap_or_else(|| format!("chk-{checkpoint}/{}", file.name));
        snapshot.stored(&file.name, &stored);
        (file.name, stored)
    };
    snapshot.files().unwrap().into_iter().map(name_of).collect()
}

/// What a restart does: takes what is here, and fetches the rest. Says how many it took.
fn receive(
    scratch: &Scratch,
    snapshot: &dyn StoreSnapshot,
    names: &[(String, String)],
) -> (ReceivedDatabase, usize) {
    let files = scratch.backend.receive("test (1/1)").unwrap();
    let mut taken = 0;
    for (name, stored) in names {
        if files.take_local(name, stored).unwrap() {
            taken += 1;
        } else {
            files.append(name, &snapshot.read(name).unwrap()).unwrap();
        }
    }
    let stored_names = names.to_vec();
    let range = all();
    (
        ReceivedDatabase {
            range,
            files,
            stored_names,
        },
        taken,
    )
}

#[test]
fn a_restart_in_place_takes_local_files_and_its_checkpoints_name_them_again() {
    let scratch = Scratch::new();
    let mut first = scratch.store();
    let sums = column(&mut *first, "sums");
    put(&mut *first, sums, &key(1, "a"), b"1");
    let snapshot = wanted(&mut *first);
    let names = store(&*snapshot, 1);
    drop(first);

    let (received, taken) = receive(&scratch, &*snapshot, &names);
    assert_eq!(taken, 1);
    drop(snapshot);
    let mut second = scratch
        .backend
        .open("test (1/1)", all(), vec![received])
        .unwrap();
    let sums = column(&mut *second, "sums");
    put(&mut *second, sums, &key(2, "a"), b"2");
    let snapshot = wanted(&mut *second);
    let files = snapshot.files().unwrap();
    let (old, new): (Vec<_>, Vec<_>) = files
        .into_iter()
        .filter(|file| file.is_immutable)
        .partition(|file| file.stored_name.is_some());
    assert_eq!((old.len(), new.len()), (1, 1));
    assert!(names.contains(&(old[0].name.clone(), old[0].stored_name.clone().unwrap())));
    assert!(new[0].name > old[0].name, "a new file has a higher number");

    let names = store(&*snapshot, 2);
    let (received, taken) = receive(&scratch, &*snapshot, &names);
    assert_eq!(taken, 2);
    let mut third = scratch
        .backend
        .open("test (1/1)", all(), vec![received])
        .unwrap();
    let sums = column(&mut *third, "sums");
    let expected = [(key(1, "a"), b"1".to_vec()), (key(2, "a"), b"2".to_vec())];
    assert_eq!(entries(&*third, sums), expected);
}

#[test]
fn no_more_is_kept_than_the_last_snapshots_have() {
    let scratch = Scratch::new();
    let registry = &scratch.backend.shared().registry;
    let mut store_of_a_task = scratch.store();
    let sums = column(&mut *store_of_a_task, "sums");
    let mut last = 0;
    for checkpoint in 0..40 {
        put(
            &mut *store_of_a_task,
            sums,
            &key(1, "a"),
            &[checkpoint as u8],
        );
        let snapshot = wanted(&mut *store_of_a_task);
        store(&*snapshot, checkpoint);
        last = snapshot.files().unwrap().len();
        // The files of one snapshot are few, since compactions merge them: so those of two are.
        assert!(
            registry.len() <= 16,
            "{} after {checkpoint}",
            registry.len()
        );
    }
    let kept = scratch.backend.directory().join("kept-0-files");
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), registry.len());
    assert!(last > 0);
}

#[test]
fn what_a_store_left_goes_when_its_successor_has_files_of_its_own() {
    let scratch = Scratch::new();
    let registry = &scratch.backend.shared().registry;
    for attempt in 0..5 {
        let mut of_attempt = scratch.store();
        let sums = column(&mut *of_attempt, "sums");
        put(&mut *of_attempt, sums, &key(1, "a"), b"1");
        store(&*wanted(&mut *of_attempt), attempt);
        assert_eq!(registry.len(), 1, "attempt {attempt}");
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let scratch = Scratch::new();
    let files = scratch.backend.receive("test").unwrap();
    for name in ["", "..", "../x", "/etc/x", "a/b", "a\0b"] {
        let error = files.append(name, b"bytes").unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
        assert!(files.take_local(name, "x").is_err());
    }
    assert!(!files.take_local("000007.sst", "nobody's").unwrap());
    let directory = files.directory();
    files.append("000007.sst", b"bytes").unwrap();
    drop(files);
    assert!(!directory.exists(), "what it took goes with it");
    drop(scratch.local);
}
