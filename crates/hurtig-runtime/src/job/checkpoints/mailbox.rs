//! What the participants of checkpoints tell the job master.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use hurtig_checkpoint::Event;
use hurtig_env::sync::Mutex;

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

#[cfg(all(test, feature = "model"))]
mod model {
    use std::future::poll_fn;

    use shuttle::future::block_on;
    use shuttle::thread;

    use super::*;

    const ORDERS: usize = 3_000;

    fn request(number: u64) -> Event {
        Event::SavepointRequested {
            request: number,
            directory: String::new(),
            stop: hurtig_checkpoint::StopMode::GoOn,
        }
    }

    /// Three participants tell two things each; the master waits for each, by its waker.
    fn all_is_heard() {
        let mailbox = Mailbox::default();
        for participant in 0..3 {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                mailbox.send(request(2 * participant));
                mailbox.send(request(2 * participant + 1));
            });
        }
        let mut heard = Vec::new();
        while heard.len() < 6 {
            let next = poll_fn(|context: &mut Context<'_>| mailbox.poll_next(context));
            let Event::SavepointRequested { request, .. } = block_on(next) else {
                panic!("nobody said that");
            };
            assert!(request % 2 == 0 || heard.contains(&(request - 1)));
            heard.push(request);
        }
    }

    #[test]
    fn model_all_is_heard_in_order() {
        shuttle::check_random(all_is_heard, ORDERS);
        shuttle::check_pct(all_is_heard, ORDERS, 3);
    }
}
