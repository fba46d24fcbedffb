//! From a logical plan to a job.
//!
//! ```text
//!  LogicalPlan ─ lower ─► Node: streaming operators in terms of columns, with what is known of their changes and keys
//!                          └─ build ─► RowStream: the operators in a job
//! ```

mod aggregate;
mod batch;
mod build;
mod calc;
mod correlate;
mod filter;
mod join;
mod keys;
mod lookup_hint;
mod lower;
mod needed;
mod node;
mod over;
mod print;
mod rank;
mod ranked;
mod share;
mod temporal;
mod uid;
mod watermark;
mod window;

pub(crate) use batch::final_rows;
pub(crate) use build::{Builder, ExecOptions};
pub(crate) use lower::Lowering;
pub(crate) use node::Node;
pub(crate) use print::tree;
pub(crate) use share::share_scans;
