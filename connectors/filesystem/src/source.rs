//! A source of files whose rows get columns of their paths.

use std::sync::Arc;

use hurtig_connect::{
    Boundedness, BoxFuture, DecodingFormat, ReaderContext, Source, SourceReader, SplitEnumerator,
};
use hurtig_connector_files::{FileSource, FileSplit};
use hurtig_env::World;
use hurtig_table::RowBatch;
use hurtig_types::Result;

use crate::columns::Plan;
use crate::reader::TableReader;

/// Files in the table's format.
pub(crate) type Files = FileSource<RowBatch, Arc<dyn DecodingFormat<RowBatch>>>;

/// Reads files, and adds the columns that are not in them.
pub(crate) struct TableFiles {
    pub(crate) files: Files,
    pub(crate) plan: Arc<Plan>,
}

impl Source for TableFiles {
    type Item = RowBatch;
    type Split = FileSplit;

    fn boundedness(&self) -> Boundedness {
        self.files.boundedness()
    }

    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        self.files.check(world)
    }

    fn create_enumerator(&self, world: &World) -> Result<Box<dyn SplitEnumerator<FileSplit>>> {
        self.files.create_enumerator(world)
    }

    fn create_reader(
        &self,
        context: ReaderContext,
    ) -> Result<Box<dyn SourceReader<RowBatch, FileSplit>>> {
        let world = context.world.clone();
        let reader = self.files.create_reader(context)?;
        Ok(Box::new(TableReader::new(
            reader,
            Arc::clone(&self.plan),
            world,
        )))
    }
}
