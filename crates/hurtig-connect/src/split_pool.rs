//! The enumerator that most sources want: a pool of splits, one to each who asks.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use hurtig_codec::{decode_value, encode_value};
use hurtig_types::Result;

use crate::{BoxFuture, EnumeratorAction, EnumeratorEvent, SourceSplit, SplitEnumerator};

/// What a [`SplitPool`] asks for splits: all that exist now, known ones included.
pub trait Discover<S>: Send {
    /// Lists the splits.
    fn discover(&mut self) -> BoxFuture<'static, Result<Vec<S>>>;

    /// What it must remember beside the splits that it found.
    ///
    /// # Errors
    /// When that cannot be encoded.
    fn snapshot(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// Goes on from what [`snapshot`](Self::snapshot) handed over.
    ///
    /// # Errors
    /// When the bytes are of something else.
    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let _ = state;
        Ok(())
    }
}

/// No discovery: the splits are given from the start.
#[derive(Clone, Copy, Debug)]
pub struct Discovered;

impl<S: Send + 'static> Discover<S> for Discovered {
    fn discover(&mut self) -> BoxFuture<'static, Result<Vec<S>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// Hands out splits in order, one to each reader that asks; a fast reader gets more of them.
///
/// With an interval it lists again and again, hands out what is new, and never ends. A split is known by its id for
/// good, also when it is long done.
///
/// ```
/// use hurtig_connect::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// struct Part(String);
/// impl SourceSplit for Part { fn id(&self) -> &str { &self.0 } }
///
/// let mut pool = SplitPool::given(vec![Part("a".into())]);
/// let mut actions = Vec::new();
/// pool.step(EnumeratorEvent::Started { parallelism: 2 }, &mut actions).unwrap();
/// for subtask in [1, 0] {
///     pool.step(EnumeratorEvent::SplitRequested { subtask }, &mut actions).unwrap();
/// }
/// assert_eq!(actions, [
///     EnumeratorAction::Assign { subtask: 1, splits: vec![Part("a".into())] },
///     EnumeratorAction::NoMoreSplits { subtask: 0 },
/// ]);
/// ```
pub struct SplitPool<S, D = Discovered> {
    splits: VecDeque<S>,
    known: BTreeSet<String>,
    waiting: VecDeque<u32>,
    discover: D,
    interval: Option<Duration>,
    listed: bool,
}

impl<S: SourceSplit> SplitPool<S> {
    /// A pool of these splits, and no others to come.
    pub fn given(splits: Vec<S>) -> Self {
        let mut pool = Self::new(Discovered, None);
        pool.listed = true;
        pool.add(splits);
        pool
    }
}

impl<S: SourceSplit, D: Discover<S>> SplitPool<S, D> {
    /// A pool that lists its splits: once, or again after every `interval`.
    pub fn new(discover: D, interval: Option<Duration>) -> Self {
        Self {
            splits: VecDeque::new(),
            known: BTreeSet::new(),
            waiting: VecDeque::new(),
            discover,
            interval,
            listed: false,
        }
    }

    fn add(&mut self, splits: Vec<S>) {
        let known = &mut self.known;
        self.splits.extend(
            splits
                .into_iter()
                .filter(|split| known.insert(split.id().to_string())),
        );
    }

    fn hand_out(&mut self, actions: &mut Vec<EnumeratorAction<S>>) {
        while let Some(subtask) = self.waiting.pop_front() {
            if let Some(split) = self.splits.pop_front() {
                actions.push(EnumeratorAction::Assign {
                    subtask,
                    splits: vec![split],
                });
            } else if self.listed && self.interval.is_none() {
                actions.push(EnumeratorAction::NoMoreSplits { subtask });
            } else {
                self.waiting.push_front(subtask);
                return;
            }
        }
    }
}

impl<S: SourceSplit, D: Discover<S>> SplitEnumerator<S> for SplitPool<S, D> {
    fn step(
        &mut self,
        event: EnumeratorEvent<S>,
        actions: &mut Vec<EnumeratorAction<S>>,
    ) -> Result<()> {
        match event {
            EnumeratorEvent::Started { .. } if !self.listed || self.interval.is_some() => {
                actions.push(EnumeratorAction::DiscoverAfter(Duration::ZERO));
            }
            EnumeratorEvent::Started { .. } | EnumeratorEvent::ReaderJoined { .. } => {}
            EnumeratorEvent::SplitRequested { subtask } => {
                if !self.waiting.contains(&subtask) {
                    self.waiting.push_back(subtask);
                }
            }
            EnumeratorEvent::Discovered(splits) => {
                self.listed = true;
                self.add(splits);
                actions.extend(self.interval.map(EnumeratorAction::DiscoverAfter));
            }
            EnumeratorEvent::SplitsReturned { subtask, splits } => {
                self.waiting.retain(|waiting| *waiting != subtask);
                splits
                    .into_iter()
                    .rev()
                    .for_each(|split| self.splits.push_front(split));
            }
        }
        self.hand_out(actions);
        Ok(())
    }

    fn snapshot(&self) -> Result<Vec<u8>> {
        let discovery = self.discover.snapshot()?;
        encode_value(&(&self.splits, &self.known, self.listed, discovery))
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let discovery: Vec<u8>;
        (self.splits, self.known, self.listed, discovery) = decode_value(state)?;
        self.discover.restore(&discovery)
    }

    fn takes_splits_back(&self) -> bool {
        true
    }

    fn discover(&mut self) -> BoxFuture<'static, Result<Vec<S>>> {
        self.discover.discover()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Part(String);

    impl SourceSplit for Part {
        fn id(&self) -> &str {
            &self.0
        }
    }

    fn step(pool: &mut SplitPool<Part>, event: EnumeratorEvent<Part>) -> Vec<(u32, Vec<Part>)> {
        let mut actions = Vec::new();
        pool.step(event, &mut actions).unwrap();
        let assigned = actions.into_iter().map(|action| match action {
            EnumeratorAction::Assign { subtask, splits } => (subtask, splits),
            EnumeratorAction::NoMoreSplits { subtask } => (subtask, Vec::new()),
            EnumeratorAction::DiscoverAfter(_) => unreachable!("they are given"),
        });
        assigned.collect()
    }

    #[test]
    fn splits_of_a_lost_reader_go_to_who_asks_next_and_none_to_the_lost_one() {
        let [a, b] = ["a", "b"].map(|part| Part(part.to_string()));
        let mut pool = SplitPool::given(vec![a.clone()]);
        // Where splits are still looked for, readers wait.
        pool.listed = false;
        let asks = |subtask| EnumeratorEvent::SplitRequested { subtask };
        assert_eq!(step(&mut pool, asks(1)), [(1, vec![a])]);
        assert_eq!(step(&mut pool, asks(0)), []);
        let lost = EnumeratorEvent::SplitsReturned {
            subtask: 0,
            splits: vec![b.clone()],
        };
        assert_eq!(step(&mut pool, lost), [], "it is not answered any more");
        assert_eq!(step(&mut pool, asks(2)), [(2, vec![b])]);
    }
}
