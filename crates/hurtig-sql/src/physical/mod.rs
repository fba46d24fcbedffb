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
mod cost;
mod filter;
mod join;
mod keys;
mod lookup_hint;
mod lower;
mod needed;
mod node;
mod normalize;
mod over;
mod print;
mod rank;
mod ranked;
mod rebuild;
mod session;
mod share;
mod sink;
mod split_distinct;
mod state;
mod temporal;
mod two_phase;
mod uid;
mod watermark;
mod window;

pub(crate) use batch::final_rows;
pub(crate) use build::{Builder, ExecOptions};
pub(crate) use lower::Lowering;
pub(crate) use node::Node;
pub(crate) use normalize::normalized;
pub(crate) use print::{Details, tree};
pub(crate) use session::rows_of_sessions;
pub(crate) use share::share_scans;
pub(crate) use sink::{SinkOptions, SinkPlan, UpsertMaterialize, sinks_tree};
pub(crate) use state::state_of;
pub(crate) use two_phase::two_phases;
