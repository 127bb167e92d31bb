//! Environment variables: what AWS reserves, what the user sets, and what Kubernetes would make of them.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::EnvVar;

use crate::{Cluster, Function, InvalidValue, Launch, Package, SelfUrl};

/// The variables that users cannot set: those that AWS reserves
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>), and those
/// that would steer the Runtime Interface Emulator.
pub const RESERVED: &[&str] = &[
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_TIMEOUT",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

/// The hosts that are reached without a proxy, separated by commas; `*` is all.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Whether users cannot set this variable; a Pod's value is then fakecloud's own, or none.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.binary_search(&name).is_ok()
}

/// The user's environment variables. `Debug` shows their names only: values are where users keep their secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

/// The variables of the main container, sorted by name.
pub(crate) fn variables(function: &Function, launch: &Launch, cluster: &Cluster) -> Vec<EnvVar> {
    let mut all = defaults(cluster);
    let users = function.environment.0.iter().filter(|(name, _)| !is_reserved(name));
    all.extend(users.map(|(name, value)| (name.clone(), reach_fakecloud(value, cluster))));
    reach_without_proxy(&mut all, cluster.self_url.host());
    all.extend(reserved(function, launch).into_iter().map(|(name, value)| (name.to_owned(), value)));
    all.into_iter().map(|(name, value)| variable(&name, &value)).collect()
}

/// The variables that keep requests for fakecloud from a proxy, in either spelling: programs differ in which they read.
pub(crate) fn no_proxy(self_url: &SelfUrl) -> [EnvVar; 2] {
    NO_PROXY.map(|name| variable(name, self_url.host()))
}

/// A variable whose value is taken literally.
pub(crate) fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(literal(value)), ..EnvVar::default() }
}

/// Writes a text so that Kubernetes expands nothing in it.
///
/// In values, commands and arguments `$(NAME)` is a reference and `$$` a dollar. The kubelet also mangles a dollar before
/// a character outside ASCII (it turns the next byte into a character of its own). In any of these cases each dollar is
/// doubled; a lone one, as in `$LATEST`, is literal anyway.
pub(crate) fn literal(text: &str) -> String {
    let mut after_dollars = text.split('$').skip(1);
    let plain = after_dollars.all(|rest| match rest.bytes().next() {
        Some(next) => next.is_ascii() && next != b'(',
        None => false,
    });
    if plain { text.to_owned() } else { text.replace('$', "$$") }
}

/// What a function finds unless its user sets it otherwise.
fn defaults(cluster: &Cluster) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("AWS_ENDPOINT_URL".to_owned(), cluster.self_url.to_string()),
        ("TZ".to_owned(), ":UTC".to_owned()),
    ])
}

/// Adds `host` to what is reached without a proxy, which an operator's webhook may have set in every container. Where the
/// user states one spelling alone, it counts for the other as well.
fn reach_without_proxy(all: &mut BTreeMap<String, String>, host: &str) {
    let stated = NO_PROXY.map(|name| all.get(name).cloned());
    for (index, name) in NO_PROXY.into_iter().enumerate() {
        let hosts = stated[index].as_ref().or(stated[1 - index].as_ref()).map_or("", String::as_str);
        let is_there = hosts.split([',', ' ']).any(|one| one == host || one == "*");
        let separator = if hosts.trim().is_empty() { "" } else { "," };
        let hosts = if is_there { hosts.to_owned() } else { format!("{}{separator}{host}", hosts.trim()) };
        all.insert(name.to_owned(), hosts);
    }
}

/// What a function finds whatever its user sets. The emulator would invent most of these where they are absent.
fn reserved(function: &Function, launch: &Launch) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        // The access key is the account, so that calls from inside reach the function's own account.
        ("AWS_ACCESS_KEY_ID", function.account.to_string()),
        ("AWS_SECRET_ACCESS_KEY", "fakecloud".to_owned()),
        ("AWS_SESSION_TOKEN", "fakecloud".to_owned()),
        ("AWS_REGION", function.region.to_string()),
        ("AWS_DEFAULT_REGION", function.region.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", function.version.to_string()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.get().to_string()),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", function.timeout.get().to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", launch.initialization.name().to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("[{}]{}", function.version, launch.name)),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
    ];
    match &function.package {
        Package::Zip { runtime, handler, .. } => {
            variables.push(("AWS_EXECUTION_ENV", format!("AWS_Lambda_{runtime}")));
            variables.push(("_HANDLER", handler.to_string()));
        }
        Package::Image { config, .. } => {
            variables.push(("AWS_EXECUTION_ENV", "AWS_Lambda_Image".to_owned()));
            variables.extend(config.command.first().map(|handler| ("_HANDLER", handler.clone())));
        }
    }
    variables
}

