//! Torment: a job in a process of its own, killed at random moments, and started again from its latest checkpoint.
//!
//! ```text
//!  tormentor ── starts ──► job: generator ─► windows by key ─────────► FileSink   ─► <dir>/files
//!     │  SIGKILL, SIGSTOP,        └────────► state and timers by key ► SqliteSink ─► <dir>/rows.db
//!     │  stop with a savepoint,          checkpoints every few milliseconds, in <dir>/checkpoints
//!     │  a full disk
//!     └── once the job has come to its end: check ── all that is in both, against a loop over the input
//! ```
//!
//! What it is not: the simulation (`testing/sim`). That replays a history step by step; here the machine is real, its scheduler and
//! its disk are, and a seed fixes only what is done to the process and when. Two laws:
//! 1. What is compared is what another program would find: files by their names, rows by a query. Nothing of the engine is asked.
//! 2. A failure says its seed, the command that runs it again, and where the remains are.

mod check;
mod child;
mod data;
mod disk;
mod fate;
mod job;
mod options;
mod planted;
mod round;
mod settings;
mod tormentor;

pub use job::run_job;
pub use options::{ARGUMENTS, Options};
pub use planted::Planted;
pub use settings::JobSettings;
pub use tormentor::{Report, torment};
