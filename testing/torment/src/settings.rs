//! What the tormentor tells a job, on its command line.

use std::time::Duration;

use hurtig_env::Rng;
use hurtig_types::{Error, Result};

use crate::planted::Planted;

/// How one life of the job is set up. What the job is (its seed, its records, where it writes) stays; the rest is drawn for each.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSettings {
    pub(crate) directory: String,
    pub(crate) seed: u64,
    pub(crate) records: u64,
    pub(crate) rate: u64,
    pub(crate) parallelism: u32,
    pub(crate) interval: Duration,
    /// After how long barriers overtake; none for never.
    pub(crate) overtake_after: Option<Duration>,
    pub(crate) planted: Option<Planted>,
}

impl JobSettings {
    /// The same job, as its next life has it.
    pub(crate) fn redrawn(&self, rng: &mut Rng) -> Self {
        let overtakes = rng.bool(0.5);
        let patience = Duration::from_millis(if rng.bool(0.5) { 0 } else { 30 });
        Self {
            parallelism: rng.range(1..5) as u32,
            interval: Duration::from_millis(rng.range(20..200)),
            overtake_after: overtakes.then_some(patience),
            ..self.clone()
        }
    }

    /// The arguments that [`parse`](Self::parse) reads.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let overtake = self.overtake_after.map(|after| after.as_millis());
        [
            self.directory.clone(),
            self.seed.to_string(),
            self.records.to_string(),
            self.rate.to_string(),
            self.parallelism.to_string(),
            self.interval.as_millis().to_string(),
            overtake.map_or("never".to_string(), |after| after.to_string()),
            self.planted.map_or("nothing", Planted::name).to_string(),
        ]
        .into()
    }

    /// Reads the arguments of a job.
    ///
    /// # Errors
    /// When there are others.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let [
            directory,
            seed,
            records,
            rate,
            parallelism,
            interval,
            overtake,
            planted,
        ] = arguments
        else {
            return Err(Error::config(format!(
                "a job takes 8 arguments: directory, seed, records, rate, parallelism, interval in ms, ms until barriers overtake \
                 or `never`, a planted mistake or `nothing`; there are {}",
                arguments.len()
            )));
        };
        let overtake = Some(overtake).filter(|overtake| *overtake != "never");
        let planted = Some(planted).filter(|planted| *planted != "nothing");
        Ok(Self {
            directory: directory.clone(),
            seed: number(seed)?,
            records: number(records)?,
            rate: number(rate)?,
            parallelism: number(parallelism)?,
            interval: Duration::from_millis(number(interval)?),
            overtake_after: overtake
                .map(|after| number(after).map(Duration::from_millis))
                .transpose()?,
            planted: planted.map(|name| name.parse()).transpose()?,
        })
    }

    pub(crate) fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.directory)
    }
}

pub(crate) fn number<N: std::str::FromStr>(text: &str) -> Result<N> {
    let not = |_| Error::config(format!("`{text}`: expected a whole number"));
    text.parse().map_err(not)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_reads_what_the_tormentor_says() {
        let mut settings = JobSettings {
            directory: "/tmp/x".to_string(),
            seed: 7,
            records: 10,
            rate: 5,
            parallelism: 1,
            interval: Duration::from_millis(50),
            overtake_after: None,
            planted: Some(Planted::WithoutTransactions),
        };
        let mut rng = Rng::from_seed(1);
        for _ in 0..20 {
            settings = settings.redrawn(&mut rng);
            let read = JobSettings::parse(&settings.arguments());
            assert_eq!(read.unwrap(), settings);
        }
        assert!(JobSettings::parse(&[]).is_err());
    }
}
