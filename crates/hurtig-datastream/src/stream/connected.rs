//! Two streams of different types, for one function.

use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_graph::Transformation;
use hurtig_runtime::{OperatorContext, StreamOperator};
use hurtig_types::{Data, Error, Key, Result};

use super::{DataStream, KeySelector, KeyedStream, short_type_name};
use crate::function::Prototype;
use crate::operators::{
    CoFlatMap, CoMap, CoProcess, CoProcessKeyed, KeyedOperator, ProcessOperator,
};
use crate::{CoProcessFunction, KeyedCoProcessFunction};

/// Two streams, not keyed.
pub struct ConnectedStreams<A, B> {
    first: DataStream<A>,
    second: DataStream<B>,
}

impl<A: Data, B: Data> ConnectedStreams<A, B> {
    pub(super) fn new(first: DataStream<A>, second: DataStream<B>) -> Self {
        if !first.env.is_same(&second.env) {
            first.env.fail(Error::invalid_job(
                "two streams from two environments were connected",
            ));
        }
        Self { first, second }
    }

    /// One result for each record, by a function for each stream.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let (numbers, names) = (env.from_collection(vec![1]), env.from_collection(vec!["a".to_string()]));
    /// let mut all = numbers.connect(&names).map(|n| n.to_string(), |s| s).execute_and_collect("co map").unwrap();
    /// all.sort();
    /// assert_eq!(all, ["1", "a"]);
    /// ```
    pub fn map<Out: Data>(
        &self,
        first: impl FnMut(A) -> Out + Clone + Send + 'static,
        second: impl FnMut(B) -> Out + Clone + Send + 'static,
    ) -> DataStream<Out> {
        let prototype = Prototype::new((first, second));
        self.transform("Co-Map", move |context| {
            let (first, second) = prototype.instance();
            let handler = CoMap(first, second, PhantomData);
            Ok(Box::new(ProcessOperator::<A, B, _>::new(handler, context)))
        })
    }

    /// Any number of results for each record, by a function for each stream.
    pub fn flat_map<Out: Data, I, J>(
        &self,
        first: impl FnMut(A) -> I + Clone + Send + 'static,
        second: impl FnMut(B) -> J + Clone + Send + 'static,
    ) -> DataStream<Out>
    where
        I: IntoIterator<Item = Out> + 'static,
        J: IntoIterator<Item = Out> + 'static,
    {
        let prototype = Prototype::new((first, second));
        self.transform("Co-Flat Map", move |context| {
            let (first, second) = prototype.instance();
            let handler = CoFlatMap(first, second, PhantomData);
            Ok(Box::new(ProcessOperator::<A, B, _>::new(handler, context)))
        })
    }

    /// One function over both, with timestamps and side outputs.
    pub fn process<F: CoProcessFunction<A, B>>(&self, function: F) -> DataStream<F::Out> {
        let prototype = Prototype::new(function);
        let make = move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            let handler = CoProcess(prototype.instance());
            Ok(Box::new(ProcessOperator::<A, B, _>::new(handler, context)))
        };
        let transformation = self.transformation::<F::Out>("Co-Process");
        let transformation = transformation.description(short_type_name::<F>());
        self.first
            .env
            .add_fallible::<A, B, F::Out>(transformation, make)
    }

    /// Keys both, so that they share state.
    pub fn key_by<K: Key>(
        &self,
        first: impl Fn(&A) -> K + Clone + Send + Sync + 'static,
        second: impl Fn(&B) -> K + Clone + Send + Sync + 'static,
    ) -> KeyedConnectedStreams<A, B, K> {
        KeyedConnectedStreams::new(self.first.key_by(first), self.second.key_by(second))
    }

    fn transform<Out: Data>(
        &self,
        name: &str,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> DataStream<Out> {
        let transformation = self.transformation::<Out>(name);
        self.first.env.add_operator(transformation, Arc::new(make))
    }

    fn transformation<Out>(&self, name: &str) -> Transformation {
        let inputs = [self.first.node, self.second.node];
        let types = [short_type_name::<A>(), short_type_name::<B>()];
        Transformation::two_input(name, inputs, types, short_type_name::<Out>())
    }
}

