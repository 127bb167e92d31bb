//! What AWS's runtimes have beside the language: wrapper scripts in Bash, curl, the AWS SDK, the tenant.

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, with_temp_ns};

/// Starts the runtime with another argument before its last one, as AWS's own example does.
const WRAPPER: &str = r#"#!/bin/bash
set -euo pipefail
args=("$@")
exec "${args[@]:0:$#-1}" -X utf8 "${args[@]: -1}"
"#;

#[test]
fn wrapper_script_in_bash_starts_the_runtime() {
    const HANDLER: &str = r#"
import subprocess, sys

def handler(event, context):
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True)
    sh = subprocess.run(["sh", "-c", "echo ${BASH_VERSION:+bash}"], capture_output=True, text=True)
    return {"utf8": sys.flags.utf8_mode, "curl": curl.stdout.split(" ")[0], "sh": sh.stdout.strip()}
"#;
    with_temp_ns(|ns| {
        let lambda = &Fakecloud::start(ns).lambda;
        let wrapped = Function::python(HANDLER).file("wrapper", WRAPPER);
        let wrapped = wrapped.variable("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/wrapper");
        lambda.create_function("wrapped", &wrapped);
        let returned = lambda.invoke("wrapped", &Value::Null).returned();
        assert_eq!(returned, json!({ "utf8": 1, "curl": "curl", "sh": "bash" }));
    });
}

#[test]
fn sdk_of_each_runtime_calls_fakecloud() {
    const PYTHON: &str = r#"
import boto3

def handler(event, context):
    return sorted(one["FunctionName"] for one in boto3.client("lambda").list_functions()["Functions"])
"#;
    const NODE: &str = r#"
const { LambdaClient, ListFunctionsCommand } = require("@aws-sdk/client-lambda");

exports.handler = async () => {
  const listed = await new LambdaClient().send(new ListFunctionsCommand());
  return listed.Functions.map((one) => one.FunctionName).sort();
};
"#;
    const NODE_MODULE: &str = r#"
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";

export const handler = async () => {
  const listed = await new LambdaClient().send(new ListFunctionsCommand());
  return listed.Functions.map((one) => one.FunctionName).sort();
};
"#;
    with_temp_ns(|ns| {
        let lambda = &Fakecloud::start(ns).lambda;
        lambda.create_function("boto3", &Function::python(PYTHON));
        lambda.create_function("commonjs", &Function::node(NODE));
        lambda.create_function("module", &Function::node("").files(&[("index.mjs", NODE_MODULE.as_bytes())]));
        for name in ["boto3", "commonjs", "module"] {
            let returned = lambda.invoke(name, &Value::Null).returned();
            assert_eq!(returned, json!(["boto3", "commonjs", "module"]), "{name}");
        }
    });
}

#[test]
fn tenant_reaches_the_handler_and_has_an_environment_of_its_own() {
    const COUNTER: &str = r#"
count = 0

def handler(event, context):
    global count
    count += 1
    return [context.tenant_id, count]
"#;
    with_temp_ns(|ns| {
        let lambda = &Fakecloud::start(ns).lambda;
        let isolated = json!({ "TenancyConfig": { "TenantIsolationMode": "PER_TENANT" } });
        lambda.create_function("isolated", &Function::python(COUNTER).members(isolated));
        let count = |tenant: &str| lambda.invoke_for("isolated", tenant, &Value::Null).returned();
        assert_eq!(count("blue"), json!(["blue", 1]));
        assert_eq!(count("green"), json!(["green", 1]));
        assert_eq!(count("blue"), json!(["blue", 2]));
    });
}
