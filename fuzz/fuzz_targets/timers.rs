//! The timers of a checkpoint.

#![no_main]

use hurtig_fuzz::{GROUPS, keyed_piece_of, raw_piece};
use hurtig_state::TimerQueue;
use hurtig_types::{KeyHash, MaxParallelism};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for piece in [raw_piece("timers", data), keyed_piece_of("timers", data)] {
        let max_parallelism = MaxParallelism::new(GROUPS).expect("there may be so many");
        let hash_of = |key: &u8| KeyHash::of(key, max_parallelism);
        let mut timers = TimerQueue::<u8, i64>::new();
        if timers.restore(&piece, hash_of).is_err() {
            continue;
        }
        let image = timers.image("timers", piece.range);
        let image = image.expect("what was read can be written");
        let mut again = TimerQueue::<u8, i64>::new();
        again
            .restore(&image, hash_of)
            .expect("what was written can be read");
        assert_eq!(again.len(), timers.len());
    }
});
