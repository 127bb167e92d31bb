//! The settings, from the environment of process 1. Nothing of them reaches the function's processes.

use std::collections::BTreeMap;
use std::time::Duration;

/// The variables that belong to the supervisor.
const PREFIX: &str = "FAKECLOUD_";

/// Whom the supervisor works for, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// fakecloud's address, `HOST:PORT`, of `FAKECLOUD_URL`.
    pub(crate) server: String,
    /// The environment's token, of `FAKECLOUD_TOKEN`.
    pub(crate) token: String,
    /// The address of the API in the sandbox, of `FAKECLOUD_RUNTIME_API`; `127.0.0.1:9001` where it is absent.
    pub(crate) runtime_api: String,
    /// The time without fakecloud after which the environment ends itself, of `FAKECLOUD_LAMBDA_ORPHAN_TTL` in seconds;
    /// 60 s where it is absent.
    pub(crate) orphan_ttl: Duration,
    /// The other variables, which the runtime has too.
    pub(crate) container_variables: BTreeMap<String, String>,
}

/// Reads the settings from variables.
///
/// # Errors
/// The sentence names the variable, its value and what is expected.
pub(crate) fn settings(variables: impl Iterator<Item = (String, String)>) -> Result<Settings, String> {
    let (mut ours, container_variables): (BTreeMap<_, _>, BTreeMap<_, _>) =
        variables.partition(|(name, _)| name.starts_with(PREFIX));
    let url = ours.remove("FAKECLOUD_URL").ok_or("FAKECLOUD_URL is not set: expected http://HOST:PORT of fakecloud")?;
    let server = server(&url).ok_or_else(|| format!("FAKECLOUD_URL is {url:?}: expected http://HOST:PORT"))?;
    let token = ours.remove("FAKECLOUD_TOKEN").ok_or("FAKECLOUD_TOKEN is not set: expected the environment's token")?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("FAKECLOUD_TOKEN has a character that no header can carry".to_owned());
    }
    let runtime_api = ours.remove("FAKECLOUD_RUNTIME_API").unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let orphan_ttl = match ours.remove("FAKECLOUD_LAMBDA_ORPHAN_TTL") {
        None => Duration::from_secs(60),
        Some(text) => match text.parse() {
            Ok(seconds @ 1..=86_400) => Duration::from_secs(seconds),
            _ => return Err(format!("FAKECLOUD_LAMBDA_ORPHAN_TTL is {text:?}: expected 1 to 86400 seconds")),
        },
    };
    Ok(Settings { server, token, runtime_api, orphan_ttl, container_variables })
}

/// The host and port of a URL without a path.
fn server(url: &str) -> Option<String> {
    let authority = url.strip_prefix("http://")?.trim_end_matches('/');
    if authority.is_empty() || !authority.bytes().all(|byte| byte.is_ascii_graphic()) || authority.contains('/') {
        return None;
    }
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Some(if has_port { authority.to_owned() } else { format!("{authority}:80") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        settings(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    const REQUIRED: [(&str, &str); 2] = [("FAKECLOUD_URL", "http://fakecloud:4566"), ("FAKECLOUD_TOKEN", "t")];

    #[test]
    fn defaults_hold_where_nothing_is_set() {
        let settings = read(&REQUIRED).unwrap();
        assert_eq!(settings.server, "fakecloud:4566");
        assert_eq!(settings.runtime_api, "127.0.0.1:9001");
        assert_eq!(settings.orphan_ttl, Duration::from_secs(60));
    }

    #[test]
    fn variables_of_the_container_reach_the_runtime_and_ours_do_not() {
        let all = [&REQUIRED[..], &[("PATH", "/bin"), ("FAKECLOUD_OTHER", "x")]].concat();
        let variables = read(&all).unwrap().container_variables;
        assert_eq!(variables.into_iter().collect::<Vec<_>>(), [("PATH".to_owned(), "/bin".to_owned())]);
    }

    #[test]
    fn wrong_values_are_named() {
        for (name, value) in [
            ("FAKECLOUD_URL", "https://fakecloud"),
            ("FAKECLOUD_URL", "http://"),
            ("FAKECLOUD_URL", "http://a/b"),
            ("FAKECLOUD_TOKEN", "a\nb"),
            ("FAKECLOUD_LAMBDA_ORPHAN_TTL", "0"),
            ("FAKECLOUD_LAMBDA_ORPHAN_TTL", "1m"),
        ] {
            let all = [&REQUIRED[..], &[(name, value)]].concat();
            let refused = read(&all).unwrap_err();
            assert!(refused.contains(name), "{refused}");
        }
        assert!(read(&[]).unwrap_err().contains("FAKECLOUD_URL"));
        assert!(read(&REQUIRED[..1]).unwrap_err().contains("FAKECLOUD_TOKEN"));
    }
}
