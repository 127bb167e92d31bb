//! Every setting of the server: one flag each, with its environment variable. Nothing else reads the environment.

mod aws;
mod k8s;
mod period;
mod tls;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use fakecloud_podspec::{ImagePrefix, ImageRef, Runtime};

pub(crate) use aws::{AwsArgs, Hidden};
pub(crate) use k8s::K8sArgs;
pub(crate) use period::Period;
pub(crate) use tls::TlsArgs;

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

    /// Keep functions, layers, their code and policies, IAM roles and queued asynchronous invocations in this directory
    /// across restarts [default: a temporary one]
    #[arg(long, env = "FAKECLOUD_DATA_DIR", value_name = "FAKECLOUD_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,

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
    pub(crate) tls: TlsArgs,

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
mod tests {
    use super::*;

    fn parse(flags: &[&str]) -> Result<Args, String> {
        Args::try_parse_from([&["fakecloud"], flags].concat()).map_err(|error| error.to_string())
    }

    #[test]
    fn bad_value_is_refused_with_the_variable_the_value_and_what_is_right() {
        let cases = [
            ("--k8s-self-url=http://127.0.0.1:4566", "FAKECLOUD_K8S_SELF_URL", "`http://127.0.0.1:4566`", "Pods reach"),
            ("--lambda-idle-ttl=10", "FAKECLOUD_LAMBDA_IDLE_TTL", "'10'", "90s"),
            ("--lambda-max-concurrency=0", "FAKECLOUD_LAMBDA_MAX_CONCURRENCY", "'0'", "non-zero"),
            ("--lambda-max-pods=0", "FAKECLOUD_LAMBDA_MAX_PODS", "'0'", "non-zero"),
            ("--k8s-cpu=fast", "FAKECLOUD_K8S_CPU", "'fast'", "proportional"),
            ("--k8s-tmp-medium=Floppy", "FAKECLOUD_K8S_TMP_MEDIUM", "'Floppy'", "Disk"),
            ("--lambda-backend=docker", "FAKECLOUD_LAMBDA_BACKEND", "'docker'", "k8s"),
            (
                "--lambda-image=PYTHON9=x",
                "FAKECLOUD_LAMBDA_IMAGE_PYTHON9",
                "PYTHON9",
                "FAKECLOUD_LAMBDA_IMAGE_PYTHON3_14",
            ),
        ];
        for (flag, variable, value, right) in cases {
            let error = parse(&[flag]).unwrap_err();
            for part in [variable, value, right] {
                assert!(error.contains(part), "{flag}: {part} is missing in: {error}");
            }
        }
    }

    #[test]
    fn certificate_and_key_come_together() {
        for (given, missing) in [("--tls-cert=a.crt", "FAKECLOUD_TLS_KEY"), ("--tls-key=a.key", "FAKECLOUD_TLS_CERT")] {
            let error = parse(&[given]).unwrap_err();
            assert!(error.contains(missing), "{error}");
        }
        assert!(parse(&["--tls-cert=a.crt", "--tls-key=a.key"]).is_ok());
    }

    #[test]
    fn credentials_that_no_header_carries_are_refused_without_being_shown() {
        for flag in ["--aws-access-key-id", "--aws-secret-access-key", "--aws-session-token"] {
            let variable = flag.trim_start_matches('-').replace('-', "_").to_uppercase();
            for value in ["s3cret\n", "s3cret\r", " s3cret", "s3cret\u{e9}"] {
                let error = parse(&[&format!("{flag}={value}")]).unwrap_err();
                assert!(error.contains(&variable) && error.contains("visible ASCII"), "{error}");
                assert!(!error.contains("s3cret"), "{error}");
            }
            assert!(parse(&[&format!("{flag}=IQoJb3JpZ2lu/+==")]).is_ok());
        }
    }

    #[test]
    fn every_value_is_named_after_its_variable() {
        use clap::CommandFactory;
        for argument in Args::command().get_arguments() {
            let Some(variable) = argument.get_env() else { continue };
            let names = argument.get_value_names().unwrap();
            assert_eq!(names.first().map(|name| name.as_str()), variable.to_str(), "{}", argument.get_id());
        }
    }

    /// The images of a server with this command line and these variables.
    fn runtime_images(line: &[&str], variables: Vec<(OsString, OsString)>) -> BTreeMap<Runtime, ImageRef> {
        let line = ["fakecloud"].iter().chain(line).map(OsString::from);
        Args::try_parse_from(arguments(line, variables.into_iter())).unwrap().runtime_images()
    }

    fn python() -> Runtime {
        "python3.12".parse().unwrap()
    }

    #[test]
    fn images_of_single_runtimes_come_from_their_variables() {
        let variables = [
            ("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12", "mirror/python:3.12"),
            ("FAKECLOUD_LAMBDA_IMAGE_PREFIX", "mirror"),
            ("PATH", "/bin"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into())).into();
        let images = runtime_images(&[], variables);
        assert_eq!(images, BTreeMap::from([(python(), "mirror/python:3.12".parse().unwrap())]));
    }

    #[test]
    fn flag_goes_before_its_variable_for_images_too() {
        let variables = vec![("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12".into(), "from/variable".into())];
        let images = runtime_images(&["--lambda-image=PYTHON3_12=from/flag"], variables);
        assert_eq!(images[&python()].as_str(), "from/flag");
    }

    #[test]
    fn foreign_variable_in_no_encoding_does_not_matter() {
        use std::os::unix::ffi::OsStringExt;
        let bytes = || OsString::from_vec(vec![b'A', 0xff]);
        assert!(runtime_images(&[], vec![(bytes(), bytes()), ("PATH".into(), bytes())]).is_empty());
        let line = ["fakecloud"].map(OsString::from).into_iter();
        let ours = [("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12".into(), bytes())].into_iter();
        let refused = Args::try_parse_from(arguments(line, ours)).unwrap_err().to_string();
        assert!(refused.contains("UTF-8"), "{refused}");
    }

    #[test]
    fn help_shows_every_variable() {
        use clap::CommandFactory;
        let help = Args::command().render_long_help().to_string();
        for argument in Args::command().get_arguments() {
            let Some(variable) = argument.get_env() else { continue };
            assert!(help.contains(variable.to_str().unwrap()), "{}", argument.get_id());
        }
    }
}
