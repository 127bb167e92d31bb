//! The state as the last process left it in the data directory.

use std::path::Path;

use anyhow::{Context, Result};
use fakecloud_durable::Quota;
use fakecloud_iam::{Iam, RestoreError as IamError};
use fakecloud_lambda::{Config, Lambda, RestoreError as LambdaError};

use crate::disk::store::{IAM, Store, Write};
use crate::disk::writer::Writer;

/// The state, and the way of its changes to disk.
pub(crate) struct Restored {
    pub(crate) lambda: Lambda,
    pub(crate) iam: Iam,
    /// None where nothing is to outlive the process.
    pub(crate) writer: Option<Writer>,
}

/// Reads the records below `data_dir`, and sets right what an older or a killed process left; without one there are none.
///
/// # Errors
///
/// A directory that cannot be read, or a record in it: the error names the file and what to do.
pub(crate) fn restore(data_dir: Option<&Path>, quota: &Quota, config: Config) -> Result<Restored> {
    let Some(data_dir) = data_dir else {
        return Ok(Restored { lambda: Lambda::new(config), iam: Iam::default(), writer: None });
    };
    let dir = data_dir.join("records");
    let store = Store::open(dir.clone(), quota.clone())?;
    let (mut of_iam, mut of_lambda) = (Vec::new(), Vec::new());
    for (key, json) in store.load()? {
        match key.strip_prefix(IAM) {
            Some(key) => of_iam.push((key.to_owned(), json)),
            None => of_lambda.push((key, json)),
        }
    }
    let way_out = |prefix: &str, key: &str| {
        let path = dir.join(format!("{prefix}{key}"));
        format!("{}: restore the file from a backup, or move it away to start without what it holds", path.display())
    };
    let mut lambda = Lambda::restore(config, of_lambda).map_err(|error| {
        let (LambdaError::UnknownKey { key } | LambdaError::Unreadable { key, .. }) = &error;
        let way_out = way_out("", key);
        anyhow::Error::from(error).context(way_out)
    })?;
    let iam = Iam::restore(of_iam).map_err(|error| {
        let (IamError::UnknownKey { key } | IamError::Unreadable { key, .. }) = &error;
        let way_out = way_out(IAM, key);
        anyhow::Error::from(error).context(way_out)
    })?;
    let repairs: Vec<Write> = lambda.repairs().into_iter().map(Write::from).collect();
    store.write(&repairs).context("records of an older form cannot be written anew")?;
    let writer = Writer::start(store).context("the thread that writes records cannot be started")?;
    Ok(Restored { lambda, iam, writer: Some(writer) })
}
