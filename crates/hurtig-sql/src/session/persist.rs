//! Catalogs of files: what is created in them is there again in the next session.
//!
//! ```text
//!  CREATE CATALOG c WITH ('type' = 'file', 'path' = 's3://bucket/tables')
//!
//!  <path>/<database>/database.sql       CREATE DATABASE …
//!  <path>/<database>/<name>.table.sql   CREATE TABLE …
//!  <path>/<database>/<name>.view.sql    USE …; CREATE VIEW …
//!  <path>/<database>/functions.sql      CREATE FUNCTION …; …
//! ```
//!
//! The files are statements, to be read, changed and kept under version control by whoever likes. Secrets are in them as they were
//! given: who may read the files may read those.

use futures::TryStreamExt as _;
use hurtig_env::Location;
use hurtig_env::object_store::{ObjectStoreExt as _, PutPayload, path::Path};
use hurtig_sql_parser::{Statement, Use, parse_script};
use hurtig_types::{Error, Result};

use super::TableEnvironment;
use super::ddl::{create_database, create_function, create_table, create_view};
use crate::catalog::{
    Catalog, CatalogObject, DEFAULT_DATABASE, Database, ObjectPath, ViewDefinition, names,
};

/// The type of a catalog of files.
pub(super) const FILE: &str = "file";

const DATABASE: &str = "database.sql";
const FUNCTIONS: &str = "functions.sql";
const TABLE: &str = ".table.sql";
const VIEW: &str = ".view.sql";

impl TableEnvironment {
    /// Adds a catalog of files with what is in it.
    pub(super) fn open_catalog(&mut self, name: &str, catalog: Catalog) -> Result<()> {
        let path = catalog.option("path").ok_or_else(|| {
            Error::invalid_job(format!(
                "catalog `{name}`: a catalog of type '{FILE}' needs a 'path'"
            ))
        })?;
        let place = self.world().storage().open(path)?;
        let mut files = self
            .world()
            .block_on(read_all(place))?
            .map_err(|error| error.context(format!("reading catalog `{name}`")))?;
        // Databases before what is in them, tables before the views that read them.
        files.sort_by_key(|file| (file.rank(), file.path.clone()));
        let before = self.catalogs.clone();
        self.catalogs_mut().create_catalog(name, catalog);
        for file in files {
            if let Err(error) = self.load(name, &file) {
                self.catalogs = before;
                return Err(error.context(format!("catalog `{name}`, file {}", file.path)));
            }
        }
        if self.catalogs.database(name, DEFAULT_DATABASE).is_ok() {
            self.keep_database(name, DEFAULT_DATABASE)?;
        }
        Ok(())
    }

    fn load(&mut self, catalog: &str, file: &File) -> Result<()> {
        let statements = parse_script(&file.text);
        let statements = statements.map_err(|error| Error::invalid_job(error.to_string()))?;
        let mut scope = (catalog.to_string(), DEFAULT_DATABASE.to_string());
        for statement in statements {
            match statement {
                Statement::CreateDatabase(create) => {
                    let (_, name) = self.database(&create.name)?;
                    let database = Database::new(create.options, create.comment);
                    let catalogs = self.catalogs_mut();
                    catalogs.create_database(catalog, &name, database)?;
                }
                Statement::CreateTable(create) => {
                    let path = ObjectPath::resolve(&create.name, catalog, DEFAULT_DATABASE)?;
                    let table = self.typed(&path, self.declared(&path, &create)?)?;
                    let object = CatalogObject::Table(table);
                    self.catalogs_mut().create(&path, object, false)?;
                }
                Statement::Use(Use::Database(name)) => {
                    scope = match names(&name).as_slice() {
                        [database] => (catalog.to_string(), (*database).to_string()),
                        _ => self.database(&name)?,
                    };
                }
                Statement::CreateView(create) => {
                    let path = ObjectPath::resolve(&create.name, catalog, DEFAULT_DATABASE)?;
                    // What it reads may come later: what is wrong with it shows when it is read.
                    let view = ViewDefinition::new(create, scope.clone());
                    let object = CatalogObject::View(view);
                    self.catalogs_mut().create(&path, object, false)?;
                }
                Statement::CreateFunction(create) => self.load_function(catalog, &create)?,
                other => {
                    let message = format!("`{other}` has no place in a catalog");
                    return Err(Error::invalid_job(message));
                }
            }
        }
        Ok(())
    }

