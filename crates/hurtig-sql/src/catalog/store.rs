//! Catalogs in memory, with what is current in a session.

use std::collections::BTreeMap;

use hurtig_types::{Error, Result};
use sqlparser::ast::ObjectName;

use super::{CatalogObject, ObjectPath};

/// The catalog that is always there.
pub const DEFAULT_CATALOG: &str = "default_catalog";
/// The database that is always there.
pub const DEFAULT_DATABASE: &str = "default_database";

type Database = BTreeMap<String, CatalogObject>;

/// All catalogs of a session.
#[derive(Clone, Debug)]
pub struct Catalogs {
    catalogs: BTreeMap<String, BTreeMap<String, Database>>,
    temporary: BTreeMap<ObjectPath, CatalogObject>,
    current_catalog: String,
    current_database: String,
}

impl Default for Catalogs {
    fn default() -> Self {
        let databases = BTreeMap::from([(DEFAULT_DATABASE.to_string(), Database::new())]);
        Self {
            catalogs: BTreeMap::from([(DEFAULT_CATALOG.to_string(), databases)]),
            temporary: BTreeMap::new(),
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
        let database = self
            .catalogs
            .get(&path.catalog)
            .and_then(|catalog| catalog.get(&path.database));
        let temporary = self.temporary.get(path);
        temporary.or_else(|| database.and_then(|database| database.get(&path.object)))
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
        let databases = self.catalogs.get(catalog);
        let databases = databases.ok_or_else(|| no_catalog(catalog))?;
        Ok(databases.keys().cloned().collect())
    }

    /// The names of all tables and views of a database, temporary ones too.
    pub fn objects(&self, catalog: &str, database: &str) -> Vec<String> {
        let kept = self.catalogs.get(catalog).and_then(|it| it.get(database));
        let kept = kept
            .into_iter()
            .flat_map(|database| database.keys().cloned());
        let temporary = self.temporary.keys();
        let temporary = temporary
            .filter(|path| path.catalog == catalog && path.database == database)
            .map(|path| path.object.clone());
        let mut names: Vec<_> = kept.chain(temporary).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Makes a catalog current, with its first database.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn use_catalog(&mut self, name: &str) -> Result<()> {
        let databases = self.databases(name)?;
        self.current_catalog = name.to_string();
        self.current_database = databases
            .into_iter()
            .next()
            .unwrap_or_else(|| DEFAULT_DATABASE.to_string());
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

    /// Adds a catalog; whether there was none of that name.
    pub fn create_catalog(&mut self, name: &str) -> bool {
        let is_new = !self.catalogs.contains_key(name);
        if is_new {
            let databases = BTreeMap::from([(DEFAULT_DATABASE.to_string(), Database::new())]);
            self.catalogs.insert(name.to_string(), databases);
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
    pub fn create_database(&mut self, catalog: &str, database: &str) -> Result<bool> {
        let databases = self.catalogs.get_mut(catalog);
        let databases = databases.ok_or_else(|| no_catalog(catalog))?;
        let is_new = !databases.contains_key(database);
        databases.entry(database.to_string()).or_default();
        Ok(is_new)
    }

    /// Takes a database away, with all that is in it if `cascade`; whether there was one.
    ///
    /// # Errors
    /// When there is no such catalog, or something is in the database.
    pub fn drop_database(&mut self, catalog: &str, database: &str, cascade: bool) -> Result<bool> {
        let databases = self.catalogs.get_mut(catalog);
        let databases = databases.ok_or_else(|| no_catalog(catalog))?;
        let filled = databases.get(database).is_some_and(|it| !it.is_empty());
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
        let database = self.database_mut(path)?;
        let is_new = !database.contains_key(&path.object);
        if is_new {
            database.insert(path.object.clone(), object);
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
        self.database_mut(path)?.insert(path.object.clone(), object);
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
        Ok(self.database_mut(path)?.remove(&path.object))
    }

    /// Whether an object of that name is temporary.
    pub fn is_temporary(&self, path: &ObjectPath) -> bool {
        self.temporary.contains_key(path)
    }

    fn database_mut(&mut self, path: &ObjectPath) -> Result<&mut Database> {
        let databases = self.catalogs.get_mut(&path.catalog);
        let databases = databases.ok_or_else(|| no_catalog(&path.catalog))?;
        let database = databases.get_mut(&path.database);
        database.ok_or_else(|| no_database(&path.catalog, &path.database))
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
