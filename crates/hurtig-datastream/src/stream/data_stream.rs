//! A stream of records.

use std::marker::PhantomData;
use std::sync::Arc;

use hurtig_connect::{Sink, WatermarkStrategy};
use hurtig_graph::{NodeId, Transformation};
use hurtig_runtime::{BAD_RECORDS, OperatorContext, OutputTag, StreamOperator};
use hurtig_types::{Data, Error, Key, Result};

use super::{
    BroadcastConnectedStream, ConnectedStreams, DataStreamSink, KeySelector, KeyedStream,
    SinkFactory, short_type_name,
};
use crate::dead_letter::DEAD_LETTERS;
use crate::function::Prototype;
use crate::operators::{
    FilterOperator, FlatMapOperator, MapOperator, MapPartitionOperator, MapWithOperator,
    ProcessClosure, ProcessOne, ProcessOperator, WatermarkOperator,
};
use crate::{
    BadRecord, CollectSink, Collector, DeadLetter, DiscardingSink, MapFunction, PrintSink,
    ProcessContext, ProcessFunction, StreamExecutionEnvironment,
};

/// A stream of records of type `T`: a place in the job to go on from. Cheap to clone; may be read any number of times.
pub struct DataStream<T> {
    pub(crate) env: StreamExecutionEnvironment,
    pub(crate) node: NodeId,
    pub(crate) records: PhantomData<fn() -> T>,
}

impl<T> Clone for DataStream<T> {
    fn clone(&self) -> Self {
        Self {
            env: self.env.clone(),
            node: self.node,
            records: PhantomData,
        }
    }
}

impl<T: Data> DataStream<T> {
    /// One result for each record.
    ///
    /// ```
    /// # let env = hurtig_datastream::StreamExecutionEnvironment::new();
    /// let doubled = env.from_collection(vec![1, 2]).map(|x| x * 2);
    /// assert_eq!(doubled.execute_and_collect("double").unwrap(), [2, 4]);
    /// ```
    pub fn map<U: Data>(
        &self,
        function: impl FnMut(T) -> U + Clone + Send + 'static,
    ) -> DataStream<U> {
        let prototype = Prototype::new(function);
        self.transform("Map", "", move |_| {
            Ok(Box::new(MapOperator::new(prototype.instance())))
        })
    }

    /// One result for each record, by a function that may fail; a failure ends the job.
    ///
    /// ```
    /// # let env = hurtig_datastream::StreamExecutionEnvironment::new();
    /// let numbers = env.from_collection(vec!["1".to_string(), "x".to_string()]).try_map(|s| Ok(s.parse::<u64>()?));
    /// let error = numbers.execute_and_collect("parse").unwrap_err();
    /// assert!(error.to_string().contains("operator `Map` (subtask 1/1)"), "{error}");
    /// ```
    pub fn try_map<U: Data>(
        &self,
        function: impl FnMut(T) -> Result<U> + Clone + Send + 'static,
    ) -> DataStream<U> {
        let prototype = Prototype::new(function);
        let make = move || ClosureMap {
            function: prototype.instance(),
            types: PhantomData,
        };
        self.transform_fallible("Map", "", move |_| {
            Ok(Box::new(MapWithOperator::new(make())))
        })
    }

    /// One result for each record, by a function that is opened and closed.
    pub fn map_with<F: MapFunction<T>>(&self, function: F) -> DataStream<F::Out> {
        let prototype = Prototype::new(function);
        self.transform_fallible("Map", short_type_name::<F>(), move |_| {
            Ok(Box::new(MapWithOperator::new(prototype.instance())))
        })
    }

    /// The records that the predicate holds for.
    ///
    /// ```
    /// # let env = hurtig_datastream::StreamExecutionEnvironment::new();
    /// let even = env.from_collection(vec![1, 2, 3, 4]).filter(|x| x % 2 == 0);
    /// assert_eq!(even.execute_and_collect("even").unwrap(), [2, 4]);
    /// ```
    pub fn filter(&self, predicate: impl FnMut(&T) -> bool + Clone + Send + 'static) -> Self {
        let prototype = Prototype::new(predicate);
        self.transform("Filter", "", move |_| {
            let mut predicate = prototype.instance();
            Ok(Box::new(FilterOperator::<T, _>::new(move |value: &T| {
                Ok(predicate(value))
            })))
        })
    }

