//! The sink, as a job names it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hurtig_connect::{BoxFuture, Committer, EncodingFormat, Sink, SinkWriter, WriterContext};
use hurtig_env::World;
use hurtig_env::object_store::ObjectStoreExt;
use hurtig_types::{Error, Result};

use crate::bucket::{Buckets, TimePattern};
use crate::commit::FileCommitter;
use crate::failure::store_error;
use crate::rolling::RollingPolicy;
use crate::target::join;
use crate::writer::{FileWriter, check_single};
use crate::{Compression, NoFormat};

/// Open files of one subtask, if nothing else is said.
const OPEN_FILES_MAX: usize = 256;

/// Writes files: parts that roll by size and time, in buckets if wanted; or one single file.
///
/// ```
/// use hurtig_connect::{Sink, TextFormat};
/// use hurtig_connector_files::FileSink;
///
/// let parts = FileSink::<String>::new("out").bucket_by_time("yyyy-MM-dd--HH").format(TextFormat::new());
/// assert_eq!(parts.parallelism_limit(), None);
/// let one = FileSink::<String>::single_file("out/lines.txt").format(TextFormat::new());
/// assert_eq!(one.parallelism_limit(), Some(1));
/// ```
///
/// # When a file is seen
///
/// Whole or not at all: while it is written it has a hidden name (it begins with `.` and ends with `.inprogress`).
///
/// With checkpoints the sink is exactly-once. A part is finished when it rolls, and every part at every barrier; it waits under its
/// hidden name, and gets its own, `part-<subtask>-<uid>-<number>.csv`, once the checkpoint that it is part of is complete. So a
/// result is seen about one checkpoint interval after it was written, and there is at least one file per interval, subtask and
/// bucket that was written to. The `uid` is new in each attempt of each writer: no name is ever given twice, no file replaced. To
/// commit is to rename; where a store can't rename it is to copy and to delete, which on Amazon's takes files up to 5 GB. What is
/// neither there under its hidden name nor under its own when it is committed was taken away by somebody after an earlier commit:
/// that is logged, and no error.
///
/// Without checkpoints a part gets its name, `part-<subtask>-<number>.csv`, when it rolls or the input ends; a job that is started
/// again writes once more what was there before. Files of earlier runs are never replaced: their numbers are passed over.
///
/// # What is left behind
///
/// What an attempt had not finished when it failed is removed, and what it had finished for a checkpoint that never was complete is
/// removed by the attempt that follows it. A process that is killed, and a job that is cancelled or fails for good, may leave
/// files with hidden names behind. They are never removed by a later job: a checkpoint or savepoint that somebody
/// keeps may name them, and another job may be writing them. When there is neither, delete them.
///
/// On a local disk a file is synchronised before it counts, and so is the name that it gets: what was committed is there after a power
/// failure.
pub struct FileSink<T, E = NoFormat> {
    options: SinkOptions<T>,
    /// The user's own, in place of the format's.
    suffix: Option<String>,
    pattern: Option<String>,
    format: Arc<E>,
}

/// What the writers need to know.
pub(crate) struct SinkOptions<T> {
    pub(crate) directory: String,
    /// The name of the file, if there is to be only one.
    pub(crate) single_file: Option<String>,
    pub(crate) rolling: RollingPolicy,
    pub(crate) buckets: Buckets<T>,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    pub(crate) compression: Compression,
    pub(crate) open_files_max: usize,
}

impl<T> Clone for SinkOptions<T> {
    fn clone(&self) -> Self {
        Self {
            directory: self.directory.clone(),
            single_file: self.single_file.clone(),
            rolling: self.rolling,
            buckets: self.buckets.clone(),
            prefix: self.prefix.clone(),
            suffix: self.suffix.clone(),
            compression: self.compression,
            open_files_max: self.open_files_max,
        }
    }
}

impl<T> FileSink<T> {
    /// Part files in `directory`, which is made if it isn't there.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let parts = FileSink::<String>::new("out");
    /// # let _ = parts;
    /// ```
    pub fn new(directory: impl Into<String>) -> Self {
        Self {
            options: SinkOptions {
                directory: directory.into(),
                single_file: None,
                rolling: RollingPolicy::default(),
                buckets: Buckets::One,
                prefix: "part".to_string(),
                suffix: String::new(),
                compression: Compression::None,
                open_files_max: OPEN_FILES_MAX,
            },
            suffix: None,
            pattern: None,
            format: Arc::new(NoFormat),
        }
    }

