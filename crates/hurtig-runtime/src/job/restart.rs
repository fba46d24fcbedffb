//! Whether a job that failed is started again, and when.

use std::collections::VecDeque;
use std::time::Duration;

use hurtig_env::Rng;
use hurtig_types::{Configuration, Error, Result, options};

/// A restart strategy, with what it remembers of earlier failures. Pure: time and chance are told to it.
#[derive(Debug)]
pub(crate) enum RestartStrategy {
    None,
    FixedDelay {
        attempts_left: u32,
        delay: Duration,
    },
    FailureRate {
        failures_max: u32,
        interval: Duration,
        delay: Duration,
        /// When the last failures were.
        failures: VecDeque<Duration>,
    },
    ExponentialDelay(Backoff),
}

/// Asks the strategy of a job, once per failure.
pub(crate) struct Restarts {
    strategy: RestartStrategy,
    rng: Rng,
    exhausted: bool,
}

impl Restarts {
    pub(crate) const fn new(strategy: RestartStrategy, rng: Rng) -> Self {
        Self {
            strategy,
            rng,
            exhausted: false,
        }
    }

    /// There was a failure at `now`: after which pause what failed is started again, if it is.
    pub(crate) fn failed(&mut self, now: Duration) -> Option<Duration> {
        let pause = self.strategy.failed(now, &mut self.rng);
        self.exhausted = pause.is_none();
        pause
    }

    /// Whether the strategy has said no to the last failure.
    pub(crate) const fn are_exhausted(&self) -> bool {
        self.exhausted
    }
}

/// What the exponential delay has come to.
#[derive(Debug)]
pub(crate) struct Backoff {
    initial: Duration,
    max: Duration,
    multiplier: f64,
    reset_after: Duration,
    jitter: f64,
    /// How many failures are forgiven until it is reset.
    attempts_max: Option<u32>,
    /// None as long as there was no failure.
    last: Option<LastFailure>,
}

#[derive(Clone, Copy, Debug)]
struct LastFailure {
    /// When the job was started again after it.
    restarted: Duration,
    delay: Duration,
    attempts: u32,
}

impl RestartStrategy {
    /// The strategy of a job; where none is set, that of Flink: with checkpoints the exponential delay, without none.
    ///
    /// # Errors
    /// When an option has a value that cannot be.
    pub(crate) fn of(configuration: &Configuration, checkpoints: bool) -> Result<Self> {
        let set = configuration.get_set(&options::RESTART_STRATEGY)?;
        let name = set.unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "" if checkpoints => Backoff::of(configuration).map(Self::ExponentialDelay),
            "" | "none" | "off" | "disable" => Ok(Self::None),
            "fixed-delay" | "fixeddelay" => Ok(Self::FixedDelay {
                attempts_left: configuration.get(&options::FIXED_DELAY_ATTEMPTS)?,
                delay: configuration.get(&options::FIXED_DELAY)?,
            }),
            "failure-rate" | "failurerate" => Ok(Self::FailureRate {
                failures_max: configuration.get(&options::FAILURE_RATE_MAX_FAILURES)?,
                interval: configuration.get(&options::FAILURE_RATE_INTERVAL)?,
                delay: configuration.get(&options::FAILURE_RATE_DELAY)?,
                failures: VecDeque::new(),
            }),
            "exponential-delay" | "exponentialdelay" => {
                Backoff::of(configuration).map(Self::ExponentialDelay)
            }
            other => Err(Error::config(format!(
                "`{}` is `{other}`: expected none, fixed-delay, failure-rate or exponential-delay",
                options::RESTART_STRATEGY.key()
            ))),
        }
    }

    /// The job failed at `now`: after which pause it is started again, if it is.
    pub(crate) fn failed(&mut self, now: Duration, rng: &mut Rng) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::FixedDelay {
                attempts_left,
                delay,
            } => {
                *attempts_left = attempts_left.checked_sub(1)?;
                Some(*delay)
            }
            Self::FailureRate {
                failures_max,
                interval,
                delay,
                failures,
            } => {
                failures.push_back(now);
                failures.retain(|failure| now.saturating_sub(*failure) <= *interval);
                (failures.len() <= *failures_max as usize).then_some(*delay)
            }
            Self::ExponentialDelay(backoff) => backoff.failed(now, rng),
        }
    }
}

impl Backoff {
    fn of(configuration: &Configuration) -> Result<Self> {
        let attempts = configuration.get(&options::EXPONENTIAL_ATTEMPTS)?;
        let backoff = Self {
            initial: configuration.get(&options::EXPONENTIAL_INITIAL_BACKOFF)?,
            max: configuration.get(&options::EXPONENTIAL_MAX_BACKOFF)?,
            multiplier: configuration.get(&options::EXPONENTIAL_BACKOFF_MULTIPLIER)?,
            reset_after: configuration.get(&options::EXPONENTIAL_RESET_THRESHOLD)?,
            jitter: configuration.get(&options::EXPONENTIAL_JITTER_FACTOR)?,
            attempts_max: u32::try_from(attempts).ok(),
            last: None,
        };
        if backoff.multiplier < 1.0 || !(0.0..=1.0).contains(&backoff.jitter) {
            return Err(Error::config(format!(
                "`{}` is below 1, or `{}` not within 0 to 1",
                options::EXPONENTIAL_BACKOFF_MULTIPLIER.key(),
                options::EXPONENTIAL_JITTER_FACTOR.key()
            )));
        }
        Ok(backoff)
    }

