//! The two tokio runtimes, started when first needed, and the dedicated threads.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures::future::AbortHandle;
use hurtig_types::{Error, ErrorContext, ErrorKind, Result};
use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{Lane, park};

/// How many of a runtime's helper threads may wait for files at once.
const BLOCKING_THREADS_MAX: usize = 64;

pub(crate) struct Runtimes {
    compute_threads: usize,
    io_threads: usize,
    compute: OnceLock<io::Result<Runtime>>,
    io: OnceLock<io::Result<Runtime>>,
    dedicated: Arc<Dedicated>,
}

impl Runtimes {
    pub(crate) fn new(compute_threads: usize, io_threads: usize) -> Self {
        Self {
            compute_threads,
            io_threads,
            compute: OnceLock::new(),
            io: OnceLock::new(),
            dedicated: Arc::default(),
        }
    }

    /// Starts `task`; `abort` is how a dedicated thread is told that the world has ended.
    pub(crate) fn spawn(
        &self,
        lane: Lane,
        name: &str,
        task: impl Future<Output = ()> + Send + 'static,
        abort: AbortHandle,
    ) -> Result<()> {
        match lane {
            Lane::Compute => drop(self.compute()?.spawn(task)),
            Lane::Io => drop(self.io()?.spawn(task)),
            Lane::Dedicated => {
                self.dedicated
                    .start(name, task, abort, self.io()?.handle().clone())?;
            }
        }
        Ok(())
    }

    pub(crate) fn io_handle(&self) -> Result<Handle> {
        Ok(self.io()?.handle().clone())
    }

    fn compute(&self) -> Result<&Runtime> {
        started(
            self.compute
                .get_or_init(|| build(self.compute_threads, "hurtig-compute")),
        )
    }

    fn io(&self) -> Result<&Runtime> {
        started(self.io.get_or_init(|| build(self.io_threads, "hurtig-io")))
    }
}

fn build(threads: usize, name: &'static str) -> io::Result<Runtime> {
    let next = AtomicUsize::new(0);
    Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_name_fn(move || format!("{name}-{}", next.fetch_add(1, Ordering::Relaxed)))
        .enable_all()
        .build()
}

fn started(runtime: &io::Result<Runtime>) -> Result<&Runtime> {
    runtime
        .as_ref()
        .map_err(|error| Error::io(format!("the runtime could not be started: {error}")))
}

/// Dropping a tokio runtime waits for its threads, and panics inside another runtime; this does neither.
impl Drop for Runtimes {
    fn drop(&mut self) {
        self.dedicated.abort_all();
        for runtime in [self.compute.take(), self.io.take()]
            .into_iter()
            .flatten()
            .flatten()
        {
            runtime.shutdown_background();
        }
    }
}

/// The threads that drive one task each; remembered only so that the end of the world ends their tasks too.
#[derive(Default)]
struct Dedicated {
    running: Mutex<BTreeMap<usize, AbortHandle>>,
    next_id: AtomicUsize,
}

impl Dedicated {
    fn start(
        self: &Arc<Self>,
        name: &str,
        task: impl Future<Output = ()> + Send + 'static,
        abort: AbortHandle,
        io: Handle,
    ) -> Result<()> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.running.lock().insert(id, abort);
        let ended = Ended {
            dedicated: self.clone(),
            id,
        };
        std::thread::Builder::new()
            .name(format!("hurtig-{}", name.replace('\0', "?")))
            .spawn(move || {
                let _ended = ended;
                // What the task opens (sockets, files) belongs to the I/O runtime.
                let _entered = io.enter();
                park::block_on(task);
            })
            .map(drop)
            .or_kind(ErrorKind::Io, || "starting a thread".to_string())
    }

    fn abort_all(&self) {
        let running = std::mem::take(&mut *self.running.lock());
        running.values().for_each(AbortHandle::abort);
    }
}

struct Ended {
    dedicated: Arc<Dedicated>,
    id: usize,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.dedicated.running.lock().remove(&self.id);
    }
}

/// A future that is polled inside a runtime, wherever it is awaited: for sockets, which ask for one.
pub(crate) struct InRuntime<F> {
    handle: Handle,
    future: Pin<Box<F>>,
}

impl<F: Future> InRuntime<F> {
    pub(crate) fn new(handle: Handle, future: F) -> Self {
        Self {
            handle,
            future: Box::pin(future),
        }
    }
}

impl<F: Future> Future for InRuntime<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let _entered = this.handle.enter();
        this.future.as_mut().poll(context)
    }
}
