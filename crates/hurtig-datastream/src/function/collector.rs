//! Where functions put their results.

use hurtig_types::{Records, Timestamp};

/// Takes the results of a function. Each gets the timestamp of the record (or timer, or window) that it came from; a timer of processing
/// time gives none.
///
/// ```
/// use hurtig_datastream::StreamExecutionEnvironment;
///
/// let env = StreamExecutionEnvironment::new();
/// let words = env.from_collection(vec!["to be".to_string()]).process_fn(|line, _ctx, out| {
///     line.split(' ').for_each(|word| out.collect(word.to_string()));
///     Ok(())
/// });
/// assert_eq!(words.execute_and_collect("words")?, ["to", "be"]);
/// # Ok::<(), hurtig_types::Error>(())
/// ```
pub struct Collector<'a, T> {
    records: &'a mut Records<T>,
    timestamp: Timestamp,
}

impl<'a, T> Collector<'a, T> {
    pub(crate) const fn new(records: &'a mut Records<T>, timestamp: Timestamp) -> Self {
        Self { records, timestamp }
    }

    /// Emits a result.
    #[inline]
    pub fn collect(&mut self, value: T) {
        self.records.push(value, self.timestamp);
    }

    /// Emits a result with a time of its own.
    #[inline]
    pub fn collect_at(&mut self, value: T, timestamp: Timestamp) {
        self.records.push(value, timestamp);
    }

    /// Whether a batch is full: a good place to stop for a function that has much to say and another way to go on later.
    pub fn is_full(&self) -> bool {
        self.records.is_full()
    }
}
