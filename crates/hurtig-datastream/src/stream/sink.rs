//! The end of a stream.

use std::marker::PhantomData;

use hurtig_graph::NodeId;

use crate::StreamExecutionEnvironment;

/// A sink in the job, to be named, given a uid or a parallelism.
pub struct DataStreamSink<T> {
    pub(crate) env: StreamExecutionEnvironment,
    pub(crate) node: NodeId,
    pub(crate) records: PhantomData<fn(T)>,
}
