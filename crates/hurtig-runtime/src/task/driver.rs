//! The future that drives a task: steps while there is something to do, and waits at the edges.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use hurtig_env::sync::{AtomicBool, Mutex};
use hurtig_env::{Sleep, World};
use hurtig_types::{Error, Result};

use super::checkpoints::CheckpointCommand;
use super::step::{StepOutcome, Task};

/// Stops a task from outside.
#[derive(Default)]
pub(crate) struct TaskControl {
    cancelled: AtomicBool,
    stopping: AtomicBool,
    /// What it is to know about checkpoints, in order.
    commands: Mutex<Commands>,
    commanded: AtomicBool,
    waker: AtomicWaker,
}

impl TaskControl {
    /// Tells the task something about a checkpoint.
    pub(crate) fn command(&self, command: CheckpointCommand) {
        self.commands.lock().push(command);
        self.commanded.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// What it was told since the last look.
    fn take_commands(&self) -> VecDeque<CheckpointCommand> {
        if self.commanded.swap(false, Ordering::AcqRel) {
            std::mem::take(&mut self.commands.lock().waiting)
        } else {
            VecDeque::new()
        }
    }

    /// The task has ended: nobody hears what it is told from now on.
    fn close(&self) {
        *self.commands.lock() = Commands {
            waiting: VecDeque::new(),
            has_ended: true,
        };
    }

    /// Asks the task to end once nothing is on its way through it: its sources send nothing more.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Asks the task to end. It closes its operators first.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// What a task was told and has not heard.
#[derive(Default)]
struct Commands {
    waiting: VecDeque<CheckpointCommand>,
    has_ended: bool,
}

impl Commands {
    fn push(&mut self, command: CheckpointCommand) {
        if !self.has_ended {
            self.waiting.push_back(command);
        }
    }
}

/// Runs a task to its end, and closes it on every path.
pub(crate) struct TaskFuture {
    task: Task,
    control: Arc<TaskControl>,
    world: World,
    sleep: Option<Sleep>,
    ended: bool,
}

impl TaskFuture {
    pub(crate) fn new(task: Task, control: Arc<TaskControl>, world: World) -> Self {
        Self {
            task,
            control,
            world,
            sleep: None,
            ended: false,
        }
    }

    fn end(&mut self, result: Result<()>) -> Poll<Result<()>> {
        self.ended = true;
        self.control.close();
        let closed = self.task.close();
        Poll::Ready(result.and(closed))
    }

    /// Waits for the waker or the task's deadline. `Ready` when the deadline has come already.
    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.task.deadline() else {
            self.sleep = None;
            return Poll::Pending;
        };
        if self
            .sleep
            .as_ref()
            .is_none_or(|sleep| sleep.deadline() != deadline)
        {
            self.sleep = Some(self.world.clock().sleep_until(deadline));
        }
        match &mut self.sleep {
            Some(sleep) => Pin::new(sleep).poll(context),
            None => Poll::Pending,
        }
    }
}

impl Future for TaskFuture {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(Err(Error::bug("a task was polled after its end")));
        }
        this.control.waker.register(context.waker());
        for _ in 0..this.world.spawner().steps_per_poll() {
            let mut commands = this.control.take_commands().into_iter();
            if let Err(error) = commands.try_for_each(|command| this.task.command(command)) {
                return this.end(Err(error));
            }
            if this.control.cancelled.load(Ordering::Acquire) {
                return this.end(Err(Error::cancelled()));
            }
            match this.task.step(context.waker()) {
                Ok(StepOutcome::Progressed) => {}
                Ok(StepOutcome::Finished) => return this.end(Ok(())),
                Ok(outcome) => {
                    if this.control.stopping.load(Ordering::Acquire) && this.task.may_stop(outcome)
                    {
                        return this.end(Ok(()));
                    }
                    if this.poll_wait(context).is_pending() {
                        return Poll::Pending;
                    }
                    this.sleep = None;
                }
                Err(error) => return this.end(Err(error)),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A future that is dropped before its end (the world shuts down) still closes its operators.
impl Drop for TaskFuture {
    fn drop(&mut self) {
        if !self.ended
            && let Err(error) = self.task.close()
        {
            tracing::warn!(%error, "a task that was dropped could not be closed");
        }
    }
}

#[cfg(all(test, feature = "model"))]
mod model;
