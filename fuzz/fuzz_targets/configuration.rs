//! Configuration: any text under any key.

#![no_main]

use hurtig_graph::JobSettings;
use hurtig_types::{Configuration, options};
use libfuzzer_sys::fuzz_target;

const LINES_MAX: usize = 8;

fuzz_target!(|data: &[u8]| {
    let mut configuration = Configuration::new();
    let text = String::from_utf8_lossy(data);
    // An unknown key is compared with all that are known, which takes its time.
    for line in text.lines().take(LINES_MAX) {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        // A number stands for a key, so that they need not be guessed.
        let known = key.parse().ok().and_then(|n| options::known_keys().nth(n));
        let _ = configuration.set(known.unwrap_or(key), value);
    }
    let _ = JobSettings::from_configuration(&configuration);
    let _ = configuration.get(&options::CHECKPOINTING_INTERVAL);
    let _ = configuration.get(&options::UNALIGNED_ENABLED);
    let _ = configuration.get(&options::DATA_INLINE_THRESHOLD);
    let _ = configuration.get(&options::EXPONENTIAL_BACKOFF_MULTIPLIER);
    let _ = configuration.get(&options::EXPONENTIAL_ATTEMPTS);
    let _ = configuration.get(&options::MAX_CONCURRENT_CHECKPOINTS);
    let _ = configuration.get(&options::CHECKPOINTS_DIRECTORY);
});
