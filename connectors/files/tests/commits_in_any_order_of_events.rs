//! A writer and its committer against a model: whatever happens in whatever order, what is visible is what was committed.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{Writing, get, names, put, writer_context};
use hurtig_connect::{Committer, Sink, TextFormat};
use hurtig_connector_files::FileSink;
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use proptest::prelude::*;

type Lines = FileSink<String, TextFormat>;
type Committables = Vec<Vec<u8>>;

fn lines(directory: &str) -> Lines {
    FileSink::new(directory)
        .format(TextFormat::new())
        .roll_at_size(30)
        .roll_after(Duration::from_secs(10))
        .bucket_by(|line: &String| format!("last={}", &line[line.len() - 1..]))
        .open_files_max(3)
}

fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.'))
}

fn visible(world: &World, directory: &str) -> Vec<u64> {
    let names = names(world, directory).into_iter();
    let mut numbers = Vec::new();
    for name in names.filter(|name| !is_hidden(name)) {
        let text = String::from_utf8(get(world, &format!("{directory}/{name}"))).unwrap();
        numbers.extend(text.lines().map(|line| line.parse::<u64>().unwrap()));
    }
    numbers.sort_unstable();
    numbers
}

#[derive(Clone, Debug)]
enum Happens {
    Write(u64),
    Pass(u64),
    Barrier,
    /// All that is prepared is part of a complete checkpoint; whether the commit comes to pass before the next failure.
    Complete {
        committed: bool,
    },
    /// What was committed before is committed again.
    Again,
    Failure,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (1..12_u64).prop_map(Happens::Write),
        1 => (1..15_u64).prop_map(Happens::Pass),
        3 => Just(Happens::Barrier),
        2 => any::<bool>().prop_map(|committed| Happens::Complete { committed }),
        1 => Just(Happens::Again),
        1 => Just(Happens::Failure),
    ]
}

/// A job of one subtask, and what it should have come to.
struct Life {
    world: World,
    directory: &'static str,
    writing: Option<Writing<String>>,
    committer: Box<dyn Committer>,
    next: u64,
    written: Vec<u64>,
    prepared: Vec<(Vec<u64>, Committables)>,
    to_commit: Vec<(Vec<u64>, Committables)>,
    history: Committables,
    committed: Vec<u64>,
}

impl Life {
    fn new(directory: &'static str) -> Self {
        let world = World::simulated(1);
        let context = writer_context(&world, 0, true);
        let committer = lines(directory).create_committer(&context).unwrap();
        Self {
            writing: None,
            committer: committer.unwrap(),
            world,
            directory,
            next: 0,
            written: Vec::new(),
            prepared: Vec::new(),
            to_commit: Vec::new(),
            history: Vec::new(),
            committed: Vec::new(),
        }
    }

    fn writing(&mut self) -> &mut Writing<String> {
        let context = writer_context(&self.world, 0, true);
        self.writing
            .get_or_insert_with(|| Writing::start_with(&lines(self.directory), context).unwrap())
    }

    fn run(&mut self, event: Happens) {
        match event {
            Happens::Write(count) => {
                let numbers: Vec<u64> = (self.next..self.next + count).collect();
                self.next += count;
                let lines = numbers.iter().map(u64::to_string).collect();
                self.writing().write(lines).unwrap();
                self.written.extend(numbers);
            }
            Happens::Pass(seconds) => self.writing().pass(Duration::from_secs(seconds)).unwrap(),
            Happens::Barrier => {
                let committables = self.writing().pre_commit().unwrap();
                let written = std::mem::take(&mut self.written);
                assert_eq!(written.is_empty(), committables.is_empty());
                self.prepared.push((written, committables));
            }
            Happens::Complete { committed } => {
                self.to_commit.append(&mut self.prepared);
                if committed {
                    self.commit();
                }
            }
            Happens::Again => {
                let again = self.history.clone();
                self.world
                    .block_on(self.committer.commit(again))
                    .unwrap()
                    .unwrap();
            }
            Happens::Failure => self.fail(),
        }
    }

