//! The source, as a job names it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use hurtig_connect::{
    BadRecordPolicy, Boundedness, BoxFuture, DecodingFormat, ReaderContext, Source, SourceReader,
    SplitEnumerator, SplitPool,
};
use hurtig_env::World;
use hurtig_types::{Data, Error, Result};

use crate::discover::{Accept, DiscoverOptions, FileDiscovery};
use crate::reader::FileReader;
use crate::{Compression, FileSplit};

/// No format was named yet: [`FileSource::format`] and [`FileSink::format`](crate::FileSink::format) do.
///
/// ```
/// use hurtig_connector_files::{FileSource, NoFormat};
///
/// let not_yet_a_source: FileSource<String, NoFormat> = FileSource::new("a.csv");
/// # let _ = not_yet_a_source;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NoFormat;

/// Reads files: one, several, a directory, a glob; once, or for ever as new ones come.
///
/// ```
/// use hurtig_connect::{Boundedness, Source, TextFormat};
/// use hurtig_connector_files::FileSource;
///
/// let lines = FileSource::<String>::new("/var/log/**/*.log.gz").format(TextFormat::new());
/// assert_eq!(lines.boundedness(), Boundedness::Bounded);
/// ```
///
/// | an input | means |
/// |---|---|
/// | `data/a.csv`, `memory://lake/a.csv` | that file |
/// | `data` | all files in that directory and those below it |
/// | `data/*.csv`, `data/**/part-?[0-9].{csv,csv.gz}` | the files that match; `**` stands for any directories |
///
/// Files and directories whose names begin with `.` or `_` are passed over unless they are named. A file whose very name
/// has such characters in it is found by it.
pub struct FileSource<T, F = NoFormat> {
    inputs: Vec<String>,
    accept: Option<Accept>,
    format: Arc<F>,
    compression: Compression,
    split_bytes: u64,
    watch: Option<Duration>,
    policy: BadRecordPolicy,
    item: PhantomData<fn() -> T>,
}

impl<T> FileSource<T> {
    /// The files that `input` means: a path, a URL, a directory, a glob.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// let logs = FileSource::<String>::new("/var/log/*.log");
    /// # let _ = logs;
    /// ```
    pub fn new(input: impl Into<String>) -> Self {
        Self {
            inputs: vec![input.into()],
            accept: None,
            format: Arc::new(NoFormat),
            compression: Compression::ByName,
            split_bytes: Self::SPLIT_BYTES,
            watch: None,
            policy: BadRecordPolicy::Fail,
            item: PhantomData,
        }
    }

    /// How large the parts are that a file is cut into, if nothing else is said.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// assert_eq!(FileSource::<String>::SPLIT_BYTES, 64 << 20);
    /// ```
    pub const SPLIT_BYTES: u64 = 64 * 1024 * 1024;

    /// How the bytes become records.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// use hurtig_connect::TextFormat;
    ///
    /// let logs = FileSource::<String>::new("/var/log/*.log").format(TextFormat::new().lossy());
    /// # let _ = logs;
    /// ```
    #[must_use]
    pub fn format<F: DecodingFormat<T>>(self, format: F) -> FileSource<T, F> {
        FileSource {
            inputs: self.inputs,
            accept: self.accept,
            format: Arc::new(format),
            compression: self.compression,
            split_bytes: self.split_bytes,
            watch: self.watch,
            policy: self.policy,
            item: PhantomData,
        }
    }
}

impl<T, F> FileSource<T, F> {
    /// These files as well.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// let both = FileSource::<String>::new("2013/*.csv").and("2014/*.csv");
    /// # let _ = both;
    /// ```
    #[must_use]
    pub fn and(mut self, input: impl Into<String>) -> Self {
        self.inputs.push(input.into());
        self
    }

    /// Reads of the files only those whose path or URL is accepted.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// let january = FileSource::<String>::new("data").filter(|path| path.contains("month=01"));
    /// # let _ = january;
    /// ```
    #[must_use]
    pub fn filter(mut self, accept: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.accept = Some(Arc::new(accept));
        self
    }