    /// The records that the predicate holds for, by one that may fail; a failure ends the job.
    pub fn try_filter(
        &self,
        predicate: impl FnMut(&T) -> Result<bool> + Clone + Send + 'static,
    ) -> Self {
        let prototype = Prototype::new(predicate);
        self.transform_fallible("Filter", "", move |_| {
            Ok(Box::new(FilterOperator::<T, _>::new(prototype.instance())))
        })
    }

    /// Any number of results for each record. The iterator is drawn from as there is room downstream: it may be as long as it likes.
    ///
    /// ```
    /// # let env = hurtig_datastream::StreamExecutionEnvironment::new();
    /// let words = env.from_collection(vec!["to be".to_string()])
    ///     .flat_map(|line| line.split(' ').map(String::from).collect::<Vec<_>>());
    /// assert_eq!(words.execute_and_collect("words").unwrap(), ["to", "be"]);
    /// ```
    pub fn flat_map<I>(
        &self,
        function: impl FnMut(T) -> I + Clone + Send + 'static,
    ) -> DataStream<I::Item>
    where
        I: IntoIterator<IntoIter: Send, Item: Data> + 'static,
    {
        let prototype = Prototype::new(function);
        self.transform("Flat Map", "", move |_| {
            let mut function = prototype.instance();
            Ok(Box::new(FlatMapOperator::<T, I, _>::new(move |value| {
                Ok(function(value))
            })))
        })
    }

    /// Any number of results for each record, by a function that may fail; a failure ends the job.
    pub fn try_flat_map<I>(
        &self,
        function: impl FnMut(T) -> Result<I> + Clone + Send + 'static,
    ) -> DataStream<I::Item>
    where
        I: IntoIterator<IntoIter: Send, Item: Data> + 'static,
    {
        let prototype = Prototype::new(function);
        self.transform_fallible("Flat Map", "", move |_| {
            Ok(Box::new(FlatMapOperator::<T, I, _>::new(
                prototype.instance(),
            )))
        })
    }

    /// Some fields of each record: a map by another name, for those who look for it.
    ///
    /// ```
    /// # let env = hurtig_datastream::StreamExecutionEnvironment::new();
    /// let second = env.from_collection(vec![(1, 'a')]).project(|record| record.1);
    /// assert_eq!(second.execute_and_collect("second").unwrap(), ['a']);
    /// ```
    pub fn project<U: Data>(
        &self,
        fields: impl FnMut(T) -> U + Clone + Send + 'static,
    ) -> DataStream<U> {
        let prototype = Prototype::new(fields);
        self.transform("Projection", "", move |_| {
            Ok(Box::new(MapOperator::new(prototype.instance())))
        })
    }

    /// One call for all records of a subtask, once the input has ended. Holds them all in memory.
    ///
    /// ```
    /// # let env = hurtig_datastream::StreamExecutionEnvironment::new();
    /// let counts = env.from_collection(vec!['a', 'b']).map_partition(|records| [records.len()]);
    /// assert_eq!(counts.execute_and_collect("count").unwrap(), [2]);
    /// ```
    pub fn map_partition<I>(
        &self,
        function: impl FnOnce(Vec<T>) -> I + Clone + Send + 'static,
    ) -> DataStream<I::Item>
    where
        I: IntoIterator<IntoIter: Send, Item: Data> + 'static,
    {
        let prototype = Prototype::new(function);
        self.transform("Map Partition", "", move |_| {
            Ok(Box::new(MapPartitionOperator::<T, I, _>::new(
                prototype.instance(),
            )))
        })
    }

    /// Any number of results for each record, with timestamps and side outputs; for a closure see [`process_fn`](Self::process_fn).
    ///
    /// ```
    /// use hurtig_datastream::{Collector, ProcessContext, ProcessFunction, StreamExecutionEnvironment};
    /// use hurtig_types::Result;
    ///
    /// #[derive(Clone)]
    /// struct Countdown;
    ///
    /// impl ProcessFunction<u32> for Countdown {
    ///     type Out = u32;
    ///
    ///     fn process(&mut self, n: u32, _: &mut ProcessContext<'_>, out: &mut Collector<'_, u32>) -> Result<()> {
    ///         (0..n).rev().for_each(|n| out.collect(n));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let numbers = env.from_collection(vec![2, 0, 3]).process(Countdown);
    /// assert_eq!(numbers.execute_and_collect("countdown").unwrap(), [1, 0, 2, 1, 0]);
    /// ```
    pub fn process<F: ProcessFunction<T>>(&self, function: F) -> DataStream<F::Out> {
        let prototype = Prototype::new(function);
        self.transform_fallible("Process", short_type_name::<F>(), move |context| {
            let handler = ProcessOne(prototype.instance());
            Ok(Box::new(ProcessOperator::<T, (), _>::new(handler, context)))
        })
    }

