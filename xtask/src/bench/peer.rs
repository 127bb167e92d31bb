//! A server of others that fakecloud is measured beside, as a process of this host.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::http::Client;
use super::memory::Memory;

/// Python imports for seconds, more so on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server, ended when dropped.
pub(crate) struct Peer {
    name: &'static str,
    process: Child,
    pub(crate) address: SocketAddr,
}

/// A port of this host that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

impl Peer {
    /// Starts a server that was told to listen on this address, and waits until it does.
    ///
    /// # Errors
    /// When it ends, with its log, or does not serve within 60 s.
    pub(crate) fn start(name: &'static str, command: &mut Command, address: SocketAddr, log: &Path) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let command = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let process = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut peer = Self { name, process, address };
        peer.await_ready(log)?;
        Ok(peer)
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn client(&self) -> Result<Client> {
        Client::connect(self.address)
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
        while self.client().is_err() {
            let ended = self.process.try_wait()?;
            if ended.is_some() || began.elapsed() > START_TIMEOUT {
                let said = fs::read_to_string(log).unwrap_or_default();
                let how = ended.map_or_else(|| "does not serve".to_owned(), |status| format!("ended: {status}"));
                bail!("{} {how}; its log:\n{said}", self.name);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
