//! Nothing but tests: what a job comes to does not depend on what its state lies in.
//!
//! ```text
//!  numbers ─► a job of each kind (tests/backends/jobs.rs) ─► Ledger ─► the same as undisturbed, in memory, with one subtask
//!                    │ fails, is stopped, goes on with other parallelism, or with another backend
//! ```
//!
//! What it is not: it tests no backend by itself (that is done beside each), and no storm (the simulation's). A crate of its own, for
//! it needs RocksDB, whose C++ takes minutes to compile. Laws:
//! 1. What a job tells is a function of its input alone, so that runs can be compared.
//! 2. Whatever is asked of one backend is asked of all.
