//! Which subtask of the next operator a record goes to.

use std::sync::Arc;

use hurtig_exchange::{Custom, Edge, EdgeWriter};
use hurtig_graph::{Partitioning, Transformation};
use hurtig_runtime::{EdgeSpec, TypedPort};
use hurtig_types::{Data, Error, Records};

use super::{DataStream, short_type_name};

impl<T: Data> DataStream<T> {
    /// To the subtask of the same index; both sides have the same parallelism.
    #[must_use]
    pub fn forward(&self) -> Self {
        self.partition(Partitioning::Forward)
    }

    /// To all subtasks in turn: evens out skew.
    #[must_use]
    pub fn rebalance(&self) -> Self {
        self.partition(Partitioning::Rebalance)
    }

    /// In turn to the few subtasks that lie opposite: fewer connections than [`rebalance`](Self::rebalance).
    #[must_use]
    pub fn rescale(&self) -> Self {
        self.partition(Partitioning::Rescale)
    }

    /// To a random subtask.
    #[must_use]
    pub fn shuffle(&self) -> Self {
        self.partition(Partitioning::Shuffle)
    }

    /// To every subtask.
    #[must_use]
    pub fn broadcast(&self) -> Self {
        self.partition(Partitioning::Broadcast)
    }

    /// To the first subtask.
    #[must_use]
    pub fn global(&self) -> Self {
        self.partition(Partitioning::Global)
    }

    /// To the subtask that `partitioner(key, subtasks)` names.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let halves = env.from_collection(vec![1u64, 2, 3, 4])
    ///     .partition_custom("halves", |key, subtasks| (*key > 2) as usize % subtasks, |value| *value);
    /// # let _ = halves;
    /// ```
    #[must_use]
    pub fn partition_custom<K: 'static>(
        &self,
        name: impl Into<String>,
        partitioner: impl Fn(&K, usize) -> usize + Clone + Send + Sync + 'static,
        key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    ) -> Self {
        let stream = self.partition(Partitioning::Custom { name: name.into() });
        let edge = move |spec: EdgeSpec| -> Box<dyn EdgeWriter> {
            let partitioner = Custom::new(key.clone(), partitioner.clone());
            Box::new(Edge::<Records<T>>::new(
                Box::new(partitioner),
                spec.senders,
                spec.options,
            ))
        };
        stream
            .env
            .build(|builder| builder.program.set_partition(stream.node, Arc::new(edge)));
        stream
    }

    pub(crate) fn partition(&self, partitioning: Partitioning) -> Self {
        let transformation =
            Transformation::partition(self.node, partitioning, short_type_name::<T>());
        self.env.add_stream(transformation)
    }

    /// Both streams as one. Records keep no order between the two; the watermark is the lower of both.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let (a, b) = (env.from_collection(vec![1]), env.from_collection(vec![2]));
    /// let mut all = a.union(&[&b]).execute_and_collect("union").unwrap();
    /// all.sort();
    /// assert_eq!(all, [1, 2]);
    /// ```
    #[must_use]
    pub fn union(&self, others: &[&Self]) -> Self {
        let mut inputs = vec![self.node];
        for other in others {
            if other.env.is_same(&self.env) {
                inputs.push(other.node);
            } else {
                self.env.fail(Error::invalid_job(
                    "a union of streams from two environments",
                ));
            }
        }
        self.env
            .add_stream(Transformation::union(inputs, short_type_name::<T>()))
    }

    /// The type of this stream's records, for the edges that leave it.
    pub(crate) fn port() -> Arc<dyn hurtig_runtime::Port> {
        TypedPort::<T>::shared()
    }
}
