//! Whatever the order in which threads come to a task's control, the task hears all that it is told, and ends when it is to.

use std::future::poll_fn;

use hurtig_types::CheckpointId;
use shuttle::future::block_on;
use shuttle::thread;

use super::*;

const ORDERS: usize = 3_000;
const COMMANDS: u64 = 3;

/// What a task does when it is polled, without its steps: it says that it waits, looks what it was told, and whether it is to end.
fn run_until(
    control: &TaskControl,
    heard: &mut Vec<CheckpointCommand>,
    is_end: fn(&TaskControl, usize) -> bool,
) {
    block_on(poll_fn(|context: &mut Context<'_>| {
        control.waker.register(context.waker());
        heard.extend(control.take_commands());
        if is_end(control, heard.len()) {
            return Poll::Ready(());
        }
        Poll::Pending
    }));
    control.close();
}

fn told() -> Vec<CheckpointCommand> {
    let command = |id| CheckpointCommand::Completed(CheckpointId::new(id));
    (0..COMMANDS).map(command).collect()
}

fn all_is_heard() {
    let control = Arc::new(TaskControl::default());
    let teller = Arc::clone(&control);
    let teller = thread::spawn(move || told().into_iter().for_each(|it| teller.command(it)));
    let mut heard = Vec::new();
    run_until(&control, &mut heard, |_, heard| heard == COMMANDS as usize);
    assert_eq!(heard, told());
    teller.join().unwrap();
}

fn it_ends_when_it_is_cancelled() {
    let control = Arc::new(TaskControl::default());
    let (teller, canceller) = (Arc::clone(&control), Arc::clone(&control));
    let teller = thread::spawn(move || told().into_iter().for_each(|it| teller.command(it)));
    let canceller = thread::spawn(move || canceller.cancel());
    let mut heard = Vec::new();
    run_until(&control, &mut heard, |control, _| {
        control.cancelled.load(Ordering::Acquire)
    });
    assert!(told().starts_with(&heard));
    teller.join().unwrap();
    canceller.join().unwrap();
    assert!(
        control.commands.lock().waiting.is_empty(),
        "nobody hears them"
    );
}

#[test]
fn model_all_is_heard_in_order() {
    shuttle::check_random(all_is_heard, ORDERS);
    shuttle::check_pct(all_is_heard, ORDERS, 3);
}

#[test]
fn model_it_ends_when_it_is_cancelled() {
    shuttle::check_random(it_ends_when_it_is_cancelled, ORDERS);
    shuttle::check_pct(it_ends_when_it_is_cancelled, ORDERS, 3);
}
