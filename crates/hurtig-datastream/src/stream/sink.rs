//! The end of a stream.

use std::marker::PhantomData;

use hurtig_connect::{BoxFuture, Sink, WriterContext};
use hurtig_env::World;
use hurtig_graph::NodeId;
use hurtig_runtime::{OperatorContext, OperatorFactory, StreamOperator};
use hurtig_types::{Data, Result};

use crate::StreamExecutionEnvironment;
use crate::operators::{Orphans, SinkOperator};

/// A sink in the job, to be named, given a uid or a parallelism.
pub struct DataStreamSink<T> {
    pub(crate) env: StreamExecutionEnvironment,
    pub(crate) node: NodeId,
    pub(crate) records: PhantomData<fn(T)>,
}

/// Makes the writers of a sink.
pub(crate) struct SinkFactory<T, S> {
    sink: S,
    /// From one attempt to the next.
    orphans: Orphans,
    records: PhantomData<fn(T)>,
}

impl<T, S> SinkFactory<T, S> {
    pub(crate) fn new(sink: S) -> Self {
        Self {
            sink,
            orphans: Orphans::default(),
            records: PhantomData,
        }
    }
}

impl<T: Data, S: Sink<T>> OperatorFactory for SinkFactory<T, S> {
    fn create(&self, context: &OperatorContext) -> Result<Box<dyn StreamOperator>> {
        let of_writer = WriterContext {
            subtask: context.subtask,
            parallelism: context.parallelism,
            checkpoints: context.checkpoints,
            world: context.world.clone(),
            metrics: context.metrics.clone(),
        };
        let committer = self.sink.create_committer(&of_writer)?;
        let writer = self.sink.create_writer(of_writer)?;
        let orphans = self.orphans.clone();
        let operator = SinkOperator::new(writer, committer, orphans, context);
        Ok(Box::new(operator))
    }

    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.sink.check(world)
    }
}
