//! Renders the Pod of a function as YAML that `kubectl apply` accepts.
//!
//! ```sh
//! cargo run -p fakecloud-podspec --example render < crates/podspec/examples/function.json
//! cargo run -p fakecloud-podspec --example render -- http://fakecloud.tools.svc:4566 < function.json
//! ```
//!
//! The input has the fields of Lambda's `GetFunctionConfiguration`, as `aws lambda get-function-configuration` prints
//! them, and for image functions `ImageUri` besides; the argument is the URL under which Pods reach fakecloud.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};

use fakecloud_podspec::{
    Cluster, Environment, EphemeralStorageMib, Function, ImageConfig, Initialization, InstanceLabel, Launch, MemoryMib,
    Package, PodName, Scheduling, TagRules, TimeoutSecs, pod,
};
use serde::Deserialize;

/// What the example understands of a function's configuration.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    function_name: String,
    runtime: Option<String>,
    handler: Option<String>,
    #[serde(default)]
    code_sha256: String,
    image_uri: Option<String>,
    #[serde(default)]
    image_config: Option<ImageSettings>,
    memory_size: Option<u32>,
    timeout: Option<u32>,
    ephemeral_storage: Option<EphemeralStorage>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    layers: Vec<Layer>,
    environment: Option<Variables>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ImageSettings {
    entry_point: Vec<String>,
    command: Vec<String>,
    working_directory: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EphemeralStorage {
    size: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Layer {
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Variables {
    variables: BTreeMap<String, String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let self_url = std::env::args().nth(1).unwrap_or_else(|| "http://fakecloud.default.svc:4566".to_owned());
    let configuration: Configuration = serde_json::from_reader(io::stdin().lock())?;

    let function = function(configuration)?;
    let launch = Launch {
        name: PodName::new(&function.name, 0),
        instance: InstanceLabel::new(0, 0),
        deploy_id: "0".parse()?,
        initialization: Initialization::OnDemand,
        token: "example".parse()?,
    };
    let cluster = Cluster::new(self_url.parse()?);

    let yaml = serde_saphyr::to_string(&pod(&function, &launch, &cluster))?;
    io::stdout().write_all(yaml.as_bytes())?;
    Ok(())
}

fn function(configuration: Configuration) -> Result<Function, Box<dyn Error>> {
    let (scheduling, bad_tags) = Scheduling::from_tags(&configuration.tags, &TagRules::all());
    for tag in bad_tags {
        eprintln!("{tag}: {}", tag.reason);
    }
    let name = configuration.function_name.parse()?;
    let package = match configuration.image_uri {
        Some(uri) => {
            let image = configuration.image_config.unwrap_or_default();
            let ImageSettings { entry_point, command, working_directory } = image;
            Package::Image { uri: uri.parse()?, config: ImageConfig { entry_point, command, working_directory } }
        }
        None => Package::Zip {
            runtime: configuration.runtime.ok_or("Runtime is missing, and there is no ImageUri either")?.parse()?,
            handler: configuration.handler.ok_or("Handler is missing")?.parse()?,
            code_sha256: configuration.code_sha256,
        },
    };
    let mut function = Function::new(name, "us-east-1".parse()?, "000000000000".parse()?, package);
    function.layers = configuration.layers.into_iter().map(|layer| layer.arn).collect();
    function.scheduling = scheduling;
    if let Some(architecture) = configuration.architectures.first() {
        function.architecture = architecture.parse()?;
    }
    if let Some(mib) = configuration.memory_size {
        function.memory = MemoryMib::new(mib)?;
    }
    if let Some(storage) = configuration.ephemeral_storage {
        function.ephemeral_storage = EphemeralStorageMib::new(storage.size)?;
    }
    if let Some(secs) = configuration.timeout {
        function.timeout = TimeoutSecs::new(secs)?;
    }
    if let Some(environment) = configuration.environment {
        function.environment = Environment::new(environment.variables)?;
    }
    Ok(function)
}
