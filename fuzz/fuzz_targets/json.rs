//! JSON as it is read from files: in one chunk and in many, which must say the same.

#![no_main]

use hurtig_connect::{DecodeInput, DecodeOutput, Decoder, DecodingFormat};
use hurtig_format_json::JsonFormat;
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    name: String,
    note: Option<String>,
    number: i64,
    share: Option<f64>,
    sure: bool,
}

fuzz_target!(|data: &[u8]| {
    let Some((size, data)) = data.split_first() else {
        return;
    };
    let whole = decode(data, data.len().max(1));
    let parts = decode(data, usize::from(*size) + 1);
    assert_eq!(format!("{whole:?}"), format!("{parts:?}"));
});

/// The rows, how many records could not be read, and whether the file could be.
fn decode(file: &[u8], size: usize) -> (Vec<Row>, usize, bool) {
    let format = JsonFormat::<Row>::new();
    let mut decoder = format.create_decoder().expect("the options are plain");
    let (mut values, mut failures) = (Vec::new(), Vec::new());
    let read = decode_all(&mut *decoder, file, size, &mut values, &mut failures);
    (values, failures.len(), read.is_ok())
}

fn decode_all(
    decoder: &mut dyn Decoder<Row>,
    file: &[u8],
    size: usize,
    values: &mut Vec<Row>,
    failures: &mut Vec<hurtig_connect::DecodeFailure>,
) -> hurtig_types::Result<()> {
    let (mut from, mut to, mut header) = (0, 0, false);
    loop {
        let input = DecodeInput {
            bytes: &file[from..to],
            last: to == file.len(),
        };
        let taken = if header {
            let mut output = DecodeOutput::new(values, failures, 3);
            decoder.decode(input, &mut output)?.bytes
        } else if let Some(taken) = decoder.decode_header(input)? {
            header = true;
            from += taken.bytes;
            continue;
        } else {
            0
        };
        from += taken;
        if taken == 0 && to == file.len() {
            assert!(
                header && from == file.len(),
                "{} bytes are left",
                file.len() - from
            );
            return Ok(());
        }
        if taken == 0 {
            to = file.len().min(to + size);
        }
    }
}
