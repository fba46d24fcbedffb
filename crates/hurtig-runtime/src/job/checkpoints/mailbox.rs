//! What the participants of checkpoints tell the job master.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hurtig_checkpoint::Event;
use parking_lot::Mutex;

/// A queue of events. Each participant says at most one thing about each checkpoint in flight, so it stays as short as these are few.
#[derive(Clone, Default)]
pub(super) struct Mailbox(Arc<Mutex<Inbox>>);

#[derive(Default)]
struct Inbox {
    events: VecDeque<Event>,
    waker: Option<Waker>,
}

impl Mailbox {
    pub(super) fn send(&self, event: Event) {
        let waker = {
            let mut inbox = self.0.lock();
            inbox.events.push_back(event);
            inbox.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Event> {
        let mut inbox = self.0.lock();
        if let Some(event) = inbox.events.pop_front() {
            return Poll::Ready(event);
        }
        inbox.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
