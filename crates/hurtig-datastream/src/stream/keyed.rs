//! A stream whose records have keys: where state lives.

use std::marker::PhantomData;
use std::ops::AddAssign;
use std::sync::Arc;

use hurtig_exchange::{Edge, EdgeWriter, KeyGroups};
use hurtig_graph::{NodeId, Partitioning, Transformation};
use hurtig_runtime::{EdgeFactory, EdgeSpec, OperatorContext, StreamOperator};
use hurtig_types::{Data, Key, Records, Result};

use super::{DataStream, KeyedBroadcastConnectedStream, KeyedConnectedStreams, short_type_name};
use crate::StreamExecutionEnvironment;
use crate::function::Prototype;
use crate::operators::{KeyedOperator, ProcessKeyed, RollingOperator};
use crate::{Collector, KeyedProcessContext, KeyedProcessFunction};

/// What a stream is keyed by. Called by the batch, so that the loop over records is compiled with the user's closure in it.
pub struct KeySelector<T, K>(Arc<dyn SelectKeys<T, K>>);

impl<T, K> Clone for KeySelector<T, K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

trait SelectKeys<T, K>: Send + Sync {
    fn keys_into(&self, values: &[T], keys: &mut Vec<K>);

    fn edge(&self, spec: EdgeSpec) -> Box<dyn EdgeWriter>;
}

struct ByClosure<F>(F);

impl<T: Data, K: Key, F: Fn(&T) -> K + Clone + Send + Sync + 'static> SelectKeys<T, K>
    for ByClosure<F>
{
    fn keys_into(&self, values: &[T], keys: &mut Vec<K>) {
        keys.clear();
        keys.extend(values.iter().map(&self.0));
    }

    fn edge(&self, spec: EdgeSpec) -> Box<dyn EdgeWriter> {
        let partitioner = KeyGroups::<T, K, F>::new(self.0.clone(), spec.max_parallelism);
        Box::new(Edge::<Records<T>>::new(
            Box::new(partitioner),
            spec.senders,
            spec.options,
        ))
    }
}

impl<T: Data, K: Key> KeySelector<T, K> {
    /// Keys by what `key` says of a record. It must say the same of equal records.
    pub fn new(key: impl Fn(&T) -> K + Clone + Send + Sync + 'static) -> Self {
        Self(Arc::new(ByClosure(key)))
    }

    /// The keys of these records.
    pub fn keys(&self, values: &[T]) -> Vec<K> {
        let mut keys = Vec::with_capacity(values.len());
        self.keys_into(values, &mut keys);
        keys
    }

    /// The keys of these records, in the place of what `keys` held.
    pub fn keys_into(&self, values: &[T], keys: &mut Vec<K>) {
        self.0.keys_into(values, keys);
    }
}

impl<T: Data, K: Key> EdgeFactory for KeySelector<T, K> {
    fn edge(&self, spec: EdgeSpec) -> Box<dyn EdgeWriter> {
        self.0.edge(spec)
    }
}

/// A stream that is partitioned by key: records of one key go to one subtask, and share state there.
///
/// ```
/// use hurtig_datastream::StreamExecutionEnvironment;
///
/// let env = StreamExecutionEnvironment::new();
/// let words = env.from_collection(["to", "be", "to"].map(|word| (word.to_string(), 1u64)).to_vec());
/// let counts = words.key_by(|word| word.0.clone()).sum(|word| &mut word.1);
/// let counts = counts.execute_and_collect("count").unwrap();
/// assert_eq!(counts, [("to".into(), 1), ("be".into(), 1), ("to".into(), 2)]);
/// ```
pub struct KeyedStream<T, K> {
    pub(crate) env: StreamExecutionEnvironment,
    pub(crate) node: NodeId,
    pub(crate) selector: KeySelector<T, K>,
}

impl<T, K> Clone for KeyedStream<T, K> {
    fn clone(&self) -> Self {
        Self {
            env: self.env.clone(),
            node: self.node,
            selector: self.selector.clone(),
        }
    }
}

impl<T: Data, K: Key> KeyedStream<T, K> {
    pub(super) fn new(stream: &DataStream<T>, selector: KeySelector<T, K>) -> Self {
        let keyed = stream.partition(Partitioning::KeyGroup);
        let factory = Arc::new(selector.clone());
        keyed
            .env
            .build(|builder| builder.program.set_partition(keyed.node, factory));
        Self {
            env: keyed.env,
            node: keyed.node,
            selector,
        }
    }