/// Points every HTTP URL of this machine and one of fakecloud's own ports to fakecloud: users' machines reach it there, and
/// a Pod reaches it by its self URL. Any other port of `localhost` means the sandbox itself, such as that of an extension.
fn reach_fakecloud(value: &str, cluster: &Cluster) -> String {
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(found) = rest.find("://") {
        let (before, after) = rest.split_at(found + "://".len());
        result.push_str(before);
        rest = after;
        let local = default_port(before).and_then(|default| strip_local_authority(after, default));
        if let Some((port, tail)) = local
            && (port == cluster.listen_port || port == cluster.self_url.port())
        {
            result.push_str(&format!("{}:{}", cluster.self_url.url_host(), cluster.self_url.port()));
            rest = tail;
        }
    }
    result.push_str(rest);
    result
}

/// The port of URLs that state none, by the scheme at the end of `text`, if that is HTTP's.
fn default_port(text: &str) -> Option<u16> {
    let scheme_start = text
        .trim_end_matches("://")
        .rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'))
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    match text[scheme_start..].to_ascii_lowercase().as_str() {
        "http://" => Some(80),
        "https://" => Some(443),
        _ => None,
    }
}

/// The port of a URL that means the own machine, and what follows the port; none where the host or the port goes on.
fn strip_local_authority(text: &str, default: u16) -> Option<(u16, &str)> {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let tail = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .find_map(|host| text.get(host.len()..).filter(|_| text[..host.len()].eq_ignore_ascii_case(host)))?;
    let (port, tail) = match tail.strip_prefix(':') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (rest[..digits].parse().ok()?, &rest[digits..])
        }
        None => (default, tail),
    };
    (!tail.starts_with(goes_on)).then_some((port, tail))
}

// === impl Environment ===