    /// Writes down what a name stands for now, if its catalog is kept in files.
    pub(super) fn keep(&self, path: &ObjectPath) -> Result<()> {
        if self.catalogs.is_temporary(path) {
            return Ok(());
        }
        let Some(place) = self.place_of(&path.catalog)? else {
            return Ok(());
        };
        // Without the catalog: under which name the files are opened next time, is not theirs to say.
        let name = format!("`{}`.`{}`", path.database, path.object);
        let (table, view) = match self.catalogs.find(path) {
            Some(CatalogObject::Table(table)) => (Some(create_table(&name, table, true)?), None),
            Some(CatalogObject::View(view)) => {
                let (catalog, database) = &view.scope;
                let scope = match *catalog == path.catalog {
                    true => format!("`{database}`"),
                    false => format!("`{catalog}`.`{database}`"),
                };
                let create = create_view(&name, view);
                (None, Some(format!("USE {scope};\n\n{create}")))
            }
            None => (None, None),
        };
        self.put(
            &place,
            &path.database,
            &format!("{}{TABLE}", path.object),
            table,
        )?;
        self.put(
            &place,
            &path.database,
            &format!("{}{VIEW}", path.object),
            view,
        )
    }

    /// The same of the functions of a database.
    pub(super) fn keep_functions(&self, catalog: &str, database: &str) -> Result<()> {
        let Some(place) = self.place_of(catalog)? else {
            return Ok(());
        };
        let functions = self.catalogs.functions_of(catalog, database);
        let texts = functions.map(|function| create_function(database, function));
        let text = texts.collect::<Vec<_>>().join(";\n");
        let text = (!text.is_empty()).then(|| format!("{text};\n"));
        self.put(&place, database, FUNCTIONS, text)
    }

    /// The same of a database.
    pub(super) fn keep_database(&self, catalog: &str, name: &str) -> Result<()> {
        let Some(place) = self.place_of(catalog)? else {
            return Ok(());
        };
        let database = self.catalogs.database(catalog, name)?;
        let text = create_database(&format!("`{name}`"), database);
        self.put(&place, name, DATABASE, Some(text))
    }

    /// Removes all files of a database.
    pub(super) fn forget_database(&self, catalog: &str, name: &str) -> Result<()> {
        let Some(place) = self.place_of(catalog)? else {
            return Ok(());
        };
        let removed = async move {
            let directory = place.path.join(name);
            let listed = place.store.list(Some(&directory));
            let files: Vec<_> = listed.try_collect().await.map_err(failed)?;
            for file in files {
                place.store.delete(&file.location).await.map_err(failed)?;
            }
            Ok(())
        };
        self.world().block_on(removed)?
    }

    /// Where the files of a catalog are, if it has any.
    fn place_of(&self, catalog: &str) -> Result<Option<Location>> {
        let catalog = self.catalogs.catalog(catalog)?;
        match catalog.option("path") {
            Some(path) if catalog.kind() == FILE => self.world().storage().open(path).map(Some),
            _ => Ok(None),
        }
    }

    /// Writes a file, or removes it.
    fn put(
        &self,
        place: &Location,
        database: &str,
        file: &str,
        text: Option<String>,
    ) -> Result<()> {
        let path = place.path.clone().join(database).join(file);
        let store = place.store.clone();
        let written = async move {
            match text {
                Some(text) => store.put(&path, PutPayload::from(text)).await.map(drop),
                None => match store.delete(&path).await {
                    Err(hurtig_env::object_store::Error::NotFound { .. }) => Ok(()),
                    other => other,
                },
            }
        };
        self.world().block_on(written)?.map_err(failed)
    }
}

/// A file of a catalog.
struct File {
    path: String,
    text: String,
}

impl File {
    /// What is read before what.
    fn rank(&self) -> u8 {
        match self.path.as_str() {
            path if path.ends_with(&format!("/{DATABASE}")) => 0,
            path if path.ends_with(TABLE) => 1,
            path if path.ends_with(VIEW) => 2,
            _ => 3,
        }
    }
}

async fn read_all(place: Location) -> Result<Vec<File>> {
    let listed = place.store.list(Some(&place.path));
    let listed: Vec<_> = listed.try_collect().await.map_err(failed)?;
    let mut files = Vec::new();
    let is_statement = |path: &Path| path.extension() == Some("sql");
    for object in listed.into_iter().filter(|it| is_statement(&it.location)) {
        let found = place.store.get(&object.location).await.map_err(failed)?;
        let bytes = found.bytes().await.map_err(failed)?;
        let path = object.location.to_string();
        let text = String::from_utf8(bytes.to_vec())
            .map_err(|_| Error::invalid_job(format!("{path} is not UTF-8")))?;
        files.push(File { path, text });
    }
    Ok(files)
}

fn failed(error: hurtig_env::object_store::Error) -> Error {
    Error::io(hurtig_env::reason(&error))
}