    /// What the stream is keyed by.
    pub fn key_selector(&self) -> &KeySelector<T, K> {
        &self.selector
    }

    /// An operator of one's own over the keyed stream: `make` is called once per subtask. Its batches carry the hashes of their keys.
    pub fn transform<Out: Data>(
        &self,
        name: &str,
        description: impl Into<String>,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> DataStream<Out> {
        let (input, output) = (short_type_name::<T>(), short_type_name::<Out>());
        let transformation = Transformation::one_input(name, self.node, input, output)
            .keyed_by(short_type_name::<K>())
            .description(description);
        self.env.add_operator(transformation, Arc::new(make))
    }

    /// State, timers, side outputs: anything.
    pub fn process<F: KeyedProcessFunction<K, T>>(&self, function: F) -> DataStream<F::Out> {
        let (prototype, selector) = (Prototype::new(function), self.selector.clone());
        let (input, output) = (short_type_name::<T>(), short_type_name::<F::Out>());
        let transformation = Transformation::one_input("KeyedProcess", self.node, input, output)
            .keyed_by(short_type_name::<K>())
            .description(short_type_name::<F>());
        let make = move |context: &OperatorContext| -> Result<Box<dyn StreamOperator>> {
            let handler = ProcessKeyed(prototype.instance());
            let selectors = (selector.clone(), None);
            Ok(Box::new(KeyedOperator::<K, T, (), _>::new(
                handler, selectors, context,
            )))
        };
        self.env.add_fallible::<T, T, F::Out>(transformation, make)
    }

    /// A closure in the place of a [`KeyedProcessFunction`], for functions without timers.
    ///
    /// ```
    /// use hurtig_datastream::{StreamExecutionEnvironment, ValueState};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let seen = ValueState::<bool>::new("seen");
    /// let distinct = env.from_collection(vec![1u64, 2, 1]).key_by(|x| *x).process_fn(move |x, ctx, out| {
    ///     if !std::mem::replace(seen.get_or_default(ctx)?, true) {
    ///         out.collect(x);
    ///     }
    ///     Ok(())
    /// });
    /// assert_eq!(distinct.execute_and_collect("distinct").unwrap(), [1, 2]);
    /// ```
    pub fn process_fn<Out: Data>(
        &self,
        function: impl FnMut(T, &mut KeyedProcessContext<'_, K>, &mut Collector<'_, Out>) -> Result<()>
        + Clone
        + Send
        + 'static,
    ) -> DataStream<Out> {
        self.process(KeyedClosure {
            function,
            types: PhantomData,
        })
    }

    /// Folds the records of a key into one, and emits it after each.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let longest = env.from_collection(vec!["a", "abc", "ab"].into_iter().map(String::from).collect::<Vec<_>>())
    ///     .key_by(|_| 0u8)
    ///     .reduce(|a, b| if a.len() >= b.len() { a } else { b });
    /// assert_eq!(longest.execute_and_collect("longest").unwrap(), ["a", "abc", "abc"]);
    /// ```
    pub fn reduce(&self, reduce: impl FnMut(T, T) -> T + Clone + Send + 'static) -> DataStream<T> {
        // The spare takes the place of the record that the function is given, and is never seen.
        let (mut reduce, mut spare) = (reduce, None);
        self.rolling(
            "Keyed Reduce",
            "Keyed Reduce",
            move |kept: &mut T, value: &mut T| {
                let spare_or_any = spare.take().unwrap_or_else(|| value.clone());
                let before = std::mem::replace(kept, spare_or_any);
                let reduced = reduce(before, value.clone());
                value.clone_from(&reduced);
                spare = Some(std::mem::replace(kept, reduced));
            },
        )
    }

    /// Adds up a field; the other fields are those of the key's first record.
    pub fn sum<N: AddAssign + Copy>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.aggregation("sum", move |kept: &mut T, value: &mut T| {
            *field(kept) += *field(value);
            value.clone_from(kept);
        })
    }

