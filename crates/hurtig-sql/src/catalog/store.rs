//! Catalogs in memory, with what is current in a session.

use std::collections::BTreeMap;

use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::{CatalogObject, FunctionDefinition, ObjectPath};

/// The catalog that is always there.
pub const DEFAULT_CATALOG: &str = "default_catalog";
/// The database that is always there.
pub const DEFAULT_DATABASE: &str = "default_database";

/// A catalog: databases, and what was said of it.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// `WITH (…)`
    pub options: Vec<(String, String)>,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    databases: BTreeMap<String, Database>,
}

impl Catalog {
    /// What an option says.
    pub fn option(&self, key: &str) -> Option<&str> {
        let found = self.options.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }

    /// What `'type'` says.
    pub fn kind(&self) -> &str {
        self.option("type").unwrap_or(IN_MEMORY)
    }

    /// The databases, by name.
    pub fn databases(&self) -> impl Iterator<Item = (&String, &Database)> {
        self.databases.iter()
    }
}

/// A database: tables, views and functions, and what was said of it.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// `WITH (…)`
    pub options: Vec<(String, String)>,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    objects: BTreeMap<String, CatalogObject>,
    /// By names in small letters.
    pub(super) functions: BTreeMap<String, FunctionDefinition>,
}

impl Database {
    /// One with nothing in it.
    pub const fn new(options: Vec<(String, String)>, comment: Option<String>) -> Self {
        Self {
            options,
            comment,
            objects: BTreeMap::new(),
            functions: BTreeMap::new(),
        }
    }
}

/// The type of a catalog that ends with its session.
pub const IN_MEMORY: &str = "generic_in_memory";

/// All catalogs of a session.
#[derive(Clone, Debug)]
pub struct Catalogs {
    catalogs: BTreeMap<String, Catalog>,
    temporary: BTreeMap<ObjectPath, CatalogObject>,
    pub(super) temporary_functions: BTreeMap<ObjectPath, FunctionDefinition>,
    /// Those that are known wherever the session is.
    pub(super) system_functions: BTreeMap<String, FunctionDefinition>,
    current_catalog: String,
    current_database: String,
}

impl Default for Catalogs {
    fn default() -> Self {
        let mut catalog = Catalog::default();
        catalog
            .databases
            .insert(DEFAULT_DATABASE.to_string(), Database::default());
        Self {
            catalogs: BTreeMap::from([(DEFAULT_CATALOG.to_string(), catalog)]),
            temporary: BTreeMap::new(),
            temporary_functions: BTreeMap::new(),
            system_functions: BTreeMap::new(),
            current_catalog: DEFAULT_CATALOG.to_string(),
            current_database: DEFAULT_DATABASE.to_string(),
        }
    }
}

impl Catalogs {
    /// The current catalog.
    pub fn current_catalog(&self) -> &str {
        &self.current_catalog
    }

    /// The current database.
    pub fn current_database(&self) -> &str {
        &self.current_database
    }

    /// A name in full.
    ///
    /// # Errors
    /// When it has too many parts.
    pub fn path(&self, name: &ObjectName) -> Result<ObjectPath> {
        ObjectPath::resolve(name, &self.current_catalog, &self.current_database)
    }

    /// What a name stands for: temporary objects hide others.
    pub fn find(&self, path: &ObjectPath) -> Option<&CatalogObject> {
        let database = self.find_database(&path.catalog, &path.database);
        let temporary = self.temporary.get(path);
        temporary.or_else(|| database.and_then(|database| database.objects.get(&path.object)))
    }

