//! Sessions: events of one key that are less than a gap apart belong together.

use std::time::Duration;

use hurtig::prelude::*;
use serde::{Deserialize, Serialize};

/// A click of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Click {
    /// Who.
    pub user: String,
    /// When, in milliseconds.
    pub time: i64,
    /// How many, at once.
    pub count: u64,
}

/// The clicks that come with the program: three users, some of them away for a while.
pub fn clicks() -> Vec<Click> {
    let clicks = [
        ("a", 1, 1),
        ("b", 1, 1),
        ("b", 3, 1),
        ("b", 5, 1),
        ("c", 6, 1),
        ("a", 10, 1),
        ("c", 11, 1),
    ];
    clicks
        .map(|(user, time, count)| Click {
            user: user.into(),
            time,
            count,
        })
        .to_vec()
}

/// The clicks of each session: a user's session ends after 3 ms without a click.
pub fn sessions(clicks: &DataStream<Click>) -> DataStream<Click> {
    let strategy = WatermarkStrategy::monotonous().with_timestamps(|click: &Click| click.time);
    clicks
        .assign_timestamps_and_watermarks(strategy)
        .key_by(|click| click.user.clone())
        .window(EventTimeSessionWindows::with_gap(Duration::from_millis(3)))
        .reduce(|first, next| Click {
            count: first.count + next.count,
            ..first
        })
        .name("sessions")
        .uid("sessions")
}