    /// A closure in the place of a [`ProcessFunction`].
    ///
    /// ```
    /// use hurtig_datastream::{OutputTag, StreamExecutionEnvironment};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let odd = OutputTag::new("odd");
    /// let tag = odd.clone();
    /// let halves = env.from_collection(vec![4, 3, 8]).process_fn(move |n: u32, ctx, out| {
    ///     if n % 2 == 1 {
    ///         return ctx.output(&tag, n);
    ///     }
    ///     out.collect(n / 2);
    ///     Ok(())
    /// });
    /// halves.side_output(&odd).print();
    /// assert_eq!(halves.execute_and_collect("halves").unwrap(), [2, 4]);
    /// ```
    pub fn process_fn<Out: Data>(
        &self,
        function: impl FnMut(T, &mut ProcessContext<'_>, &mut Collector<'_, Out>) -> Result<()>
        + Clone
        + Send
        + 'static,
    ) -> DataStream<Out> {
        let prototype = Prototype::new(function);
        self.transform_fallible("Process", "", move |context| {
            let handler = ProcessClosure(prototype.instance(), PhantomData);
            Ok(Box::new(ProcessOperator::<T, (), _>::new(handler, context)))
        })
    }

    /// Partitions by key: records of one key go to one subtask, and share state there.
    pub fn key_by<K: Key>(
        &self,
        key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    ) -> KeyedStream<T, K> {
        KeyedStream::new(self, KeySelector::new(key))
    }

    /// This stream and another one, for functions over both.
    pub fn connect<B: Data>(&self, other: &DataStream<B>) -> ConnectedStreams<T, B> {
        ConnectedStreams::new(self.clone(), other.clone())
    }

    /// This stream and one that is broadcast: each of its records comes to all subtasks, and may change what they know.
    ///
    /// See [`BroadcastProcessFunction`](crate::BroadcastProcessFunction).
    pub fn connect_broadcast<B: Data>(
        &self,
        broadcast: &DataStream<B>,
    ) -> BroadcastConnectedStream<T, B> {
        BroadcastConnectedStream::new(self, broadcast)
    }

    /// What the operator emitted to the side output of this tag.
    pub fn side_output<U: Data>(&self, tag: &OutputTag<U>) -> DataStream<U> {
        let side = Transformation::side_output(self.node, tag.id(), short_type_name::<U>());
        self.check_tag(&side, tag.id());
        let stream: DataStream<U> = self.env.add_stream(side);
        let (node, tag) = (self.node, tag.id().to_string());
        self.env.build(|builder| {
            builder
                .program
                .set_port(node, Some(tag), DataStream::<U>::port())
        });
        stream
    }

    /// A side output has one type, whoever reads it.
    fn check_tag(&self, side: &Transformation, tag: &str) {
        self.env.build(|builder| {
            let same =
                |other: &&Transformation| other.kind == side.kind && other.inputs == side.inputs;
            let other = builder
                .transformations
                .iter()
                .find(same)
                .filter(|other| other.output_type != side.output_type);
            let error = other.map(|other| {
                let types = [&other.output_type, &side.output_type].map(String::as_str);
                Error::invalid_job(format!(
                    "the side output `{tag}` is read as {} and as {}: it has one type",
                    types[0], types[1]
                ))
            });
            builder.errors.extend(error);
        });
    }

    /// What a source could not read, where its policy is [`BadRecordPolicy::SideOutput`](crate::BadRecordPolicy::SideOutput).
    pub fn bad_records(&self) -> DataStream<BadRecord> {
        self.side_output(&OutputTag::new(BAD_RECORDS))
    }

    /// The records that this operator has set aside, where [`on_error`](Self::on_error) or `hurtig.dead-letter.policy` says so, for a
    /// program that does something about them. Without a `hurtig.dead-letter.dir` it is the only place where they go.
    ///
    /// ```
    /// use hurtig_datastream::{OnError, StreamExecutionEnvironment};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let words = env.from_collection(["1", "x", "3"].map(String::from));
    /// let numbers = words.try_map(|word| Ok(word.parse::<u64>()?)).on_error(OnError::DeadLetter);
    /// let dead = numbers.dead_letters().map(|letter| (letter.position, letter.record));
    /// numbers.print();
    /// let dead = dead.execute_and_collect("numbers")?;
    /// assert_eq!(dead, [(Some("collection record 1".to_string()), Some("\"x\"".to_string()))]);
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn dead_letters(&self) -> DataStream<DeadLetter> {
        self.side_output(&OutputTag::new(DEAD_LETTERS))
    }

