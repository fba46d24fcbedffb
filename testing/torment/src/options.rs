//! What the command line says.

use hurtig_types::{Error, Result};

use crate::planted::Planted;
use crate::settings::number;

/// The options, for the usage.
pub const ARGUMENTS: &str =
    "[--kills N] [--seed S] [--records N] [--planted MISTAKE] [--disk-full]";

/// How a job is tormented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How often it is killed, over all rounds.
    pub kills: u64,
    /// What all is drawn from.
    pub seed: u64,
    /// Of a round's input.
    pub records: u64,
    /// A mistake that must be found.
    pub planted: Option<Planted>,
    /// Whether the disk is to run full, in place of the kills.
    pub disk_full: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kills: 100,
            seed: 0,
            records: 40_000,
            planted: None,
            disk_full: false,
        }
    }
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// When there are others.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let missing = || Error::config(format!("`{argument}` needs a value"));
                arguments.next().ok_or_else(missing)
            };
            match argument.as_str() {
                "--kills" => options.kills = number(value()?)?,
                "--seed" => options.seed = number(value()?)?,
                "--records" => options.records = number(value()?)?,
                "--planted" => options.planted = Some(value()?.parse()?),
                "--disk-full" => options.disk_full = true,
                _ => {
                    return Err(Error::config(format!(
                        "`{argument}` is unknown: cargo xtask torment {ARGUMENTS}"
                    )));
                }
            }
        }
        Ok(options)
    }

    /// The command that does the same again, as far as the machine lets it.
    pub fn replay(&self) -> String {
        let planted = self.planted.map(Planted::name);
        let planted = planted.map_or(String::new(), |name| format!(" --planted {name}"));
        let disk = if self.disk_full { " --disk-full" } else { "" };
        format!(
            "cargo xtask torment --kills {} --seed {} --records {}{planted}{disk}",
            self.kills, self.seed, self.records
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replayed_is_what_was_run() {
        let options = Options {
            kills: 3,
            seed: 9,
            records: 70,
            planted: Some(Planted::ForgottenCommits),
            disk_full: true,
        };
        let replay = options.replay();
        let words: Vec<String> = replay.split(' ').skip(3).map(str::to_string).collect();
        assert_eq!(Options::parse(&words).unwrap(), options);
        let unknown = Options::parse(&["--loudly".to_string()]);
        assert!(unknown.is_err_and(|error| error.to_string().contains("--kills")));
    }
}
