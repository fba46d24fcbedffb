//! Opening files and object stores by path or URL.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, PathBuf};
use std::sync::Arc;

use hurtig_types::{Configuration, Error, ErrorContext, ErrorKind, Result};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use parking_lot::Mutex;

use crate::cloud::{self, Cloud};
use crate::sim::SimulatedStore;
use crate::{Clock, Durable};

/// A place in a store: where an object is, or the prefix under which objects are.
///
/// ```
/// use hurtig_env::World;
/// use hurtig_env::object_store::ObjectStoreExt;
///
/// let world = World::simulated(1);
/// let place = world.storage().open("s3://bucket/a b/ö.csv")?;
/// assert_eq!(place.path.as_ref(), "a b/ö.csv");
/// let text = world.block_on(async {
///     place.store.put(&place.path, "x,y\n".into()).await?;
///     place.store.get(&place.path).await?.bytes().await
/// })??;
/// assert_eq!(text, "x,y\n");
/// # Ok::<(), hurtig_types::Error>(())
/// ```
#[derive(Clone)]
pub struct Location {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The place in it. Of a file it is the absolute path without the leading slash.
    pub path: Path,
}

/// Names the store alone: a client in the cloud has secrets.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.path, self.store)
    }
}

/// Opens [`Location`]s; see [`World::storage`](crate::World::storage). Cheap to clone.
///
/// Here only opening; globs, listings and what a directory means are the files connector's.
///
/// The operations of a file store run on the helper threads of the tokio runtime they are called in: call them on
/// [`Lane::Io`](crate::Lane::Io). Called outside any runtime they work as well, and block the calling thread.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

struct Inner {
    /// Tells a simulated world's stores when something was written; none in the real world.
    simulated: Option<Clock>,
    files: Arc<dyn ObjectStore>,
    /// The stores in memory, and those that were mounted.
    memory: Arc<Stores>,
    /// How stores in the cloud are opened, and those that are.
    configuration: Configuration,
    clouds: Stores,
}

/// Stores by scheme and authority.
type Stores = Mutex<BTreeMap<String, Arc<dyn ObjectStore>>>;

impl Storage {
    pub(crate) fn real() -> Self {
        Self::new(
            None,
            Arc::new(Durable::new(Arc::new(LocalFileSystem::new()))),
        )
    }

    pub(crate) fn simulated(clock: Clock) -> Self {
        Self::new(Some(clock.clone()), Arc::new(SimulatedStore::new(clock)))
    }

    fn new(simulated: Option<Clock>, files: Arc<dyn ObjectStore>) -> Self {
        Self(Arc::new(Inner {
            simulated,
            files,
            memory: Arc::default(),
            configuration: Configuration::new(),
            clouds: Mutex::default(),
        }))
    }

    /// The same files and stores in memory; those in the cloud are opened as `configuration` says (`s3.…`, `gs.…`,
    /// `fs.azure.account.key.…`), and where it says nothing as the environment does.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// use hurtig_types::Configuration;
    ///
    /// let storage = World::simulated(1).storage().clone();
    /// let mut configuration = Configuration::new();
    /// configuration.set("s3.endpoint", "http://localhost:9000")?;
    /// assert!(storage.configured(&configuration).open("s3://bucket/x").is_ok());
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    #[must_use]
    pub fn configured(&self, configuration: &Configuration) -> Self {
        if !configuration.says_how_to_open_stores() {
            return self.clone();
        }
        Self(Arc::new(Inner {
            simulated: self.0.simulated.clone(),
            files: self.0.files.clone(),
            memory: self.0.memory.clone(),
            configuration: configuration.clone(),
            clouds: Mutex::default(),
        }))
    }

    /// Finds the store and the place in it of a path or URL; reads and writes nothing.
    ///
    /// - `a/b.csv`, `/tmp/a b/ö.csv`, `../x`, `file:///tmp/x`, `file:/tmp/x`: files. Characters stand for themselves,
    ///   `%20` too, as in Flink.
    /// - `memory://name/path`: a store in memory that lives as long as the world, one per name.
    /// - `s3://bucket/path` and `s3a://`, `gs://bucket/path`, `abfss://container@account.dfs.core.windows.net/path`, `abfs://` and
    ///   `az://`: stores in the cloud, with the feature `cloud`. Call their operations on [`Lane::Io`](crate::Lane::Io).
    ///
    /// In a simulated world every scheme is a store in memory, one per scheme and authority, and relative paths are
    /// relative to `/`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for another scheme, [`ErrorKind::Config`] for what is no path (control characters,
    /// nothing at all) and for settings of a store that cannot be.
    ///
    /// ```
    /// # use hurtig_env::World;
    /// let storage = World::real().storage().clone();
    /// assert_eq!(storage.open("/tmp/./x/../a b.csv")?.path.as_ref(), "tmp/a b.csv");
    /// assert_eq!(storage.open("file:///tmp/a.csv")?.path.as_ref(), "tmp/a.csv");
    /// let error = storage.open("gopher://host/x").unwrap_err();
    /// assert!(error.to_string().contains("gopher"), "{error}");
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn open(&self, url_or_path: &str) -> Result<Location> {
        self.locate(url_or_path)
            .map_err(|error| error.context(format!("opening `{url_or_path}`")))
    }

