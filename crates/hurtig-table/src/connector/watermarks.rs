//! From what batches allow for to the watermarks of a source.

use std::sync::Arc;

use hurtig_connect::{WatermarkGenerator, WatermarkOutput, WatermarkStrategy};
use hurtig_types::{Timestamp, Watermark};

use super::{ScanRequest, SourceWatermarks};
use crate::RowBatch;

impl SourceWatermarks {
    /// The strategy that a source of batches makes these watermarks by: the time of a batch is the watermark that it allows for, and the
    /// watermark of a split the highest so far.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use hurtig_table::connector::SourceWatermarks;
    ///
    /// let watermarks = SourceWatermarks { of_batch: Arc::new(|_| Some(17)), idle_timeout: None };
    /// assert!(watermarks.strategy().generates());
    /// ```
    pub fn strategy(&self) -> WatermarkStrategy<RowBatch> {
        let of_batch = Arc::clone(&self.of_batch);
        let allowed =
            move |rows: &RowBatch| of_batch(rows).map_or(Timestamp::NONE, Timestamp::from_millis);
        let strategy = WatermarkStrategy::generator(Allowed::default).with_timestamps(allowed);
        match self.idle_timeout {
            Some(timeout) => strategy.with_idleness(timeout),
            None => strategy,
        }
    }
}

impl ScanRequest {
    /// How the source that was asked makes its watermarks, if at all.
    pub fn strategy(&self) -> WatermarkStrategy<RowBatch> {
        let watermarks = self.watermarks.as_ref();
        watermarks.map_or_else(WatermarkStrategy::none, SourceWatermarks::strategy)
    }
}

/// Emits the highest time as it is. A monotonous generator would take off a millisecond, for records of that very time may follow; here
/// whoever declared the watermark has thought of that.
#[derive(Clone, Copy, Debug)]
struct Allowed(Timestamp);

impl Default for Allowed {
    fn default() -> Self {
        Self(Timestamp::NONE)
    }
}

impl WatermarkGenerator<RowBatch> for Allowed {
    fn on_event(&mut self, _: &RowBatch, timestamp: Timestamp, _: &mut WatermarkOutput) {
        self.0 = self.0.max(timestamp);
    }

    fn on_periodic(&mut self, output: &mut WatermarkOutput) {
        if self.0.is_some() {
            output.emit(Watermark::new(self.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watermark_is_the_highest_that_a_batch_allowed_for_and_not_less() {
        let mut generator = Allowed::default();
        let mut output = WatermarkOutput::default();
        generator.on_periodic(&mut output);
        assert_eq!(output.take(), None);
        let schema = Arc::new(arrow_schema::Schema::empty());
        for millis in [
            Timestamp::from_millis(7),
            Timestamp::NONE,
            Timestamp::from_millis(5),
        ] {
            generator.on_event(&RowBatch::empty(Arc::clone(&schema)), millis, &mut output);
        }
        generator.on_periodic(&mut output);
        assert_eq!(
            output.take(),
            Some(Watermark::new(Timestamp::from_millis(7)))
        );
    }
}
