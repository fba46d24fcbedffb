//! A question, until it is answered.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use arrow_array::RecordBatch;
use hurtig_env::{JoinHandle, Lane, Sleep, World};
use hurtig_types::{Error, Result};

use super::{LookupOptions, LookupSource};

/// Asks a table, again if it fails, and waits no longer than it may.
pub(super) struct Asking {
    source: Box<dyn LookupSource>,
    options: LookupOptions,
    world: World,
    question: Option<Question>,
}

struct Question {
    keys: RecordBatch,
    failures: u32,
    state: State,
}

enum State {
    Asked(JoinHandle<Result<Vec<RecordBatch>>>, Sleep),
    /// Until it is asked again.
    Waits(Sleep),
}

impl Asking {
    pub(super) const fn new(
        source: Box<dyn LookupSource>,
        options: LookupOptions,
        world: World,
    ) -> Self {
        Self {
            source,
            options,
            world,
            question: None,
        }
    }

    /// How many keys may be asked for at once.
    pub(super) fn capacity(&self) -> usize {
        self.options.capacity.max(1)
    }

    /// Whether a question is under way.
    pub(super) const fn is_busy(&self) -> bool {
        self.question.is_some()
    }

    /// Asks for the rows of these keys.
    pub(super) fn ask(&mut self, keys: RecordBatch) {
        let state = self.send(keys.clone());
        self.question = Some(Question {
            keys,
            failures: 0,
            state,
        });
    }

    fn send(&mut self, keys: RecordBatch) -> State {
        let answer = self.source.lookup(keys);
        let task = self.world.spawner().spawn(Lane::Io, "lookup", answer);
        State::Asked(task, self.world.clock().sleep(self.options.timeout))
    }

    /// The answer: a batch for each key. Pending while there is none; then the waker is woken when it is worth asking again.
    pub(super) fn poll(&mut self, waker: &Waker) -> Poll<Result<Vec<RecordBatch>>> {
        let mut context = Context::from_waker(waker);
        loop {
            let Some(question) = &mut self.question else {
                return Poll::Ready(Err(Error::bug("an answer without a question")));
            };
            let answer = match &mut question.state {
                State::Waits(sleep) => match Pin::new(sleep).poll(&mut context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => None,
                },
                State::Asked(task, timeout) => match Pin::new(&mut *task).poll(&mut context) {
                    Poll::Ready(answer) => Some(answer.and_then(|answer| answer)),
                    Poll::Pending => match Pin::new(timeout).poll(&mut context) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(()) => {
                            task.abort();
                            let waited = self.options.timeout;
                            let message = format!("no answer to a lookup within {waited:?}");
                            Some(Err(Error::io(message)))
                        }
                    },
                },
            };
            let keys = question.keys.clone();
            match answer {
                None => {
                    let state = self.send(keys);
                    if let Some(question) = &mut self.question {
                        question.state = state;
                    }
                }
                Some(answer) => match self.settle(answer, keys.num_rows()) {
                    Some(answer) => return Poll::Ready(answer),
                    None => continue,
                },
            }
        }
    }

    /// What an answer means; none if the question will be asked again.
    fn settle(
        &mut self,
        answer: Result<Vec<RecordBatch>>,
        keys: usize,
    ) -> Option<Result<Vec<RecordBatch>>> {
        let error = match answer {
            Ok(batches) if batches.len() == keys => {
                self.question = None;
                return Some(Ok(batches));
            }
            Ok(batches) => {
                let is = batches.len();
                self.question = None;
                return Some(Err(Error::bug(format!("{is} answers for {keys} keys"))));
            }
            Err(error) => error,
        };
        let tries = self.options.retries;
        match &mut self.question {
            Some(question) if question.failures < tries => {
                question.failures += 1;
                let delay = self.world.clock().sleep(self.options.retry_delay);
                question.state = State::Waits(delay);
                None
            }
            _ => {
                self.question = None;
                Some(Err(
                    error.context(format!("a lookup, tried {} times", tries + 1))
                ))
            }
        }
    }
}
