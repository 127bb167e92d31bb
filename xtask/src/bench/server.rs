//! fakecloud as a process of this host: started, asked, weighed, stopped.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::http::Client;
use super::memory::Memory;
use super::namespace::Namespace;
use crate::cluster::Cluster;

/// Start and end take milliseconds; deleting a few dozen Pods takes seconds.
const START_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Cold starts tell their timeline at debug; everything else stays as by default.
const LOG: &str = "info,fakecloud::environments::driver::reports=debug";

/// How fakecloud is started.
pub(crate) struct Setup<'a> {
    pub(crate) program: &'a Path,
    pub(crate) cluster: &'a Cluster,
    pub(crate) namespace: &'a Namespace<'a>,
    /// Where its log goes.
    pub(crate) log: PathBuf,
}

/// A running fakecloud, stopped when dropped.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
    /// From the start of the process until it said that it is ready.
    pub(crate) startup: Duration,
}

impl Server {
    /// Starts fakecloud and waits until it is ready.
    ///
    /// # Errors
    /// When it ends instead, with its log, or is not ready within 30 s.
    pub(crate) fn start(setup: &Setup<'_>) -> Result<Self> {
        Self::start_with(setup, &[])
    }

    /// The same with settings more.
    ///
    /// # Errors
    /// Those of [`Server::start`].
    pub(crate) fn start_with(setup: &Setup<'_>, settings: &[(&str, &str)]) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr()?.port();
        let host = setup.cluster.host_address()?;
        let log = File::create(&setup.log).with_context(|| format!("cannot create {}", setup.log.display()))?;
        let began = Instant::now();
        let process = Command::new(setup.program)
            .env("KUBECONFIG", &setup.cluster.kubeconfig)
            .env("FAKECLOUD_LISTEN", format!("0.0.0.0:{port}"))
            .env("FAKECLOUD_K8S_SELF_URL", format!("http://{host}:{port}"))
            .env("FAKECLOUD_K8S_NAMESPACE", &setup.namespace.name)
            .env("FAKECLOUD_LOG", LOG)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", setup.program.display()))?;
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let mut server = Self { process, address, startup: Duration::ZERO };
        server.await_ready(began, &setup.log)?;
        server.startup = began.elapsed();
        Ok(server)
    }

    /// Where it serves.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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

    fn await_ready(&mut self, began: Instant, log: &Path) -> Result<()> {
        loop {
            if let Ok(mut client) = self.client()
                && client.send("GET", "/readyz", "", b"").is_ok_and(|answer| answer.status == 200)
            {
                return Ok(());
            }
            let ended = self.process.try_wait()?;
            if ended.is_some() || began.elapsed() > START_TIMEOUT {
                let said = fs::read_to_string(log).unwrap_or_default();
                let how = ended.map_or_else(|| "is not ready".to_owned(), |status| format!("ended: {status}"));
                bail!("fakecloud {how}; its log:\n{said}");
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        let asked = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        let began = Instant::now();
        while asked && began.elapsed() < STOP_TIMEOUT {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        // It had its chance to delete its Pods; the namespace's end does it as well.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
