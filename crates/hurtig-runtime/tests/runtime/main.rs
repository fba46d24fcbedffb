//! What the runtime promises, each promise kept under many schedules of the simulated world, some also in the real one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod chain_model;
mod credit;
mod delivery;
mod determinism;
mod event_time;
mod failure;
mod flush;
mod idleness;
mod processing_time;
mod time_spent;

use hurtig_env::World;
use hurtig_runtime::JobExecutionResult;
use hurtig_testing::TestJob;

/// How many schedules most tests run under.
const SCHEDULES: u64 = 20;

/// Far more steps than any job here needs: beyond them is a livelock.
const STEPS_MAX: u64 = 2_000_000;

/// Runs a job that must end well, and in which everyone must be closed once.
#[track_caller]
fn run(job: TestJob, world: &World) -> JobExecutionResult {
    limit_steps(world);
    let lifecycles = job.lifecycles();
    let result = job.run(world);
    lifecycles.assert_closed_once();
    match result {
        Ok(result) => result,
        Err(error) => panic!("the job failed: {error:?}"),
    }
}

/// Runs a job that must fail, and in which everyone must be closed once all the same.
#[track_caller]
fn run_to_failure(job: TestJob, world: &World) -> hurtig_types::Error {
    limit_steps(world);
    let lifecycles = job.lifecycles();
    let result = job.run(world);
    lifecycles.assert_closed_once();
    match result {
        Ok(_) => panic!("the job did not fail"),
        Err(error) => error,
    }
}

fn limit_steps(world: &World) {
    if let Some(simulation) = world.simulation() {
        simulation.limit_steps(STEPS_MAX);
    }
}
