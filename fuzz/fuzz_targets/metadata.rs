//! The metadata of checkpoints.

#![no_main]

use hurtig_checkpoint::Metadata;
use hurtig_fuzz::metadata_of;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for bytes in [data.to_vec(), metadata_of(data)] {
        let Ok(metadata) = Metadata::decode(&bytes) else {
            continue;
        };
        let again = metadata.encode().expect("what was read can be written");
        let read = Metadata::decode(&again).expect("what was written can be read");
        assert_eq!(read, metadata);
    }
});
