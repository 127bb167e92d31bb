//! What holds for every Pod, whatever the function is called and however it is configured.

use std::collections::{BTreeMap, BTreeSet};

use fakecloud_podspec::{
    CpuPolicy, Environment, EphemeralStorageMib, Function, FunctionName, ImageConfig, LABEL_LAMBDA, MemoryMib, Package,
    PodName, Runtime, TmpMedium, function_label, is_reserved, pod,
};
use k8s_openapi::api::core::v1::{Container, Pod};
use proptest::prelude::*;

use crate::fixtures::{cluster, function, launch, zip};

/// Room for what a configuration may bring: 4 KB of environment, an image's entry point, names and scripts.
const POD_LEN_MAX: usize = 128 * 1024;

fn function_name() -> impl Strategy<Value = FunctionName> {
    "[a-zA-Z0-9_-]{1,64}".prop_map(|name| name.parse().unwrap())
}

fn package() -> impl Strategy<Value = Package> {
    let zip = prop::sample::select(Runtime::ALL).prop_map(zip);
    let words = || prop::collection::vec("[ -~]{0,40}", 0..4);
    let image =
        ("[a-z0-9]{1,9}\\.io/[a-z]{1,9}:[0-9a-z]{1,9}", words(), words()).prop_map(|(uri, entry_point, command)| {
            Package::Image {
                uri: uri.parse().unwrap(),
                config: ImageConfig { entry_point, command, working_directory: None },
            }
        });
    prop_oneof![zip, image]
}

/// Names that users choose, names that AWS reserves, and values full of dollars and parentheses.
fn environment() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = prop_oneof![
        "[a-zA-Z][a-zA-Z0-9_]{1,20}",
        prop::sample::select(fakecloud_podspec::RESERVED).prop_map(str::to_owned)
    ];
    let value = prop_oneof!["[$()a]{0,12}", "[^\\x00]{0,40}"];
    prop::collection::btree_map(name, value, 0..8)
}

fn any_function() -> impl Strategy<Value = Function> {
    let sizes = (128..=32_768_u32, 512..=32_768_u32);
    (function_name(), package(), environment(), sizes, 0..=5_usize).prop_map(
        |(name, package, environment, (memory, storage), layers)| Function {
            name,
            package,
            environment: Environment::new(environment).unwrap(),
            memory: MemoryMib::new(memory).unwrap(),
            ephemeral_storage: EphemeralStorageMib::new(storage).unwrap(),
            layers: (0..layers).map(|layer| format!("sha256:{layer}")).collect(),
            ..function()
        },
    )
}

fn containers(pod: &Pod) -> Vec<&Container> {
    let spec = pod.spec.as_ref().unwrap();
    spec.init_containers.iter().flatten().chain(&spec.containers).collect()
}

fn is_label_value(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63 && end(text.chars().next()) && end(text.chars().last()) && text.chars().all(inner)
}

/// What the kubelet makes of a value, after `k8s.io/kubernetes/third_party/forked/golang/expansion` (no variable is
/// known by any name here, so references stay as they are written).
fn expanded(value: &str) -> String {
    let mut result = Vec::new();
    let mut bytes = value.bytes().peekable();
    while let Some(byte) = bytes.next() {
        result.push(byte);
        if byte == b'$' {
            match bytes.peek() {
                Some(b'$') => drop(bytes.next()),
                Some(b'(') => panic!("an unescaped reference in {value:?}"),
                Some(next) => assert!(next.is_ascii(), "the kubelet would mangle {value:?}"),
                None => {}
            }
        }
    }
    String::from_utf8(result).unwrap()
}

