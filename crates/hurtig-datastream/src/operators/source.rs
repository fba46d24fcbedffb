//! A source and its event time, as the runtime starts them.

use std::sync::Arc;

use hurtig_connect::{BoxFuture, ReaderContext, Source, WatermarkStrategy, WatermarkTracker};
use hurtig_env::World;
use hurtig_runtime::{
    Alignments, OperatorContext, ReaderSource, SourceFactory, SourceOperator, StartedSource,
    coordinate, link, restore_enumerator,
};
use hurtig_state::StateImage;
use hurtig_types::{Error, Result};

/// Starts a [`Source`] with a [`WatermarkStrategy`].
pub(crate) struct SourceProgram<S: Source> {
    source: Arc<S>,
    strategy: WatermarkStrategy<S::Item>,
}

impl<S: Source> SourceProgram<S> {
    pub(crate) fn new(source: S, strategy: WatermarkStrategy<S::Item>) -> Self {
        Self {
            source: Arc::new(source),
            strategy,
        }
    }
}

impl<S: Source> SourceFactory for SourceProgram<S> {
    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.source.check(world)
    }

    fn start(
        &self,
        contexts: &[OperatorContext],
        alignments: &Alignments,
        restored: Option<StateImage>,
    ) -> Result<StartedSource> {
        let no_subtasks = || Error::bug("a source without subtasks");
        let world = contexts.first().ok_or_else(no_subtasks)?.world.clone();
        let (coordinator, readers) = link(contexts.len() as u32);
        let mut enumerator = self.source.create_enumerator(&world)?;
        restore_enumerator(&mut *enumerator, restored)?;
        let checkpoints = coordinator.checkpoints();
        let mut started = Vec::new();
        for (context, link) in contexts.iter().zip(readers) {
            let reader_context = ReaderContext {
                subtask: context.subtask,
                parallelism: context.parallelism,
                world: context.world.clone(),
                metrics: context.metrics.clone(),
                request_split: link.requester(),
            };
            let reader = self.source.create_reader(reader_context)?;
            let tracker = WatermarkTracker::new(self.strategy.clone());
            let group = self
                .strategy
                .alignment()
                .map(|alignment| alignments.group(&alignment.group));
            let source = ReaderSource::new(reader, link, tracker, group, context);
            started.push(Box::new(source) as Box<dyn SourceOperator>);
        }
        let coordinator = Box::pin(coordinate(enumerator, coordinator, world));
        Ok(StartedSource {
            coordinator,
            checkpoints,
            readers: started,
        })
    }
}
