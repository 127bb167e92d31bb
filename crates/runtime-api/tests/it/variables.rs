//! The environment variables of runtimes and extensions.

use std::collections::BTreeMap;

use fakecloud_runtime_api::{
    Configuration, Initialization, Input, Level, LogFormat, Process, RESERVED_VARIABLES, Role, extension_variables,
    runtime_variables,
};

use crate::harness::{RUNTIME, Sandbox, configuration};

fn listed(variables: &BTreeMap<String, String>) -> Vec<String> {
    variables.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn with_user_variables(variables: &[(&str, &str)]) -> Configuration {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Configuration { user_variables: owned.collect(), ..configuration() }
}

#[test]
fn runtime_has_the_variables_of_aws_and_nothing_else() {
    assert_eq!(
        listed(&runtime_variables(&configuration())),
        [
            "AWS_ACCESS_KEY_ID=AKID",
            "AWS_DEFAULT_REGION=eu-west-1",
            "AWS_EXECUTION_ENV=AWS_Lambda_python3.14",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
            "AWS_LAMBDA_FUNCTION_NAME=greeter",
            "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
            "AWS_LAMBDA_LOG_FORMAT=Text",
            "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/greeter",
            "AWS_LAMBDA_LOG_STREAM_NAME=2023/11/14/[$LATEST]00",
            "AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001",
            "AWS_REGION=eu-west-1",
            "AWS_SECRET_ACCESS_KEY=secret",
            "AWS_SESSION_TOKEN=token",
            "AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS=169.254.79.129:2000",
            "LAMBDA_RUNTIME_DIR=/var/runtime",
            "LAMBDA_TASK_ROOT=/var/task",
            "LANG=en_US.UTF-8",
            "LD_LIBRARY_PATH=/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
            "PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "TZ=:UTC",
            "_AWS_XRAY_DAEMON_ADDRESS=169.254.79.129",
            "_AWS_XRAY_DAEMON_PORT=2000",
            "_HANDLER=app.handler",
        ]
    );
}

#[test]
fn extension_has_fewer() {
    let (runtime, extension) = (runtime_variables(&configuration()), extension_variables(&configuration()));
    let missing: Vec<&String> = runtime.keys().filter(|name| !extension.contains_key(*name)).collect();
    assert_eq!(
        missing,
        [
            "AWS_EXECUTION_ENV",
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "AWS_XRAY_CONTEXT_MISSING",
            "AWS_XRAY_DAEMON_ADDRESS",
            "LAMBDA_RUNTIME_DIR",
            "LAMBDA_TASK_ROOT",
            "_AWS_XRAY_DAEMON_ADDRESS",
            "_AWS_XRAY_DAEMON_PORT",
            "_HANDLER",
        ]
    );
    assert!(extension.keys().all(|name| runtime.contains_key(name)));
}

#[test]
fn json_logs_have_a_level_and_a_descriptor_where_there_is_one() {
    let mut configuration = configuration();
    configuration.logging.format = LogFormat::Json;
    configuration.logging.application_level = Level::Warn;
    configuration.telemetry_fd = Some(3);
    configuration.initialization = Initialization::SnapStart;
    let variables = runtime_variables(&configuration);
    assert_eq!(variables["AWS_LAMBDA_LOG_FORMAT"], "JSON");
    assert_eq!(variables["AWS_LAMBDA_LOG_LEVEL"], "WARN");
    assert_eq!(variables["_LAMBDA_TELEMETRY_LOG_FD"], "3");
    assert_eq!(variables["AWS_LAMBDA_INITIALIZATION_TYPE"], "snap-start");
    assert!(!extension_variables(&configuration).contains_key("_LAMBDA_TELEMETRY_LOG_FD"));
}

#[test]
fn runtime_of_ones_own_has_no_execution_env() {
    let configuration = Configuration { execution_env: None, handler: None, ..configuration() };
    let variables = runtime_variables(&configuration);
    assert!(!variables.contains_key("AWS_EXECUTION_ENV") && !variables.contains_key("_HANDLER"));
}

#[test]
fn users_variables_win_over_the_container_and_the_defaults_and_never_over_reserved_ones() {
    let mut configuration = with_user_variables(&[("TZ", "Europe/Berlin"), ("MINE", "user")]);
    for (name, value) in [("MINE", "image"), ("PATH", "/image/bin"), ("AWS_REGION", "image")] {
        configuration.container_variables.insert(name.to_owned(), value.to_owned());
    }
    let variables = runtime_variables(&configuration);
    assert_eq!(variables["TZ"], "Europe/Berlin");
    assert_eq!(variables["MINE"], "user");
    assert_eq!(variables["PATH"], "/image/bin");
    assert_eq!(variables["AWS_REGION"], "eu-west-1");

    let all_reserved: Vec<(&str, &str)> = RESERVED_VARIABLES.iter().map(|&name| (name, "mine")).collect();
    let variables = runtime_variables(&with_user_variables(&all_reserved));
    assert!(variables.values().all(|value| value != "mine"), "{variables:?}");
}

#[test]
fn processes_start_with_their_variables() {
    let (sandbox, _) = Sandbox::ready_with_extension();
    let extension = Process { role: Role::Extension(0), generation: 1 };
    assert_eq!(sandbox.variables[&RUNTIME], runtime_variables(&configuration()));
    assert_eq!(sandbox.variables[&extension], extension_variables(&configuration()));
    let mut sandbox = Sandbox::new();
    sandbox.feed(Input::Initialize);
    assert!(sandbox.variables[&RUNTIME].contains_key("_HANDLER"));
}

#[test]
fn secrets_are_not_shown_in_debug_output() {
    let configuration = with_user_variables(&[("KEY", "s3cret")]);
    let shown = format!("{configuration:?} {:?}", configuration.credentials);
    assert!(shown.contains("KEY") && shown.contains("AKID"), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains("secret\"") && !shown.contains("token"), "{shown}");
}
