//! The registry: the catalog in memory, and the disk it outlives the process on.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use tracing::warn;

use crate::catalog::{Catalog, Change, RepositoryKey, UnixMillis};
use crate::config::Config;
use crate::digest::Digest;
use crate::storage::{Blobs, Disk, Records, Uploads};
use crate::upstream::Upstreams;

/// A registry of images. Clones are the same registry.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    config: Config,
    blobs: Blobs,
    uploads: Uploads,
    upstreams: Upstreams,
    records: Records,
    catalog: RwLock<Catalog>,
    /// Held while a change is decided on, written and applied, so that changes happen on disk in the order in which they
    /// do in memory. The catalog itself is locked for as long as memory takes.
    changing: Mutex<()>,
}

/// Why a change did not happen.
#[derive(Debug)]
pub(crate) enum ChangeError<E> {
    /// A rule forbids it.
    Refused(E),
    /// The records cannot be written.
    Disk(io::Error),
}

impl Registry {
    /// Opens the folder of a registry, making it where it is missing, and loads what is in it. Blocks.
    ///
    /// # Errors
    /// Whatever the disk says; a record that cannot be read is named.
    pub fn open(config: Config) -> io::Result<Self> {
        let disk = if config.durable { Disk::Flushed } else { Disk::Cached };
        disk.create_folder(&config.folder)?;
        let blobs =
            Blobs::open(config.folder.join("blobs"), config.folder.join("uploads"), disk, config.quota.clone())?;
        let records = Records::open(config.folder.join("records"), disk, config.quota.clone())?;
        let mut catalog = Catalog::default();
        for change in records.load()? {
            catalog.apply(change);
        }
        let (catalog, uploads, changing) = (RwLock::new(catalog), Uploads::default(), Mutex::default());
        let upstreams = Upstreams::new(config.upstreams.clone())?;
        Ok(Self(Arc::new(Inner { config, blobs, uploads, upstreams, records, catalog, changing })))
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

    /// The uploads under way.
    pub(crate) fn uploads(&self) -> &Uploads {
        &self.0.uploads
    }

    /// The registries whose images are cached here.
    pub(crate) fn upstreams(&self) -> &Upstreams {
        &self.0.upstreams
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
        self.blocking(move |registry| registry.change_blocking(decide)).await
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

    /// Works on the disk where that is allowed to block. Runs to its end even where the caller is dropped.
    pub(crate) async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let registry = self.clone();
        let working = tokio::task::spawn_blocking(move || work(&registry));
        working.await.expect("work on the disk does not panic")
    }

    /// The content of a manifest, or of a blob that is known to be small.
    pub(crate) async fn content(&self, digest: Digest) -> io::Result<Vec<u8>> {
        self.blocking(move |registry| registry.blobs().read(&digest)).await
    }

    /// Notes that an image is being pulled, for those who ask when that was. Nobody waits for it.
    pub(crate) fn note_pull(&self, repository: RepositoryKey, digest: Digest) {
        let now = UnixMillis::now();
        if self.catalog().note_pull(now, &repository, &digest).is_none() {
            return;
        }
        let registry = self.clone();
        tokio::task::spawn_blocking(move || {
            let noted = registry.change_blocking(|catalog| {
                Ok::<_, Infallible>(((), catalog.note_pull(now, &repository, &digest).into_iter().collect()))
            });
            noted.unwrap_or_else(|error| warn!(?error, "that an image was pulled cannot be noted"));
        });
    }

    /// Deletes all repositories. Blocks.
    pub(crate) fn clear(&self) -> io::Result<()> {
        let _one_at_a_time = self.0.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.records.clear()?;
        *self.0.catalog.write().unwrap_or_else(PoisonError::into_inner) = Catalog::default();
        Ok(())
    }
}
