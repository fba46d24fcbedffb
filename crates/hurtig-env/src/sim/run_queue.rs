//! Who is ready to run: filled by wakers, from any thread; emptied by the executor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use parking_lot::Mutex;

pub(crate) type TaskId = u64;

/// Bounded by the number of tasks: each is in it at most once.
#[derive(Default)]
pub(crate) struct RunQueue {
    ready: Mutex<Vec<TaskId>>,
}

impl RunQueue {
    /// Takes out the task that `choose(n)` picks among the `n` that are ready and eligible.
    pub(crate) fn take(
        &self,
        eligible: impl Fn(TaskId) -> bool,
        choose: impl FnOnce(usize) -> usize,
    ) -> Option<TaskId> {
        let mut ready = self.ready.lock();
        let candidates: Vec<usize> = (0..ready.len())
            .filter(|index| eligible(ready[*index]))
            .collect();
        if candidates.is_empty() {
            return None;
        }
        let chosen = candidates[choose(candidates.len())];
        Some(ready.swap_remove(chosen))
    }

    pub(crate) fn forget(&self, id: TaskId) {
        self.ready.lock().retain(|ready| *ready != id);
    }
}

/// Puts its task into the queue, once, until it is [cleared](Self::clear).
pub(crate) struct TaskWaker {
    id: TaskId,
    queue: Arc<RunQueue>,
    queued: AtomicBool,
}

impl TaskWaker {
    /// A waker for a new task, which is ready at once.
    pub(crate) fn ready(id: TaskId, queue: &Arc<RunQueue>) -> Arc<Self> {
        let waker = Arc::new(Self {
            id,
            queue: queue.clone(),
            queued: AtomicBool::new(false),
        });
        waker.wake_by_ref();
        waker
    }

    /// To be called after the task was taken and before it is polled: from now on it may be queued again.
    pub(crate) fn clear(&self) {
        self.queued.store(false, Ordering::Release);
    }

    /// The task has ended: later wakes mean nothing.
    pub(crate) fn retire(&self) {
        self.queued.store(true, Ordering::Release);
        self.queue.forget(self.id);
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.queue.ready.lock().push(self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_woken_twice_is_queued_once() {
        let queue = Arc::new(RunQueue::default());
        let waker = TaskWaker::ready(1, &queue);
        waker.wake_by_ref();
        assert_eq!(queue.take(|_| true, |_| 0), Some(1));
        assert_eq!(queue.take(|_| true, |_| 0), None);
        waker.clear();
        waker.wake_by_ref();
        assert_eq!(queue.take(|_| true, |_| 0), Some(1));
    }

    #[test]
    fn a_retired_task_is_not_queued() {
        let queue = Arc::new(RunQueue::default());
        let waker = TaskWaker::ready(1, &queue);
        waker.retire();
        waker.wake_by_ref();
        assert_eq!(queue.take(|_| true, |_| 0), None);
    }

    #[test]
    fn the_ineligible_wait() {
        let queue = Arc::new(RunQueue::default());
        TaskWaker::ready(1, &queue);
        TaskWaker::ready(2, &queue);
        assert_eq!(queue.take(|id| id == 2, |count| count - 1), Some(2));
        assert_eq!(queue.take(|id| id == 2, |_| 0), None);
    }
}
