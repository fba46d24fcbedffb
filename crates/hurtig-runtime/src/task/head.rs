//! Where a task's data comes from: the channels of a gate, or a source of its own.

use std::task::{Poll, Waker};

use hurtig_exchange::{InputGate, ValveOutput, WatermarkValve};
use hurtig_types::{Error, Origin, Result, Signal, StreamElement};

use super::chain::OperatorChain;
use super::node::{Routes, guarded};
use crate::Output;
use crate::source::{SourceOperator, SourceProgress};

/// The head of a task.
pub enum Head {
    /// Channels from other tasks.
    Inputs(Inputs),
    /// A source.
    Source(SourceHead),
}

/// Reads elements from the gate, merges watermarks, and hands what matters to the chain.
pub struct Inputs {
    gate: InputGate,
    valve: WatermarkValve,
    /// The operator's input that each channel leads to.
    input_of_channel: Vec<usize>,
    /// Channels of each input that have not ended.
    open_channels: Vec<usize>,
}

impl Inputs {
    /// Inputs from this gate, whose channels lead to these inputs of the operator.
    pub fn new(gate: InputGate, input_of_channel: Vec<usize>) -> Self {
        let inputs = input_of_channel.iter().max().map_or(0, |&input| input + 1);
        let mut open_channels = vec![0; inputs];
        for &input in &input_of_channel {
            if let Some(open) = open_channels.get_mut(input) {
                *open += 1;
            }
        }
        Self {
            valve: WatermarkValve::new(input_of_channel.len()),
            gate,
            input_of_channel,
            open_channels,
        }
    }

    fn poll_next(&mut self, chain: &mut OperatorChain, waker: &Waker) -> Poll<()> {
        let Poll::Ready((channel, element)) = self.gate.poll_next(waker) else {
            return Poll::Pending;
        };
        let input = self.input_of_channel.get(channel).copied().unwrap_or(0);
        match element {
            StreamElement::Batch(batch) => chain.accept_batch(input, batch),
            StreamElement::Signal(Signal::EndOfInput) => self.end_channel(channel, input, chain),
            StreamElement::Signal(Signal::Watermark(watermark)) => {
                let output = self.valve.watermark(channel, watermark);
                if let Some(watermark) = output.watermark {
                    chain.accept_signal(input, Signal::Watermark(watermark));
                }
            }
            StreamElement::Signal(Signal::Status(status)) => {
                self.apply_status(channel, status, chain);
            }
        }
        Poll::Ready(())
    }

    fn apply_status(
        &mut self,
        channel: usize,
        status: hurtig_types::StreamStatus,
        chain: &mut OperatorChain,
    ) {
        let output = self.valve.status(channel, status);
        Self::pass_on(output, chain);
    }

    fn pass_on(output: ValveOutput, chain: &mut OperatorChain) {
        if let Some(status) = output.status {
            chain.accept_signal(0, Signal::Status(status));
        }
        if let Some(watermark) = output.watermark {
            chain.accept_signal(0, Signal::Watermark(watermark));
        }
    }

    fn end_channel(&mut self, channel: usize, input: usize, chain: &mut OperatorChain) {
        let Some(open) = self.open_channels.get_mut(input) else {
            return;
        };
        *open = open.saturating_sub(1);
        let input_ended = *open == 0;
        Self::pass_on(self.valve.end(channel), chain);
        if input_ended {
            chain.accept_signal(input, Signal::EndOfInput);
        }
    }
}

/// A source with its output and its readers.
pub struct SourceHead {
    operator: Box<dyn SourceOperator>,
    output: Output,
    routes: Routes,
    label: super::node::NodeLabel,
    records_out: hurtig_metrics::Counter,
    /// Of the batch that is being handed on.
    origin: Origin,
    finished: bool,
    closed: bool,
}

impl SourceHead {
    /// A source whose output goes to these readers.
    pub fn new(
        operator: Box<dyn SourceOperator>,
        output: Output,
        routes: Routes,
        label: super::node::NodeLabel,
        metrics: &hurtig_metrics::MetricGroup,
    ) -> Self {
        let records_out = metrics.counter(hurtig_metrics::names::NUM_RECORDS_OUT);
        Self {
            operator,
            output,
            routes,
            label,
            records_out,
            origin: Origin::UNKNOWN,
            finished: false,
            closed: false,
        }
    }

    fn poll_next(&mut self, chain: &mut OperatorChain, waker: &Waker) -> Poll<Result<()>> {
        if self.finished {
            return Poll::Pending;
        }
        let polled = guarded(|| match self.operator.poll_next(&mut self.output) {
            Poll::Pending => Ok(None),
            Poll::Ready(progress) => progress.map(Some),
        });
        match polled {
            Ok(None) => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(self.locate(error, &Origin::UNKNOWN))),
            Ok(Some(SourceProgress::Finished)) => {
                self.finished = true;
                self.output.emit(Signal::EndOfInput);
            }
            Ok(Some(SourceProgress::Emitted)) => {}
        }
        self.records_out.inc(self.output.main.len() as u64);
        Poll::Ready(self.hand_on(chain, waker))
    }

    fn hand_on(&mut self, chain: &mut OperatorChain, waker: &Waker) -> Result<()> {
        self.origin.clone_from(self.output.main.origin());
        guarded(|| chain.accept_output(&mut self.output, &self.routes, waker))
            .map_err(|error| self.locate(error.context("handing on"), &self.origin))
    }

    fn locate(&self, error: Error, origin: &Origin) -> Error {
        error.context(self.label.place(origin))
    }

    /// Closes the source, whatever it does; once.
    fn close(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        guarded(|| self.operator.close())
            .map_err(|error| self.locate(error, &Origin::UNKNOWN).context("closing"))
    }
}

/// A source that never got into a task is closed all the same.
impl Drop for SourceHead {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "a source that never ran could not be closed");
        }
    }
}

impl Head {
    /// Takes the next element to the (idle) chain.
    pub(super) fn poll_next(
        &mut self,
        chain: &mut OperatorChain,
        waker: &Waker,
    ) -> Poll<Result<()>> {
        match self {
            Self::Inputs(inputs) => inputs.poll_next(chain, waker).map(Ok),
            Self::Source(source) => source.poll_next(chain, waker),
        }
    }

    pub(super) fn lend(
        &mut self,
        now: hurtig_types::Timestamp,
        monotonic: hurtig_env::MonotonicTime,
        waker: &Waker,
    ) {
        if let Self::Source(source) = self {
            source.output.lend(now, monotonic, waker);
        }
    }

    /// When a source wants to be polled again, whatever happens.
    pub(super) fn deadline(&self) -> Option<hurtig_env::MonotonicTime> {
        match self {
            Self::Inputs(_) => None,
            Self::Source(source) if source.finished => None,
            Self::Source(source) => source.operator.deadline(),
        }
    }

    pub(super) fn close(&mut self) -> Result<()> {
        match self {
            Self::Inputs(_) => Ok(()),
            Self::Source(source) => source.close(),
        }
    }
}