    fn commit(&mut self) {
        for (numbers, committables) in std::mem::take(&mut self.to_commit) {
            self.history.extend(committables.clone());
            let commit = self.committer.commit(committables);
            self.world.block_on(commit).unwrap().unwrap();
            self.committed.extend(numbers);
        }
    }

    /// The attempt is over; the next one begins from the last complete checkpoint.
    fn fail(&mut self) {
        if let Some(mut writing) = self.writing.take() {
            writing.writer.close().unwrap();
        }
        self.written.clear();
        let in_vain = std::mem::take(&mut self.prepared).into_iter();
        let in_vain = in_vain.flat_map(|(_, committables)| committables).collect();
        self.world
            .block_on(self.committer.abandon(in_vain))
            .unwrap();
        self.commit();
    }

    fn check(&mut self) {
        self.committed.sort_unstable();
        assert_eq!(visible(&self.world, self.directory), self.committed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_visible_is_what_was_committed(
        events in prop::collection::vec(happens(), 1..40),
        in_object_store: bool,
    ) {
        let mut life = Life::new(if in_object_store { "s3://lake/out" } else { "out" });
        for event in events {
            life.run(event);
            life.check();
        }
        life.fail();
        life.world.block_on(life.world.clock().sleep(Duration::from_secs(1))).unwrap();
        life.check();
        let left = names(&life.world, life.directory);
        let left: Vec<_> = left.iter().filter(|name| is_hidden(name)).collect();
        prop_assert!(left.is_empty(), "{left:?}");
    }
}

/// Writes a few lines and prepares them.
fn prepare(world: &World) -> (Box<dyn Committer>, Committables) {
    let context = writer_context(world, 2, true);
    let sink = FileSink::<String>::new("out").format(TextFormat::new());
    let committer = sink.create_committer(&context).unwrap().unwrap();
    let mut writing = Writing::start_with(&sink, context).unwrap();
    writing.write(vec!["a".into(), "b".into()]).unwrap();
    let committables = writing.pre_commit().unwrap();
    writing.finish().unwrap();
    (committer, committables)
}

#[test]
fn names_tell_the_subtask_and_are_never_given_twice() {
    let world = World::simulated(1);
    put(&world, "out/part-2-0.txt", "old");
    for _ in 0..2 {
        let (mut committer, committables) = prepare(&world);
        assert!(names(&world, "out").iter().any(|name| is_hidden(name)));
        world
            .block_on(committer.commit(committables))
            .unwrap()
            .unwrap();
    }
    let names = names(&world, "out");
    assert_eq!(names.len(), 3, "{names:?}");
    let is_new = |name: &&String| name.len() == "part-2-0123456789abcdef-0.txt".len();
    assert_eq!(names.iter().filter(is_new).count(), 2, "{names:?}");
    // Files without checkpoints are numbered on as if these were not there.
    let sink = FileSink::new("out").format(TextFormat::new());
    let mut writing = Writing::start(&world, &sink, 2).unwrap();
    writing.write(vec!["c".to_string()]).unwrap();
    writing.finish().unwrap();
    assert_eq!(get(&world, "out/part-2-1.txt"), b"c\n");
}

#[test]
fn a_file_that_was_taken_away_after_its_commit_is_no_error() {
    let world = World::simulated(1);
    let (mut committer, committables) = prepare(&world);
    world
        .block_on(committer.commit(committables.clone()))
        .unwrap()
        .unwrap();
    let name = names(&world, "out").remove(0);
    let place = world.storage().open(&format!("out/{name}")).unwrap();
    world
        .block_on(place.store.delete(&place.path))
        .unwrap()
        .unwrap();
    world
        .block_on(committer.commit(committables))
        .unwrap()
        .unwrap();
}

#[test]
fn what_is_no_committable_is_refused() {
    let world = World::simulated(1);
    let (mut committer, _) = prepare(&world);
    assert!(
        world
            .block_on(committer.commit(vec![vec![9]]))
            .unwrap()
            .is_err()
    );
}
