//! Every setting of the server: one flag each, with its environment variable. Nothing else reads the environment.

mod aws;
mod connections;
mod data;
mod k8s;
mod layers;
mod memory;
mod nodes;
mod period;
mod registry;
mod size;
mod starts;
mod tags;
mod tls;
mod trust;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use fakecloud_podspec::{ImagePrefix, ImageRef, Runtime};

pub(crate) use aws::{AwsArgs, Hidden};
pub(crate) use connections::ConnectionArgs;
pub(crate) use data::DataArgs;
pub(crate) use k8s::K8sArgs;
pub(crate) use layers::LayerArgs;
pub(crate) use memory::MemoryArgs;
pub(crate) use nodes::NodeArgs;
pub(crate) use period::Period;
pub(crate) use registry::{Ecr, RegistryArgs};
pub(crate) use size::Size;
pub(crate) use starts::StartsArgs;
pub(crate) use tags::TagArgs;
pub(crate) use tls::TlsArgs;
pub(crate) use trust::{AllowedOrigins, TrustArgs, TrustedProxies};

/// AWS Lambda on the Kubernetes cluster you already have.
///
/// Serves the AWS Lambda API; every function runs as a Pod. Each setting is a flag or an environment variable.
// The name of a value is its environment variable, so that an error about a value names the variable as well.
#[derive(Debug, Parser)]
#[command(name = "fakecloud", version)]
pub(crate) struct Args {
    /// Address and port of the API; `[::]:4566` where Pods have IPv6 addresses
    #[arg(long, env = "FAKECLOUD_LISTEN", value_name = "FAKECLOUD_LISTEN", default_value = "0.0.0.0:4566")]
    pub(crate) listen: SocketAddr,

    /// What runs functions
    #[arg(long, env = "FAKECLOUD_LAMBDA_BACKEND", value_name = "FAKECLOUD_LAMBDA_BACKEND", default_value = "k8s")]
    pub(crate) lambda_backend: Backend,

    /// Keep functions, layers, their code and policies, images, IAM roles and queued asynchronous invocations in this
    /// directory across restarts [default: a temporary one]
    #[arg(long, env = "FAKECLOUD_DATA_DIR", value_name = "FAKECLOUD_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) data: DataArgs,

