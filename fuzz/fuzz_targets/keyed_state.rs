//! Keyed state, of all sorts, from the piece of a checkpoint.

#![no_main]

use hurtig_fuzz::{GROUPS, keyed_piece_of, raw_piece};
use hurtig_state::{KeyedState, ListState, MapState, StateImage, StateTable, ValueState};
use hurtig_types::{KeyHash, MaxParallelism};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((sort, data)) = data.split_first() else {
        return;
    };
    for piece in [raw_piece("a", data), keyed_piece_of("a", data)] {
        let max_parallelism = MaxParallelism::new(GROUPS).expect("there may be so many");
        let range = max_parallelism.range_of(0, 1);
        let hash_of = |key: &u8| KeyHash::of(key, max_parallelism);
        let mut table = StateTable::<u8, String>::new(range);
        let _ = table.restore(&piece, hash_of);

        let mut image = StateImage::default();
        image.keyed.push(piece);
        let mut state = KeyedState::<u8>::new(max_parallelism, range);
        if state.restore("", &mut image).is_err() {
            continue;
        }
        state.set_current_key(7, hash_of(&7));
        // Nobody asks for it at once; or somebody does, by the right type or a wrong one.
        let _ = match sort % 4 {
            0 => Ok(()),
            1 => ValueState::<String>::new("a").get(&mut state).map(drop),
            2 => ListState::<u64>::new("a").get(&mut state).map(drop),
            _ => MapState::<u8, Option<u32>>::new("a")
                .get(&mut state, &3)
                .map(drop),
        };
        if sort & 4 != 0 {
            let _ = state.clear_current_key();
        }
        let mut again = StateImage::default();
        let _ = state.freeze("", &mut again);
        while state.encode_some(1_000) {}
    }
});
