//! Counts words: of a file, of a socket, or of a few lines that come with the program.

use hurtig::prelude::*;

/// What is counted when nothing else is given.
pub const LINES: [&str; 4] = [
    "To be, or not to be,--that is the question:--",
    "Whether 'tis nobler in the mind to suffer",
    "The slings and arrows of outrageous fortune",
    "Or to take arms against a sea of troubles,",
];

/// The running count of each word, one update per word.
pub fn count(lines: &DataStream<String>) -> DataStream<(String, u64)> {
    lines
        .flat_map(|line| {
            let words = line.to_lowercase();
            let words = words
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty());
            words.map(|word| (word.to_string(), 1)).collect::<Vec<_>>()
        })
        .name("tokenize")
        .key_by(|word| word.0.clone())
        .sum(|word| &mut word.1)
        .name("count")
        .uid("word-count")
}
