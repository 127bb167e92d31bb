//! What fakecloud tells an environment to run, as JSON.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use fakecloud_runtime_api::{
    Configuration, Credentials, Initialization, Level, LogFormat, LogShipping, Logging, RuntimeVersion, log_stream,
};
use serde::Deserialize;

/// The executables of extensions, where AWS has them.
const EXTENSIONS: &str = "/opt/extensions";

/// The programs of runtimes, the first that is there.
const BOOTSTRAPS: [&str; 3] = ["/var/runtime/bootstrap", "/var/task/bootstrap", "/opt/bootstrap"];

/// A function to run.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) configuration: Configuration,
    pub(crate) programs: Programs,
}

/// The programs of an environment.
#[derive(Debug)]
pub(crate) struct Programs {
    /// The runtime's program and its arguments; empty where one of the bootstraps is to be found.
    pub(crate) command: Vec<String>,
    pub(crate) bootstraps: Vec<String>,
    pub(crate) working_directory: PathBuf,
    pub(crate) extensions: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    function_name: String,
    version: String,
    account_id: String,
    region: String,
    handler: Option<String>,
    memory_mb: u32,
    timeout_ms: u64,
    initialization: String,
    log_format: String,
    #[serde(default = "info")]
    application_log_level: String,
    #[serde(default = "info")]
    system_log_level: String,
    log_group: String,
    runtime_version: Option<String>,
    runtime_version_arn: Option<String>,
    execution_env: Option<String>,
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    /// Whether fakecloud wants the log.
    #[serde(default)]
    ships_log: bool,
    /// What the user has set.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// What fakecloud sets unless the user does.
    #[serde(default)]
    defaults: BTreeMap<String, String>,
    #[serde(default)]
    command: Vec<String>,
    working_directory: Option<PathBuf>,
    extensions_directory: Option<PathBuf>,
}

fn info() -> String {
    "INFO".to_owned()
}

/// Reads an assignment. `container` are the variables of the container; `seed` is random.
///
/// # Errors
/// The sentence says what is missing or wrong.
pub(crate) fn parse(
    json: &[u8],
    mut container: BTreeMap<String, String>,
    runtime_api: String,
    epoch_ms: u64,
    seed: u128,
) -> Result<Assignment, String> {
    let wire: Wire = serde_json::from_slice(json).map_err(|error| format!("the assignment is wrong: {error}"))?;
    let stream = log_stream(epoch_ms, &wire.version, seed);
    let level = |name: &str| Level::named(name).ok_or_else(|| format!("the assignment has the log level {name:?}"));
    let logging = Logging {
        format: match wire.log_format.as_str() {
            "Text" => LogFormat::Text,
            "JSON" => LogFormat::Json,
            other => return Err(format!("the assignment has logFormat {other:?}: expected Text or JSON")),
        },
        application_level: level(&wire.application_log_level)?,
        system_level: level(&wire.system_log_level)?,
        group: wire.log_group,
        stream,
        shipping: if wire.ships_log { LogShipping::Batches } else { LogShipping::Off },
    };
    let kinds = [Initialization::OnDemand, Initialization::ProvisionedConcurrency, Initialization::SnapStart];
    let initialization = kinds
        .into_iter()
        .find(|kind| kind.name() == wire.initialization)
        .ok_or_else(|| format!("the assignment has initialization {:?}", wire.initialization))?;
    container.extend(wire.defaults);
    let versions = wire.runtime_version.zip(wire.runtime_version_arn);
    let configuration = Configuration {
        function_name: wire.function_name,
        version: wire.version,
        account_id: wire.account_id,
        region: wire.region,
        handler: wire.handler,
        memory_mb: wire.memory_mb,
        timeout: Duration::from_millis(wire.timeout_ms),
        initialization,
        logging,
        runtime_version: versions.map(|(version, arn)| RuntimeVersion { version, arn }),
        execution_env: wire.execution_env,
        credentials: Credentials {
            access_key_id: wire.access_key_id,
            secret_access_key: wire.secret_access_key,
            session_token: wire.session_token,
        },
        container_variables: container,
        user_variables: wire.variables,
        runtime_api,
        telemetry_fd: None,
        seed,
    };
    let programs = Programs {
        command: wire.command,
        bootstraps: BOOTSTRAPS.map(str::to_owned).to_vec(),
        working_directory: wire.working_directory.unwrap_or_else(|| "/var/task".into()),
        extensions: wire.extensions_directory.unwrap_or_else(|| EXTENSIONS.into()),
    };
    Ok(Assignment { configuration, programs })
}
