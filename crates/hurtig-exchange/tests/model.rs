//! Whatever the order in which threads come to the locks of a gate, nobody waits for ever and nothing is lost.
//!
//! `cargo test -p hurtig-exchange --features model --test model`; a failure prints the schedule that replays it.

#![allow(clippy::unwrap_used)]

mod scenarios;

/// Orders that are tried of each scenario: by chance, and with few preemptions at places by chance, which finds what needs just these.
const ORDERS: usize = 3_000;
const PREEMPTIONS: usize = 3;

#[test]
fn under_every_order_that_is_tried() {
    for (name, scenario) in scenarios::ALL {
        println!("{name}");
        shuttle::check_random(scenario, ORDERS);
        shuttle::check_pct(scenario, ORDERS, PREEMPTIONS);
    }
}
