//! Whole Pods, one snapshot for each shape of a function and each setting of an operator.

use std::collections::BTreeMap;

use fakecloud_podspec::{
    Architecture, Cluster, CpuPolicy, DiskPolicy, Environment, EphemeralStorageMib, Function, ImageConfig,
    Initialization, Launch, MemoryMib, Nodes, Owner, Package, RunAs, Runtime, Scheduling, TagRules, TimeoutSecs,
    TmpMedium, Version, pod,
};

use crate::fixtures::{cluster, function, launch, zip};

/// Compares the Pod of the standard function on the standard cluster, after `change`, with the snapshot of this name.
#[track_caller]
fn check(name: &str, change: impl FnOnce(&mut Function, &mut Cluster)) {
    let (mut function, mut cluster) = (function(), cluster());
    change(&mut function, &mut cluster);
    let pod = pod(&function, &launch(&function), &cluster);
    let yaml = serde_saphyr::to_string(&pod).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, yaml));
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn layers() -> Vec<String> {
    vec!["sha256:aaaa".to_owned(), "sha256:bbbb".to_owned()]
}

fn image(uri: &str) -> Package {
    Package::Image { uri: uri.parse().unwrap(), config: ImageConfig::default() }
}

const ECR_URI: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1";

#[test]
fn zip_function() {
    check("zip", |_, _| {});
}

#[test]
fn zip_function_with_layers() {
    check("zip_layers", |function, _| function.layers = layers());
}

#[test]
fn zip_function_of_each_runtime_family() {
    let families = [
        ("runtime_nodejs", Runtime::Nodejs22),
        ("runtime_java", Runtime::Java8Al2),
        ("runtime_dotnet", Runtime::Dotnet8),
        ("runtime_ruby", Runtime::Ruby3_3),
        ("runtime_provided", Runtime::ProvidedAl2023),
    ];
    for (name, runtime) in families {
        check(name, |function, _| function.package = zip(runtime));
    }
}

