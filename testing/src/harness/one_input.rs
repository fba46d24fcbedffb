//! The harness of operators with one input.

use hurtig_env::World;
use hurtig_metrics::MetricValue;
use hurtig_runtime::{OutputTag, StreamOperator};
use hurtig_types::{
    Data, ErasedBatch, Key, KeyGroupRange, KeyHash, Records, Result, StreamStatus, Timestamp,
};

use super::builder::{Harness, HarnessBuilder, KeySelector, Setup, key_selector};
use super::collect::{Emitted, Log, Sides};
use super::driver::Driver;

/// Drives an operator with one input by hand: records, watermarks and processing time come when the test says so.
///
/// Time is virtual and begins at 0. Every call returns when the operator is done with it: `More` is answered by
/// `resume`; while the operator is `Blocked` its world goes on, and virtual time with it. The operator is opened by the
/// first call and closed by [`close`](Self::close), or when the harness is dropped; once, on every path.
///
/// ```
/// use hurtig_runtime::{Output, Progress, StreamOperator};
/// use hurtig_testing::OperatorHarness;
/// use hurtig_types::{ErasedBatch, Records, Result, Timestamp};
///
/// /// Says a second later (in processing time) how many records there have been.
/// #[derive(Default)]
/// struct CountLater { seen: u64, due: Option<Timestamp> }
///
/// impl StreamOperator for CountLater {
///     fn process_batch(&mut self, _: usize, batch: &mut ErasedBatch, output: &mut Output) -> Result<Progress> {
///         self.seen += batch.get::<Records<String>>()?.len() as u64;
///         self.due = Some(output.now().saturating_add_millis(1000));
///         Ok(Progress::Done)
///     }
///     fn next_time(&self) -> Option<Timestamp> {
///         self.due
///     }
///     fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
///         self.due = None;
///         output.main::<u64>()?.push(self.seen, now);
///         Ok(Progress::Done)
///     }
/// }
///
/// # fn main() -> Result<()> {
/// let mut harness = OperatorHarness::<String, u64>::new(Box::new(CountLater::default()));
/// harness.push("a".to_string())?;
/// harness.push("b".to_string())?;
/// harness.advance_time(999)?;
/// assert!(harness.output().is_empty());
/// harness.advance_time(1)?;
/// assert_eq!(harness.output(), [(2, Some(1000))]);
/// harness.watermark(500)?;
/// assert_eq!(harness.watermarks(), [500]);
/// # Ok(())
/// # }
/// ```
pub struct OperatorHarness<In, Out> {
    driver: Driver,
    log: Log<Out>,
    sides: Sides,
    key: KeySelector<In>,
    key_groups: KeyGroupRange,
    max_parallelism: hurtig_types::MaxParallelism,
}

impl<In: Data, Out: Data> Harness for OperatorHarness<In, Out> {
    type Keys = KeySelector<In>;

    fn assemble(setup: Setup, key: KeySelector<In>, operator: Box<dyn StreamOperator>) -> Self {
        let (key_groups, max_parallelism) = setup.key_range();
        let inbox = ErasedBatch::new(Records::<In>::new());
        let (driver, log, sides) = setup.drive(operator, inbox, 1);
        Self {
            driver,
            log,
            sides,
            key,
            key_groups,
            max_parallelism,
        }
    }
}

impl<In: Data, Out: Data> HarnessBuilder<OperatorHarness<In, Out>> {
    /// The input is keyed: records get the hashes of their keys, as behind a `key_by`.
    #[must_use]
    pub fn key_by<K: Key>(mut self, key: impl Fn(&In) -> K + 'static) -> Self {
        self.keys = key_selector(key);
        self
    }
}

impl<In: Data, Out: Data> OperatorHarness<In, Out> {
    /// A harness around the only subtask of an operator, without keys.
    pub fn new(operator: Box<dyn StreamOperator>) -> Self {
        Self::assemble(Setup::default(), None, operator)
    }

    /// A harness to be told more about.
    pub fn builder() -> HarnessBuilder<Self> {
        HarnessBuilder::new()
    }

    /// A record without a timestamp.
    ///
    /// # Errors
    /// What the operator answers; as all that follow.
    pub fn push(&mut self, value: In) -> Result<()> {
        self.push_batch(Records::from_values(vec![value]))
    }

    /// A record with a timestamp.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn push_at(&mut self, value: In, millis: i64) -> Result<()> {
        let mut records = Records::new();
        records.push(value, Timestamp::from_millis(millis));
        self.push_batch(records)
    }

    /// A batch of records without timestamps.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn push_all(&mut self, values: impl IntoIterator<Item = In>) -> Result<()> {
        self.push_batch(Records::from_values(values.into_iter().collect()))
    }

    /// A batch, as it is; its hashes are filled in where there is a key. It may be empty.
    ///
    /// # Errors
    /// What the operator answers, or that a key belongs to another subtask.
    pub fn push_batch(&mut self, records: Records<In>) -> Result<()> {
        self.driver.push(0, records, &self.key)
    }

    /// Whether the record's key belongs to this subtask; always so without keys.
    pub fn accepts(&self, value: &In) -> bool {
        let hash = self
            .key
            .as_ref()
            .map(|key| key(value, self.max_parallelism));
        hash.is_none_or(|hash: KeyHash| self.key_groups.contains(hash.key_group()))
    }

    /// Event time advances. One that is not above the last is ignored, as the runtime does.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn watermark(&mut self, millis: i64) -> Result<()> {
        self.driver.watermark(0, millis)
    }

    /// The input becomes idle, or active again.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn status(&mut self, status: StreamStatus) -> Result<()> {
        self.driver.status(0, status)
    }

    /// The input ends. What is complete ends with a watermark at `i64::MAX` first: see [`finish`](Self::finish).
    ///
    /// # Errors
    /// What the operator answers.
    pub fn end_input(&mut self) -> Result<()> {
        self.driver.end_input(0)
    }

    /// The end of a complete input, as a job has it: the last watermark, the end, `close`.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn finish(&mut self) -> Result<()> {
        if self.driver.is_input_open(0) {
            self.watermark(i64::MAX)?;
            self.end_input()?;
        }
        self.close()
    }
}

super::shared_methods!(OperatorHarness<In: Data, Out: Data>);
