//! The state of operators that has no key: lists, and broadcast state.

#![no_main]

use hurtig_state::{
    BroadcastState, ListMode, ListPiece, OperatorListState, OperatorState, StateImage,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let entries: Vec<Vec<u8>> = data
        .split(|byte| *byte == 0xff)
        .map(<[u8]>::to_vec)
        .collect();
    for mode in [ListMode::Split, ListMode::Union, ListMode::Broadcast] {
        let mut image = StateImage::default();
        image.lists.push(ListPiece {
            name: "a".to_string(),
            mode,
            entries: entries.clone(),
        });
        let mut state = OperatorState::default();
        state.restore("", &mut image);
        let _ = OperatorListState::<(String, u64)>::new("a").get(&mut state);
        let mut again = StateImage::default();
        let _ = state.snapshot("", &mut again);
        let mut state = OperatorState::default();
        state.restore("", &mut again);
        let _ = BroadcastState::<String, Vec<u32>>::new("a").view(&mut state);
        let _ = state.snapshot("", &mut StateImage::default());
    }
});
