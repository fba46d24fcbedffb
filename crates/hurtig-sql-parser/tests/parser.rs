//! What the parser promises, over a corpus of Flink's statements.

#![allow(clippy::unwrap_used)]

mod parser {
    mod corpus;
    mod errors;
    mod random;
    mod scripts;
}
