//! Nothing but tests: what a job comes to does not depend on what its state lies in. A crate of its own, for it alone is built with
//! RocksDB.
