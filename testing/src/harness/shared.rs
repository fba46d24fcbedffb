//! The methods that both harnesses have, word for word.

/// Time, side outputs, signals, metrics of a harness.
macro_rules! shared_methods {
    ($harness:ident<$($parameter:ident: Data),*>) => {
        impl<$($parameter: Data),*> $harness<$($parameter),*> {
            /// Opens the operator, if it is not open yet.
            ///
            /// # Errors
            /// What the operator answers.
            pub fn open(&mut self) -> Result<()> {
                self.driver.open()
            }

            /// Closes the operator, once; also after an error. Dropping the harness closes it as well, but tells nobody
            /// how that went.
            ///
            /// # Errors
            /// What the operator answers, or that it was closed before.
            pub fn close(&mut self) -> Result<()> {
                self.driver.close()
            }

            /// Processing time, in milliseconds.
            pub fn time(&self) -> i64 {
                self.driver.time()
            }

            /// Processing time moves on by `millis`; timers on the way fire, each at its own time.
            ///
            /// # Errors
            /// What the operator answers.
            pub fn advance_time(&mut self, millis: i64) -> Result<()> {
                self.driver.set_time(self.driver.time().saturating_add(millis))
            }

            /// Processing time moves on to `millis`; timers on the way fire, each at its own time.
            ///
            /// # Errors
            /// What the operator answers, or that time would go back.
            pub fn set_time(&mut self, millis: i64) -> Result<()> {
                self.driver.set_time(millis)
            }

            /// When the operator's next processing-time timer is due.
            pub fn next_time(&self) -> Option<i64> {
                self.driver.next_time()
            }

            /// What came out since it was last taken: records with their timestamps.
            pub fn output(&mut self) -> Vec<(Out, Option<i64>)> {
                self.log.take_records()
            }

            /// What came out since it was last taken: the values alone.
            pub fn take_values(&mut self) -> Vec<Out> {
                self.output().into_iter().map(|(value, _)| value).collect()
            }

            /// What came out since it was last taken: records and signals in their order.
            pub fn take_emitted(&mut self) -> Vec<Emitted<Out>> {
                self.log.take()
            }

            /// What came out of a side output since it was last taken: the values alone.
            ///
            /// # Panics
            /// When the builder was not told to collect it, or under another type.
            pub fn take_side<T: Data>(&mut self, tag: &OutputTag<T>) -> Vec<T> {
                self.take_side_output(tag).into_iter().map(|(value, _)| value).collect()
            }

            /// What came out of a side output since it was last taken: records with their timestamps.
            ///
            /// # Panics
            /// When the builder was not told to collect it, or under another type.
            pub fn take_side_output<T: Data>(&mut self, tag: &OutputTag<T>) -> Vec<(T, Option<i64>)> {
                self.sides.take(tag)
            }

            /// The signals that came out since they were last taken: watermarks, statuses, the end.
            pub fn take_signals(&mut self) -> Vec<Emitted<Out>> {
                self.log.take_signals()
            }

            /// The watermarks among the signals that came out since they were last taken; other signals are dropped.
            pub fn watermarks(&mut self) -> Vec<i64> {
                let watermark = |signal| match signal {
                    Emitted::Watermark(millis) => Some(millis),
                    _ => None,
                };
                self.take_signals().into_iter().filter_map(watermark).collect()
            }

            /// How many calls of the operator the last action took: 1 when it was done at once, one more for each `More`
            /// or `Blocked`.
            pub fn slices(&self) -> usize {
                self.driver.slices()
            }

            /// The most records that one call has put out so far, over all outputs.
            pub fn biggest_slice(&self) -> usize {
                self.driver.biggest_slice()
            }

            /// A metric of the operator, by its name.
            pub fn metric(&self, name: &str) -> Option<MetricValue> {
                self.driver.metric(name)
            }

            /// What a counter, meter or histogram of the operator has counted; 0 where there is none of this name.
            pub fn count(&self, name: &str) -> u64 {
                self.metric(name).and_then(|value| value.count()).unwrap_or(0)
            }

            /// The (simulated) world of the operator.
            pub fn world(&self) -> &World {
                self.driver.world()
            }
        }
    };
}

pub(super) use shared_methods;