    /// The lowest value of a field so far; the other fields are those of the key's first record.
    pub fn min<N: PartialOrd + Copy>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.aggregation("min", move |kept: &mut T, value: &mut T| {
            replace_field(kept, value, &field, |new, old| new < old);
        })
    }

    /// The highest value of a field so far; the other fields are those of the key's first record.
    pub fn max<N: PartialOrd + Copy>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.aggregation("max", move |kept: &mut T, value: &mut T| {
            replace_field(kept, value, &field, |new, old| new > old);
        })
    }

    /// The record with the lowest value of a field so far; of several, the first.
    pub fn min_by<N: PartialOrd>(
        &self,
        field: impl Fn(&T) -> N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.aggregation("minBy", move |kept: &mut T, value: &mut T| {
            replace_record(kept, value, |new, old| field(new) < field(old));
        })
    }

    /// The record with the highest value of a field so far; of several, the first.
    pub fn max_by<N: PartialOrd>(
        &self,
        field: impl Fn(&T) -> N + Clone + Send + 'static,
    ) -> DataStream<T> {
        self.aggregation("maxBy", move |kept: &mut T, value: &mut T| {
            replace_record(kept, value, |new, old| field(new) > field(old));
        })
    }

    /// Two streams keyed alike, for functions over both.
    pub fn connect<B: Data>(&self, other: &KeyedStream<B, K>) -> KeyedConnectedStreams<T, B, K> {
        KeyedConnectedStreams::new(self.clone(), other.clone())
    }

    /// This stream and one that is broadcast: each of its records comes to all subtasks, and may change what they know.
    ///
    /// See [`KeyedBroadcastProcessFunction`](crate::KeyedBroadcastProcessFunction).
    pub fn connect_broadcast<B: Data>(
        &self,
        broadcast: &DataStream<B>,
    ) -> KeyedBroadcastConnectedStream<T, B, K> {
        KeyedBroadcastConnectedStream::new(self, broadcast)
    }

    /// The same records as a stream without keys, still where their keys sent them.
    pub fn as_stream(&self) -> DataStream<T> {
        DataStream {
            env: self.env.clone(),
            node: self.node,
            records: PhantomData,
        }
    }

    /// All of them have Flink's one name; the description tells which it is.
    fn aggregation(
        &self,
        function: &str,
        combine: impl FnMut(&mut T, &mut T) + Clone + Send + 'static,
    ) -> DataStream<T> {
        let description = format!("Keyed Aggregation({function})");
        self.rolling("Keyed Aggregation", &description, combine)
    }

    fn rolling(
        &self,
        name: &str,
        description: &str,
        combine: impl FnMut(&mut T, &mut T) + Clone + Send + 'static,
    ) -> DataStream<T> {
        let (prototype, selector) = (Prototype::new(combine), self.selector.clone());
        self.transform(name, description, move |context| {
            Ok(Box::new(RollingOperator::new(
                prototype.instance(),
                selector.clone(),
                context,
            )))
        })
    }
}

fn replace_field<T: Clone, N: PartialOrd + Copy>(
    kept: &mut T,
    value: &mut T,
    field: &impl Fn(&mut T) -> &mut N,
    better: impl Fn(N, N) -> bool,
) {
    let new = *field(value);
    let old = field(kept);
    if better(new, *old) {
        *old = new;
    }
    value.clone_from(kept);
}

fn replace_record<T: Clone>(kept: &mut T, value: &mut T, better: impl Fn(&T, &T) -> bool) {
    if better(value, kept) {
        kept.clone_from(value);
    } else {
        value.clone_from(kept);
    }
}

/// A closure as a [`KeyedProcessFunction`].
struct KeyedClosure<F, Out> {
    function: F,
    types: PhantomData<fn() -> Out>,
}

impl<F: Clone, Out> Clone for KeyedClosure<F, Out> {
    fn clone(&self) -> Self {
        Self {
            function: self.function.clone(),
            types: PhantomData,
        }
    }
}

impl<K, T, Out, F> KeyedProcessFunction<K, T> for KeyedClosure<F, Out>
where
    K: Key,
    Out: Data,
    F: FnMut(T, &mut KeyedProcessContext<'_, K>, &mut Collector<'_, Out>) -> Result<()>
        + Clone
        + Send
        + 'static,
{
    type Out = Out;

    fn process(
        &mut self,
        value: T,
        ctx: &mut KeyedProcessContext<'_, K>,
        out: &mut Collector<'_, Out>,
    ) -> Result<()> {
        (self.function)(value, ctx, out)
    }
}
