//! The simulation's executor: one thread, and a seed that chooses who runs next.
//!
//! ```text
//!  block_on(root):  loop { someone ready?  yes: the seed picks one of them, poll it (one step of the history)
//!                                          no, but someone sleeps: virtual time jumps to the earliest deadline
//!                                          nobody: stuck, say who waits }
//! ```
//!
//! No lock is held while a task is polled or dropped, so a task may spawn, wake, sleep, and even call `block_on`.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::ThreadId;

use hurtig_types::{Error, Result};
use parking_lot::Mutex;

use super::clock::VirtualClock;
use super::control::Disturbance;
use super::run_queue::{RunQueue, TaskId, TaskWaker};
use super::trace::Trace;
use crate::Rng;

/// A history longer than this is taken for a livelock: a task that wakes itself forever stops virtual time.
const STEPS_MAX: u64 = 200_000_000;
/// How many waiting tasks a stuck simulation names.
const WAITING_NAMED_MAX: usize = 32;

type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) struct Executor {
    seed: u64,
    clock: Arc<VirtualClock>,
    queue: Arc<RunQueue>,
    disturbance: Disturbance,
    state: Mutex<State>,
}

struct State {
    tasks: BTreeMap<TaskId, Task>,
    next_id: TaskId,
    choice: Rng,
    trace: Trace,
    steps_max: u64,
    /// The thread inside `block_on`, and the futures it drives there: more than one if a task called it again.
    driver: Option<ThreadId>,
    roots: Vec<TaskId>,
}

struct Task {
    name: Arc<str>,
    waker: Arc<TaskWaker>,
    /// Taken out while it is polled.
    future: Option<TaskFuture>,
}

enum Next {
    Root,
    Task(TaskId, TaskFuture, Arc<TaskWaker>),
    Nobody,
}

impl Executor {
    pub(crate) fn new(seed: u64, clock: Arc<VirtualClock>) -> Self {
        let state = State {
            tasks: BTreeMap::new(),
            next_id: 0,
            choice: Rng::labelled(seed, "scheduler"),
            trace: Trace::default(),
            steps_max: STEPS_MAX,
            driver: None,
            roots: Vec::new(),
        };
        Self {
            seed,
            clock,
            queue: Arc::default(),
            disturbance: Disturbance::default(),
            state: Mutex::new(state),
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    pub(crate) fn disturbance(&self) -> &Disturbance {
        &self.disturbance
    }

    pub(crate) fn with_trace<T>(&self, read: impl FnOnce(&mut Trace) -> T) -> T {
        read(&mut self.state.lock().trace)
    }

    pub(crate) fn limit_steps(&self, steps_max: u64) {
        self.state.lock().steps_max = steps_max;
    }

    pub(crate) fn spawn(&self, name: Arc<str>, future: TaskFuture) {
        let mut state = self.state.lock();
        let id = state.new_id();
        let waker = TaskWaker::ready(id, &self.queue);
        state.tasks.insert(
            id,
            Task {
                name,
                waker,
                future: Some(future),
            },
        );
    }

    pub(crate) fn live_tasks(&self) -> Vec<Arc<str>> {
        self.state
            .lock()
            .tasks
            .values()
            .map(|task| task.name.clone())
            .collect()
    }

    /// Drops every task that is not being polled at this moment.
    pub(crate) fn cancel_all(&self) {
        let futures: Vec<TaskFuture> = {
            let mut state = self.state.lock();
            let idle: Vec<TaskId> = state
                .tasks
                .iter()
                .filter(|(_, task)| task.future.is_some())
                .map(|(id, _)| *id)
                .collect();
            idle.into_iter()
                .filter_map(|id| state.tasks.remove(&id))
                .filter_map(|task| {
                    task.waker.retire();
                    task.future
                })
                .collect()
        };
        drop(futures);
    }

    pub(crate) fn block_on<F: Future>(&self, root: F) -> Result<F::Output> {
        let driving = Driving::begin(self)?;
        let mut root = pin!(tokio::task::unconstrained(root));
        let root_waker = Waker::from(driving.waker.clone());
        loop {
            match self.next(driving.root)? {
                Next::Root => {
                    driving.waker.clear();
                    let polled = root.as_mut().poll(&mut Context::from_waker(&root_waker));
                    if let Poll::Ready(output) = polled {
                        return Ok(output);
                    }
                }
                Next::Task(id, future, waker) => self.poll_task(id, future, waker),
                Next::Nobody => match self.clock.advance_to_next_sleeper() {
                    Some(sleepers) => {
                        self.with_trace(|trace| trace.time_moved(self.clock.now()));
                        sleepers.into_iter().for_each(Waker::wake);
                    }
                    None => return Err(self.stuck()),
                },
            }
        }
    }

    fn next(&self, root: TaskId) -> Result<Next> {
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.trace.steps() >= state.steps_max {
            return Err(self.livelock(state.steps_max));
        }
        let (tasks, choice) = (&state.tasks, &mut state.choice);
        // Not eligible are only the tasks and roots that wait, half polled, below this one on the stack.
        let eligible = |id| id == root || tasks.get(&id).is_some_and(|task| task.future.is_some());
        let choose = |count| choice.below(count as u64) as usize;
        let Some(id) = self.queue.take(eligible, choose) else {
            return Ok(Next::Nobody);
        };
        match state.tasks.get_mut(&id) {
            Some(task) => {
                state.trace.step(id, &task.name);
                match task.future.take() {
                    Some(future) => Ok(Next::Task(id, future, task.waker.clone())),
                    None => Err(Error::bug("the simulation chose a task that is running")),
                }
            }
            None => {
                state.trace.step(id, &"main".into());
                Ok(Next::Root)
            }
        }
    }

    fn poll_task(&self, id: TaskId, mut future: TaskFuture, task_waker: Arc<TaskWaker>) {
        task_waker.clear();
        let waker = Waker::from(task_waker.clone());
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| {
            // As in `park::block_on`: whoever calls from inside a tokio runtime must not lend us its budget.
            let mut unconstrained = pin!(tokio::task::unconstrained(future.as_mut()));
            unconstrained
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
        }));
        if let Ok(Poll::Pending) = polled {
            if let Some(task) = self.state.lock().tasks.get_mut(&id) {
                task.future = Some(future);
            }
            return;
        }
        task_waker.retire();
        self.state.lock().tasks.remove(&id);
        // The task's own panics are caught inside it and reported by its handle; what arrives here is the panic of a
        // drop, after the outcome was sent or instead of it.
        let _ = std::panic::catch_unwind(AssertUnwindSafe(|| drop(future)));
    }