    /// Looks for new files after every `interval`, and never ends.
    ///
    /// A file is read once, as long as it is when it is first seen, so files should appear whole: be written under a name
    /// that begins with `.` or elsewhere, then renamed. What [`FileSink`](crate::FileSink) writes appears whole.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// use std::time::Duration;
    ///
    /// let inbox = FileSource::<String>::new("inbox/*.csv").watch(Duration::from_secs(10));
    /// # let _ = inbox;
    /// ```
    #[must_use]
    pub fn watch(mut self, interval: Duration) -> Self {
        self.watch = Some(interval);
        self
    }

    /// Cuts files into parts of about so many bytes, which are read side by side. Compressed files are never cut, nor those
    /// whose format can't be.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// let fine = FileSource::<String>::new("huge.csv").split_size(8 * 1024 * 1024);
    /// # let _ = fine;
    /// ```
    #[must_use]
    pub fn split_size(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes;
        self
    }

    /// How the files are compressed, if their names don't tell.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// use hurtig_connector_files::Compression;
    ///
    /// let named_otherwise = FileSource::<String>::new("dump.bin").compression(Compression::Zstd);
    /// # let _ = named_otherwise;
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// What happens to a record that can't be read; the job fails if nothing is said.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSource;
    /// use hurtig_connect::BadRecordPolicy;
    ///
    /// let lenient = FileSource::<String>::new("a.csv").on_bad_record(BadRecordPolicy::SideOutput);
    /// # let _ = lenient;
    /// ```
    #[must_use]
    pub fn on_bad_record(mut self, policy: BadRecordPolicy) -> Self {
        self.policy = policy;
        self
    }
}

impl<T: Data, F: DecodingFormat<T>> FileSource<T, F> {
    fn discovery(&self) -> DiscoverOptions {
        DiscoverOptions {
            inputs: self.inputs.clone(),
            accept: self.accept.clone(),
            compression: self.compression,
            splittable: self.format.splittable(),
            split_bytes: self.split_bytes,
            watch: self.watch.is_some(),
        }
    }

    fn check_options(&self) -> Result<()> {
        self.format.check()?;
        if self.split_bytes == 0 {
            return Err(Error::config(
                "split_size is 0: a part needs at least one byte",
            ));
        }
        if self.watch.is_some_and(|interval| interval.is_zero()) {
            return Err(Error::config(
                "watch is 0: listing without a pause would do nothing else",
            ));
        }
        Ok(())
    }
}

impl<T: Data, F: DecodingFormat<T>> Source for FileSource<T, F> {
    type Item = T;
    type Split = FileSplit;

    fn boundedness(&self) -> Boundedness {
        match self.watch {
            Some(_) => Boundedness::Unbounded,
            None => Boundedness::Bounded,
        }
    }

    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.check_options()?;
            self.discovery().find(world.storage()).await.map(drop)
        })
    }

    fn create_enumerator(&self, world: &World) -> Result<Box<dyn SplitEnumerator<FileSplit>>> {
        self.check_options()?;
        let discovery = FileDiscovery::new(self.discovery(), world.storage().clone());
        Ok(Box::new(SplitPool::new(discovery, self.watch)))
    }

    fn create_reader(&self, context: ReaderContext) -> Result<Box<dyn SourceReader<T, FileSplit>>> {
        self.check_options()?;
        let format = Arc::clone(&self.format);
        Ok(Box::new(FileReader::new(
            format,
            self.compression,
            self.policy,
            context,
        )))
    }
}

impl<T, F> Clone for FileSource<T, F> {
    fn clone(&self) -> Self {
        Self {
            inputs: self.inputs.clone(),
            accept: self.accept.clone(),
            format: Arc::clone(&self.format),
            compression: self.compression,
            split_bytes: self.split_bytes,
            watch: self.watch,
            policy: self.policy,
            item: PhantomData,
        }
    }
}

impl<T, F> fmt::Debug for FileSource<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSource")
            .field("inputs", &self.inputs)
            .field("compression", &self.compression)
            .field("split_bytes", &self.split_bytes)
            .field("watch", &self.watch)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