/// Two streams keyed alike.
pub struct KeyedConnectedStreams<A, B, K> {
    first: KeyedStream<A, K>,
    second: KeyedStream<B, K>,
}

impl<A: Data, B: Data, K: Key> KeyedConnectedStreams<A, B, K> {
    pub(super) fn new(first: KeyedStream<A, K>, second: KeyedStream<B, K>) -> Self {
        if !first.env.is_same(&second.env) {
            first.env.fail(Error::invalid_job(
                "two streams from two environments were connected",
            ));
        }
        Self { first, second }
    }

    /// One result for each record, by a function for each stream, where the keys sent them.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let orders = env.from_collection(vec![(7u32, 20u64)]).key_by(|order| order.0);
    /// let names = env.from_collection(vec![(7u32, "ann".to_string())]).key_by(|name| name.0);
    /// let lines = orders.connect(&names).map(|(user, sum)| format!("{user} {sum}"), |(user, name)| format!("{user} {name}"));
    /// let mut lines = lines.execute_and_collect("keyed co map").unwrap();
    /// lines.sort();
    /// assert_eq!(lines, ["7 20", "7 ann"]);
    /// ```
    pub fn map<Out: Data>(
        &self,
        first: impl FnMut(A) -> Out + Clone + Send + 'static,
        second: impl FnMut(B) -> Out + Clone + Send + 'static,
    ) -> DataStream<Out> {
        self.without_keys().map(first, second)
    }

    /// Any number of results for each record, by a function for each stream, where the keys sent them.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let numbers = env.from_collection(vec![2u32]).key_by(|n| *n);
    /// let words = env.from_collection(vec!["a b".to_string()]).key_by(|words| words.len() as u32);
    /// let split = |words: String| words.split(' ').map(String::from).collect::<Vec<_>>();
    /// let all = numbers.connect(&words).flat_map(|n| vec![n.to_string(); n as usize], split);
    /// let mut all = all.execute_and_collect("keyed co flat map").unwrap();
    /// all.sort();
    /// assert_eq!(all, ["2", "2", "a", "b"]);
    /// ```
    pub fn flat_map<Out: Data, I, J>(
        &self,
        first: impl FnMut(A) -> I + Clone + Send + 'static,
        second: impl FnMut(B) -> J + Clone + Send + 'static,
    ) -> DataStream<Out>
    where
        I: IntoIterator<Item = Out> + 'static,
        J: IntoIterator<Item = Out> + 'static,
    {
        self.without_keys().flat_map(first, second)
    }

    fn without_keys(&self) -> ConnectedStreams<A, B> {
        ConnectedStreams {
            first: self.first.as_stream(),
            second: self.second.as_stream(),
        }
    }

    /// One function over both, with state and timers that both see.
    pub fn process<F: KeyedCoProcessFunction<K, A, B>>(&self, function: F) -> DataStream<F::Out> {
        let prototype = Prototype::new(function);
        let selectors: (KeySelector<A, K>, _) = (
            self.first.selector.clone(),
            Some(self.second.selector.clone()),
        );
        let make = move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            let handler = CoProcessKeyed(prototype.instance());
            Ok(Box::new(KeyedOperator::<K, A, B, _>::new(
                handler,
                selectors.clone(),
                context,
            )))
        };
        let inputs = [self.first.node, self.second.node];
        let types = [short_type_name::<A>(), short_type_name::<B>()];
        let output = short_type_name::<F::Out>();
        let transformation = Transformation::two_input("Co-Keyed-Process", inputs, types, output)
            .keyed_by(short_type_name::<K>())
            .description(short_type_name::<F>());
        self.first
            .env
            .add_fallible::<A, B, F::Out>(transformation, make)
    }
}
