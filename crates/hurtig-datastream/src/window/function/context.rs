//! What a window function sees beside the records.

use hurtig_runtime::{OutputTag, SideOutputs};
use hurtig_state::{KeyedContext, KeyedState, StateTime};
use hurtig_types::{Data, Error, Key, KeyHash, Result, Timestamp};

use crate::window::window::Window;

/// The window that fires, the time, states, side outputs.
///
/// States ([`ValueState`](crate::ValueState) and its kin) that take the context itself belong to the key, over all of
/// its windows; those that take [`window_state`](Self::window_state) belong to this window of the key, and go when it
/// goes.
///
/// ```
/// use std::time::Duration;
/// use hurtig_datastream::TumblingEventTimeWindows;
/// use hurtig_datastream::{StreamExecutionEnvironment, ValueState, WatermarkStrategy};
///
/// let env = StreamExecutionEnvironment::new();
/// let best = ValueState::<usize>::new("best");
/// let records = env.from_collection(vec![1i64, 2, 11, 21, 22, 23])
///     .assign_timestamps_and_watermarks(WatermarkStrategy::monotonous().with_timestamps(|time: &i64| *time))
///     .key_by(|_| 0u8)
///     .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
///     .process_fn(move |_key, ctx, elements, out| {
///         if elements.len() > best.get(ctx)?.copied().unwrap_or(0) {
///             best.set(ctx, elements.len())?;
///             out.collect((ctx.window().start.as_millis(), elements.len()));
///         }
///         Ok(())
///     });
/// assert_eq!(records.execute_and_collect("records").unwrap(), [(0, 2), (20, 3)]);
/// ```
pub struct WindowContext<'a, K: Key, W: Window> {
    pub(in crate::window) key: &'a K,
    pub(in crate::window) hash: KeyHash,
    pub(in crate::window) window: W,
    pub(in crate::window) watermark: Timestamp,
    pub(in crate::window) now: Timestamp,
    pub(in crate::window) by_key: &'a mut KeyedState<K>,
    /// None where windows merge.
    pub(in crate::window) by_window: Option<&'a mut KeyedState<(K, W)>>,
    pub(in crate::window) sides: SideOutputs<'a>,
}

/// What states that expire are told: a window's results are no records yet, and have used nothing before the watermark.
const fn state_time(watermark: Timestamp, now: Timestamp) -> StateTime {
    StateTime {
        now,
        watermark,
        record: Timestamp::NONE,
    }
}

impl<K: Key, W: Window> KeyedContext for WindowContext<'_, K, W> {
    type Key = K;

    fn keyed_state(&mut self) -> &mut KeyedState<K> {
        self.by_key.set_time(state_time(self.watermark, self.now));
        if self.by_key.current_hash() != Some(self.hash)
            || self.by_key.current_key() != Some(self.key)
        {
            self.by_key.set_current_key(self.key.clone(), self.hash);
        }
        self.by_key
    }
}

impl<K: Key, W: Window> WindowContext<'_, K, W> {
    /// The window.
    pub const fn window(&self) -> W {
        self.window
    }

    /// How far event time has come.
    pub const fn current_watermark(&self) -> Timestamp {
        self.watermark
    }

    /// Processing time, read once per batch.
    pub const fn current_processing_time(&self) -> Timestamp {
        self.now
    }

    /// The states of this window of the key.
    ///
    /// # Errors
    /// Where windows merge, as sessions do: what was kept for one window would be lost when it becomes another.
    pub fn window_state(&mut self) -> Result<&mut KeyedState<(K, W)>> {
        let Some(state) = self.by_window.as_deref_mut() else {
            return Err(Error::invalid_job(
                "windows that merge have no state of their own: keep it by key (pass `ctx` itself to the state)",
            ));
        };
        state.set_time(state_time(self.watermark, self.now));
        state.set_current_key(
            (self.key.clone(), self.window),
            self.hash.with(&self.window),
        );
        Ok(state)
    }

    /// Emits to a side output, with the timestamp of the window's results.
    ///
    /// # Errors
    /// When the tag's type is not the one by which the output is read.
    pub fn output<T: Data>(&mut self, tag: &OutputTag<T>, value: T) -> Result<()> {
        self.sides.push(tag, value, self.window.max_timestamp())
    }
}
