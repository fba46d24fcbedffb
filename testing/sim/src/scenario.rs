//! The scenarios: each a family of jobs and a kind of weather, by name.

use hurtig_env::Rng;

use crate::shape::{self, Shape};
use crate::storm::Site;

/// What may strike, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// Crashes of tasks, at most.
    pub(crate) crashes_max: u32,
    /// Where they may be.
    pub(crate) sites: &'static [Site],
    /// Requests to the store that go wrong, at most.
    pub(crate) requests_max: u32,
    /// Control messages that are late, doubled or lost, at most.
    pub(crate) messages_max: u32,
    /// Ends of the process before the last, at most.
    pub(crate) endings_max: u32,
    /// Whether all of them are stops with a savepoint.
    pub(crate) only_stops: bool,
    /// How likely each of the other faults is: poison, jumps of the clock, savepoints in passing.
    pub(crate) others: f64,
    /// `execution.checkpointing.mode`.
    pub(crate) mode: &'static str,
    /// How likely it is that barriers may overtake records.
    pub(crate) unaligned: f64,
    /// How many events the first stream has, about.
    pub(crate) events: u64,
    /// How many keys they have, at most.
    pub(crate) keys: u64,
    /// How many of them a source reads at once, at most.
    pub(crate) batch_max: u64,
    /// Whether each point of a commit is struck in turn, in a run of its own, in place of the crashes.
    pub(crate) every_commit_point: bool,
    /// `state.backend.type`.
    pub(crate) backend: &'static str,
}

impl Weather {
    /// A little of everything.
    const CHANGEABLE: Self = Self {
        crashes_max: 5,
        sites: &Site::ALL,
        requests_max: 6,
        messages_max: 6,
        endings_max: 2,
        only_stops: false,
        others: 0.3,
        mode: "EXACTLY_ONCE",
        unaligned: 0.3,
        events: 400,
        keys: 30,
        batch_max: 20,
        every_commit_point: false,
        backend: "hashmap",
    };
}

/// A family of jobs and its weather.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, as `--scenario` has it.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    pub(crate) shapes: &'static [fn(&mut Rng) -> Box<dyn Shape>],
    pub(crate) weather: Weather,
}

const COUNTS: fn(&mut Rng) -> Box<dyn Shape> = shape::Counts::draw;
const TIMERS: fn(&mut Rng) -> Box<dyn Shape> = shape::Timers::draw;
const WINDOWS: fn(&mut Rng) -> Box<dyn Shape> = shape::Windows::draw;
const SESSIONS: fn(&mut Rng) -> Box<dyn Shape> = shape::Sessions::draw;
const JOINED: fn(&mut Rng) -> Box<dyn Shape> = shape::Joined::draw;
const APART: fn(&mut Rng) -> Box<dyn Shape> = shape::Apart::draw;
const RULES: fn(&mut Rng) -> Box<dyn Shape> = shape::Rules::draw;

/// All scenarios. A seed that names none draws one of them.
pub static SCENARIOS: [Scenario; 16] = [
    Scenario {
        name: "counts",
        about: "counts by key, under a little of everything",
        shapes: &[COUNTS],
        weather: Weather::CHANGEABLE,
    },
    Scenario {
        name: "timers",
        about: "a process function with state and event-time timers",
        shapes: &[TIMERS],
        weather: Weather::CHANGEABLE,
    },
    Scenario {
        name: "windows",
        about: "tumbling and sliding windows",
        shapes: &[WINDOWS],
        weather: Weather::CHANGEABLE,
    },
    Scenario {
        name: "sessions",
        about: "session windows, which merge",
        shapes: &[SESSIONS],
        weather: Weather::CHANGEABLE,
    },
    Scenario {
        name: "joined",
        about: "two connected streams with shared state and timers",
        shapes: &[JOINED],
        weather: Weather::CHANGEABLE,
    },
    Scenario {
        name: "rules",
        about: "a stream and broadcast state",
        shapes: &[RULES],
        weather: Weather::CHANGEABLE,
    },
    Scenario {
        name: "regions",
        about: "two pipelines apart, of which one fails and the other goes on",
        shapes: &[APART],
        weather: Weather {
            crashes_max: 10,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "commit-points",
        about: "a crash at every point between pre-commit and commit, each in a run of its own",
        shapes: &[COUNTS],
        weather: Weather {
            requests_max: 0,
            messages_max: 0,
            endings_max: 0,
            others: 0.0,
            events: 40,
            every_commit_point: true,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "storage",
        about: "a store that does nearly everything wrong",
        shapes: &[COUNTS, TIMERS],
        weather: Weather {
            crashes_max: 2,
            requests_max: 40,
            endings_max: 3,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "rescale",
        about: "killed, cancelled and stopped, and restored with other parallelism",
        shapes: &[COUNTS, TIMERS, WINDOWS, SESSIONS, JOINED, RULES],
        weather: Weather {
            crashes_max: 1,
            requests_max: 0,
            endings_max: 6,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "stopping",
        about: "stopped with savepoints while all else goes wrong",
        shapes: &[COUNTS, TIMERS],
        weather: Weather {
            crashes_max: 12,
            sites: &Site::OF_COMMIT,
            requests_max: 12,
            endings_max: 6,
            only_stops: true,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "unaligned",
        about: "barriers that overtake records, and other parallelism afterwards",
        shapes: &[COUNTS, TIMERS, WINDOWS, SESSIONS, JOINED, RULES],
        weather: Weather {
            requests_max: 2,
            endings_max: 4,
            unaligned: 1.0,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "large",
        about: "so many keys that their state is encoded beside the processing",
        shapes: &[COUNTS, TIMERS],
        weather: Weather {
            crashes_max: 3,
            endings_max: 1,
            events: 5000,
            keys: 5000,
            batch_max: 400,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "messages",
        about: "control messages late, doubled, out of order and lost",
        shapes: &[COUNTS, TIMERS, JOINED],
        weather: Weather {
            crashes_max: 2,
            requests_max: 0,
            messages_max: 60,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "at-least-once",
        about: "counts without alignment: never too little",
        shapes: &[COUNTS],
        weather: Weather {
            mode: "AT_LEAST_ONCE",
            unaligned: 0.0,
            ..Weather::CHANGEABLE
        },
    },
    Scenario {
        name: "on-disk",
        about: "state on the real disk, in RocksDB, whose threads are its own: a seed is the same storm, not the same history",
        shapes: &[COUNTS, TIMERS, WINDOWS, SESSIONS, JOINED],
        weather: Weather {
            backend: "rocksdb",
            ..Weather::CHANGEABLE
        },
    },
];

impl Scenario {
    /// Whether a seed of it is one history, to the last byte.
    pub fn is_one_history(&self) -> bool {
        self.weather.backend == "hashmap"
    }
}

/// The scenario of this name.
pub fn scenario(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

/// The one that a seed draws when none is named.
pub(crate) fn drawn(rng: &mut Rng) -> &'static Scenario {
    let drawn = SCENARIOS.iter().filter(|it| it.is_one_history());
    let place = rng.below(drawn.clone().count() as u64) as usize;
    drawn.clone().nth(place).unwrap_or(&SCENARIOS[0])
}