    /// One file at `path`, written by one subtask, there when the job has ended. A file of that name is replaced, in one
    /// step. For jobs without checkpoints: a file that is to be whole can't be continued after a failure, and with checkpoints
    /// the job is refused.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let one = FileSink::<String>::single_file("out/result.jsonl.gz");
    /// # let _ = one;
    /// ```
    pub fn single_file(path: impl Into<String>) -> Self {
        let path = path.into();
        let (directory, name) = match path.rsplit_once('/') {
            // The root stays the root, and what names a store names no file.
            Some(("", name)) => ("/", name),
            Some((directory, _)) if directory.ends_with(":/") => (path.as_str(), ""),
            Some((directory, name)) => (directory, name),
            None => ("", path.as_str()),
        };
        let (directory, name) = (directory.to_string(), name.to_string());
        let mut sink = Self::new(directory);
        sink.options.rolling = RollingPolicy::NEVER;
        sink.options.compression = Compression::ByName;
        sink.options.single_file = Some(name);
        sink
    }

    /// How records become bytes.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// use hurtig_connect::TextFormat;
    ///
    /// let lines = FileSink::<String>::new("out").format(TextFormat::new());
    /// # let _ = lines;
    /// ```
    #[must_use]
    pub fn format<E: EncodingFormat<T>>(self, format: E) -> FileSink<T, E> {
        FileSink {
            options: self.options,
            suffix: self.suffix,
            pattern: self.pattern,
            format: Arc::new(format),
        }
    }
}

impl<T, E> FileSink<T, E> {
    /// Finishes a part once it has so many bytes (128 MB if not set).
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let small = FileSink::<String>::new("out").roll_at_size(16 * 1024 * 1024);
    /// # let _ = small;
    /// ```
    #[must_use]
    pub fn roll_at_size(mut self, bytes: u64) -> Self {
        self.options.rolling.size_bytes = bytes;
        self
    }

    /// Finishes a part so long after it was begun (a minute if not set).
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// use std::time::Duration;
    ///
    /// let hourly = FileSink::<String>::new("out").roll_after(Duration::from_secs(3600));
    /// # let _ = hourly;
    /// ```
    #[must_use]
    pub fn roll_after(mut self, age: Duration) -> Self {
        self.options.rolling.age = age;
        self
    }

    /// Finishes a part to which nothing was added for so long (a minute if not set).
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// use std::time::Duration;
    ///
    /// let prompt = FileSink::<String>::new("out").roll_when_inactive(Duration::from_secs(5));
    /// # let _ = prompt;
    /// ```
    #[must_use]
    pub fn roll_when_inactive(mut self, inactivity: Duration) -> Self {
        self.options.rolling.inactivity = inactivity;
        self
    }

    /// Puts each record in a directory of its own choice: `bucket_by(|flight| format!("origin={}", flight.origin))`.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let by_day = FileSink::<(String, u64)>::new("out").bucket_by(|(day, _)| format!("day={day}"));
    /// # let _ = by_day;
    /// ```
    #[must_use]
    pub fn bucket_by(mut self, bucket: impl Fn(&T) -> String + Send + Sync + 'static) -> Self {
        self.options.buckets = Buckets::ByRecord(Arc::new(bucket));
        self.pattern = None;
        self
    }

    /// Puts records in a directory named by when they are written, in UTC: Flink's is `yyyy-MM-dd--HH`. There are `yyyy`,
    /// `MM`, `dd`, `HH`, `mm`, `ss`, `SSS`, and text between single quotes.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let hourly = FileSink::<String>::new("out").bucket_by_time("yyyy-MM-dd--HH");
    /// # let _ = hourly;
    /// ```
    #[must_use]
    pub fn bucket_by_time(mut self, pattern: impl Into<String>) -> Self {
        self.pattern = Some(pattern.into());
        self
    }