    /// Gives the records event time, in the middle of a stream. Better at the source, where it is known which split a record is of.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_datastream::{StreamExecutionEnvironment, WatermarkStrategy};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let strategy = WatermarkStrategy::bounded_out_of_orderness(Duration::from_secs(5));
    /// let timed = env.from_collection(vec![(1_000i64, 'a')])
    ///     .assign_timestamps_and_watermarks(strategy.with_timestamps(|record: &(i64, char)| record.0));
    /// # let _ = timed;
    /// ```
    #[must_use]
    pub fn assign_timestamps_and_watermarks(&self, strategy: WatermarkStrategy<T>) -> Self {
        self.transform("Timestamps/Watermarks", "", move |context| {
            Ok(Box::new(WatermarkOperator::new(strategy.clone(), context)))
        })
    }

    /// Writes the stream to a sink.
    pub fn sink_to(&self, sink: impl Sink<T>) -> DataStreamSink<T> {
        self.add_sink("Sink", sink)
    }

    /// Prints every record to standard output, with the subtask in front where there are several, as Flink does.
    pub fn print(&self) -> DataStreamSink<T>
    where
        T: std::fmt::Debug,
    {
        self.add_sink("Print to Std. Out", PrintSink::stdout())
    }

    /// Prints every record to standard error.
    pub fn print_to_err(&self) -> DataStreamSink<T>
    where
        T: std::fmt::Debug,
    {
        self.add_sink("Print to Std. Err", PrintSink::stderr())
    }

    /// Counts the records and forgets them.
    pub fn discard(&self) -> DataStreamSink<T> {
        self.add_sink("Discard", DiscardingSink)
    }

    /// Runs the job and returns the records of this stream, in the order in which they came.
    ///
    /// # Errors
    /// Why the job failed.
    pub fn execute_and_collect(&self, job_name: impl Into<String>) -> Result<Vec<T>> {
        let sink = CollectSink::new();
        self.add_sink("Collect", sink.clone());
        self.env.execute(job_name)?;
        Ok(sink.take())
    }

    /// The node of the graph that it comes out of: for layers above.
    pub const fn node_id(&self) -> NodeId {
        self.node
    }

    /// The environment that it belongs to.
    pub const fn environment(&self) -> &StreamExecutionEnvironment {
        &self.env
    }

    /// An operator of one's own: `make` is called once per subtask.
    pub fn transform<Out: Data>(
        &self,
        name: &str,
        description: impl Into<String>,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> DataStream<Out> {
        let (input, output) = (short_type_name::<T>(), short_type_name::<Out>());
        let transformation =
            Transformation::one_input(name, self.node, input, output).description(description);
        self.env.add_operator(transformation, Arc::new(make))
    }

    /// As [`transform`](Self::transform), for an operator that can go on behind a record that it fails at.
    fn transform_fallible<Out: Data>(
        &self,
        name: &str,
        description: impl Into<String>,
        make: impl Fn(&OperatorContext) -> Result<Box<dyn StreamOperator>> + Send + Sync + 'static,
    ) -> DataStream<Out> {
        let (input, output) = (short_type_name::<T>(), short_type_name::<Out>());
        let transformation =
            Transformation::one_input(name, self.node, input, output).description(description);
        self.env.add_fallible::<T, T, Out>(transformation, make)
    }

    fn add_sink(&self, name: &str, sink: impl Sink<T>) -> DataStreamSink<T> {
        let mut transformation = Transformation::sink(name, self.node, short_type_name::<T>());
        transformation.parallelism_limit = sink.parallelism_limit();
        let factory = SinkFactory::new(sink);
        let node = self.env.build(|builder| {
            let node = builder.transformations.add(transformation);
            builder.program.set_operator(node, Arc::new(factory));
            node
        });
        DataStreamSink {
            env: self.env.clone(),
            node,
            records: PhantomData,
        }
    }
}

/// A closure as a [`MapFunction`].
struct ClosureMap<U, F> {
    function: F,
    types: PhantomData<fn() -> U>,
}

impl<U, F: Clone> Clone for ClosureMap<U, F> {
    fn clone(&self) -> Self {
        Self {
            function: self.function.clone(),
            types: PhantomData,
        }
    }
}

impl<T, U: Data, F: FnMut(T) -> Result<U> + Clone + Send + 'static> MapFunction<T>
    for ClosureMap<U, F>
{
    type Out = U;

    fn map(&mut self, value: T) -> Result<U> {
        (self.function)(value)
    }
}
