//! The minimum of the watermarks of many channels.

use hurtig_types::{StreamStatus, Watermark};

/// Keeps the watermark and the status of each channel into an operator, and says what they come to together: the minimum
/// over the channels that are active.
///
/// The output never goes back. When an idle channel becomes active with an older watermark, the output stays where it
/// is until the channel has caught up.
///
/// ```
/// use hurtig_exchange::WatermarkValve;
/// use hurtig_types::{StreamStatus, Timestamp, Watermark};
///
/// let at = |millis| Watermark::new(Timestamp::from_millis(millis));
/// let mut valve = WatermarkValve::new(2);
/// assert_eq!(valve.watermark(0, at(10)).watermark, None); // nothing known of channel 1
/// assert_eq!(valve.watermark(1, at(7)).watermark, Some(at(7)));
/// assert_eq!(valve.status(1, StreamStatus::Idle).watermark, Some(at(10)));
/// ```
#[derive(Debug)]
pub struct WatermarkValve {
    channels: Vec<Channel>,
    output: Watermark,
    idle: bool,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    watermark: Watermark,
    idle: bool,
    ended: bool,
}

/// What changed at the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValveOutput {
    /// The output's status changed. To be sent before the watermark.
    pub status: Option<StreamStatus>,
    /// The output's watermark advanced.
    pub watermark: Option<Watermark>,
}

impl WatermarkValve {
    /// A valve of so many channels, all active, of which nothing is known.
    pub fn new(channels: usize) -> Self {
        let channel = Channel {
            watermark: Watermark::MIN,
            idle: false,
            ended: false,
        };
        Self {
            channels: vec![channel; channels],
            output: Watermark::MIN,
            idle: false,
        }
    }

    /// The watermark of one channel advanced. One that goes back is ignored.
    pub fn watermark(&mut self, channel: usize, watermark: Watermark) -> ValveOutput {
        let mut output = ValveOutput::default();
        let Some(state) = self.channels.get_mut(channel) else {
            return output;
        };
        if watermark > state.watermark {
            let held_back = state.watermark <= self.output;
            state.watermark = watermark;
            // Only a channel that holds the minimum can move it: 128 channels don't cost 128 looks per watermark.
            if held_back && !state.idle {
                output.watermark = self.advance();
            }
        }
        output
    }

    /// A channel became idle or active.
    pub fn status(&mut self, channel: usize, status: StreamStatus) -> ValveOutput {
        let Some(state) = self.channels.get_mut(channel) else {
            return ValveOutput::default();
        };
        state.idle = status == StreamStatus::Idle;
        self.combine()
    }

    /// A channel has ended: it neither holds the others back nor speaks for them while they are idle. Once all have ended, the
    /// output comes to the least of their last watermarks, also of those that were idle: the end of time, unless one was cut off.
    ///
    /// ```
    /// # use hurtig_exchange::{ValveOutput, WatermarkValve};
    /// # use hurtig_types::{StreamStatus, Timestamp, Watermark};
    /// let mut valve = WatermarkValve::new(2);
    /// valve.watermark(1, Watermark::new(Timestamp::from_millis(7)));
    /// valve.watermark(0, Watermark::MAX);
    /// assert_eq!(valve.end(0), ValveOutput::default());
    /// assert_eq!(valve.status(1, StreamStatus::Idle).watermark, None); // event time is not over: channel 1 may go on
    /// valve.watermark(1, Watermark::MAX);
    /// assert_eq!(valve.end(1).watermark, Some(Watermark::MAX));
    /// ```
    pub fn end(&mut self, channel: usize) -> ValveOutput {
        let Some(state) = self.channels.get_mut(channel) else {
            return ValveOutput::default();
        };
        state.ended = true;
        if self.channels.iter().all(|channel| channel.ended) {
            let last = self.channels.iter().map(|channel| channel.watermark).min();
            return ValveOutput {
                status: None,
                watermark: self.advance_to(last),
            };
        }
        self.combine()
    }

    /// What the channels come to after one of them changed its part.
    fn combine(&mut self) -> ValveOutput {
        let mut output = ValveOutput::default();
        let open = self.channels.iter().filter(|channel| !channel.ended);
        let all_idle = open.clone().all(|channel| channel.idle);
        if all_idle {
            // The last active channel may have held back the others: what they all have passed is passed.
            let highest = open.map(|channel| channel.watermark).max();
            output.watermark = self.advance_to(highest);
        } else {
            output.watermark = self.advance();
        }
        if all_idle != self.idle {
            self.idle = all_idle;
            output.status = Some(if all_idle {
                StreamStatus::Idle
            } else {
                StreamStatus::Active
            });
        }
        output
    }

    /// The output's watermark.
    pub fn current(&self) -> Watermark {
        self.output
    }

    /// The watermark of one channel.
    pub fn of_channel(&self, channel: usize) -> Watermark {
        self.channels
            .get(channel)
            .map_or(Watermark::MIN, |channel| channel.watermark)
    }

    /// The status of one channel.
    pub fn status_of_channel(&self, channel: usize) -> StreamStatus {
        let is_idle = self.channels.get(channel).is_some_and(|it| it.idle);
        if is_idle {
            StreamStatus::Idle
        } else {
            StreamStatus::Active
        }
    }

    /// Whether all channels are idle, as far as it has said.
    pub const fn is_idle(&self) -> bool {
        self.idle
    }

    /// All channels are known to have come as far as this, and so has the output.
    pub fn raise(&mut self, watermark: Watermark) {
        for channel in &mut self.channels {
            channel.watermark = channel.watermark.max(watermark);
        }
        self.output = self.output.max(watermark);
    }

    fn advance(&mut self) -> Option<Watermark> {
        let active = self
            .channels
            .iter()
            .filter(|channel| !channel.idle && !channel.ended);
        self.advance_to(active.map(|channel| channel.watermark).min())
    }

    fn advance_to(&mut self, watermark: Option<Watermark>) -> Option<Watermark> {
        let advanced = watermark.filter(|&watermark| watermark > self.output)?;
        self.output = advanced;
        Some(advanced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_types::Timestamp;
    use proptest::prelude::*;

    proptest! {
        /// Row 40: the watermark of an operator with three inputs is the minimum at every step.
        #[test]
        fn the_output_is_the_minimum_of_the_active_channels_and_never_goes_back(
            actions in prop::collection::vec((0usize..3, prop_oneof![
                (0i64..1000).prop_map(Ok), any::<bool>().prop_map(Err),
            ]), 1..200),
        ) {
            let mut valve = WatermarkValve::new(3);
            let mut model = [(i64::MIN, false); 3];
            let mut last = i64::MIN;
            for (channel, action) in actions {
                let output = match action {
                    Ok(millis) => {
                        model[channel].0 = model[channel].0.max(millis);
                        valve.watermark(channel, Watermark::new(Timestamp::from_millis(millis)))
                    }
                    Err(idle) => {
                        model[channel].1 = idle;
                        valve.status(channel, if idle { StreamStatus::Idle } else { StreamStatus::Active })
                    }
                };
                let active = model.iter().filter(|channel| !channel.1).map(|channel| channel.0).min();
                let was_all_idle_now = active.is_none() && matches!(action, Err(true));
                let highest = model.iter().map(|channel| channel.0).max().unwrap_or(last);
                last = match active {
                    Some(minimum) => last.max(minimum),
                    None if was_all_idle_now => last.max(highest),
                    None => last,
                };
                prop_assert_eq!(valve.current().timestamp().as_millis(), last);
                if let Some(watermark) = output.watermark {
                    prop_assert_eq!(watermark, valve.current());
                }
            }
        }
    }
}
