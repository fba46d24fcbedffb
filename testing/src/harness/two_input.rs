//! The harness of operators with two inputs.

use hurtig_env::World;
use hurtig_metrics::MetricValue;
use hurtig_runtime::{OutputTag, StreamOperator};
use hurtig_types::{Data, ErasedBatch, Key, Records, Result, StreamStatus, Timestamp};

use super::builder::{Harness, HarnessBuilder, KeySelector, Setup, key_selector};
use super::collect::{Emitted, Log, Sides};
use super::driver::Driver;

/// Drives an operator with two inputs by hand. The operator's watermark is the minimum of its inputs', as in a job;
/// everything else is as in [`OperatorHarness`](super::OperatorHarness).
///
/// ```
/// use hurtig_runtime::{Output, Progress, StreamOperator};
/// use hurtig_testing::TwoInputHarness;
/// use hurtig_types::{ErasedBatch, Records, Result, Timestamp};
///
/// /// Says from which side a record came.
/// struct Sides;
///
/// impl StreamOperator for Sides {
///     fn process_batch(&mut self, input: usize, batch: &mut ErasedBatch, output: &mut Output) -> Result<Progress> {
///         let line = match input {
///             0 => format!("left {:?}", batch.get::<Records<u64>>()?.values),
///             _ => format!("right {:?}", batch.get::<Records<char>>()?.values),
///         };
///         output.main::<String>()?.push(line, Timestamp::NONE);
///         Ok(Progress::Done)
///     }
/// }
///
/// # fn main() -> Result<()> {
/// let mut harness = TwoInputHarness::<u64, char, String>::new(Box::new(Sides));
/// harness.push1(1)?;
/// harness.push2('b')?;
/// assert_eq!(harness.take_values(), ["left [1]", "right ['b']"]);
/// harness.watermark1(50)?;
/// assert!(harness.watermarks().is_empty());
/// harness.watermark2(20)?;
/// assert_eq!(harness.watermarks(), [20]);
/// # Ok(())
/// # }
/// ```
pub struct TwoInputHarness<In1, In2, Out> {
    driver: Driver,
    log: Log<Out>,
    sides: Sides,
    keys: TwoKeys<In1, In2>,
}

/// The key selectors of two inputs.
#[doc(hidden)]
pub struct TwoKeys<In1, In2>(KeySelector<In1>, KeySelector<In2>);

impl<In1, In2> Default for TwoKeys<In1, In2> {
    fn default() -> Self {
        Self(None, None)
    }
}

impl<In1: Data, In2: Data, Out: Data> Harness for TwoInputHarness<In1, In2, Out> {
    type Keys = TwoKeys<In1, In2>;

    fn assemble(setup: Setup, keys: TwoKeys<In1, In2>, operator: Box<dyn StreamOperator>) -> Self {
        let inbox = ErasedBatch::new(Records::<In1>::new());
        let (driver, log, sides) = setup.drive(operator, inbox, 2);
        Self {
            driver,
            log,
            sides,
            keys,
        }
    }
}

impl<In1: Data, In2: Data, Out: Data> HarnessBuilder<TwoInputHarness<In1, In2, Out>> {
    /// The first input is keyed.
    #[must_use]
    pub fn key_by1<K: Key>(mut self, key: impl Fn(&In1) -> K + 'static) -> Self {
        self.keys.0 = key_selector(key);
        self
    }

    /// The second input is keyed.
    #[must_use]
    pub fn key_by2<K: Key>(mut self, key: impl Fn(&In2) -> K + 'static) -> Self {
        self.keys.1 = key_selector(key);
        self
    }
}

impl<In1: Data, In2: Data, Out: Data> TwoInputHarness<In1, In2, Out> {
    /// A harness around the only subtask of an operator, without keys.
    pub fn new(operator: Box<dyn StreamOperator>) -> Self {
        Self::assemble(Setup::default(), TwoKeys::default(), operator)
    }

    /// A harness to be told more about.
    pub fn builder() -> HarnessBuilder<Self> {
        HarnessBuilder::new()
    }

    /// A record without a timestamp, to the first input.
    ///
    /// # Errors
    /// What the operator answers; as all that follow.
    pub fn push1(&mut self, value: In1) -> Result<()> {
        self.push_batch1(Records::from_values(vec![value]))
    }

    /// A record without a timestamp, to the second input.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn push2(&mut self, value: In2) -> Result<()> {
        self.push_batch2(Records::from_values(vec![value]))
    }

    /// A record with a timestamp, to the first input.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn push1_at(&mut self, value: In1, millis: i64) -> Result<()> {
        let mut records = Records::new();
        records.push(value, Timestamp::from_millis(millis));
        self.push_batch1(records)
    }

    /// A record with a timestamp, to the second input.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn push2_at(&mut self, value: In2, millis: i64) -> Result<()> {
        let mut records = Records::new();
        records.push(value, Timestamp::from_millis(millis));
        self.push_batch2(records)
    }

    /// A batch to the first input; its hashes are filled in where that is keyed.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn push_batch1(&mut self, records: Records<In1>) -> Result<()> {
        self.driver.push(0, records, &self.keys.0)
    }

    /// A batch to the second input; its hashes are filled in where that is keyed.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn push_batch2(&mut self, records: Records<In2>) -> Result<()> {
        self.driver.push(1, records, &self.keys.1)
    }

    /// Event time of the first input advances.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn watermark1(&mut self, millis: i64) -> Result<()> {
        self.driver.watermark(0, millis)
    }

    /// Event time of the second input advances.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn watermark2(&mut self, millis: i64) -> Result<()> {
        self.driver.watermark(1, millis)
    }

    /// Event time of both inputs advances.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn watermark(&mut self, millis: i64) -> Result<()> {
        self.watermark1(millis)?;
        self.watermark2(millis)
    }

    /// The first input becomes idle, or active again.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn status1(&mut self, status: StreamStatus) -> Result<()> {
        self.driver.status(0, status)
    }

    /// The second input becomes idle, or active again.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn status2(&mut self, status: StreamStatus) -> Result<()> {
        self.driver.status(1, status)
    }

    /// The first input ends.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn end_input1(&mut self) -> Result<()> {
        self.driver.end_input(0)
    }

    /// The second input ends.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn end_input2(&mut self) -> Result<()> {
        self.driver.end_input(1)
    }

    /// The end of complete inputs, as a job has it: the last watermarks, the ends, `close`.
    ///
    /// # Errors
    /// What the operator answers.
    pub fn finish(&mut self) -> Result<()> {
        for input in [0, 1] {
            if self.driver.is_input_open(input) {
                self.driver.watermark(input, i64::MAX)?;
                self.driver.end_input(input)?;
            }
        }
        self.close()
    }
}

super::shared_methods!(TwoInputHarness<In1: Data, In2: Data, Out: Data>);
