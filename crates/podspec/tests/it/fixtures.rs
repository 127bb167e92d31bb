//! The function, launch and cluster that every test starts from.

use fakecloud_podspec::{Cluster, Function, Initialization, InstanceLabel, Launch, Package, PodName, Runtime};

/// A Python function without layers, with Lambda's defaults.
pub(crate) fn function() -> Function {
    let region = "eu-west-1".parse().unwrap();
    Function::new("hello".parse().unwrap(), region, "123456789012".parse().unwrap(), zip(Runtime::Python3_12))
}

pub(crate) fn zip(runtime: Runtime) -> Package {
    Package::Zip {
        runtime,
        handler: "app.handler".parse().unwrap(),
        code_sha256: "FpiFD4vPUiGbHzDfOgaQ14ZDqbYGTzTaQFtQ+Ldy3yE=".to_owned(),
    }
}

pub(crate) fn launch(function: &Function) -> Launch {
    Launch {
        name: PodName::new(&function.name, 0x0123_4567_89ab_cdef),
        instance: InstanceLabel::new(1, 0xfeed_f00d_dead_beef),
        deploy_id: "d41d8cd98f00b204e9800998ecf8427e".parse().unwrap(),
        initialization: Initialization::OnDemand,
        token: "dG9rZW4-of-this-pod".parse().unwrap(),
    }
}

pub(crate) fn cluster() -> Cluster {
    Cluster::new("http://fakecloud.default.svc:4566".parse().unwrap())
}
