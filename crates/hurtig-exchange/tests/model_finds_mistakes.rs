//! The model checker finds wake-ups that are lost: each mistake is planted, and some scenario must fail.
//!
//! A process of its own, for a mistake is in all its gates.

#![allow(clippy::unwrap_used)]

mod scenarios;

use std::panic::catch_unwind;

use hurtig_exchange::planted::{Mistake, plant};

const ORDERS: usize = 3_000;

/// The scenarios that fail, and of the first of them why.
fn failing() -> (Vec<&'static str>, String) {
    let mut names = Vec::new();
    let mut why = String::new();
    for (name, scenario) in scenarios::ALL {
        if let Err(panic) = catch_unwind(|| shuttle::check_random(scenario, ORDERS)) {
            let text = panic.downcast_ref::<String>().cloned();
            why.push_str(&text.unwrap_or_default());
            names.push(name);
        }
    }
    (names, why)
}

#[test]
fn each_planted_mistake_is_found() {
    for mistake in [
        Mistake::LookThenWait,
        Mistake::SilentCredit,
        Mistake::SilentAnnouncement,
        Mistake::SilentEnd,
    ] {
        plant(Some(mistake));
        let (names, why) = failing();
        assert!(!names.is_empty(), "{mistake:?} was not found");
        assert!(why.contains("deadlock"), "{mistake:?}: {why}");
        println!("{mistake:?} was found by {names:?}");
    }
    plant(None);
    assert_eq!(failing().0, Vec::<&str>::new());
}
