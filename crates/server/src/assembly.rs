//! The app, put together from the settings.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result};
use fakecloud_budget::Budget;
use fakecloud_lambda::Effect;
use fakecloud_podspec::InstanceLabel;
use fakecloud_registry::{Registry, Token};

use crate::app::{App, Parts};
use crate::args::{Args, Ecr};
use crate::backends::k8s::backend::K8s;
use crate::backends::k8s::fetch::ARCHIVES_PATH;
use crate::control::deployments::Deployments;
use crate::control::image::OwnImages;
use crate::control::provisioning::Provisioning;
use crate::control::restore::{Restored, restore};
use crate::control::supplied_layers;
use crate::disk::blobs::Blobs;
use crate::environments::driver::Handle;
use crate::health::Health;
use crate::http::forward::Forward;
use crate::http::trust::Trust;
use crate::invocations::events;
use crate::invocations::invocation_log::InvocationLog;
use crate::invocations::waiting_bytes::Waiting;
use crate::outbound::aws_client::{AwsClient, Credentials, Endpoints};
use crate::outbound::http_client::HttpClient;
use crate::tls::identity::Identity;
use crate::{memory, settings};

/// The ways to the tasks that requests call on.
pub(crate) struct Doors {
    pub(crate) driver: Handle,
    pub(crate) events: events::Handle,
    pub(crate) k8s: Arc<K8s>,
}

/// Opens the data directory and puts the parts together.
///
/// # Errors
///
/// A data directory, a file or a URL of the settings that cannot be used.
pub(crate) fn app(
    args: &Args,
    memory: &memory::Parts,
    listen: SocketAddr,
    settings: Arc<fakecloud_podspec::Cluster>,
    doors: Doors,
    instance: &InstanceLabel,
) -> Result<App> {
    let data_dir = args.data_dir.as_deref();
    let place = || match data_dir {
        Some(dir) => format!("FAKECLOUD_DATA_DIR={}: the directory cannot be used", dir.display()),
        None => {
            "no temporary directory can be made: set FAKECLOUD_DATA_DIR or TMPDIR to one that is writable".to_owned()
        }
    };
    let blobs = Arc::new(Blobs::open(data_dir, args.data.limit.0).with_context(place)?);
    let bodies = Budget::new(memory.bodies, memory::LARGEST_BODY_BYTES);
    let registry = Registry::open(registry_config(args, &blobs, Arc::clone(&bodies))).with_context(place)?;
    let lambda_config = fakecloud_lambda::Config {
        self_url: settings.self_url.to_string(),
        archives_path: format!("{ARCHIVES_PATH}/"),
        foreign_layers: supplied_layers::load(&args.layers, &blobs)?,
    };
    let Restored { lambda, iam, writer } = restore(data_dir, blobs.quota(), lambda_config).with_context(place)?;
    let names = settings::server_names(args, &settings);
    let identity = Identity::of_args(&args.tls, data_dir, &names)?;
    let trust = Trust::new(&args.trust, names);
    let http = HttpClient::new();
    let forward_url = settings::forward_url(&args.aws, listen, &settings.self_url)?;
    let endpoints = Endpoints::from_args(&args.aws, listen, &settings.self_url);
    let aws = AwsClient::new(http.clone(), endpoints, Credentials::from_args(&args.aws));
    let forward = forward_url.map(|url| Forward::new(http, url, instance.as_str()));
    let own_images = match args.registry.ecr {
        Ecr::Own => Some(OwnImages::new(registry.clone(), &settings)),
        Ecr::External => None,
    };
    let deployments = Deployments::new(settings, args.tags.rules(), Arc::clone(&blobs));
    deployments.follow(lambda.functions().cloned().map(Effect::Deployed).collect());
    Ok(App::new(Parts {
        lambda: lambda.into(),
        iam: iam.into(),
        bodies,
        payloads: Waiting::new(memory.payloads),
        writer,
        deployments,
        provisioning: Provisioning::default(),
        blobs,
        registry,
        own_images,
        driver: doors.driver,
        events: doors.events,
        k8s: doors.k8s,
        aws,
        forward,
        trust,
        health: Health::serving(instance.as_str()),
        identity,
        invocations: AtomicU64::new(1),
        invocation_log: InvocationLog::default(),
    }))
}

fn registry_config(args: &Args, blobs: &Blobs, bodies: Arc<Budget>) -> fakecloud_registry::Config {
    fakecloud_registry::Config {
        folder: blobs.root().join("registry"),
        quota: blobs.quota().clone(),
        durable: args.data_dir.is_some(),
        token: args.registry.token.clone().and_then(|token| Token::new(token.0)),
        auto_create: args.registry.auto_create,
        upstreams: args.registry.upstreams.clone().map(|upstreams| upstreams.0).unwrap_or_default(),
        bodies,
    }
}