    fn failed(&mut self, now: Duration, rng: &mut Rng) -> Option<Duration> {
        let ran_long = |last: &LastFailure| now.saturating_sub(last.restarted) > self.reset_after;
        let (delay, attempts) = match self.last.filter(|last| !ran_long(last)) {
            Some(last) => {
                let longer = last.delay.as_secs_f64() * self.multiplier;
                let longer = Duration::try_from_secs_f64(longer).unwrap_or(self.max);
                (longer.min(self.max), last.attempts + 1)
            }
            None => (self.initial.min(self.max), 1),
        };
        if self.attempts_max.is_some_and(|max| attempts > max) {
            return None;
        }
        let jittered = self.jittered(delay, rng);
        self.last = Some(LastFailure {
            restarted: now + jittered,
            delay,
            attempts,
        });
        Some(jittered)
    }

    /// So that jobs which failed together don't start together.
    fn jittered(&self, delay: Duration, rng: &mut Rng) -> Duration {
        let part = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let factor = 1.0 + self.jitter * (2.0 * part - 1.0);
        delay.mul_f64(factor).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hurtig_env::World;

    fn strategy(pairs: &[(&str, &str)]) -> RestartStrategy {
        let mut configuration = Configuration::new();
        for (key, value) in pairs {
            configuration.set(*key, *value).unwrap();
        }
        RestartStrategy::of(&configuration, false).unwrap()
    }

    fn delays(strategy: &mut RestartStrategy, failures: &[u64]) -> Vec<Option<u64>> {
        let mut rng = World::simulated(1).rng("restarts");
        let failed = |at: &u64| strategy.failed(Duration::from_secs(*at), &mut rng);
        let delays = failures.iter().map(failed);
        delays
            .map(|delay| delay.map(|delay| delay.as_secs()))
            .collect()
    }

    #[test]
    fn a_fixed_delay_is_granted_so_often() {
        let mut strategy = strategy(&[
            ("restart-strategy.type", "fixed-delay"),
            ("restart-strategy.fixed-delay.attempts", "2"),
            ("restart-strategy.fixed-delay.delay", "5 s"),
        ]);
        assert_eq!(
            delays(&mut strategy, &[1, 2, 1000]),
            [Some(5), Some(5), None]
        );
    }

    #[test]
    fn failures_may_come_at_a_rate() {
        let mut strategy = strategy(&[
            ("restart-strategy.type", "failure-rate"),
            (
                "restart-strategy.failure-rate.max-failures-per-interval",
                "2",
            ),
            (
                "restart-strategy.failure-rate.failure-rate-interval",
                "10 s",
            ),
            ("restart-strategy.failure-rate.delay", "3 s"),
        ]);
        assert_eq!(
            delays(&mut strategy, &[0, 5, 11, 12]),
            [Some(3), Some(3), Some(3), None]
        );
    }

    #[test]
    fn the_exponential_delay_grows_to_its_maximum_and_is_reset_by_a_long_run() {
        let mut strategy = strategy(&[
            ("restart-strategy.type", "exponential-delay"),
            ("restart-strategy.exponential-delay.backoff-multiplier", "2"),
            ("restart-strategy.exponential-delay.max-backoff", "10 s"),
            ("restart-strategy.exponential-delay.jitter-factor", "0"),
            (
                "restart-strategy.exponential-delay.reset-backoff-threshold",
                "100 s",
            ),
        ]);
        let expected = [1, 2, 4, 8, 10, 10, 1].map(Some);
        assert_eq!(
            delays(&mut strategy, &[0, 10, 20, 30, 40, 60, 200]),
            expected
        );
    }

    #[test]
    fn without_checkpoints_nothing_is_started_again_and_with_them_it_is() {
        let configuration = Configuration::new();
        let mut rng = World::simulated(1).rng("restarts");
        for checkpoints in [false, true] {
            let mut strategy = RestartStrategy::of(&configuration, checkpoints).unwrap();
            assert_eq!(
                strategy.failed(Duration::ZERO, &mut rng).is_some(),
                checkpoints
            );
        }
    }

    #[test]
    fn an_unknown_strategy_lists_the_known_ones() {
        let mut configuration = Configuration::new();
        configuration
            .set("restart-strategy.type", "sometimes")
            .unwrap();
        let error = RestartStrategy::of(&configuration, true).unwrap_err();
        assert!(error.to_string().contains("failure-rate"), "{error}");
    }
}
