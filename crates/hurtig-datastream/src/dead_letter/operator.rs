//! Stands around an operator whose function may fail, and sets aside the records that it fails at.

use std::error::Error as StdError;

use hurtig_metrics::{Counter, names};
use hurtig_runtime::{BehindFailure, OperatorContext, Output, OutputTag, Progress, StreamOperator};
use hurtig_state::{ListMode, ListPiece, StateImage};
use hurtig_types::{
    Barrier, CheckpointId, Data, ErasedBatch, Error, ErrorKind, Records, Result, Timestamp,
    Watermark, options,
};

use super::policy::Setting;
use super::{DEAD_LETTERS, DeadLetter};
use crate::stream::short_type_name;

/// How many were set aside.
const COUNT: &str = "dead-letters/count";

/// An operator, and what becomes of the records that it fails at. Without letters it does what the operator does.
///
/// Each batch is copied before the operator has it: only so the record is there to be shown. A panic leaves nobody knows what behind,
/// and is passed on.
pub(super) struct DeadLetterOperator<A, B> {
    inner: Box<dyn StreamOperator>,
    letters: Option<Letters>,
    /// A copy of the batch that it works on, as it came.
    batch: Option<Batch<A, B>>,
    /// How many records of what came lie before that.
    before: usize,
    /// What the operator has to be given once there is room.
    rest: Option<Batch<A, B>>,
}

/// A batch of one of two inputs. Operators with one have no second.
enum Batch<A, B> {
    First(Records<A>),
    Second(Records<B>),
}

impl<A: Data, B: Data> Batch<A, B> {
    fn copy_of(input: usize, batch: &ErasedBatch) -> Result<Self> {
        Ok(match input {
            0 => Self::First(batch.get::<Records<A>>()?.clone()),
            _ => Self::Second(batch.get::<Records<B>>()?.clone()),
        })
    }

    const fn input(&self) -> usize {
        match self {
            Self::First(_) => 0,
            Self::Second(_) => 1,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::First(batch) => batch.len(),
            Self::Second(batch) => batch.len(),
        }
    }

    /// Takes out what lies from `place` on.
    fn split_off(&mut self, place: usize) -> Self {
        match self {
            Self::First(batch) => Self::First(batch.split_off(place)),
            Self::Second(batch) => Self::Second(batch.split_off(place)),
        }
    }

    fn into_erased(self) -> ErasedBatch {
        match self {
            Self::First(batch) => ErasedBatch::new(batch),
            Self::Second(batch) => ErasedBatch::new(batch),
        }
    }
}

impl<A: Data, B: Data> DeadLetterOperator<A, B> {
    pub(super) fn new(
        inner: Box<dyn StreamOperator>,
        setting: Option<Setting>,
        context: &OperatorContext,
    ) -> Self {
        Self {
            inner,
            letters: setting.map(|setting| Letters::new(setting, context)),
            batch: None,
            before: 0,
            rest: None,
        }
    }

    fn begin(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.batch = Some(Batch::copy_of(input, batch)?);
        let progress = self.inner.process_batch(input, batch, output);
        self.go_on(progress, output)
    }

    /// Goes on behind each record that the operator has failed at, until it has something else to say.
    fn go_on(&mut self, mut progress: Result<Progress>, output: &mut Output) -> Result<Progress> {
        loop {
            let error = match progress {
                Ok(Progress::Done) => {
                    self.batch = None;
                    return Ok(Progress::Done);
                }
                Ok(progress) => return Ok(progress),
                Err(error) => error,
            };
            match self.set_aside(error, output)? {
                BehindFailure::Rest => return Ok(self.put_rest_back()),
                BehindFailure::Stuck | BehindFailure::Resume => {
                    progress = self.inner.resume(output);
                }
            }
        }
    }

    /// Writes the letter of the record that the operator is at; how it goes on.
    fn set_aside(&mut self, error: Error, output: &mut Output) -> Result<BehindFailure> {
        let how = self.inner.behind_failure();
        let is_poison = matches!(error.kind(), ErrorKind::Function | ErrorKind::BadRecord);
        let place = self.inner.failed_at(output).filter(|_| is_poison);
        let (Some(letters), Some(batch), Some(place)) = (&mut self.letters, &mut self.batch, place)
        else {
            return Err(error);
        };
        if how == BehindFailure::Stuck || place >= batch.len() {
            return Err(error);
        }
        match batch {
            Batch::First(batch) => letters.write(error, batch, place, output)?,
            Batch::Second(batch) => letters.write(error, batch, place, output)?,
        }
        if how == BehindFailure::Rest {
            self.rest = Some(batch.split_off(place + 1));
            self.before += place + 1;
        }
        Ok(how)
    }

    /// What is in the output was made of the records before; the rest comes as a batch of its own.
    fn put_rest_back(&mut self) -> Progress {
        self.batch = None;
        if self.rest.as_ref().is_none_or(|rest| rest.len() == 0) {
            self.rest = None;
            return Progress::Done;
        }
        Progress::More
    }
}