    /// A catalog.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn catalog(&self, name: &str) -> Result<&Catalog> {
        self.catalogs.get(name).ok_or_else(|| no_catalog(name))
    }

    /// A catalog, to be changed.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn catalog_mut(&mut self, name: &str) -> Result<&mut Catalog> {
        self.catalogs.get_mut(name).ok_or_else(|| no_catalog(name))
    }

    /// A database.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn database(&self, catalog: &str, name: &str) -> Result<&Database> {
        let database = self.catalog(catalog)?.databases.get(name);
        database.ok_or_else(|| no_database(catalog, name))
    }

    /// A database, to be changed.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn database_mut(&mut self, catalog: &str, name: &str) -> Result<&mut Database> {
        let database = self.catalog_mut(catalog)?.databases.get_mut(name);
        database.ok_or_else(|| no_database(catalog, name))
    }

    pub(super) fn find_database(&self, catalog: &str, name: &str) -> Option<&Database> {
        self.catalogs.get(catalog)?.databases.get(name)
    }

    /// What a name stands for.
    ///
    /// # Errors
    /// When there is nothing of that name; with the nearest that there is.
    pub fn get(&self, path: &ObjectPath) -> Result<&CatalogObject> {
        self.find(path).ok_or_else(|| {
            let near = self.nearest(path);
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Error::invalid_job(format!("there is no table or view {path}{near}"))
        })
    }

    fn nearest(&self, path: &ObjectPath) -> Option<String> {
        let names = self.objects(&path.catalog, &path.database);
        let wanted = path.object.to_lowercase();
        names
            .into_iter()
            .find(|name| name.to_lowercase() == wanted || distance(name, &path.object) <= 2)
    }

    /// The names of all catalogs.
    pub fn catalogs(&self) -> Vec<String> {
        self.catalogs.keys().cloned().collect()
    }

    /// The names of a catalog's databases.
    ///
    /// # Errors
    /// When there is no such catalog.
    pub fn databases(&self, catalog: &str) -> Result<Vec<String>> {
        Ok(self.catalog(catalog)?.databases.keys().cloned().collect())
    }

    /// The names of all tables and views of a database, temporary ones too.
    pub fn objects(&self, catalog: &str, database: &str) -> Vec<String> {
        let kept = self.find_database(catalog, database).into_iter();
        let kept = kept.flat_map(|database| database.objects.keys().cloned());
        let temporary = self.temporary.keys();
        let temporary = temporary
            .filter(|path| path.catalog == catalog && path.database == database)
            .map(|path| path.object.clone());
        let mut names: Vec<_> = kept.chain(temporary).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Makes a catalog current, with the database that each has; where that was dropped, with its first.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn use_catalog(&mut self, name: &str) -> Result<()> {
        let databases = self.databases(name)?;
        self.current_catalog = name.to_string();
        let has_default = databases.iter().any(|it| it == DEFAULT_DATABASE);
        let first = databases.into_iter().next().filter(|_| !has_default);
        self.current_database = first.unwrap_or_else(|| DEFAULT_DATABASE.to_string());
        Ok(())
    }

    /// Makes a database current, and its catalog.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn use_database(&mut self, catalog: &str, database: &str) -> Result<()> {
        if !self.databases(catalog)?.iter().any(|it| it == database) {
            return Err(no_database(catalog, database));
        }
        self.current_catalog = catalog.to_string();
        self.current_database = database.to_string();
        Ok(())
    }

    /// Adds a catalog, with the database that each has; whether there was none of that name.
    pub fn create_catalog(&mut self, name: &str, mut catalog: Catalog) -> bool {
        let is_new = !self.catalogs.contains_key(name);
        if is_new {
            let default = DEFAULT_DATABASE.to_string();
            catalog.databases.entry(default).or_default();
            self.catalogs.insert(name.to_string(), catalog);
        }
        is_new
    }

    /// Takes a catalog away; whether there was one.
    ///
    /// # Errors
    /// When it is the current one.
    pub fn drop_catalog(&mut self, name: &str) -> Result<bool> {
        if name == self.current_catalog {
            let message = format!("catalog `{name}` is the current one: USE CATALOG another first");
            return Err(Error::invalid_job(message));
        }
        Ok(self.catalogs.remove(name).is_some())
    }

    /// Adds a database; whether there was none of that name.
    ///
    /// # Errors
    /// When there is no such catalog.
    pub fn create_database(
        &mut self,
        catalog: &str,
        name: &str,
        database: Database,
    ) -> Result<bool> {
        let databases = &mut self.catalog_mut(catalog)?.databases;
        let is_new = !databases.contains_key(name);
        databases.entry(name.to_string()).or_insert(database);
        Ok(is_new)
    }

    /// Takes a database away, with all that is in it if `cascade`; whether there was one.
    ///
    /// # Errors
    /// When there is no such catalog, or something is in the database.
    pub fn drop_database(&mut self, catalog: &str, database: &str, cascade: bool) -> Result<bool> {
        let databases = &mut self.catalog_mut(catalog)?.databases;
        let filled = databases.get(database);
        let filled = filled.is_some_and(|it| !it.objects.is_empty() || !it.functions.is_empty());
        if filled && !cascade {
            return Err(Error::invalid_job(format!(
                "database `{catalog}.{database}` is not empty: drop what is in it, or write CASCADE"
            )));
        }
        Ok(databases.remove(database).is_some())
    }

    /// Adds an object; whether there was none of that name.
    ///
    /// # Errors
    /// When there is no such database.
    pub fn create(
        &mut self,
        path: &ObjectPath,
        object: CatalogObject,
        temporary: bool,
    ) -> Result<bool> {
        if temporary {
            let is_new = !self.temporary.contains_key(path);
            if is_new {
                self.temporary.insert(path.clone(), object);
            }
            return Ok(is_new);
        }
        let objects = self.objects_mut(path)?;
        let is_new = !objects.contains_key(&path.object);
        if is_new {
            objects.insert(path.object.clone(), object);
        }
        Ok(is_new)
    }

    /// Puts an object in the place of the one with its name.
    ///
    /// # Errors
    /// When there is no such database.
    pub fn replace(&mut self, path: &ObjectPath, object: CatalogObject) -> Result<()> {
        if let Some(there) = self.temporary.get_mut(path) {
            *there = object;
            return Ok(());
        }
        self.objects_mut(path)?.insert(path.object.clone(), object);
        Ok(())
    }

    /// Takes an object away, a temporary one before others; what it was.
    ///
    /// # Errors
    /// When there is no such database.
    pub fn drop(&mut self, path: &ObjectPath, temporary: bool) -> Result<Option<CatalogObject>> {
        if let Some(object) = self.temporary.remove(path) {
            return Ok(Some(object));
        }
        if temporary {
            return Ok(None);
        }
        Ok(self.objects_mut(path)?.remove(&path.object))
    }

    /// Whether an object of that name is temporary.
    pub fn is_temporary(&self, path: &ObjectPath) -> bool {
        self.temporary.contains_key(path)
    }

    fn objects_mut(&mut self, path: &ObjectPath) -> Result<&mut BTreeMap<String, CatalogObject>> {
        let database = self.database_mut(&path.catalog, &path.database)?;
        Ok(&mut database.objects)
    }
}

fn no_catalog(name: &str) -> Error {
    Error::invalid_job(format!(
        "there is no catalog `{name}`: SHOW CATALOGS lists them"
    ))
}

fn no_database(catalog: &str, name: &str) -> Error {
    Error::invalid_job(format!(
        "there is no database `{catalog}.{name}`: SHOW DATABASES lists them"
    ))
}

/// How many letters differ between two names, by Levenshtein.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (place, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let cost = diagonal + usize::from(x != y);
            diagonal = *place;
            left = cost.min(left + 1).min(diagonal + 1);
            *place = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
