//! The strategy: timestamps, generator, idleness, alignment.

use std::sync::Arc;
use std::time::Duration;

use hurtig_types::{Records, Timestamp};

use super::generator::{BoundedOutOfOrderness, Monotonous, NoWatermarks, WatermarkGenerator};

/// When a generator is asked for its watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emission {
    /// Every `pipeline.auto-watermark-interval`.
    Periodic,
    /// After every event: exact, whatever the speed of the machine; costs a look per record.
    PerEvent,
}

/// Sources of one group don't run ahead of each other in event time by more than a bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// The sources that are aligned are those that name the same group.
    pub group: String,
    /// How far a split may be ahead of the slowest source of the group.
    pub max_drift: Duration,
    /// How often a source reports where it is.
    pub update_interval: Duration,
}

/// How a stream gets event time: the timestamp of each record, and the watermark.
///
/// ```
/// use std::time::Duration;
/// use hurtig_connect::WatermarkStrategy;
///
/// struct Bid { date_time: i64 }
///
/// let strategy = WatermarkStrategy::<Bid>::bounded_out_of_orderness(Duration::from_secs(5))
///     .with_timestamps(|bid| bid.date_time)
///     .with_idleness(Duration::from_secs(60))
///     .with_alignment("bids", Duration::from_secs(30), Duration::from_secs(1));
/// # let _ = strategy;
/// ```
pub struct WatermarkStrategy<T> {
    generator: Arc<dyn Fn() -> Box<dyn WatermarkGenerator<T>> + Send + Sync>,
    timestamps: Option<Arc<dyn Fn(&mut Records<T>) + Send + Sync>>,
    pub(super) emission: Emission,
    pub(super) idleness: Option<Duration>,
    pub(super) generates: bool,
    alignment: Option<Alignment>,
}

impl<T> Clone for WatermarkStrategy<T> {
    fn clone(&self) -> Self {
        Self {
            generator: Arc::clone(&self.generator),
            timestamps: self.timestamps.clone(),
            emission: self.emission,
            idleness: self.idleness,
            generates: self.generates,
            alignment: self.alignment.clone(),
        }
    }
}

impl<T: 'static> WatermarkStrategy<T> {
    /// Watermarks by a generator of your own; the function makes one per split.
    pub fn generator<G>(make: impl Fn() -> G + Send + Sync + 'static) -> Self
    where
        G: WatermarkGenerator<T> + 'static,
    {
        Self {
            generator: Arc::new(move || Box::new(make())),
            timestamps: None,
            emission: Emission::Periodic,
            idleness: None,
            generates: true,
            alignment: None,
        }
    }

    /// Event time never goes back within a split.
    pub fn monotonous() -> Self {
        Self::generator(Monotonous::default)
    }

    /// Events come at most `bound` late.
    pub fn bounded_out_of_orderness(bound: Duration) -> Self {
        Self::generator(move || BoundedOutOfOrderness::new(bound))
    }

    /// No watermarks, for jobs in processing time.
    pub fn none() -> Self {
        Self {
            generates: false,
            ..Self::generator(|| NoWatermarks)
        }
    }

    /// Takes the timestamp of each record from the record; without it, the source's own timestamps hold (Kafka has some).
    #[must_use]
    pub fn with_timestamps<I: Into<Timestamp>>(
        mut self,
        timestamp: impl Fn(&T) -> I + Send + Sync + 'static,
    ) -> Self {
        self.timestamps = Some(Arc::new(move |records: &mut Records<T>| {
            records.timestamps.clear();
            records
                .timestamps
                .extend(records.values.iter().map(|value| timestamp(value).into()));
        }));
        self
    }

    /// A split without events for so long holds nobody back.
    #[must_use]
    pub fn with_idleness(mut self, timeout: Duration) -> Self {
        self.idleness = Some(timeout);
        self
    }

    /// Keeps the splits of all sources of `group` within `max_drift` of event time of each other.
    #[must_use]
    pub fn with_alignment(
        mut self,
        group: impl Into<String>,
        max_drift: Duration,
        update_interval: Duration,
    ) -> Self {
        self.alignment = Some(Alignment {
            group: group.into(),
            max_drift,
            update_interval,
        });
        self
    }

    /// Emits after every event by which the watermark advances, instead of periodically: results no longer depend on how fast the machine
    /// is. Costs a look per record, and a flush per advance: for coarse event times, and for tests.
    #[must_use]
    pub fn per_event(mut self) -> Self {
        self.emission = Emission::PerEvent;
        self
    }

    /// The alignment, where one was asked for.
    pub fn alignment(&self) -> Option<&Alignment> {
        self.alignment.as_ref()
    }

    /// Whether it makes watermarks at all.
    pub fn generates(&self) -> bool {
        self.generates
    }

    pub(super) fn make_generator(&self) -> Box<dyn WatermarkGenerator<T>> {
        (self.generator)()
    }

    /// Gives each record its timestamp, where the strategy has a say in it.
    pub(super) fn assign_timestamps(&self, records: &mut Records<T>) {
        if let Some(assign) = &self.timestamps {
            assign(records);
        }
    }
}
