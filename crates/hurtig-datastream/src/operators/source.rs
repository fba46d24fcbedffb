//! A source and its event time, as the runtime starts them.

use std::sync::Arc;

use hurtig_connect::{BoxFuture, Source, WatermarkStrategy};
use hurtig_env::World;
use hurtig_runtime::{Alignments, OperatorContext, SourceFactory, StartedSource, start_source};
use hurtig_state::StateImage;
use hurtig_types::Result;

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
        start_source(&self.source, &self.strategy, contexts, alignments, restored)
    }
}