    /// Puts a store of one's own in the place of all that lies under the scheme and authority of `url`, so that a test can count
    /// requests or let them fail.
    ///
    /// # Errors
    /// When `url` has no scheme.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use hurtig_env::World;
    /// use hurtig_env::object_store::memory::InMemory;
    ///
    /// let storage = World::simulated(1).storage().clone();
    /// storage.mount("s3://bucket", Arc::new(InMemory::new()))?;
    /// assert_eq!(storage.open("s3://bucket/x")?.store.to_string(), "InMemory");
    /// # Ok::<(), hurtig_types::Error>(())
    /// ```
    pub fn mount(&self, url: &str, store: Arc<dyn ObjectStore>) -> Result<()> {
        let Some(url) = Url::split(url) else {
            return Err(Error::config(format!(
                "`{url}` is no URL to mount a store at: write scheme://authority"
            )));
        };
        self.0.memory.lock().insert(url.store(), store);
        Ok(())
    }

    fn locate(&self, url_or_path: &str) -> Result<Location> {
        if url_or_path.is_empty() {
            return Err(Error::config("the path is empty"));
        }
        let Some(url) = Url::split(url_or_path) else {
            return self.file(url_or_path);
        };
        match url.scheme.as_str() {
            "file" => match url.authority {
                "" | "localhost" => self.file(url.path),
                host => Err(Error::config(format!(
                    "a file URL names no host, and `{host}` stands where one would: \
                     write three slashes (file:///…)"
                ))),
            },
            "memory" => self.memory(&url),
            _ if self.0.simulated.is_some() => self.memory(&url),
            _ => self.cloud(&url),
        }
    }

    fn cloud(&self, url: &Url<'_>) -> Result<Location> {
        let path = object_path(resolve(PathBuf::from("/"), url.path, |_| None))?;
        let mounted = self.0.memory.lock().get(&url.store()).cloned();
        if let Some(store) = mounted {
            return Ok(Location { store, path });
        }
        let Some(cloud) = Cloud::of_scheme(&url.scheme) else {
            return Err(Error::unsupported(format!(
                "there is no storage for the scheme `{}`; known are file, memory, {}",
                url.scheme,
                cloud::SCHEMES
            )));
        };
        let mut clouds = self.0.clouds.lock();
        if let Some(store) = clouds.get(&url.store()).cloned() {
            return Ok(Location { store, path });
        }
        let store = cloud.open(&url.scheme, url.authority, &self.0.configuration)?;
        clouds.insert(url.store(), store.clone());
        Ok(Location { store, path })
    }

    fn file(&self, path: &str) -> Result<Location> {
        let absolute = match self.0.simulated {
            Some(_) => resolve(PathBuf::from("/"), path, |_| None),
            None => {
                let here = if path.starts_with('/') {
                    PathBuf::from("/")
                } else {
                    std::env::current_dir()
                        .or_kind(ErrorKind::Io, || "the current directory".into())?
                };
                resolve(here, path, |directory| {
                    std::fs::canonicalize(directory).ok()
                })
            }
        };
        Ok(Location {
            store: self.0.files.clone(),
            path: object_path(absolute)?,
        })
    }

    fn memory(&self, url: &Url<'_>) -> Result<Location> {
        let path = object_path(resolve(PathBuf::from("/"), url.path, |_| None))?;
        let mut stores = self.0.memory.lock();
        let store = stores
            .entry(url.store())
            .or_insert_with(|| match &self.0.simulated {
                Some(clock) => Arc::new(SimulatedStore::new(clock.clone())),
                None => Arc::new(InMemory::new()),
            });
        Ok(Location {
            store: store.clone(),
            path,
        })
    }
}

