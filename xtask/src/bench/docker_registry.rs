//! Debian's `docker-registry`, the registry that most others are measured by.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::peer::{self, Peer};
use crate::image_tools;

/// Fetches it unless it is there, and starts it on an empty directory below `dir`, with its own defaults otherwise.
///
/// # Errors
/// When it cannot be fetched, and those of [`Peer::start`].
pub(crate) fn start(dir: &Path) -> Result<Peer> {
    let tools = image_tools::ensure()?;
    let address = peer::free_address()?;
    let (config, log) = (dir.join("docker-registry.yml"), dir.join("docker-registry.log"));
    let storage = dir.join("docker-registry");
    // Requests are not logged: fakecloud does not log them either.
    let settings = format!(
        "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: {storage:?}}}}}\nhttp: {{addr: '{address}'}}\n"
    );
    fs::write(&config, settings).with_context(|| format!("cannot write {}", config.display()))?;
    let mut command = Command::new(tools.program("docker-registry"));
    Peer::start("docker-registry", command.arg("serve").arg(&config), address, &log)
}