/// Writes letters, up to a bound.
struct Letters {
    setting: Setting,
    label: String,
    operator: String,
    subtask: u32,
    /// Over all attempts, as of the checkpoint from which this one has started.
    written: u64,
    counter: Counter,
    tag: OutputTag<DeadLetter>,
}

impl Letters {
    fn new(setting: Setting, context: &OperatorContext) -> Self {
        Self {
            setting,
            label: context.label(),
            operator: context.name.clone(),
            subtask: context.subtask,
            written: 0,
            counter: context.metrics.counter(names::NUM_RECORDS_DEAD_LETTERED),
            tag: OutputTag::new(DEAD_LETTERS),
        }
    }

    fn write<T: Data>(
        &mut self,
        error: Error,
        batch: &Records<T>,
        place: usize,
        output: &mut Output,
    ) -> Result<()> {
        if self.written >= u64::from(self.setting.records_max) {
            return Err(error.context(format!(
                "this is one more than the {} records that {} may set aside (`{}`): mend the function or the data, or raise it",
                self.setting.records_max,
                self.label,
                options::DEAD_LETTER_MAX_RECORDS.key()
            )));
        }
        let origin = batch.origin.at(place);
        let origin = origin.as_ref().unwrap_or(&batch.origin);
        let record = batch.values.get(place);
        let letter = DeadLetter {
            time_ms: output.now().as_millis(),
            job: self.setting.job.to_string(),
            operator: self.operator.clone(),
            subtask: self.subtask,
            position: (!origin.is_unknown()).then(|| origin.to_string()),
            causes: causes_of(&error),
            error: error.to_string(),
            record_type: short_type_name::<T>(),
            record: record.and_then(|record| serde_json::to_string(record).ok()),
        };
        self.written += 1;
        self.counter.inc(1);
        let time = batch.timestamp(place);
        output.sides().push(&self.tag, letter, time)
    }
}

fn causes_of(error: &Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source().map(|source| source as &dyn StdError);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

impl<A: Data, B: Data> StreamOperator for DeadLetterOperator<A, B> {
    fn open(&mut self, context: &OperatorContext, output: &mut Output) -> Result<()> {
        self.inner.open(context, output)
    }

    fn process_batch(
        &mut self,
        input: usize,
        batch: &mut ErasedBatch,
        output: &mut Output,
    ) -> Result<Progress> {
        self.before = 0;
        if self.letters.is_none() {
            return self.inner.process_batch(input, batch, output);
        }
        self.begin(input, batch, output)
    }

    fn process_watermark(&mut self, watermark: Watermark, output: &mut Output) -> Result<Progress> {
        self.inner.process_watermark(watermark, output)
    }

    fn process_time(&mut self, now: Timestamp, output: &mut Output) -> Result<Progress> {
        self.inner.process_time(now, output)
    }

    fn next_time(&self) -> Option<Timestamp> {
        self.inner.next_time()
    }

    fn end_input(&mut self, input: usize, output: &mut Output) -> Result<Progress> {
        self.inner.end_input(input, output)
    }

    fn resume(&mut self, output: &mut Output) -> Result<Progress> {
        if let Some(rest) = self.rest.take() {
            return self.begin(rest.input(), &mut rest.into_erased(), output);
        }
        let progress = self.inner.resume(output);
        if self.batch.is_some() {
            return self.go_on(progress, output);
        }
        progress
    }

    fn restore(&mut self, mut image: StateImage) -> Result<()> {
        let written: Vec<u64> = image.take_list(COUNT)?;
        if let Some(letters) = &mut self.letters {
            letters.written = written.into_iter().sum();
        }
        if image.is_empty() {
            return Ok(());
        }
        self.inner.restore(image)
    }

    fn snapshot(
        &mut self,
        barrier: Barrier,
        image: &mut StateImage,
        output: &mut Output,
    ) -> Result<Progress> {
        if let Some(letters) = self.letters.as_ref().filter(|it| it.written > 0) {
            let written = ListPiece::of(COUNT, ListMode::Split, [letters.written])?;
            image.lists.push(written);
        }
        self.inner.snapshot(barrier, image, output)
    }

    fn encode_some(&mut self) -> bool {
        self.inner.encode_some()
    }

    fn can_be_interrupted(&self) -> bool {
        self.inner.can_be_interrupted()
    }

    fn interrupted_at(&self) -> Option<Watermark> {
        self.inner.interrupted_at()
    }

    fn checkpoint_completed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.inner.checkpoint_completed(checkpoint)
    }

    fn is_committed(&self) -> bool {
        self.inner.is_committed()
    }

    fn generates_watermarks(&self) -> bool {
        self.inner.generates_watermarks()
    }

    fn makes_at_most_one(&self) -> bool {
        self.inner.makes_at_most_one()
    }

    fn failed_at(&self, output: &Output) -> Option<usize> {
        Some(self.before + self.inner.failed_at(output)?)
    }

    fn close(&mut self) -> Result<()> {
        self.inner.close()
    }
}
