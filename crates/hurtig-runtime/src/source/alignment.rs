//! Watermark alignment: sources of one group don't run ahead of each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use hurtig_types::{Timestamp, Watermark};
use parking_lot::Mutex;

/// The alignment groups of a job, by name.
#[derive(Default)]
pub struct Alignments {
    groups: Mutex<BTreeMap<String, Arc<AlignmentGroup>>>,
}

impl Alignments {
    /// The group of this name.
    pub fn group(&self, name: &str) -> Arc<AlignmentGroup> {
        Arc::clone(self.groups.lock().entry(name.to_string()).or_default())
    }
}

/// Knows how far each member is in event time, and so how far the others may be.
///
/// ```
/// use hurtig_runtime::AlignmentGroup;
/// use hurtig_types::{Timestamp, Watermark};
///
/// let group = AlignmentGroup::default();
/// let (fast, slow) = (group.join(), group.join());
/// group.report(fast, Some(Watermark::new(Timestamp::from_millis(900))));
/// group.report(slow, Some(Watermark::new(Timestamp::from_millis(100))));
/// assert_eq!(group.slowest(), Timestamp::from_millis(100));
/// group.report(slow, None); // idle or ended: holds nobody back
/// assert_eq!(group.slowest(), Timestamp::from_millis(900));
/// ```
#[derive(Default)]
pub struct AlignmentGroup {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    members: Vec<Option<Watermark>>,
    /// The places of those that have left.
    free: Vec<usize>,
    waiting: Vec<Waker>,
}

impl State {
    fn slowest(&self) -> Timestamp {
        let slowest = self.members.iter().flatten().min();
        slowest.map_or(Timestamp::MAX, |watermark| watermark.timestamp())
    }
}

impl AlignmentGroup {
    /// A new member, of whose event time nothing is known: until it reports, nobody may run ahead.
    pub fn join(&self) -> usize {
        let mut state = self.state.lock();
        let place = state.free.pop().unwrap_or(state.members.len());
        match state.members.get_mut(place) {
            Some(free) => *free = Some(Watermark::MIN),
            None => state.members.push(Some(Watermark::MIN)),
        }
        place
    }

    /// A member says nothing more: its place is the next one's. So a source that is started again and again takes no more room.
    pub(super) fn leave(&self, member: usize) {
        self.report(member, None);
        self.state.lock().free.push(member);
    }

    /// A member is here now; `None` when it is idle or has ended.
    pub fn report(&self, member: usize, watermark: Option<Watermark>) {
        let waiting = {
            let mut state = self.state.lock();
            let before = state.slowest();
            if let Some(reported) = state.members.get_mut(member) {
                *reported = watermark;
            }
            if state.slowest() == before {
                Vec::new()
            } else {
                std::mem::take(&mut state.waiting)
            }
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Where the slowest member is.
    pub fn slowest(&self) -> Timestamp {
        self.state.lock().slowest()
    }

    /// Wakes `waker` when the slowest member has moved.
    pub fn wake_on_change(&self, waker: &Waker) {
        let mut state = self.state.lock();
        if !state.waiting.iter().any(|known| known.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
    }
}