fn object_path(absolute: PathBuf) -> Result<Path> {
    Path::from_absolute_path(absolute).or_kind(ErrorKind::Config, || "not a path".into())
}

/// Walks `path` from `start`. `..` is taken as the operating system takes it: up from where a link leads, which
/// `real` tells; from the name where nothing is there.
fn resolve(start: PathBuf, path: &str, real: impl Fn(&PathBuf) -> Option<PathBuf>) -> PathBuf {
    let mut resolved = start;
    for component in std::path::Path::new(path).components() {
        match component {
            Component::Normal(name) => resolved.push(name),
            Component::ParentDir => {
                resolved = real(&resolved).unwrap_or(resolved);
                resolved.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    resolved
}

struct Url<'a> {
    scheme: String,
    authority: &'a str,
    path: &'a str,
}

impl<'a> Url<'a> {
    /// `None` for a plain path.
    fn split(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        if let Some(rest) = rest.strip_prefix("//") {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            return Some(Self {
                scheme,
                authority,
                path,
            });
        }
        // Java writes file:/tmp/x.
        (scheme == "file" && rest.starts_with('/')).then_some(Self {
            scheme,
            authority: "",
            path: rest,
        })
    }

    /// The name of the store that it is in.
    fn store(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::ObjectStoreExt;

    fn path_of(storage: &Storage, text: &str) -> String {
        storage.open(text).unwrap().path.to_string()
    }

    #[test]
    fn spellings_of_one_file() {
        let storage = Storage::real();
        for text in [
            "/a/b",
            "//a//b/",
            "/a/./b",
            "/a/c/../b",
            "file:///a/b",
            "file:/a/b",
            "FILE://localhost/a/b",
        ] {
            assert_eq!(path_of(&storage, text), "a/b", "{text}");
        }
        assert_eq!(path_of(&storage, "/"), "");
        assert_eq!(path_of(&storage, "/../.."), "");
        assert_eq!(
            path_of(&storage, "/50%/a%20b/[x]{y}*?#~.csv"),
            "50%/a%20b/[x]{y}*?#~.csv"
        );
    }

    #[test]
    fn relative_paths_start_where_the_process_is() {
        let here = std::env::current_dir().unwrap();
        let storage = Storage::real();
        let expected = here
            .join("x.csv")
            .to_str()
            .unwrap()
            .trim_start_matches('/')
            .to_string();
        assert_eq!(path_of(&storage, "x.csv"), expected);
        let above = here
            .parent()
            .unwrap()
            .join("x.csv")
            .to_str()
            .unwrap()
            .trim_start_matches('/')
            .to_string();
        assert_eq!(path_of(&storage, "../x.csv"), above);
        assert_eq!(
            path_of(&Storage::simulated(Clock::real()), "./x.csv"),
            "x.csv"
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let storage = Storage::real();
        for text in ["", "file://host/x", "/a\nb"] {
            assert_eq!(
                storage.open(text).unwrap_err().kind(),
                ErrorKind::Config,
                "{text}"
            );
        }
        let error = storage.open("ftp://host/x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.to_string().contains("`ftp`") && error.to_string().contains("memory"),
            "{error}"
        );
    }

    #[test]
    fn files_with_odd_names_are_those_that_std_sees() {
        let directory = tempfile::tempdir().unwrap();
        let odd = directory.path().join("sub dir ö").join("50% [a]*.csv");
        std::fs::create_dir(odd.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(odd.parent().unwrap(), directory.path().join("link")).unwrap();
        std::fs::write(&odd, "hello").unwrap();
        let storage = Storage::real();
        let spellings = [
            odd.to_str().unwrap().to_string(),
            format!("file://{}", odd.display()),
            format!(
                "{}/link/../sub dir ö/50% [a]*.csv",
                directory.path().display()
            ),
        ];
        for text in spellings {
            let place = storage.open(&text).unwrap();
            let bytes =
                crate::park::block_on(async { place.store.get(&place.path).await?.bytes().await });
            assert_eq!(bytes.unwrap(), "hello", "{text}");
        }
    }

    #[test]
    fn memory_stores_are_told_apart_by_name() {
        let storage = Storage::real();
        let (a, same, b) = (
            storage.open("memory://a/x").unwrap(),
            storage.open("memory://a/x").unwrap(),
            storage.open("memory://b/x").unwrap(),
        );
        crate::park::block_on(a.store.put(&a.path, "1".into())).unwrap();
        assert!(crate::park::block_on(same.store.head(&same.path)).is_ok());
        assert!(crate::park::block_on(b.store.head(&b.path)).is_err());
    }
}