impl Environment {
    /// Checks names and values as the API does, and that Kubernetes can carry them.
    ///
    /// Reserved names are accepted here and have no effect; [`is_reserved`] tells them.
    ///
    /// # Errors
    /// A name is not a letter followed by letters, digits and `_`, two characters at least; or a value contains the
    /// character NUL, which ends a variable.
    pub fn new(variables: BTreeMap<String, String>) -> Result<Self, InvalidValue> {
        for (name, value) in &variables {
            let valid = name.len() >= 2
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            // AWS's own `_HANDLER` and `_X_AMZN_TRACE_ID` begin with `_`; they have no effect, so they do no harm.
            if !valid && !is_reserved(name) {
                let expected = "expected a letter followed by letters, digits and `_`, at least two characters";
                return Err(InvalidValue::new("environment variable name", name, expected));
            }
            if value.contains('\0') {
                let expected = "expected a value without the character NUL";
                return Err(InvalidValue::new("value of environment variable", name, expected));
            }
        }
        Ok(Self(variables))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(value: &str) -> String {
        let cluster = Cluster { listen_port: 4566, ..Cluster::new("http://fake.svc:80".parse().unwrap()) };
        reach_fakecloud(value, &cluster)
    }

    #[test]
    fn reserved_names_are_sorted_for_the_search() {
        assert!(RESERVED.is_sorted());
        assert!(is_reserved("_HANDLER") && is_reserved("AWS_LAMBDA_RUNTIME_API"));
        assert!(!is_reserved("TZ") && !is_reserved("AWS_ENDPOINT_URL"));
    }

    #[test]
    fn local_url_of_an_own_port_reaches_fakecloud() {
        let cases = [
            ("http://localhost:4566", "http://fake.svc:80"),
            ("https://127.0.0.1:4566/", "https://fake.svc:80/"),
            ("http://[::1]:4566/a", "http://fake.svc:80/a"),
            ("HTTP://LocalHost/x?y", "HTTP://fake.svc:80/x?y"),
            ("http://localhost:80,http://127.0.0.1:4566", "http://fake.svc:80,http://fake.svc:80"),
            ("{\"url\":\"http://localhost:4566\"}", "{\"url\":\"http://fake.svc:80\"}"),
            ("äöhttp://localhost", "äöhttp://fake.svc:80"),
        ];
        for (given, expected) in cases {
            assert_eq!(reached(given), expected);
        }
    }

    #[test]
    fn local_url_reaches_an_ipv6_fakecloud_in_brackets() {
        let cluster = Cluster::new("http://[fd00::1]:4566".parse().unwrap());
        assert_eq!(reach_fakecloud("http://localhost:4566/a", &cluster), "http://[fd00::1]:4566/a");
    }

    #[test]
    fn local_url_of_any_other_port_means_the_sandbox() {
        let sandbox = [
            "http://localhost:4318",
            "http://127.0.0.1:2000/v1/traces",
            "http://[::1]:4317",
            "https://localhost",
            "http://localhost:45660",
            "http://localhost:456",
            "http://localhost:4566x",
            "http://localhost:4566@host",
            "http://localhost:",
            "http://localhost:99999",
            "http://[::1]1:4566",
        ];
        for value in sandbox {
            assert_eq!(reached(value), value);
        }
    }

    #[test]
    fn fakecloud_is_reached_without_a_proxy_beside_what_the_user_says() {
        let cases = [
            ("", ["fake.svc", "fake.svc"]),
            ("NO_PROXY=a.test, .b", ["a.test, .b,fake.svc", "a.test, .b,fake.svc"]),
            ("no_proxy=a.test", ["a.test,fake.svc", "a.test,fake.svc"]),
            ("NO_PROXY=a;no_proxy=b", ["a,fake.svc", "b,fake.svc"]),
            ("NO_PROXY=", ["fake.svc", "fake.svc"]),
            ("NO_PROXY=a,fake.svc", ["a,fake.svc", "a,fake.svc"]),
            ("NO_PROXY=*", ["*", "*"]),
        ];
        for (users, expected) in cases {
            let users = users.split(';').filter_map(|user| user.split_once('='));
            let mut all = users.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            reach_without_proxy(&mut all, "fake.svc");
            assert_eq!(NO_PROXY.map(|name| all[name].as_str()), expected, "{expected:?}");
        }
    }

    #[test]
    fn any_other_value_is_left_alone() {
        let others = [
            "",
            "localhost",
            "localhost:4566",
            "http://localhosts",
            "http://localhost.dev",
            "http://127.0.0.10",
            "http://localhost-a",
            "http://localhost@host",
            "redis://localhost:6379",
            "xhttp://localhost",
            "://localhost",
            "http://",
            "http://exämple",
            "http://example.com/localhost",
            "://",
            "http:///localhost",
        ];
        for value in others {
            assert_eq!(reached(value), value);
        }
    }

    #[test]
    fn dollars_are_doubled_only_where_kubernetes_would_read_them() {
        let cases = [
            ("$LATEST", "$LATEST"),
            ("no dollar", "no dollar"),
            ("$(HOME)", "$$(HOME)"),
            ("a$$b", "a$$$$b"),
            ("$ä", "$$ä"),
            ("$a $(b)", "$$a $$(b)"),
            ("100$", "100$$"),
        ];
        for (given, expected) in cases {
            assert_eq!(literal(given), expected);
        }
    }

    #[test]
    fn variable_that_no_container_can_have_is_refused() {
        for name in ["", "A", "1A", "A-B", "A=B", "ä1", "_A"] {
            let refused = Environment::new(BTreeMap::from([(name.to_owned(), String::new())])).unwrap_err();
            assert_eq!(refused.value, name);
        }
        let nul = Environment::new(BTreeMap::from([("AB".to_owned(), "a\0".to_owned())])).unwrap_err();
        assert_eq!(
            nul.to_string(),
            "invalid value of environment variable `AB`: expected a value without the character NUL"
        );
    }

    #[test]
    fn debug_shows_no_values() {
        let environment = Environment::new(BTreeMap::from([("KEY".to_owned(), "s3cret".to_owned())])).unwrap();
        assert_eq!(format!("{environment:?}"), r#"{"KEY"}"#);
    }
}
