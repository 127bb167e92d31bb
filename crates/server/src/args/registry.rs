//! The settings of the registry and of ECR.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, ValueEnum};
use fakecloud_registry::Upstream;

use super::Hidden;

/// Where the images of functions are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Images of functions")]
pub(crate) struct RegistryArgs {
    /// What image URIs of ECR name
    #[arg(long = "ecr", env = "FAKECLOUD_ECR", value_name = "FAKECLOUD_ECR", default_value = "own")]
    pub(crate) ecr: Ecr,

    /// Make the repository that an image is pushed to where it is missing: true or false
    #[arg(
        long = "ecr-auto-create",
        env = "FAKECLOUD_ECR_AUTO_CREATE",
        value_name = "FAKECLOUD_ECR_AUTO_CREATE",
        action = ArgAction::Set,
        default_value = "true"
    )]
    pub(crate) auto_create: bool,

    /// Password that who pushes or deletes images must show; ECR's API then refuses to do either [default: none, any password does]
    #[arg(
        long = "registry-token",
        env = "FAKECLOUD_REGISTRY_TOKEN",
        value_name = "FAKECLOUD_REGISTRY_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<Hidden>,

    /// Registries that images are fetched from and kept, as `prefix=https://[user:password@]host[:port][/path]`, separated by commas
    #[arg(
        long = "registry-upstream",
        env = "FAKECLOUD_REGISTRY_UPSTREAM",
        value_name = "FAKECLOUD_REGISTRY_UPSTREAM",
        hide_env_values = true
    )]
    pub(crate) upstreams: Option<Upstreams>,
}

/// What image URIs of ECR name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ecr {
    /// Images of this server's own registry, which are checked and pinned
    Own,
    /// Images elsewhere, which nodes pull from FAKECLOUD_K8S_ECR_URL, or else from ECR itself
    External,
}

/// Upstreams of the registry, each with a prefix of its own. Their URLs may hold passwords, which no error shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstreams(pub(crate) Vec<Upstream>);

/// Reads [`Upstreams`] without showing them.
#[derive(Clone)]
pub(crate) struct UpstreamsParser;

impl ValueParserFactory for Upstreams {
    type Parser = UpstreamsParser;

    fn value_parser() -> UpstreamsParser {
        UpstreamsParser
    }
}

impl TypedValueParser for UpstreamsParser {
    type Value = Upstreams;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Upstreams, clap::Error> {
        let text = value.to_str().ok_or_else(|| "it is not UTF-8".to_owned());
        text.and_then(upstreams).map_err(|problem| {
            let name = arg.map_or_else(String::new, |arg| format!(" for '{arg}'"));
            let message = format!("invalid value{name}, which is not shown as it may hold passwords: {problem}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

fn upstreams(text: &str) -> Result<Upstreams, String> {
    let each = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    let upstreams = each.map(str::parse).collect::<Result<Vec<Upstream>, _>>().map_err(|error| error.to_string())?;
    let mut prefixes = BTreeSet::new();
    match upstreams.iter().find(|upstream| !prefixes.insert(upstream.prefix())) {
        Some(twice) => {
            Err(format!("the prefix '{}' is there twice: give each registry one of its own", twice.prefix()))
        }
        None => Ok(Upstreams(upstreams)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_are_read_each_with_its_prefix() {
        let read = |text| upstreams(text).map(|Upstreams(all)| all.iter().map(|one| one.prefix().to_owned()).collect());
        assert_eq!(read(""), Ok(vec![]));
        let two = "hub=https://registry-1.docker.io, ghcr=https://user:word@ghcr.io/acme,";
        assert_eq!(read(two), Ok(vec!["hub".to_owned(), "ghcr".to_owned()]));
        let twice = read("hub=https://registry-1.docker.io,hub=https://ghcr.io").unwrap_err();
        assert!(twice.contains("'hub' is there twice"), "{twice}");
    }
}
