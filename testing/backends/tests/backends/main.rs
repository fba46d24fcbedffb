//! Whatever its state lies in, a job comes to the same: undisturbed, after failures, and after it went on with other parallelism.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod jobs;
mod large;
mod recovery;
mod rescale;
mod switch;