    fn stuck(&self) -> Error {
        let mut waiting: BTreeMap<Arc<str>, usize> = BTreeMap::from([("main".into(), 1)]);
        for name in self.live_tasks() {
            *waiting.entry(name).or_default() += 1;
        }
        let mut names: Vec<String> = waiting
            .iter()
            .take(WAITING_NAMED_MAX)
            .map(|(name, count)| match count {
                1 => name.to_string(),
                _ => format!("{name} (×{count})"),
            })
            .collect();
        if waiting.len() > names.len() {
            names.push(format!("and {} more names", waiting.len() - names.len()));
        }
        Error::bug(format!(
            "the simulation with seed {} is stuck at {}: nothing can run and nobody sleeps; \
             waiting: {}",
            self.seed,
            self.clock.now(),
            names.join(", "),
        ))
    }

    fn livelock(&self, steps_max: u64) -> Error {
        Error::bug(format!(
            "the simulation with seed {} took its {steps_max} steps and is not done at {}: \
             someone wakes itself forever, or the limit is too low",
            self.seed,
            self.clock.now(),
        ))
    }
}

impl State {
    fn new_id(&mut self) -> TaskId {
        let id = self.next_id;
        self.next_id += 1;
        id
    }
}

/// One call of `block_on` in progress; undone when it ends, also by a panic.
struct Driving<'a> {
    executor: &'a Executor,
    root: TaskId,
    waker: Arc<TaskWaker>,
}

impl<'a> Driving<'a> {
    fn begin(executor: &'a Executor) -> Result<Self> {
        let mut state = executor.state.lock();
        let thread = std::thread::current().id();
        if state.driver.is_some_and(|driver| driver != thread) {
            return Err(Error::bug(format!(
                "the simulation with seed {} is driven by another thread: a simulated world has one",
                executor.seed
            )));
        }
        state.driver = Some(thread);
        let root = state.new_id();
        state.roots.push(root);
        let waker = TaskWaker::ready(root, &executor.queue);
        Ok(Self {
            executor,
            root,
            waker,
        })
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        self.waker.retire();
        let mut state = self.executor.state.lock();
        state.roots.retain(|root| *root != self.root);
        if state.roots.is_empty() {
            state.driver = None;
        }
        if std::thread::panicking() {
            eprintln!("the simulation's seed was {}", self.executor.seed);
        }
    }
}
