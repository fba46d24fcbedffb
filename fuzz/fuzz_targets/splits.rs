//! Splits and enumerators of all sources, as checkpoints hold them: positions that may be anywhere.

#![no_main]

use std::future::poll_fn;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use hurtig_connect::{
    DecodingFormat, EnumeratorAction, EnumeratorEvent, ReaderContext, ReaderEvent, ReaderOutput,
    Source, SourceReader, TextFormat, decode_value, encode_value,
};
use hurtig_connector_files::FileSource;
use hurtig_datastream::{CollectionSource, GeneratorSource, SocketTextSource};
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_format_csv::CsvFormat;
use hurtig_metrics::MetricGroup;
use hurtig_types::{Data, Result};
use libfuzzer_sys::fuzz_target;

const FILE: &str = "a.txt";
const LINES: &str = "one,two\n1,2\n3,4\n\n5,6";
/// So many calls are enough for whatever is small; a generator may go on for ever.
const CALLS_MAX: usize = 40;
const ACTIONS_MAX: usize = 10_000;

static WORLD: OnceLock<World> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let Some((sort, data)) = data.split_first() else {
        return;
    };
    let world = WORLD.get_or_init(world);
    let _ = match sort % 6 {
        0 => restore(world, &files(TextFormat::new()), data),
        1 => restore(world, &files(CsvFormat::<(i64, i64)>::new()), data),
        2 => restore(world, &GeneratorSource::new(1_000, |n| n), data),
        3 => restore(world, &GeneratorSource::unbounded(|n| n), data),
        4 => restore(world, &CollectionSource::new(vec![1, 2, 3]), data),
        _ => restore(world, &SocketTextSource::new("nowhere:1"), data),
    };
});

/// Simulated, so that neither path nor address leads anywhere.
fn world() -> World {
    let world = World::simulated(1);
    let place = world.storage().open(FILE).expect("it is a path");
    let put = place.store.put(&place.path, LINES.into());
    let put = world.block_on(put).expect("the world runs");
    put.expect("nothing fails in this world");
    world
}

fn files<T: Data>(format: impl DecodingFormat<T>) -> FileSource<T, impl DecodingFormat<T>> {
    FileSource::<T>::new(FILE).split_size(8).format(format)
}

/// The bytes as a split, and as what an enumerator remembers.
fn restore<S: Source>(world: &World, source: &S, data: &[u8]) -> Result<()> {
    let _ = enumerate(world, source, data);
    let split: S::Split = decode_value(data)?;
    let bytes = encode_value(&split)?;
    let again: S::Split = decode_value(&bytes).expect("what was written can be read");
    assert_eq!(encode_value(&again)?, bytes);
    let mut reader = source.create_reader(ReaderContext {
        subtask: 0,
        parallelism: 1,
        world: world.clone(),
        metrics: MetricGroup::unregistered(),
        request_split: Box::new(|| {}),
    })?;
    reader.add_splits(vec![split])?;
    reader.no_more_splits();
    let _ = read(world, &mut *reader);
    for split in reader.snapshot() {
        encode_value(&split).expect("what was read can be written");
    }
    reader.close()
}

fn enumerate<S: Source>(world: &World, source: &S, data: &[u8]) -> Result<()> {
    let mut enumerator = source.create_enumerator(world)?;
    enumerator.restore(data)?;
    let bytes = enumerator.snapshot().expect("what was read can be written");
    let mut again = source.create_enumerator(world)?;
    again.restore(&bytes).expect("what was written can be read");
    assert_eq!(again.snapshot()?, bytes);
    let mut actions = Vec::<EnumeratorAction<S::Split>>::new();
    enumerator.step(EnumeratorEvent::Started { parallelism: 3 }, &mut actions)?;
    for subtask in [2, 0, 1] {
        enumerator.step(EnumeratorEvent::ReaderJoined { subtask }, &mut actions)?;
        enumerator.step(EnumeratorEvent::SplitRequested { subtask }, &mut actions)?;
    }
    if let Ok(Ok(found)) = world.block_on(enumerator.discover()) {
        enumerator.step(EnumeratorEvent::Discovered(found), &mut actions)?;
    }
    assert!(actions.len() < ACTIONS_MAX, "actions without end");
    enumerator.snapshot().map(drop)
}

fn read<T: Data, S>(world: &World, reader: &mut dyn SourceReader<T, S>) -> Result<()> {
    let mut output = ReaderOutput::default();
    for _ in 0..CALLS_MAX {
        output.clear();
        let next = poll_fn(|context| next(reader, context, &mut output));
        if world.block_on(next)?? == ReaderEvent::EndOfInput {
            break;
        }
        // Where a record is from is asked when it is shown.
        let _ = output.records.origin.to_string();
    }
    Ok(())
}

fn next<T, S>(
    reader: &mut dyn SourceReader<T, S>,
    context: &mut Context<'_>,
    output: &mut ReaderOutput<T>,
) -> Poll<Result<ReaderEvent>> {
    reader.poll_next(context, output)
}
