//! What the parser promises, over a corpus of Flink's statements.

mod parser {
    mod corpus;
    mod errors;
    mod random;
    mod scripts;
}
