//! The configuration that an environment of a walk is made with.

use std::collections::BTreeMap;
use std::time::Duration;

use fakecloud_runtime_api::{Configuration, Credentials, Initialization, Level, LogFormat, LogShipping, Logging};

use super::steps::SetUp;

const TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn configuration(set_up: SetUp) -> Configuration {
    Configuration {
        function_name: "f".to_owned(),
        version: "1".to_owned(),
        account_id: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        handler: None,
        memory_mb: 128,
        timeout: TIMEOUT,
        initialization: if set_up.is_snap_start { Initialization::SnapStart } else { Initialization::OnDemand },
        logging: Logging {
            format: if set_up.is_json { LogFormat::Json } else { LogFormat::Text },
            application_level: Level::Info,
            system_level: Level::Debug,
            group: "g".to_owned(),
            stream: "s".to_owned(),
            shipping: if set_up.is_json { LogShipping::Batches } else { LogShipping::Off },
        },
        runtime_version: None,
        execution_env: None,
        credentials: Credentials {
            access_key_id: String::new(),
            secret_access_key: String::new(),
            session_token: String::new(),
        },
        container_variables: BTreeMap::new(),
        user_variables: BTreeMap::new(),
        runtime_api: "127.0.0.1:9001".to_owned(),
        telemetry_fd: None,
        seed: 7,
    }
}
