//! A job as data, in four layers, each made from the one before it.
//!
//! ```text
//!  Transformations   what the program said: sources, operators, sinks, and between them unions,
//!        │           partitionings and side outputs
//!        │  dissolve ─ resolve parallelism ─ name by what it does ─ check
//!        ▼
//!  StreamGraph       operators and edges alone, each operator with its id, parallelism and slot sharing group
//!        │  chain
//!        ▼
//!  JobGraph          chains of operators as vertices: what becomes one task
//!        │  multiply by parallelism
//!        ▼
//!  ExecutionGraph    subtasks with their key groups, and the channels between them
//! ```
//!
//! [`Plan::compile`] makes all four. The functions and operators of a job (its program) are not in here: the runtime
//! keeps them by [`NodeId`], and finds key selectors and custom partitioners by the `partition_node` of an edge. So
//! a graph can be sent, stored, compared and drawn without the program. No threads, no I/O, no clock.
//!
//! Two laws:
//! 1. The same transformations and settings give the same graphs, on every machine: client and worker compare
//!    [`JobGraph::graph_hash`].
//! 2. An operator's id comes from its `uid`, or from what it does, never from where it stands in the program.
//!
//! ```
//! use hurtig_graph::{JobSettings, Partitioning, Plan, Transformation, Transformations};
//!
//! let mut job = Transformations::new();
//! let words = job.add(Transformation::source("words", true, "String"));
//! let keyed = job.add(Transformation::partition(words, Partitioning::KeyGroup, "String"));
//! let count = Transformation::one_input("count", keyed, "String", "(String, u64)");
//! let count = job.add(count.keyed_by("String").uid("word-count"));
//! job.add(Transformation::sink("print", count, "(String, u64)"));
//!
//! let settings = JobSettings { environment_parallelism: Some(2), ..JobSettings::default() };
//! let plan = Plan::compile(job, settings)?;
//! let names: Vec<&str> = plan.job_graph.vertices().iter().map(|vertex| vertex.name.as_str()).collect();
//! assert_eq!(names, ["Source: words", "count -> Sink: print"]);
//! assert_eq!(plan.execution_graph.channel_count(), 4);
//! # Ok::<(), hurtig_types::Error>(())
//! ```

mod chaining;
mod dissolve;
mod distribution;
mod execution_graph;
pub mod explain;
mod fingerprint;
mod job_graph;
mod operator_id;
mod partitioning;
mod plan;
mod regions;
mod settings;
mod stream_graph;
mod transformation;
mod transformations;
mod validate;

pub use chaining::{ChainBreak, ChainInput, ChainedOperator};
pub use distribution::{Channel, Distribution, DistributionPattern};
pub use execution_graph::{ExecutionEdge, ExecutionGraph, ExecutionVertex, Subtask};
pub use fingerprint::GraphHash;
pub use job_graph::{JobEdge, JobEdgeId, JobGraph, JobVertex};
pub use operator_id::OperatorIdOrigin;
pub use partitioning::Partitioning;
pub use plan::Plan;
pub use regions::PipelinedRegions;
pub use settings::{BufferTimeout, JobSettings, Parallelism, ParallelismLevel, resolve};
pub use stream_graph::{OperatorKind, StreamEdge, StreamGraph, StreamNode};
pub use transformation::{ChainingStrategy, NodeId, Transformation, TransformationKind};
pub use transformations::Transformations;
