//! Nothing but tests: queries that Flink has answered, asked of Hurtig.
//!
//! ```text
//!  corpus/*.sql ─┬► flink/Runner.java: Flink itself, on a JVM ─► expected/*.txt, committed        (`make parity`)
//!                └► tests/parity: Hurtig ─► the same text? ─► differences, less known_differences.txt  (`cargo test`)
//! ```
//!
//! What it is not: it tests no operator by itself, and no speed. Laws:
//! 1. What Flink answered is recorded from Flink, never written by hand.
//! 2. A difference is equal, known with its reason, or a failure; one that is known and gone is a failure too.
