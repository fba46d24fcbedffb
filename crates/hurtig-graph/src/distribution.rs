//! Which subtasks an edge connects.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Partitioning;

/// Whether every producer meets every consumer.
///
/// ```
/// use hurtig_graph::{DistributionPattern, Partitioning};
/// assert_eq!(Partitioning::Rebalance.pattern(), DistributionPattern::AllToAll);
/// assert_eq!(DistributionPattern::Pointwise.to_string(), "pointwise");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DistributionPattern {
    /// Each producer has a channel to each consumer.
    AllToAll,
    /// Each subtask of the smaller side has channels to its share of the larger side, of neighbouring subtasks.
    Pointwise,
}

impl fmt::Display for DistributionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllToAll => "all to all",
            Self::Pointwise => "pointwise",
        })
    }
}

impl Partitioning {
    /// Which subtasks it connects.
    pub const fn pattern(&self) -> DistributionPattern {
        match self {
            Self::Forward | Self::Rescale => DistributionPattern::Pointwise,
            _ => DistributionPattern::AllToAll,
        }
    }
}

/// One channel of an edge, as both of its ends number it.
///
/// ```
/// use hurtig_graph::{Distribution, Partitioning};
/// use std::num::NonZeroU32;
///
/// let (two, four) = (NonZeroU32::new(2).unwrap(), NonZeroU32::new(4).unwrap());
/// let last = Distribution::of(&Partitioning::Rescale, two, four).channels().last().unwrap();
/// assert_eq!((last.producer_subtask, last.producer_channel_index), (1, 1));
/// assert_eq!((last.consumer_subtask, last.consumer_channel_index), (3, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The subtask that writes.
    pub producer_subtask: u32,
    /// Its place among the channels of the writer on this edge.
    pub producer_channel_index: u32,
    /// The subtask that reads.
    pub consumer_subtask: u32,
    /// Its place among the channels of the reader on this edge.
    pub consumer_channel_index: u32,
}

/// The channels between the subtasks of two vertices.
///
/// The law: whom a subtask is connected to is a run of neighbouring subtasks, seen from either side, and never empty.
/// So a subtask finds its channels from four numbers, and nothing of size producers × consumers is ever stored.
///
/// ```
/// use hurtig_graph::{Distribution, Partitioning};
/// use std::num::NonZeroU32;
///
/// let parallelism = |n| NonZeroU32::new(n).unwrap();
/// let rescale = Distribution::of(&Partitioning::Rescale, parallelism(2), parallelism(5));
/// assert_eq!(rescale.consumers_of(0), 0..3);
/// assert_eq!(rescale.consumers_of(1), 3..5);
/// assert_eq!(rescale.channel_count(), 5);
///
/// let rebalance = Distribution::of(&Partitioning::Rebalance, parallelism(2), parallelism(5));
/// assert_eq!(rebalance.channel_count(), 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    pattern: DistributionPattern,
    producers: NonZeroU32,
    consumers: NonZeroU32,
}

impl Distribution {
    /// How `partitioning` connects so many producers and consumers.
    pub const fn of(
        partitioning: &Partitioning,
        producers: NonZeroU32,
        consumers: NonZeroU32,
    ) -> Self {
        Self {
            pattern: partitioning.pattern(),
            producers,
            consumers,
        }
    }

    /// Whether every producer meets every consumer.
    pub const fn pattern(&self) -> DistributionPattern {
        self.pattern
    }

    /// The number of subtasks that write.
    pub const fn producers(&self) -> u32 {
        self.producers.get()
    }

    /// The number of subtasks that read.
    pub const fn consumers(&self) -> u32 {
        self.consumers.get()
    }

    /// The subtasks to which `producer` has channels, in the order of its channels.
    pub fn consumers_of(&self, producer: u32) -> Range<u32> {
        match self.pattern {
            DistributionPattern::AllToAll => 0..self.consumers(),
            DistributionPattern::Pointwise if self.producers > self.consumers => {
                let consumer = last_starting_by(producer, self.producers, self.consumers);
                consumer..consumer + 1
            }
            DistributionPattern::Pointwise => {
                share_rounded_up(producer, self.consumers, self.producers)
            }
        }
    }

    /// The subtasks from which `consumer` has channels, in the order of its channels.
    pub fn producers_of(&self, consumer: u32) -> Range<u32> {
        match self.pattern {
            DistributionPattern::AllToAll => 0..self.producers(),
            DistributionPattern::Pointwise if self.producers > self.consumers => {
                share_rounded_down(consumer, self.producers, self.consumers)
            }
            DistributionPattern::Pointwise => {
                let producer = scale(consumer, self.producers, self.consumers);
                producer..producer + 1
            }
        }
    }

    /// How many channels there are.
    pub const fn channel_count(&self) -> u64 {
        let producers = self.producers.get() as u64;
        let consumers = self.consumers.get() as u64;
        match self.pattern {
            DistributionPattern::AllToAll => producers * consumers,
            DistributionPattern::Pointwise if producers > consumers => producers,
            DistributionPattern::Pointwise => consumers,
        }
    }

    /// All channels, producer by producer.
    pub fn channels(self) -> impl Iterator<Item = Channel> {
        (0..self.producers()).flat_map(move |producer| {
            self.consumers_of(producer)
                .zip(0..)
                .map(move |(consumer, index)| Channel {
                    producer_subtask: producer,
                    producer_channel_index: index,
                    consumer_subtask: consumer,
                    consumer_channel_index: producer - self.producers_of(consumer).start,
                })
        })
    }
}

/// The neighbours of `index` where `others` subtasks are shared out over `own`, each share beginning at its exact
/// fraction rounded down.
fn share_rounded_down(index: u32, others: NonZeroU32, own: NonZeroU32) -> Range<u32> {
    scale(index, others, own)..scale(index + 1, others, own)
}

/// The same, each share beginning at its exact fraction rounded up.
fn share_rounded_up(index: u32, others: NonZeroU32, own: NonZeroU32) -> Range<u32> {
    let bound = |index: u32| {
        let exact = u64::from(index) * u64::from(others.get());
        exact.div_ceil(u64::from(own.get())) as u32
    };
    bound(index)..bound(index + 1)
}

/// ⌊index · others / own⌋
fn scale(index: u32, others: NonZeroU32, own: NonZeroU32) -> u32 {
    (u64::from(index) * u64::from(others.get()) / u64::from(own.get())) as u32
}

/// The one share, of those rounded down, in which `producer` lies: the last that begins at or before it.
fn last_starting_by(producer: u32, producers: NonZeroU32, consumers: NonZeroU32) -> u32 {
    let after = (u64::from(producer) + 1) * u64::from(consumers.get());
    ((after - 1) / u64::from(producers.get())) as u32
}
