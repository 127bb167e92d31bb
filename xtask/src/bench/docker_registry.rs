//! Debian's `docker-registry`, the registry that most others are measured by, as a process of this host.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::http::Client;
use super::memory::Memory;
use crate::image_tools;

const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running registry, ended when dropped.
pub(crate) struct DockerRegistry {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl DockerRegistry {
    /// Fetches it unless it is there, and starts it on an empty directory below `dir`, with its own defaults otherwise.
    ///
    /// # Errors
    /// When it cannot be fetched, ends, with its log, or does not serve within 30 s.
    pub(crate) fn start(dir: &Path) -> Result<Self> {
        let tools = image_tools::ensure()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (config, log) = (dir.join("docker-registry.yml"), dir.join("docker-registry.log"));
        let storage = dir.join("docker-registry");
        // Requests are not logged: fakecloud does not log them either.
        let settings = format!(
            "version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {storage:?}}}}}\nhttp: {{addr: '{address}'}}\n"
        );
        fs::write(&config, settings).with_context(|| format!("cannot write {}", config.display()))?;
        let output = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let process = Command::new(tools.program("docker-registry"))
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start docker-registry")?;
        let mut registry = Self { process, address };
        registry.await_ready(&log)?;
        Ok(registry)
    }

    /// What it has in memory now.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn memory(&self) -> Result<Memory> {
        Memory::of(&self.process)
    }

    fn await_ready(&mut self, log: &Path) -> Result<()> {
        let began = Instant::now();
        while Client::connect(self.address).is_err() {
            let ended = self.process.try_wait()?;
            if ended.is_some() || began.elapsed() > START_TIMEOUT {
                let said = fs::read_to_string(log).unwrap_or_default();
                let how = ended.map_or_else(|| "does not serve".to_owned(), |status| format!("ended: {status}"));
                bail!("docker-registry {how}; its log:\n{said}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
