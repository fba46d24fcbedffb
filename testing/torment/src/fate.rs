//! What befalls one life of the job, and when.

use std::time::Duration;

use hurtig_env::Rng;

/// Counted from the start of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Killed after so long.
    Kill { after: Duration },
    /// Stopped by a signal for a while; killed so long after it goes on.
    Freeze {
        after: Duration,
        length: Duration,
        then: Duration,
    },
    /// Asked to stop with a savepoint; killed so long after that, or not at all.
    Stop {
        after: Duration,
        then: Option<Duration>,
    },
    /// Left alone.
    Finish,
}

impl Fate {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        // While it starts, as often as once it runs: then is when it restores and commits.
        let latest_ms = if rng.bool(0.3) { 150 } else { 1_500 };
        let mut millis = |latest| Duration::from_millis(rng.below(latest));
        let (after, then) = (millis(latest_ms), millis(300));
        let length = millis(600);
        match rng.below(20) {
            0..=2 => Self::Freeze {
                after,
                length,
                then,
            },
            3 | 4 => Self::Stop { after, then: None },
            5 => Self::Stop {
                after,
                then: Some(then),
            },
            _ => Self::Kill { after },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_is_met_and_most_are_deaths() {
        let mut rng = Rng::from_seed(3);
        let fates: Vec<Fate> = (0..200).map(|_| Fate::draw(&mut rng)).collect();
        let count = |is: fn(&&Fate) -> bool| fates.iter().filter(is).count();
        assert!(count(|fate| matches!(fate, Fate::Freeze { .. })) > 5);
        assert!(count(|fate| matches!(fate, Fate::Stop { then: None, .. })) > 5);
        assert!(count(|fate| matches!(fate, Fate::Stop { then: Some(_), .. })) > 1);
        assert!(count(|fate| matches!(fate, Fate::Kill { .. })) > 100);
    }
}
