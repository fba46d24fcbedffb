//! A stream and a broadcast stream, for one function.

use hurtig_graph::{Partitioning, Transformation};
use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Data, Error, Key, Result};

use super::{DataStream, KeyedStream, short_type_name};
use crate::function::Prototype;
use crate::operators::{KeyedOperator, ProcessBroadcast, ProcessKeyedBroadcast, ProcessOperator};
use crate::{BroadcastProcessFunction, KeyedBroadcastProcessFunction, StreamExecutionEnvironment};

/// A stream without keys, and one whose records come to all subtasks.
pub struct BroadcastConnectedStream<A, B> {
    stream: DataStream<A>,
    broadcast: DataStream<B>,
}

impl<A: Data, B: Data> BroadcastConnectedStream<A, B> {
    pub(super) fn new(stream: &DataStream<A>, broadcast: &DataStream<B>) -> Self {
        check_environments(&stream.env, &broadcast.env);
        Self {
            stream: stream.clone(),
            broadcast: broadcast.partition(Partitioning::Broadcast),
        }
    }

    /// One function over both.
    pub fn process<F: BroadcastProcessFunction<A, B>>(&self, function: F) -> DataStream<F::Out> {
        let prototype = Prototype::new(function);
        let make = move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            let handler = ProcessBroadcast(prototype.instance());
            Ok(Box::new(ProcessOperator::<A, B, _>::new(handler, context)))
        };
        let inputs = [self.stream.node, self.broadcast.node];
        let types = [short_type_name::<A>(), short_type_name::<B>()];
        let output = short_type_name::<F::Out>();
        let transformation =
            Transformation::two_input("Co-Process-Broadcast", inputs, types, output)
                .description(short_type_name::<F>());
        self.stream
            .env
            .add_fallible::<A, B, F::Out>(transformation, make)
    }
}

/// A keyed stream, and one whose records come to all subtasks.
pub struct KeyedBroadcastConnectedStream<A, B, K> {
    stream: KeyedStream<A, K>,
    broadcast: DataStream<B>,
}

impl<A: Data, B: Data, K: Key> KeyedBroadcastConnectedStream<A, B, K> {
    pub(super) fn new(stream: &KeyedStream<A, K>, broadcast: &DataStream<B>) -> Self {
        check_environments(&stream.env, &broadcast.env);
        Self {
            stream: stream.clone(),
            broadcast: broadcast.partition(Partitioning::Broadcast),
        }
    }

    /// One function over both, with state and timers under the keys of the first.
    pub fn process<F: KeyedBroadcastProcessFunction<K, A, B>>(
        &self,
        function: F,
    ) -> DataStream<F::Out> {
        let (prototype, selector) = (Prototype::new(function), self.stream.selector.clone());
        let make = move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            let handler = ProcessKeyedBroadcast(prototype.instance());
            let selectors = (selector.clone(), None);
            Ok(Box::new(KeyedOperator::<K, A, B, _>::new(
                handler, selectors, context,
            )))
        };
        let inputs = [self.stream.node, self.broadcast.node];
        let types = [short_type_name::<A>(), short_type_name::<B>()];
        let output = short_type_name::<F::Out>();
        let transformation =
            Transformation::two_input("Co-Process-Broadcast-Keyed", inputs, types, output)
                .keyed_by(short_type_name::<K>())
                .description(short_type_name::<F>());
        self.stream
            .env
            .add_fallible::<A, B, F::Out>(transformation, make)
    }
}

fn check_environments(one: &StreamExecutionEnvironment, other: &StreamExecutionEnvironment) {
    if !one.is_same(other) {
        one.fail(Error::invalid_job(
            "two streams from two environments were connected",
        ));
    }
}