    /// Pods of one function version at most; further invocations wait
    #[arg(
        long,
        env = "FAKECLOUD_LAMBDA_MAX_CONCURRENCY",
        value_name = "FAKECLOUD_LAMBDA_MAX_CONCURRENCY",
        default_value = "10"
    )]
    pub(crate) lambda_max_concurrency: NonZeroU32,

    /// Pods of all functions at most; a full house ends the longest-idle Pod of another function, or else lets wait
    #[arg(long, env = "FAKECLOUD_LAMBDA_MAX_PODS", value_name = "FAKECLOUD_LAMBDA_MAX_PODS", default_value = "1000")]
    pub(crate) lambda_max_pods: NonZeroU32,

    /// Invocations of one function version that may wait for a busy Pod; further ones are throttled
    #[arg(
        long,
        env = "FAKECLOUD_LAMBDA_QUEUE_LIMIT",
        value_name = "FAKECLOUD_LAMBDA_QUEUE_LIMIT",
        default_value = "1000"
    )]
    pub(crate) lambda_queue_limit: usize,

    /// A Pod that idled this long is deleted (such as 10m, 90s)
    #[arg(long, env = "FAKECLOUD_LAMBDA_IDLE_TTL", value_name = "FAKECLOUD_LAMBDA_IDLE_TTL", default_value = "10m")]
    pub(crate) lambda_idle_ttl: Period,

    /// A Pod that does not listen this long after its creation is deleted, and its callers hear of it
    #[arg(
        long,
        env = "FAKECLOUD_LAMBDA_START_TIMEOUT",
        value_name = "FAKECLOUD_LAMBDA_START_TIMEOUT",
        default_value = "60s"
    )]
    pub(crate) lambda_start_timeout: Period,

    /// Time between a failed asynchronous invocation and its first retry; twice as long before the second
    #[arg(
        long,
        env = "FAKECLOUD_LAMBDA_RETRY_BASE",
        value_name = "FAKECLOUD_LAMBDA_RETRY_BASE",
        default_value = "60s"
    )]
    pub(crate) lambda_retry_base: Period,

    /// Asynchronous invocations of all functions that may be queued; further ones are throttled
    #[arg(
        long,
        env = "FAKECLOUD_LAMBDA_ASYNC_QUEUE_LIMIT",
        value_name = "FAKECLOUD_LAMBDA_ASYNC_QUEUE_LIMIT",
        default_value = "10000"
    )]
    pub(crate) lambda_async_queue_limit: usize,

    /// Image of a runtime, as `FAKECLOUD_LAMBDA_IMAGE_<RUNTIME>=<image>`, such as FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12
    #[arg(long = "lambda-image", value_name = "RUNTIME=IMAGE", value_parser = runtime_image)]
    pub(crate) lambda_images: Vec<(Runtime, ImageRef)>,

    /// Registry and path before the names of AWS's runtime images [default: public.ecr.aws/lambda]
    #[arg(long, env = "FAKECLOUD_LAMBDA_IMAGE_PREFIX", value_name = "FAKECLOUD_LAMBDA_IMAGE_PREFIX")]
    pub(crate) lambda_image_prefix: Option<ImagePrefix>,

    #[command(flatten)]
    pub(crate) aws: AwsArgs,

    #[command(flatten)]
    pub(crate) k8s: K8sArgs,

    #[command(flatten)]
    pub(crate) tags: TagArgs,

    #[command(flatten)]
    pub(crate) nodes: NodeArgs,

    #[command(flatten)]
    pub(crate) layers: LayerArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,

    #[command(flatten)]
    pub(crate) starts: StartsArgs,

    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    #[command(flatten)]
    pub(crate) connections: ConnectionArgs,

    #[command(flatten)]
    pub(crate) trust: TrustArgs,

    #[command(flatten)]
    pub(crate) memory: MemoryArgs,

    /// What is logged, as for tracing's EnvFilter (such as info, fakecloud=debug)
    #[arg(long, env = "FAKECLOUD_LOG", value_name = "FAKECLOUD_LOG", default_value = "info")]
    pub(crate) log: String,

    /// How it is logged
    #[arg(long, env = "FAKECLOUD_LOG_FORMAT", value_name = "FAKECLOUD_LOG_FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// What runs functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// Kubernetes Pods
    K8s,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// The variables that name one image each.
const RUNTIME_IMAGE: &str = "FAKECLOUD_LAMBDA_IMAGE_";

impl Args {
    /// Reads flags and environment; a bad value ends the process with the variable, the value and what would be right.
    pub(crate) fn read() -> Self {
        Self::parse_from(arguments(std::env::args_os(), std::env::vars_os()))
    }

    /// The images that replace those of single runtimes.
    pub(crate) fn runtime_images(&self) -> BTreeMap<Runtime, ImageRef> {
        self.lambda_images.iter().cloned().collect()
    }
}

/// The command line with the variables of runtime images before its flags: of two images for one runtime the last counts.
fn arguments(
    mut line: impl Iterator<Item = OsString>,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<OsString> {
    let program = line.next();
    program.into_iter().chain(variables.filter_map(runtime_image_flag)).chain(line).collect()
}

/// `FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12=image` as the flag `--lambda-image=PYTHON3_12=image`; no other variable is one.
fn runtime_image_flag((name, image): (OsString, OsString)) -> Option<OsString> {
    let runtime = name.to_str()?.strip_prefix(RUNTIME_IMAGE).filter(|rest| *rest != "PREFIX")?;
    let mut flag = OsString::from(format!("--lambda-image={runtime}="));
    flag.push(image);
    Some(flag)
}

fn runtime_image(text: &str) -> Result<(Runtime, ImageRef), String> {
    let (runtime, image) = text.split_once('=').ok_or("expected RUNTIME=IMAGE")?;
    let found = Runtime::ALL.iter().copied().find(|known| known.variable_suffix() == runtime);
    let found = found.ok_or_else(|| {
        let known =
            Runtime::ALL.iter().map(|known| format!("{RUNTIME_IMAGE}{}", known.variable_suffix())).collect::<Vec<_>>();
        format!("{RUNTIME_IMAGE}{runtime} names no runtime; expected one of {}", known.join(", "))
    })?;
    let image = image.parse().map_err(|error| format!("{RUNTIME_IMAGE}{runtime}: {error}"))?;
    Ok((found, image))
}

#[cfg(test)]
mod tests;