#[test]
fn each_runtime_has_its_image() {
    let images: Vec<String> = Runtime::ALL
        .iter()
        .map(|runtime| {
            let mut function = function();
            function.package = zip(*runtime);
            let spec = pod(&function, &launch(&function), &cluster()).spec.unwrap();
            format!("{runtime} {}", spec.containers[0].image.as_deref().unwrap())
        })
        .collect();
    insta::assert_snapshot!(images.join("\n"), @r"
    python3.9 public.ecr.aws/lambda/python:3.9
    python3.10 public.ecr.aws/lambda/python:3.10
    python3.11 public.ecr.aws/lambda/python:3.11
    python3.12 public.ecr.aws/lambda/python:3.12
    python3.13 public.ecr.aws/lambda/python:3.13
    python3.14 public.ecr.aws/lambda/python:3.14
    python3.15 public.ecr.aws/lambda/python:3.15
    nodejs18.x public.ecr.aws/lambda/nodejs:18
    nodejs20.x public.ecr.aws/lambda/nodejs:20
    nodejs22.x public.ecr.aws/lambda/nodejs:22
    nodejs24.x public.ecr.aws/lambda/nodejs:24
    nodejs26.x public.ecr.aws/lambda/nodejs:26
    java8.al2 public.ecr.aws/lambda/java:8.al2
    java8.al2023 public.ecr.aws/lambda/java:8.al2023
    java11 public.ecr.aws/lambda/java:11
    java11.al2023 public.ecr.aws/lambda/java:11.al2023
    java17 public.ecr.aws/lambda/java:17
    java17.al2023 public.ecr.aws/lambda/java:17.al2023
    java21 public.ecr.aws/lambda/java:21
    java25 public.ecr.aws/lambda/java:25
    dotnet6 public.ecr.aws/lambda/dotnet:6
    dotnet8 public.ecr.aws/lambda/dotnet:8
    dotnet10 public.ecr.aws/lambda/dotnet:10
    ruby3.2 public.ecr.aws/lambda/ruby:3.2
    ruby3.3 public.ecr.aws/lambda/ruby:3.3
    ruby3.4 public.ecr.aws/lambda/ruby:3.4
    ruby4.0 public.ecr.aws/lambda/ruby:4.0
    provided.al2 public.ecr.aws/lambda/provided:al2
    provided.al2023 public.ecr.aws/lambda/provided:al2023
    ");
}

#[test]
fn image_function() {
    check("image", |function, _| function.package = image("ghcr.io/team/app:v1"));
}

#[test]
fn image_function_with_config() {
    check("image_config", |function, _| {
        function.package = Package::Image {
            uri: "ghcr.io/team/app:v1".parse().unwrap(),
            config: ImageConfig {
                entry_point: vec!["/entry.sh".to_owned(), "$(HOME)".to_owned()],
                command: vec!["app.handler".to_owned()],
                working_directory: Some("/srv".to_owned()),
            },
        };
    });
}

#[test]
fn image_function_with_layers() {
    check("image_layers", |function, _| {
        function.package = image("ghcr.io/team/app:v1");
        function.layers = layers();
    });
}

#[test]
fn image_function_from_ecr() {
    check("image_ecr", |function, cluster| {
        function.package = image(ECR_URI);
        cluster.ecr = Some("registry.default.svc:5000".parse().unwrap());
    });
}

#[test]
fn image_function_from_the_real_ecr() {
    check("image_ecr_unset", |function, _| function.package = image(ECR_URI));
}

#[test]
fn arm64_function() {
    check("arm64", |function, _| function.architecture = Architecture::Arm64);
}

#[test]
fn largest_function() {
    check("largest", |function, _| {
        function.memory = MemoryMib::new(10_240).unwrap();
        function.ephemeral_storage = EphemeralStorageMib::new(10_240).unwrap();
        function.timeout = TimeoutSecs::new(900).unwrap();
        function.version = Version::Published(7);
    });
}

#[test]
fn function_whose_name_is_no_label() {
    check("long_name", |function, _| function.name = format!("_{}", "Ab-".repeat(21)).parse().unwrap());
}

#[test]
fn function_with_environment() {
    let users = [
        ("TABLE", "orders"),
        ("QUEUE_URL", "http://localhost:4566/000000000000/queue"),
        ("ENDPOINTS", "https://127.0.0.1,http://localhost.example.com"),
        ("PRICE", "$(not a reference) $5"),
        ("MULTILINE", "a\nb: \"c\"\n"),
        ("BOOLEAN_OF_YAML_1_1", "on"),
        ("SEXAGESIMAL_OF_YAML_1_1", "12:30:45"),
        ("OCTAL_OF_YAML_1_1", "0755"),
        ("EXPONENT", "1e3"),
        ("DATE", "2026-01-01"),
        ("NULL", "~"),
        ("TZ", "Europe/Berlin"),
        ("AWS_ENDPOINT_URL", "http://localhost:4566"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
        ("NO_PROXY", "internal.example.com"),
        ("AWS_REGION", "reserved, so without effect"),
        ("AWS_LAMBDA_RUNTIME_API", "reserved, so without effect"),
        ("_HANDLER", "reserved, so without effect"),
    ];
    let environment = Environment::new(pairs(users)).unwrap();
    check("environment", |function, _| function.environment = environment);
}

#[test]
fn setting_namespace() {
    check("setting_namespace", |_, cluster| cluster.namespace = "lambda".parse().unwrap());
}

#[test]
fn setting_self_url_of_ipv6() {
    check("setting_self_url_ipv6", |_, cluster| cluster.self_url = "http://[fd00::7]:4566".parse().unwrap());
}

#[test]
fn setting_pull_secret() {
    check("setting_pull_secret", |_, cluster| cluster.pull_secret = Some("regcred".parse().unwrap()));
}

#[test]
fn setting_init_image() {
    check("setting_init_image", |_, cluster| cluster.images.init = "mirror.example.com/busybox:1.36".parse().unwrap());
}

#[test]
fn setting_image_prefix() {
    check("setting_image_prefix", |_, cluster| cluster.images.prefix = "mirror.example.com/lambda".parse().unwrap());
}

#[test]
fn setting_runtime_image() {
    check("setting_runtime_image", |_, cluster| {
        let image = "mirror.example.com/python@sha256:0123".parse().unwrap();
        cluster.images.runtimes = BTreeMap::from([(Runtime::Python3_12, image)]);
    });
}

#[test]
fn setting_tmp_medium() {
    check("setting_tmp_disk", |_, cluster| cluster.tmp_medium = TmpMedium::Disk);
}

#[test]
fn setting_cpu() {
    check("setting_cpu_proportional", |function, cluster| {
        function.memory = MemoryMib::new(1769).unwrap();
        cluster.cpu = CpuPolicy::Proportional;
    });
    check("setting_cpu_millicores", |_, cluster| cluster.cpu = CpuPolicy::Millicores(250));
}

#[test]
fn setting_ephemeral_storage() {
    check("setting_ephemeral_storage", |_, cluster| cluster.disk = "1Gi".parse().unwrap());
    check("setting_ephemeral_storage_function", |function, cluster| {
        function.ephemeral_storage = EphemeralStorageMib::new(1024).unwrap();
        cluster.tmp_medium = TmpMedium::Disk;
        cluster.disk = DiskPolicy::Function;
    });
}

#[test]
fn setting_ignore_architecture() {
    check("setting_ignore_architecture", |function, cluster| {
        function.architecture = Architecture::Arm64;
        cluster.nodes = Nodes::OfAny;
    });
}

/// OpenShift's `restricted-v2` refuses any user that a Pod states, other than those of its namespace.
#[test]
fn all_containers_state_a_user_or_none_does() {
    for (setting, user) in [("image", None), ("1000", Some(1000)), ("1000680000", Some(1_000_680_000))] {
        let mut cluster = cluster();
        cluster.run_as = setting.parse().unwrap();
        let spec = pod(&function(), &launch(&function()), &cluster).spec.unwrap();
        assert_eq!(spec.security_context.and_then(|context| context.run_as_user), None);
        let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
        let users: Vec<_> = containers.map(|one| one.security_context.as_ref().unwrap().run_as_user).collect();
        assert_eq!(users, [user, user], "{setting}");
    }
}

/// CRI-O refuses names without a registry.
#[test]
fn every_image_of_ours_is_fully_qualified() {
    let spec = pod(&function(), &launch(&function()), &cluster()).spec.unwrap();
    let containers = spec.containers.iter().chain(spec.init_containers.iter().flatten());
    for image in containers.map(|one| one.image.as_deref().unwrap()) {
        let (registry, rest) = image.split_once('/').unwrap();
        assert!(registry.contains('.') && rest.contains(':'), "{image}");
    }
}

#[test]
fn setting_run_as() {
    check("setting_run_as_image", |_, cluster| cluster.run_as = RunAs::Image);
    check("setting_run_as_user", |_, cluster| cluster.run_as = "1000:2000".parse().unwrap());
}

#[test]
fn setting_owner() {
    check("setting_owner", |_, cluster| {
        cluster.owner = Some(Owner {
            name: "fakecloud-5d4f8c7b9-x2x4z".parse().unwrap(),
            uid: "0b9f4e0c-5a4e-4d52-8f0e-1f6a2a9d6c11".parse().unwrap(),
        });
    });
}

#[test]
fn setting_node_selector() {
    check("setting_node_selector", |_, cluster| cluster.scheduling.node_selector = "disk=ssd,zone=a".parse().unwrap());
}

#[test]
fn setting_tolerations() {
    check("setting_tolerations", |_, cluster| {
        cluster.scheduling.tolerations = "dedicated=lambda:NoSchedule,spot,gone:NoExecute:60,*".parse().unwrap();
    });
}

#[test]
fn setting_annotations() {
    check("setting_annotations", |_, cluster| {
        cluster.scheduling.annotations = "sidecar.istio.io/inject=false".parse().unwrap();
    });
}

#[test]
fn setting_labels() {
    check("setting_labels", |_, cluster| cluster.scheduling.labels = "team=a,example.com/cost=7".parse().unwrap());
}

#[test]
fn setting_classes() {
    check("setting_priority_class", |_, cluster| cluster.scheduling.priority_class = "high".parse().ok());
    check("setting_runtime_class", |_, cluster| cluster.scheduling.runtime_class = "gvisor".parse().ok());
}

#[test]
fn tags_of_a_function_beside_the_settings() {
    check("tags", |function, cluster| {
        cluster.scheduling.node_selector = "disk=hdd,zone=a".parse().unwrap();
        cluster.scheduling.tolerations = "spot".parse().unwrap();
        cluster.scheduling.runtime_class = "gvisor".parse().ok();
        cluster.scheduling.labels = "team=ops".parse().unwrap();
        let tags = [
            ("fakecloud-k8s/node-selector", "disk=ssd rack=1 kubernetes.io/arch=s390x"),
            ("fakecloud-k8s/tolerations", "gpu"),
            ("fakecloud-k8s/annotations", "note=a"),
            ("fakecloud-k8s/labels", "team=a app=b"),
            ("fakecloud-k8s/priority-class", "high"),
            ("fakecloud-k8s/runtime-class", "runc"),
        ];
        let (scheduling, bad) = Scheduling::from_tags(&pairs(tags), &TagRules::all());
        assert_eq!(bad, []);
        function.scheduling = scheduling;
    });
}

/// The fingerprint of a deploy is taken over the Pod, so nothing of a function may be invisible in it.
#[test]
fn every_part_of_a_function_shows_in_its_pod() {
    let changes: [(&str, Change); 15] = [
        ("name", |function| function.name = "other".parse().unwrap()),
        ("arn", |function| function.arn = "arn:aws-cn:lambda".to_owned()),
        ("version", |function| function.version = Version::Published(1)),
        ("region", |function| function.region = "us-east-1".parse().unwrap()),
        ("account", |function| function.account = "000000000000".parse().unwrap()),
        ("runtime", |function| function.package = zip(Runtime::Python3_13)),
        ("handler", |function| set_handler(&mut function.package, "other.handler")),
        ("code", |function| set_code(&mut function.package, "other")),
        ("layers", |function| function.layers = layers()),
        ("architecture", |function| function.architecture = Architecture::Arm64),
        ("memory", |function| function.memory = MemoryMib::new(129).unwrap()),
        ("ephemeral storage", |function| function.ephemeral_storage = EphemeralStorageMib::new(513).unwrap()),
        ("timeout", |function| function.timeout = TimeoutSecs::new(4).unwrap()),
        ("environment", |function| function.environment = Environment::new(pairs([("TABLE", "orders")])).unwrap()),
        ("scheduling", |function| function.scheduling.labels = "team=a".parse().unwrap()),
    ];
    let rendered = |function: &Function| pod(function, &Launch::fixed(), &cluster());
    assert_eq!(rendered(&function()), rendered(&function()));
    for (part, change) in changes {
        let mut changed = function();
        change(&mut changed);
        assert_ne!(rendered(&changed), rendered(&function()), "{part}");
    }
    let mut forward = function();
    forward.layers = layers();
    let mut backward = function();
    backward.layers = layers().into_iter().rev().collect();
    assert_ne!(rendered(&forward), rendered(&backward), "order of layers");
}

#[test]
fn provisioned_pod_differs_in_what_the_function_reads_and_nothing_else() {
    let function = function();
    let on_demand = launch(&function);
    let provisioned = Launch { initialization: Initialization::ProvisionedConcurrency, ..on_demand.clone() };
    let [on_demand, provisioned] =
        [on_demand, provisioned].map(|launch| serde_saphyr::to_string(&pod(&function, &launch, &cluster())).unwrap());
    assert_ne!(on_demand, provisioned);
    assert_eq!(on_demand.replace("value: on-demand", "value: provisioned-concurrency"), provisioned);
}

type Change = fn(&mut Function);

fn set_handler(package: &mut Package, to: &str) {
    let Package::Zip { handler, .. } = package else { panic!("a zip function") };
    *handler = to.parse().unwrap();
}

fn set_code(package: &mut Package, to: &str) {
    let Package::Zip { code_sha256, .. } = package else { panic!("a zip function") };
    *code_sha256 = to.to_owned();
}
