//! Nothing but a test: programs that use the API wrongly do not compile, and the message helps.
//!
//! ```text
//!  tests/compile_fail/*.rs ─► the compiler ─► *.stderr, word for word
//! ```
//!
//! What it is not: it runs nothing. A crate of its own, for all that it depends on is compiled once more for it: the API alone, and none
//! of its features, of which one is a database in C++.
