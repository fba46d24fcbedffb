//! Where windows begin: methods of streams.

use hurtig_types::{Data, Key};

use super::{AllWindowedStream, WindowedStream};
use crate::window::assigner::{GlobalWindows, WindowAssigner};
use crate::window::evictor::CountEvictor;
use crate::window::trigger::{CountTrigger, PurgingTrigger};
use crate::{DataStream, KeyedStream};

impl<T: Data, K: Key> KeyedStream<T, K> {
    /// Cuts the stream of each key into windows.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_datastream::TumblingEventTimeWindows;
    /// use hurtig_datastream::{StreamExecutionEnvironment, WatermarkStrategy};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let bids = env.from_collection(vec![("apple", 1_000i64), ("pear", 2_000), ("apple", 3_000), ("apple", 11_000)]
    ///     .into_iter().map(|(fruit, time)| (fruit.to_string(), time)));
    /// let counts = bids
    ///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|bid: &(String, i64)| bid.1))
    ///     .key_by(|bid| bid.0.clone())
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
    ///     .count();
    /// let mut counts = counts.execute_and_collect("bids").unwrap();
    /// counts.sort();
    /// assert_eq!(counts, [1, 1, 2]);
    /// ```
    pub fn window<A: WindowAssigner<T>>(&self, assigner: A) -> WindowedStream<T, K, A> {
        let trigger = assigner.default_trigger();
        WindowedStream::new(self.clone(), assigner, trigger)
    }

    /// Every `size` records of a key are a window.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let sums = env.from_sequence(1, 7).key_by(|_| 0u8).count_window(3).reduce(|a, b| a + b);
    /// assert_eq!(sums.execute_and_collect("sums").unwrap(), [1 + 2 + 3, 4 + 5 + 6]);
    /// ```
    pub fn count_window(
        &self,
        size: u64,
    ) -> WindowedStream<T, K, GlobalWindows, PurgingTrigger<CountTrigger>> {
        let trigger = PurgingTrigger::of(CountTrigger::of(size));
        WindowedStream::new(self.clone(), GlobalWindows::create(), trigger)
    }

    /// After every `slide` records of a key, its last `size` are a window.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let sums = env.from_sequence(1, 7).key_by(|_| 0u8).count_window_sliding(3, 2).reduce(|a, b| a + b);
    /// assert_eq!(sums.execute_and_collect("sums").unwrap(), [1 + 2, 2 + 3 + 4, 4 + 5 + 6]);
    /// ```
    pub fn count_window_sliding(
        &self,
        size: u64,
        slide: u64,
    ) -> WindowedStream<T, K, GlobalWindows, CountTrigger> {
        let windows = WindowedStream::new(
            self.clone(),
            GlobalWindows::create(),
            CountTrigger::of(slide),
        );
        windows.evictor(CountEvictor::of(
            usize::try_from(size).unwrap_or(usize::MAX),
        ))
    }
}

impl<T: Data> DataStream<T> {
    /// Cuts the whole stream into windows, in one subtask.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hurtig_datastream::TumblingEventTimeWindows;
    /// use hurtig_datastream::{StreamExecutionEnvironment, WatermarkStrategy};
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let counts = env.from_collection(vec![1i64, 2, 11])
    ///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|time: &i64| *time))
    ///     .window_all(TumblingEventTimeWindows::of(Duration::from_millis(10)))
    ///     .count();
    /// assert_eq!(counts.execute_and_collect("counts").unwrap(), [2, 1]);
    /// ```
    pub fn window_all<A: WindowAssigner<T>>(&self, assigner: A) -> AllWindowedStream<T, A> {
        AllWindowedStream::new(self.key_by(|_| ()).window(assigner))
    }

    /// Every `size` records are a window, in one subtask.
    ///
    /// ```
    /// use hurtig_datastream::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new();
    /// let sums = env.from_collection(vec![1, 2, 3, 4]).count_window_all(2).reduce(|a, b| a + b);
    /// assert_eq!(sums.execute_and_collect("sums").unwrap(), [3, 7]);
    /// ```
    pub fn count_window_all(
        &self,
        size: u64,
    ) -> AllWindowedStream<T, GlobalWindows, PurgingTrigger<CountTrigger>> {
        AllWindowedStream::new(self.key_by(|_| ()).count_window(size))
    }

    /// After every `slide` records the last `size` are a window, in one subtask.
    pub fn count_window_all_sliding(
        &self,
        size: u64,
        slide: u64,
    ) -> AllWindowedStream<T, GlobalWindows, CountTrigger> {
        AllWindowedStream::new(self.key_by(|_| ()).count_window_sliding(size, slide))
    }
}