proptest! {
    #[test]
    fn names_and_labels_are_valid_and_bounded(function in any_function(), unique: u64) {
        let mut launch = launch(&function);
        launch.name = PodName::new(&function.name, unique);
        let metadata = pod(&function, &launch, &cluster()).metadata;
        let name = metadata.name.unwrap();
        prop_assert!(name.len() <= 63 && name.starts_with("fakecloud-lambda-"), "{}", name);
        prop_assert!(name.ends_with(&format!("-{unique:016x}")), "{}", name);
        prop_assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{}", name);
        let labels = metadata.labels.unwrap();
        prop_assert_eq!(labels.len(), 4);
        prop_assert!(labels.values().all(|value| is_label_value(value)), "{:?}", labels);
        prop_assert_eq!(&labels[LABEL_LAMBDA], &function_label(&function.name));
        prop_assert_eq!(&metadata.annotations.unwrap()["fakecloud-function-name"], function.name.as_str());
    }

    #[test]
    fn different_functions_have_different_names_and_labels(one in function_name(), other in function_name()) {
        prop_assume!(one != other);
        prop_assert_ne!(function_label(&one), function_label(&other));
        prop_assert_ne!(PodName::new(&one, 7), PodName::new(&other, 7));
    }

    #[test]
    fn token_is_in_the_environment_of_the_init_container_alone(function in any_function()) {
        let launch = launch(&function);
        let mut pod = pod(&function, &launch, &cluster());
        let fetches = matches!(function.package, Package::Zip { .. }) || !function.layers.is_empty();
        let init = pod.spec.as_mut().unwrap().init_containers.take();
        prop_assert_eq!(init.is_some(), fetches);
        let holders: Vec<String> = init
            .iter()
            .flatten()
            .flat_map(|container| container.env.iter().flatten())
            .filter(|variable| variable.value.as_deref() == Some(launch.token.reveal()))
            .map(|variable| variable.name.clone())
            .collect();
        prop_assert_eq!(holders, if fetches { vec!["FAKECLOUD_TOKEN".to_owned()] } else { vec![] });
        let mut init = init;
        init.iter_mut().flatten().for_each(|container| container.env = None);
        let rest = format!("{} {}", serde_json::to_string(&pod).unwrap(), serde_json::to_string(&init).unwrap());
        prop_assert!(!rest.contains(launch.token.reveal()));
    }

    #[test]
    fn pod_is_the_same_every_time_and_of_bounded_size(function in any_function()) {
        let launch = launch(&function);
        let once = pod(&function, &launch, &cluster());
        prop_assert_eq!(&once, &pod(&function, &launch, &cluster()));
        prop_assert!(serde_json::to_string(&once).unwrap().len() <= POD_LEN_MAX);
    }

    #[test]
    fn users_variables_arrive_unless_reserved(variables in environment()) {
        let function = Function { environment: Environment::new(variables.clone()).unwrap(), ..function() };
        let pod = pod(&function, &launch(&function), &cluster());
        let env = pod.spec.unwrap().containers.remove(0).env.unwrap();
        let names: Vec<&str> = env.iter().map(|variable| variable.name.as_str()).collect();
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        prop_assert!(names.is_sorted() && unique.len() == names.len(), "{:?}", names);
        let arrived: BTreeMap<&str, String> =
            env.iter().map(|variable| (variable.name.as_str(), expanded(variable.value.as_deref().unwrap()))).collect();
        for (name, value) in &variables {
            if is_reserved(name) {
                prop_assert_ne!(arrived.get(name.as_str()), Some(value));
            } else if !value.contains("://") {
                prop_assert_eq!(&arrived[name.as_str()], value);
            }
        }
    }

    #[test]
    fn memory_covers_the_function_and_its_tmp(function in any_function(), disk: bool) {
        let mut cluster = cluster();
        cluster.cpu = CpuPolicy::Proportional;
        cluster.tmp_medium = if disk { TmpMedium::Disk } else { TmpMedium::Memory };
        let pod = pod(&function, &launch(&function), &cluster);
        let tmp = if disk { 0 } else { function.ephemeral_storage.get() };
        for container in containers(&pod) {
            let resources = container.resources.as_ref().unwrap();
            let (requests, limits) = (resources.requests.as_ref().unwrap(), resources.limits.as_ref().unwrap());
            prop_assert_eq!(&requests["memory"].0, &format!("{}Mi", function.memory.get()));
            prop_assert_eq!(&limits["memory"].0, &format!("{}Mi", function.memory.get() + tmp));
            prop_assert_eq!(&requests["cpu"], &limits["cpu"]);
        }
    }

    #[test]
    fn every_container_is_restricted(function in any_function()) {
        let pod = pod(&function, &launch(&function), &cluster());
        let spec = pod.spec.as_ref().unwrap();
        let seccomp = spec.security_context.as_ref().unwrap().seccomp_profile.as_ref().unwrap();
        prop_assert_eq!(&seccomp.type_, "RuntimeDefault");
        prop_assert_eq!(spec.automount_service_account_token, Some(false));
        for container in containers(&pod) {
            let context = container.security_context.as_ref().unwrap();
            prop_assert_eq!((context.run_as_user, context.run_as_group, context.run_as_non_root), (Some(993), Some(990), Some(true)));
            prop_assert_eq!(context.read_only_root_filesystem, Some(true));
            prop_assert_eq!(context.allow_privilege_escalation, Some(false));
            prop_assert_eq!(context.capabilities.as_ref().unwrap().drop.as_deref().unwrap(), ["ALL"]);
        }
        for mount in spec.containers[0].volume_mounts.iter().flatten() {
            prop_assert_eq!(mount.read_only == Some(true), mount.mount_path != "/tmp");
        }
    }

    #[test]
    fn scripts_reach_the_shell_as_they_are_written(function in any_function()) {
        let pod = pod(&function, &launch(&function), &cluster());
        for word in pod.spec.unwrap().init_containers.iter().flatten().flat_map(|init| init.command.iter().flatten()) {
            prop_assert_eq!(&expanded(word), word);
        }
    }
}