    /// How the names of the parts begin, in place of `part`.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let flights = FileSink::<String>::new("out").prefix("flights");
    /// # let _ = flights;
    /// ```
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.prefix = prefix.into();
        self
    }

    /// How the names of the parts end, in place of the format's extension and that of the compression.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let logs = FileSink::<String>::new("out").suffix(".log");
    /// # let _ = logs;
    /// ```
    #[must_use]
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffix = Some(suffix.into());
        self
    }

    /// Compresses the files. A single file is compressed if its name says so.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// use hurtig_connector_files::Compression;
    ///
    /// let small = FileSink::<String>::new("out").compression(Compression::Zstd);
    /// # let _ = small;
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.options.compression = compression;
        self
    }

    /// At most so many files are open in a subtask, each in its bucket (256 if not set); the one that was written to least
    /// recently is finished when there is need of another.
    ///
    /// ```
    /// # use hurtig_connector_files::FileSink;
    /// let frugal = FileSink::<String>::new("out").open_files_max(16);
    /// # let _ = frugal;
    /// ```
    #[must_use]
    pub fn open_files_max(mut self, files: usize) -> Self {
        self.options.open_files_max = files;
        self
    }

    /// The options in the form that writers use, if they make sense.
    fn options(&self) -> Result<SinkOptions<T>>
    where
        E: EncodingFormat<T>,
    {
        self.format.check()?;
        let mut options = self.options.clone();
        if let Some(pattern) = &self.pattern {
            options.buckets = Buckets::ByTime(TimePattern::parse(pattern)?);
        }
        let no_file = |name: &str| name.contains('/') || name.contains('#') || name.is_empty();
        match &options.single_file {
            Some(name) if no_file(name) => {
                return Err(Error::config(format!(
                    "`{}` is no path of a file",
                    join(&options.directory, name)
                )));
            }
            Some(name) => {
                options.compression = options.compression.of(name)?;
                if !matches!(options.buckets, Buckets::One) {
                    return Err(Error::config("a single file has no buckets"));
                }
            }
            None if options.prefix.contains('/') || options.prefix.starts_with(['.', '_']) => {
                return Err(Error::config(format!(
                    "the prefix `{}` of part files: it may not hold `/` or begin with `.` or `_`, which hide files",
                    options.prefix
                )));
            }
            None => {}
        }
        if options.rolling.size_bytes == 0 || options.rolling.age.is_zero() {
            return Err(Error::config(
                "parts that are rolled at 0 bytes or after 0 ms hold nothing",
            ));
        }
        options.open_files_max = options.open_files_max.max(1);
        let by_format = || {
            format!(
                "{}{}",
                self.format.extension(),
                options.compression.extension()
            )
        };
        options.suffix = self.suffix.clone().unwrap_or_else(by_format);
        Ok(options)
    }
}

impl<T: Send + 'static, E: EncodingFormat<T>> Sink<T> for FileSink<T, E> {
    fn parallelism_limit(&self) -> Option<u32> {
        self.options.single_file.as_ref().map(|_| 1)
    }

    fn check<'a>(&'a self, world: &'a World) -> BoxFuture<'a, Result<()>> {
        let options = self.options();
        Box::pin(async move {
            let options = options?;
            let directory = &options.directory;
            let token = world
                .rng(&format!("files sink {directory} check"))
                .next_u64();
            let trial = world
                .storage()
                .open(&join(directory, &format!(".check-{token:016x}")))?;
            let written = match trial.store.put(&trial.path, "".into()).await {
                Ok(_) => trial.store.delete(&trial.path).await,
                Err(error) => Err(error),
            };
            let shown = if directory.is_empty() { "." } else { directory };
            written.map_err(|error| store_error(shown, &error).context("can't write to"))
        })
    }

    fn create_writer(&self, context: WriterContext) -> Result<Box<dyn SinkWriter<T>>> {
        let options = self.options()?;
        if options.single_file.is_some() {
            check_single(&context)?;
        }
        Ok(Box::new(FileWriter::new(
            Arc::new(options),
            Arc::clone(&self.format),
            context,
        )))
    }

    // Also without checkpoints: the savepoint from which the job starts may hold files that wait for their commit.
    fn create_committer(&self, context: &WriterContext) -> Result<Option<Box<dyn Committer>>> {
        let storage = context.world.storage().clone();
        Ok(Some(Box::new(FileCommitter::new(storage))))
    }
}

impl<T, E> Clone for FileSink<T, E> {
    fn clone(&self) -> Self {
        Self {
            options: self.options.clone(),
            suffix: self.suffix.clone(),
            pattern: self.pattern.clone(),
            format: Arc::clone(&self.format),
        }
    }
}

impl<T, E> fmt::Debug for FileSink<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSink")
            .field("directory", &self.options.directory)
            .field("single_file", &self.options.single_file)
            .field("rolling", &self.options.rolling)
            .field("buckets", &self.options.buckets)
            .field("compression", &self.options.compression)
            .finish_non_exhaustive()
    }
}
