//! A source with its event time, as jobs start it: as a whole, and its readers again one by one.

use std::sync::Arc;

use hurtig_connect::{ReaderContext, Source, WatermarkStrategy, WatermarkTracker};
use hurtig_state::StateImage;
use hurtig_types::{CheckpointId, Error, Result};

use super::alignment::{AlignmentGroup, Alignments};
use super::coordinator::{coordinate, restore_enumerator};
use super::link::{ReaderLink, ReaderLinks, link};
use super::operator::{ReaderSource, SourceOperator};
use crate::{OperatorContext, ReviveReader, StartedSource};

/// Starts a [`Source`] with a [`WatermarkStrategy`]: what a [`SourceFactory`](crate::SourceFactory) of one does. Its readers can be
/// made anew if its enumerator takes splits back.
///
/// # Errors
/// When its options can't work.
pub fn start_source<S: Source>(
    source: &Arc<S>,
    strategy: &WatermarkStrategy<S::Item>,
    contexts: &[OperatorContext],
    alignments: &Alignments,
    restored: Option<StateImage>,
) -> Result<StartedSource> {
    let no_subtasks = || Error::bug("a source without subtasks");
    let world = contexts.first().ok_or_else(no_subtasks)?.world.clone();
    let (coordinator, links) = link(contexts.len() as u32);
    let mut enumerator = source.create_enumerator(&world)?;
    restore_enumerator(&mut *enumerator, restored)?;
    let alignment = strategy.alignment();
    let readers = Readers {
        source: Arc::clone(source),
        strategy: strategy.clone(),
        group: alignment.map(|alignment| alignments.group(&alignment.group)),
        links: coordinator.reader_links(),
    };
    let mut started = Vec::new();
    for (context, link) in contexts.iter().zip(links) {
        started.push(readers.make(context, link)?);
    }
    let takes_splits_back = enumerator.takes_splits_back();
    Ok(StartedSource {
        checkpoints: coordinator.checkpoints(),
        coordinator: Box::pin(coordinate(enumerator, coordinator, world)),
        readers: started,
        revival: takes_splits_back.then(|| Arc::new(readers) as Arc<dyn ReviveReader>),
    })
}

/// Makes the readers of a source.
struct Readers<S: Source> {
    source: Arc<S>,
    strategy: WatermarkStrategy<S::Item>,
    group: Option<Arc<AlignmentGroup>>,
    links: ReaderLinks<S::Split>,
}

impl<S: Source> Readers<S> {
    fn make(
        &self,
        context: &OperatorContext,
        link: ReaderLink<S::Split>,
    ) -> Result<Box<dyn SourceOperator>> {
        let reader = self.source.create_reader(ReaderContext {
            subtask: context.subtask,
            parallelism: context.parallelism,
            world: context.world.clone(),
            metrics: context.metrics.clone(),
            request_split: link.requester(),
        })?;
        let tracker = WatermarkTracker::new(self.strategy.clone());
        let group = self.group.clone();
        Ok(Box::new(ReaderSource::new(
            reader, link, tracker, group, context,
        )))
    }
}

impl<S: Source> ReviveReader for Readers<S> {
    fn revive(
        &self,
        context: &OperatorContext,
        checkpoint: Option<CheckpointId>,
    ) -> Result<Box<dyn SourceOperator>> {
        let link = self.links.link_again(context.subtask, checkpoint);
        let link = link.ok_or_else(|| {
            let label = context.label();
            Error::bug(format!(
                "{label} was not among the readers of its source at the start"
            ))
        })?;
        self.make(context, link)
    }
}
