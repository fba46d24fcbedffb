//! What the storm will be, as drawn.

use std::collections::BTreeMap;
use std::time::Duration;

use hurtig_env::Rng;

use super::{MessageFaults, Site};
use crate::data::Input;
use crate::scenario::Weather;

/// How a task ends that is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Its function answers an error.
    Error,
    /// Its function panics.
    Panic,
    /// Its whole process is killed at this very point.
    Kill,
}

/// A task ends where it passes `site` for the so many-th time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crash {
    pub(crate) site: Site,
    /// Counted from 1, over all subtasks and attempts.
    pub(crate) passage: u64,
    pub(crate) blow: Blow,
}

/// What befalls the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoreFaults {
    /// Requests that go wrong.
    pub(crate) requests_left: u32,
    /// The share of requests that do, as long as any are left.
    pub(crate) share: f64,
    /// How long a request takes, at most, when nothing is wrong.
    pub(crate) latency: Duration,
    /// How long one takes that is stuck.
    pub(crate) stuck: Duration,
    /// The disk is full from the first to the second, counted from the start of the world.
    pub(crate) full: Option<(Duration, Duration)>,
}

/// How the process that runs the job ends, and with it the job. The next process starts from the newest checkpoint or the savepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is killed.
    Kill(Duration),
    /// The job is cancelled, and its checkpoints are kept.
    Cancel(Duration),
    /// The job is stopped with a savepoint.
    Stop(Duration),
}

/// The whole storm.
#[derive(Clone, Debug, Default)]
pub(crate) struct StormPlan {
    pub(crate) crashes: Vec<Crash>,
    pub(crate) poison: BTreeMap<u64, u32>,
    pub(crate) store: StoreFaults,
    pub(crate) messages: MessageFaults,
    /// The time of day jumps: when, and by how many milliseconds.
    pub(crate) clock_jumps: Vec<(Duration, i64)>,
    /// Savepoints that stop nothing.
    pub(crate) savepoints: Vec<Duration>,
    /// How all processes but the last one end, one after the other.
    pub(crate) endings: Vec<Ending>,
}

/// A moment while the job runs, more or less.
fn moment(rng: &mut Rng) -> Duration {
    Duration::from_millis(rng.range(1..1500))
}

impl StormPlan {
    pub(crate) fn draw(weather: &Weather, input: &Input, rng: &mut Rng) -> Self {
        let crashes = rng.below(u64::from(weather.crashes_max) + 1);
        let crashes = (0..crashes).map(|_| draw_crash(weather, input, rng));
        let crashes = crashes.collect();
        let endings = rng.below(u64::from(weather.endings_max) + 1);
        let endings = (0..endings).map(|_| draw_ending(weather, rng)).collect();
        let mut plan = Self {
            crashes,
            poison: BTreeMap::new(),
            store: draw_store(weather, rng),
            messages: draw_messages(weather, rng),
            clock_jumps: Vec::new(),
            savepoints: Vec::new(),
            endings,
        };
        if rng.bool(weather.others) {
            plan.poison = draw_poison(input, rng);
        }
        if rng.bool(weather.others) {
            let jump = |_| (moment(rng), rng.below(7_200_000) as i64 - 3_600_000);
            plan.clock_jumps = (0..3).map(jump).collect();
        }
        if rng.bool(weather.others) {
            plan.savepoints = (0..2).map(|_| moment(rng)).collect();
        }
        plan
    }
}

fn draw_crash(weather: &Weather, input: &Input, rng: &mut Rng) -> Crash {
    let sites = weather.sites;
    let site = rng.choose(sites).copied().unwrap_or(Site::Source);
    let passages = match site {
        Site::Open => 8,
        site if site.is_frequent() => input.len().max(2),
        _ => 30,
    };
    Crash {
        site,
        // Small numbers as often as large ones: much goes wrong at the beginning.
        passage: 1 + lesser_below(passages, rng),
        blow: match rng.below(10) {
            0..=5 => Blow::Error,
            6..=7 => Blow::Panic,
            _ => Blow::Kill,
        },
    }
}

/// The lesser of two numbers below `bound`.
fn lesser_below(bound: u64, rng: &mut Rng) -> u64 {
    let one = rng.below(bound.max(1));
    one.min(rng.below(bound.max(1)))
}

fn draw_ending(weather: &Weather, rng: &mut Rng) -> Ending {
    let at = moment(rng);
    match rng.below(4) {
        _ if weather.only_stops => Ending::Stop(at),
        0 => Ending::Cancel(at),
        1 => Ending::Stop(at),
        _ => Ending::Kill(at),
    }
}

fn draw_store(weather: &Weather, rng: &mut Rng) -> StoreFaults {
    let mut faults = StoreFaults {
        requests_left: rng.below(u64::from(weather.requests_max) + 1) as u32,
        share: 0.01 + 0.2 * rng.f64(),
        latency: Duration::from_millis(rng.below(20)),
        stuck: Duration::from_millis(rng.range(50..4000)),
        full: None,
    };
    if weather.requests_max > 0 && rng.bool(0.2) {
        let from = moment(rng);
        faults.full = Some((from, from + Duration::from_millis(rng.range(10..600))));
    }
    faults
}

fn draw_messages(weather: &Weather, rng: &mut Rng) -> MessageFaults {
    MessageFaults {
        left: rng.below(u64::from(weather.messages_max) + 1) as u32,
        share: 0.02 + 0.3 * rng.f64(),
        late: Duration::from_millis(rng.range(1..800)),
    }
}

fn draw_poison(input: &Input, rng: &mut Rng) -> BTreeMap<u64, u32> {
    let events: Vec<u64> = input.events(0).map(|event| event.id).collect();
    let poisoned = 1 + rng.below(2);
    let poisoned = (0..poisoned).filter_map(|_| rng.choose(&events).copied());
    let poisoned: Vec<u64> = poisoned.collect();
    let times = |id| (id, 1 + rng.below(3) as u32);
    poisoned.into_iter().map(times).collect()
}
