//! The machine's clock, and one thread that wakes the sleepers.
//!
//! An own thread rather than tokio's timer: a tokio timer belongs to one runtime, is made inside it, panics when it
//! outlives it, and rounds up to the millisecond. This one serves both runtimes, `block_on`, and threads of their own.

use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::{Condvar, Mutex};

use crate::MonotonicTime;
use crate::timers::{TimerKey, Timers};

pub(crate) struct RealClock {
    start: Instant,
    timer: Arc<Timer>,
    /// The thread is started by the first sleeper.
    thread: OnceLock<()>,
}

struct Timer {
    state: Mutex<TimerState>,
    changed: Condvar,
}

#[derive(Default)]
struct TimerState {
    timers: Timers,
    closed: bool,
}

impl RealClock {
    pub(crate) fn new() -> Self {
        let timer = Timer {
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Self {
            start: Instant::now(),
            timer: Arc::new(timer),
            thread: OnceLock::new(),
        }
    }

    pub(crate) fn now(&self) -> MonotonicTime {
        MonotonicTime::ZERO + self.start.elapsed()
    }

    pub(crate) fn wall_clock_ms(&self) -> i64 {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => -millis(before.duration()),
        }
    }

    /// # Panics
    /// If the operating system refuses the timer's thread: nobody would ever wake the sleeper.
    pub(crate) fn register(&self, deadline: MonotonicTime, waker: Waker) -> TimerKey {
        self.thread.get_or_init(|| self.start_thread());
        let mut state = self.timer.state.lock();
        let earliest = state
            .timers
            .next_deadline()
            .is_none_or(|next| deadline < next);
        let key = state.timers.insert(deadline, waker);
        drop(state);
        if earliest {
            self.timer.changed.notify_one();
        }
        key
    }

    pub(crate) fn update(&self, key: TimerKey, waker: &Waker) {
        self.timer.state.lock().timers.update(key, waker);
    }

    pub(crate) fn remove(&self, key: TimerKey) -> Option<Waker> {
        self.timer.state.lock().timers.remove(key)
    }

    fn start_thread(&self) {
        let (timer, start) = (self.timer.clone(), self.start);
        let started = std::thread::Builder::new()
            .name("hurtig-timer".into())
            .spawn(move || timer.run(start));
        if let Err(error) = started {
            panic!("the timer's thread could not be started: {error}");
        }
    }
}

/// Every `Sleep` holds its clock, so nobody sleeps any more when the clock is dropped.
impl Drop for RealClock {
    fn drop(&mut self) {
        self.timer.state.lock().closed = true;
        self.timer.changed.notify_one();
    }
}

impl Timer {
    fn run(&self, start: Instant) {
        let mut state = self.state.lock();
        while !state.closed {
            let due = state.timers.pop_due(MonotonicTime::ZERO + start.elapsed());
            if !due.is_empty() {
                drop(state);
                due.into_iter().for_each(Waker::wake);
                state = self.state.lock();
                continue;
            }
            let next = state.timers.next_deadline();
            match next.and_then(|at| start.checked_add(Duration::from_nanos(at.as_nanos()))) {
                Some(deadline) => {
                    self.changed.wait_until(&mut state, deadline);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}
