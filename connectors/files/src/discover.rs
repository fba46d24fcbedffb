//! Finding splits.

use std::collections::BTreeMap;
use std::sync::Arc;

use hurtig_connect::{BoxFuture, Discover};
use hurtig_env::Storage;
use hurtig_types::Result;
use parking_lot::Mutex;

use crate::listing::{FoundFile, list};
use crate::{Compression, FileSplit};

/// Which files are read, by their path or URL.
pub(crate) type Accept = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What of the source's options matters here.
#[derive(Clone)]
pub(crate) struct DiscoverOptions {
    pub(crate) inputs: Vec<String>,
    /// None for all.
    pub(crate) accept: Option<Accept>,
    pub(crate) compression: Compression,
    pub(crate) splittable: bool,
    pub(crate) split_bytes: u64,
    pub(crate) watch: bool,
}

impl DiscoverOptions {
    /// The files there are. Fails if an input means none, and none is to be waited for.
    pub(crate) async fn find(&self, storage: &Storage) -> Result<Vec<FoundFile>> {
        let mut files = list(storage, &self.inputs, self.watch).await?;
        if let Some(accept) = &self.accept {
            files.retain(|file| accept(&file.name));
        }
        files
            .iter()
            .try_for_each(|file| self.compression.of(&file.name).map(drop))?;
        Ok(files)
    }

    fn splits_of(&self, file: &FoundFile) -> Result<Vec<FileSplit>> {
        let compressed = self.compression.of(&file.name)? != Compression::None;
        let part_bytes = if compressed || !self.splittable {
            u64::MAX
        } else {
            self.split_bytes
        };
        Ok(FileSplit::cut(&file.name, file.size, part_bytes))
    }
}

/// Lists the files, and cuts them into splits.
///
/// A file that grows is read as long as it was when it was first seen, like Flink does: its splits are the same every time.
/// That costs the memory of the name of every file ever seen, which the pool of splits pays as well.
pub(crate) struct FileDiscovery {
    options: DiscoverOptions,
    storage: Storage,
    sizes: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl FileDiscovery {
    pub(crate) fn new(options: DiscoverOptions, storage: Storage) -> Self {
        Self {
            options,
            storage,
            sizes: Arc::default(),
        }
    }
}

impl Discover<FileSplit> for FileDiscovery {
    fn discover(&mut self) -> BoxFuture<'static, Result<Vec<FileSplit>>> {
        let (options, storage) = (self.options.clone(), self.storage.clone());
        let sizes = Arc::clone(&self.sizes);
        Box::pin(async move {
            let mut files = options.find(&storage).await?;
            if options.watch {
                // An empty file is one that somebody is about to write.
                files.retain(|file| file.size > 0);
                let mut sizes = sizes.lock();
                for file in &mut files {
                    file.size = *sizes.entry(file.name.clone()).or_insert(file.size);
                }
            }
            let mut splits = Vec::new();
            for file in &files {
                splits.extend(options.splits_of(file)?);
            }
            Ok(splits)
        })
    }

    /// The sizes that files had when they were found first: they are cut by these.
    fn snapshot(&self) -> Result<Vec<u8>> {
        hurtig_connect::encode_value(&*self.sizes.lock())
    }

    fn restore(&mut self, state: &[u8]) -> Result<()> {
        *self.sizes.lock() = hurtig_connect::decode_value(state)?;
        Ok(())
    }
}
