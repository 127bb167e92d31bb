//! `cargo xtask cluster`: the Kubernetes that the demo, the cluster tests and the benchmark run on.

mod kind;
mod native;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{paths, shell};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    /// What runs the cluster; by default kind where it and a Docker engine are there, else native
    #[arg(long, global = true, value_enum)]
    provider: Option<Provider>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Boot the cluster, or repair one that lost its processes
    Up,
    /// Stop the cluster and remove all it left on this machine
    Down,
    /// Say what of the cluster runs; exit code 1 unless all of it does
    Status,
    /// Print the path of the administrator's kubeconfig
    Kubeconfig,
    /// Keep the DNS server's names equal to the cluster's Services (started by `up --provider native`)
    #[command(hide = true)]
    MirrorServices {
        /// Credentials that may list and watch Services
        kubeconfig: PathBuf,
    },
}

/// What a cluster is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Provider {
    /// A node inside a Docker container, made by kind's own command line
    Kind,
    /// A single node on this very machine: Debian 12 as root, without Docker
    Native,
}

/// A running cluster.
pub(crate) struct Cluster {
    /// What runs it.
    pub(crate) provider: Provider,
    /// The administrator's credentials.
    pub(crate) kubeconfig: PathBuf,
}

/// The cluster's only node.
pub(crate) struct Node {
    /// What stands before a command for it to run there; empty where that is this machine.
    pub(crate) shell: String,
    /// The directory there in which the CNI plugin `host-local` keeps the Pods' addresses.
    pub(crate) addresses: PathBuf,
    /// The directory there below which its containerd finds how to reach registries, each in `<host>/hosts.toml`.
    pub(crate) registries: PathBuf,
    /// The command that speaks to containerd there, run on this machine.
    pub(crate) ctr: String,
}

pub(crate) fn run(args: Args) -> Result<()> {
    let Args { action, provider } = args;
    match action {
        Action::Up => {
            let cluster = ensure_up(provider)?;
            shell::step(&format!("the cluster is up: export KUBECONFIG={}", cluster.kubeconfig.display()));
            shell::step(&format!("Pods reach servers on this host at {}", cluster.host_address()?));
            Ok(())
        }
        Action::Down => match choose(provider) {
            Provider::Kind => kind::down(),
            Provider::Native => exclusively(native::down),
        },
        Action::Status => match choose(provider) {
            Provider::Kind => kind::status(),
            Provider::Native => native::status(),
        },
        Action::Kubeconfig => say(&kubeconfig(choose(provider))?.display().to_string()),
        Action::MirrorServices { kubeconfig } => native::mirror_services(&kubeconfig),
    }
}

/// Boots the cluster unless it is up already.
///
/// # Errors
/// What this machine lacks, or the log of the component that did not start.
pub(crate) fn ensure_up(provider: Option<Provider>) -> Result<Cluster> {
    let provider = choose(provider);
    let kubeconfig = kubeconfig(provider)?;
    match provider {
        Provider::Kind => kind::up(&kubeconfig)?,
        Provider::Native => exclusively(native::up)?,
    }
    Ok(Cluster { provider, kubeconfig })
}

/// Returns once Pods can resolve `<name>.<namespace>.svc.cluster.local`.
///
/// # Errors
/// When the Service does not exist, has no cluster IP, or its name is not served within seconds.
pub(crate) fn publish_service(cluster: &Cluster, namespace: &str, name: &str) -> Result<()> {
    match cluster.provider {
        // kind's CoreDNS serves a Service from its creation on.
        Provider::Kind => Ok(()),
        Provider::Native => native::await_service_name(namespace, name),
    }
}

fn kubeconfig(provider: Provider) -> Result<PathBuf> {
    match provider {
        Provider::Kind => kind::kubeconfig(),
        Provider::Native => Ok(native::kubeconfig()),
    }
}

/// The provider that was asked for, else the one whose cluster exists, else what the machine has; says which and why.
fn choose(asked: Option<Provider>) -> Provider {
    if let Some(provider) = asked {
        return provider;
    }
    let (provider, why) = if native::exists() {
        (Provider::Native, "its cluster is there")
    } else if kind::available() {
        (Provider::Kind, "kind and a Docker engine are there")
    } else {
        (Provider::Native, "there is no kind with a running Docker engine")
    };
    shell::step(&format!("provider {provider:?}: {why} (--provider chooses)").to_lowercase());
    provider
}

/// Runs one change of the native cluster at a time, whoever asks for it.
fn exclusively<T>(change: impl FnOnce() -> Result<T>) -> Result<T> {
    let path = paths::cache()?.join("cluster.lock");
    let lock = fs::File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    if lock.try_lock().is_err() {
        shell::step("waiting for another `cargo xtask` that changes the cluster");
        lock.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    change()
}

/// Prints a result (not progress) to standard output.
fn say(text: &str) -> Result<()> {
    writeln!(io::stdout(), "{text}").context("cannot write to standard output")
}

// === impl Cluster ===

impl Cluster {
    /// kubectl with the administrator's credentials.
    pub(crate) fn kubectl(&self) -> Command {
        let mut kubectl = Command::new("kubectl");
        kubectl.arg("--kubeconfig").arg(&self.kubeconfig);
        kubectl
    }

    /// Makes the images of an archive (OCI or `docker save`) available on the node under the names it holds.
    ///
    /// # Errors
    /// When the archive cannot be read or the node refuses it.
    pub(crate) fn load_image(&self, archive: &Path) -> Result<()> {
        match self.provider {
            Provider::Kind => kind::load_image(archive),
            Provider::Native => native::load_image(archive),
        }
    }

    /// The address under which Pods reach a server on this host.
    ///
    /// # Errors
    /// When Docker does not tell the gateway of kind's network.
    pub(crate) fn host_address(&self) -> Result<String> {
        match self.provider {
            Provider::Kind => kind::host_address(),
            Provider::Native => Ok(native::host_address()),
        }
    }

    /// The node, for tests that break its network or look at its images.
    ///
    /// # Errors
    /// When there is no place for a cache, where the native node's programs are.
    pub(crate) fn node(&self) -> Result<Node> {
        match self.provider {
            Provider::Kind => Ok(kind::node()),
            Provider::Native => native::node(),
        }
    }
}
