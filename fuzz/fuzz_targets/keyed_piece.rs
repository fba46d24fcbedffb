//! Pieces of keyed state, and the index before them.

#![no_main]

use hurtig_fuzz::{keyed_piece_of, raw_piece};
use hurtig_state::{KeyedIndex, KeyedPiece, KeyedWriter};
use hurtig_types::KeyGroupRange;
use libfuzzer_sys::fuzz_target;

type Entry = (String, u64, Option<Vec<u8>>);

fuzz_target!(|data: &[u8]| {
    for piece in [raw_piece("state", data), keyed_piece_of("state", data)] {
        if let Ok(index) = KeyedIndex::read(&piece.bytes) {
            for range in [(0, 4), (3, 20), (0, 32_768)] {
                let range = KeyGroupRange::new(range.0, range.1);
                let _ = index.span(range);
                let cut = piece.cut(range);
                let _ = cut.and_then(|cut| entries(&cut));
            }
        }
        let Ok(read) = entries(&piece) else {
            continue;
        };
        let mut writer = KeyedWriter::new(piece.range);
        for (group, entry) in &read {
            writer
                .entry(*group, entry)
                .expect("what was read can be written");
        }
        let again = entries(&writer.finish("state")).expect("what was written can be read");
        assert_eq!(again, read);
    }
});

fn entries(piece: &KeyedPiece) -> hurtig_types::Result<Vec<(hurtig_types::KeyGroup, Entry)>> {
    let mut read = Vec::new();
    piece.read(|group, entry| {
        // Another range than that of the index, which a writer would not take.
        if piece.range.contains(group) {
            read.push((group, entry));
        }
        Ok(())
    })?;
    Ok(read)
}
