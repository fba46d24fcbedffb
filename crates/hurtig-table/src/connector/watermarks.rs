//! From the times of rows to the watermarks of a source.

use std::sync::Arc;

use hurtig_connect::{WatermarkGenerator, WatermarkOutput, WatermarkStrategy};
use hurtig_types::{Records, Timestamp, Watermark};

use super::{ScanRequest, SourceWatermarks};
use crate::RowBatch;
use crate::event_time::{Cut, EventClock, TimesOfBatch, pieces};

impl SourceWatermarks {
    /// The strategy that a source of batches makes these watermarks by: split by split, and row by row where one is late.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use hurtig_table::connector::SourceWatermarks;
    /// use hurtig_table::event_time::{RowTimes, RowWatermarks};
    ///
    /// let of_batch = |_: &_| Ok(RowTimes { times: vec![17].into(), watermarks: RowWatermarks::Shifted(-5) });
    /// let interval = Duration::from_millis(200);
    /// let watermarks = SourceWatermarks { of_batch: Arc::new(of_batch), interval, idle_timeout: None };
    /// assert!(watermarks.strategy().generates());
    /// ```
    pub fn strategy(&self) -> WatermarkStrategy<RowBatch> {
        let of_batch = Arc::clone(&self.of_batch);
        let interval = i64::try_from(self.interval.as_millis()).unwrap_or(i64::MAX);
        let make = move || Rows {
            of_batch: Arc::clone(&of_batch),
            clock: EventClock::new(interval),
            cuts: Vec::new(),
        };
        let strategy = WatermarkStrategy::generator(make);
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

/// The watermarks of a split.
struct Rows {
    of_batch: TimesOfBatch,
    clock: EventClock,
    cuts: Vec<Cut>,
}

impl WatermarkGenerator<RowBatch> for Rows {
    /// Cuts batches; the timestamp of a piece is the watermark that follows it.
    fn prepare(&mut self, records: &mut Records<RowBatch>) {
        records.timestamps.clear();
        for rows in std::mem::take(&mut records.values) {
            // An expression that fails moves event time nowhere: the rows meet it again behind, where it is told.
            match (self.of_batch)(&rows) {
                Ok(times) => self.clock.pass(&times, &mut self.cuts),
                Err(_) => self.cuts.clear(),
            }
            for (piece, watermark) in pieces(rows, &self.cuts) {
                records.values.push(piece);
                records
                    .timestamps
                    .push(watermark.unwrap_or(Timestamp::NONE));
            }
        }
    }

    fn on_event(&mut self, _: &RowBatch, watermark: Timestamp, output: &mut WatermarkOutput) {
        if watermark.is_some() {
            output.emit(Watermark::new(watermark));
        }
    }

    fn on_periodic(&mut self, output: &mut WatermarkOutput) {
        if let Some(watermark) = self.clock.send() {
            output.emit(Watermark::new(watermark));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arrow_array::{ArrayRef, Int64Array, RecordBatch, cast::AsArray, types::Int64Type};

    use super::*;
    use crate::event_time::{RowTimes, RowWatermarks};

    fn batch(times: &[i64]) -> RowBatch {
        let times: ArrayRef = Arc::new(Int64Array::from(times.to_vec()));
        RowBatch::inserts(RecordBatch::try_from_iter([("t", times)]).unwrap())
    }

    #[test]
    fn a_watermark_goes_before_the_rows_that_it_makes_late() {
        let of_batch = |rows: &RowBatch| {
            Ok(RowTimes {
                times: rows
                    .columns
                    .column(0)
                    .as_primitive::<Int64Type>()
                    .values()
                    .clone(),
                watermarks: RowWatermarks::Shifted(-10),
            })
        };
        let mut generator = Rows {
            of_batch: Arc::new(of_batch),
            clock: EventClock::new(0),
            cuts: Vec::new(),
        };
        let mut records = Records::from_values(vec![batch(&[5, 30, 19, 40]), batch(&[45, 35, 9])]);
        generator.prepare(&mut records);
        let mut output = WatermarkOutput::default();
        let mut seen = Vec::new();
        while !records.values.is_empty() {
            let count = generator.on_batch(&records.values, &records.timestamps, &mut output);
            let behind = records.split_off(count);
            let rows = records
                .values
                .iter()
                .map(RowBatch::rows)
                .collect::<Vec<_>>();
            seen.push((rows, output.take().map(|it| it.timestamp().as_millis())));
            records = behind;
        }
        assert_eq!(
            seen,
            [(vec![2], Some(20)), (vec![2, 1], Some(35)), (vec![2], None)]
        );
        generator.on_periodic(&mut output);
        assert_eq!(
            output.take(),
            Some(Watermark::new(Timestamp::from_millis(35)))
        );
        let nothing = SourceWatermarks {
            of_batch: Arc::clone(&generator.of_batch),
            interval: Duration::ZERO,
            idle_timeout: None,
        };
        assert!(nothing.strategy().generates());
    }
}
