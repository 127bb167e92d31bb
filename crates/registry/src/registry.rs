//! The registry: the catalog in memory, and the disk it outlives the process on.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use crate::catalog::{Catalog, Change};
use crate::config::Config;
use crate::storage::{Blobs, Disk, Records};

/// A registry of images. Clones are the same registry.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    config: Config,
    blobs: Blobs,
    records: Records,
    catalog: RwLock<Catalog>,
    /// Held while a change is decided on, written and applied, so that changes happen on disk in the order in which they
    /// do in memory. The catalog itself is locked for as long as memory takes.
    changing: Mutex<()>,
}

/// Why a change did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError<E> {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(E),
    #[error("the registry's records cannot be written")]
    Disk(#[source] io::Error),
}

impl Registry {
    /// Opens the folder of a registry, making it where it is missing, and loads what is in it. Blocks.
    ///
    /// # Errors
    /// Whatever the disk says; a record that cannot be read is named.
    pub fn open(config: Config) -> io::Result<Self> {
        let disk = if config.durable { Disk::Flushed } else { Disk::Cached };
        disk.create_folder(&config.folder)?;
        let blobs = Blobs::open(config.folder.join("blobs"), disk)?;
        let records = Records::open(config.folder.join("records"), disk)?;
        let mut catalog = Catalog::default();
        for change in records.load()? {
            catalog.apply(change);
        }
        let catalog = RwLock::new(catalog);
        Ok(Self(Arc::new(Inner { config, blobs, records, catalog, changing: Mutex::default() })))
    }

    /// What it was opened with.
    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    /// All repositories as they are now. Not to be held across an await or a change.
    pub(crate) fn catalog(&self) -> RwLockReadGuard<'_, Catalog> {
        self.0.catalog.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The content of blobs and manifests.
    pub(crate) fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Decides on changes and makes them; when this returns, they are on disk and in the catalog. Between the decision
    /// and its end no other change happens. Runs to its end even where the caller is dropped.
    pub(crate) async fn change<T, E>(
        &self,
        decide: impl FnOnce(&Catalog) -> Result<(T, Vec<Change>), E> + Send + 'static,
    ) -> Result<T, ChangeError<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let registry = self.clone();
        let changing = tokio::task::spawn_blocking(move || registry.change_blocking(decide));
        changing.await.expect("deciding and writing do not panic")
    }

    /// The same where it is allowed to block.
    pub(crate) fn change_blocking<T, E>(
        &self,
        decide: impl FnOnce(&Catalog) -> Result<(T, Vec<Change>), E>,
    ) -> Result<T, ChangeError<E>> {
        let _one_at_a_time = self.0.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, changes) = decide(&self.catalog()).map_err(ChangeError::Refused)?;
        for change in changes {
            self.0.records.write(&change).map_err(ChangeError::Disk)?;
            self.0.catalog.write().unwrap_or_else(PoisonError::into_inner).apply(change);
        }
        Ok(answer)
    }
}
