//! The typed DataStream API: what a Rust engineer writes a streaming job in.
//!
//! ```text
//!  StreamExecutionEnvironment ─ source ─► DataStream<T> ─ map, filter, flat_map, process ─► DataStream<U>
//!                                            │ key_by(|t| …)
//!                                            ▼
//!                                         KeyedStream<T, K> ─ reduce, process (state, timers), window(…) ─► DataStream<U> ─► sink
//! ```
//!
//! Each call adds a node to the graph and the operator that it stands for to the program; nothing runs before
//! [`execute`](StreamExecutionEnvironment::execute). Two laws:
//! 1. Types flow: a stream knows the type of its records, a wrong use does not compile.
//! 2. What is wrong with a job beyond types (a window of size 0, two operators with one uid) is said before it starts.
//!
//! ```
//! use hurtig_datastream::StreamExecutionEnvironment;
//!
//! let env = StreamExecutionEnvironment::new();
//! let squares = env.from_collection(vec![1u64, 2, 3]).map(|x| x * x).filter(|x| x % 2 == 1);
//! let mut squares = squares.execute_and_collect("squares").unwrap();
//! squares.sort();
//! assert_eq!(squares, [1, 9]);
//! ```

mod dead_letter;
mod environment;
mod function;
mod operators;
mod progress;
mod sink;
mod source;
mod stream;
mod window;

pub use dead_letter::{DeadLetter, OnError};
pub use environment::{NodeProgram, StreamExecutionEnvironment};
pub use function::{
    BroadcastContext, BroadcastProcessFunction, CoProcessFunction, Collector,
    KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedCoProcessFunction,
    KeyedProcessContext, KeyedProcessFunction, MapFunction, ProcessContext, ProcessFunction,
    TimeDomain,
};
pub use progress::Progress;
pub use sink::{CollectSink, DiscardingSink, PrintSink};
pub use source::{CollectionSource, GeneratorSource, SequenceSource, SocketTextSource};
pub use stream::{
    BroadcastConnectedStream, ConnectedStreams, DataStream, DataStreamSink, KeySelector,
    KeyedBroadcastConnectedStream, KeyedConnectedStreams, KeyedStream,
};

pub use window::*;

pub use hurtig_connect::{
    BadRecord, BadRecordPolicy, BoundedOutOfOrderness, Boundedness, Monotonous, NoWatermarks, Sink,
    Source, WatermarkGenerator, WatermarkOutput, WatermarkStrategy,
};
pub use hurtig_graph::BufferTimeout;
pub use hurtig_runtime::{
    JobClient, JobExecutionResult, JobStatus, MiniCluster, OperatorContext, OutputTag,
};
pub use hurtig_state::{
    AggregateFunction, AggregatingState, BroadcastReader, BroadcastState, BroadcastView,
    BroadcastWriter, KeyedContext, KeyedState, KeyedStateToken, ListState, MapState,
    OperatorListState, OperatorState, OperatorStateContext, ReducingState, StateTtl, TtlTime,
    TtlUpdate, TtlVisibility, ValueState,
};
