//! What was in flight in a channel, and the batches in it.

#![no_main]

use hurtig_codec::{decode_records, encode_records};
use hurtig_exchange::{BatchCodec, ChannelContents, InFlightElement, RecordsCodec};
use hurtig_types::KeyGroupRange;
use libfuzzer_sys::fuzz_target;

type Record = (u64, String, Option<i32>);

fuzz_target!(|data: &[u8]| {
    records(data);
    let Ok(contents) = ChannelContents::decode(data) else {
        return;
    };
    let again = contents.encode().expect("what was read can be written");
    let again = ChannelContents::decode(&again).expect("what was written can be read");
    assert_eq!(again, contents);
    let codec = RecordsCodec::<Record>::new();
    for element in &contents.elements {
        if let InFlightElement::Batch(batch) = element {
            let _ = codec.decode(batch, Some(KeyGroupRange::new(1, 5)));
            records(batch);
        }
    }
});

fn records(bytes: &[u8]) {
    let Ok(records) = decode_records::<Record>(bytes) else {
        return;
    };
    let mut again = Vec::new();
    encode_records(&records, &mut again).expect("what was read can be written");
    let again = decode_records::<Record>(&again).expect("what was written can be read");
    assert_eq!(again, records);
}
