//! How a checkpoint begins.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use hurtig_checkpoint::Participant;
use hurtig_connect::BoxFuture;
use hurtig_types::{Barrier, CheckpointId, OperatorId};

use super::receiver::SnapshotDesk;
use crate::task::TaskControl;
use crate::{CheckpointCommand, SnapshotEnumerator, TaskSnapshot};

/// Who of an attempt is told about checkpoints.
#[derive(Clone, Default)]
pub(in crate::job) struct Participants {
    pub(in crate::job) tasks: Vec<Arc<TaskControl>>,
    pub(in crate::job) enumerators: Vec<(OperatorId, Arc<dyn SnapshotEnumerator>)>,
}

/// Barriers in the order of their checkpoints: each is started only when the one before was.
#[derive(Default)]
pub(super) struct TriggerQueue(VecDeque<(CheckpointId, BoxFuture<'static, ()>)>);

impl TriggerQueue {
    pub(super) fn push(&mut self, checkpoint: CheckpointId, start: BoxFuture<'static, ()>) {
        self.0.push_back((checkpoint, start));
    }

    /// The checkpoint came to nothing: what has not begun of it never does. A source that is told to stop with a savepoint after it was
    /// told that there will be none would wait for ever.
    pub(super) fn cancel(&mut self, checkpoint: CheckpointId) {
        self.0.retain(|(of, _)| *of != checkpoint);
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) {
        while let Some((_, first)) = self.0.front_mut() {
            if first.as_mut().poll(context).is_pending() {
                return;
            }
            self.0.pop_front();
        }
    }
}

/// First the enumerators of the sources, so that each split is in somebody's snapshot; then
/// the tasks, of which those start barriers that have nobody running before them.
pub(super) async fn start_barriers(
    barrier: Barrier,
    Participants { tasks, enumerators }: Participants,
    desk: SnapshotDesk,
) {
    let mut images = Vec::new();
    for (operator, enumerator) in enumerators {
        match enumerator.snapshot(barrier.checkpoint).await {
            Ok(image) => images.push((operator, image)),
            Err(error) => {
                let participant = Participant::Coordinator(operator);
                return desk.decline(barrier, participant, error.to_string());
            }
        }
    }
    for task in tasks {
        let command = CheckpointCommand::Trigger(barrier);
        desk.world()
            .deliver("trigger", command, move |it| task.command(it));
    }
    for (operator, image) in images {
        let participant = Participant::Coordinator(operator);
        let snapshot = TaskSnapshot {
            barrier,
            images: vec![(operator, image)],
            alignment: Duration::ZERO,
            sync: Duration::ZERO,
            processed_bytes: 0,
            persisted_bytes: 0,
        };
        desk.store(snapshot, participant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[test]
    fn what_came_to_nothing_is_not_begun_and_holds_nobody_up() {
        let begun: Arc<parking_lot::Mutex<Vec<u64>>> = Arc::default();
        let mut queue = TriggerQueue::default();
        for id in 1..=3 {
            let begun = begun.clone();
            let begin = async move {
                if id == 1 {
                    std::future::pending::<()>().await;
                }
                begun.lock().push(id);
            };
            queue.push(CheckpointId::new(id), Box::pin(begin));
        }
        let mut context = Context::from_waker(Waker::noop());
        queue.poll(&mut context);
        assert!(begun.lock().is_empty(), "one after the other");
        queue.cancel(CheckpointId::new(1));
        queue.cancel(CheckpointId::new(2));
        queue.poll(&mut context);
        assert_eq!(*begun.lock(), [3]);
    }
}
