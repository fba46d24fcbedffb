//! The second phase: the rows of a complete checkpoint go into the database.

use hurtig_connect::{BoxFuture, Committer, decode_value};
use hurtig_env::World;
use hurtig_types::Result;

use crate::database::Target;
use crate::value::Row;

/// What is to be committed: an id that no other transaction has, and the rows. Part of checkpoints.
pub(crate) type Committable = (String, Vec<Row>);

/// Commits what any writer of any attempt has prepared.
pub(crate) struct SqliteCommitter {
    target: Target,
    world: World,
}

impl SqliteCommitter {
    pub(crate) fn new(target: Target, world: World) -> Self {
        Self { target, world }
    }
}

impl Committer for SqliteCommitter {
    fn commit(&mut self, committables: Vec<Vec<u8>>) -> BoxFuture<'static, Result<()>> {
        let (target, world) = (self.target.clone(), self.world.clone());
        Box::pin(async move {
            let decoded = committables.iter().map(|bytes| decode_value(bytes));
            let transactions = decoded.collect::<Result<Vec<Committable>>>()?;
            let now_ms = world.clock().wall_clock_ms();
            let commit = move |target: &Target| target.commit(&transactions, now_ms);
            target.run(&world, commit).await
        })
    }
}
