//! The binary, as it is run by hand and by scripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test may stop where it fails, and runs on the real machine"
)]

mod bench;
mod ctrl_c;
mod hurtig;
mod input;
mod output;
mod savepoints;
mod statements;
mod tables;
#[cfg(target_os = "linux")]
mod terminal;
