//! What is read from flags and variables, and what is refused.

use super::*;

fn parse(flags: &[&str]) -> Result<Args, String> {
    Args::try_parse_from([&["fakecloud"], flags].concat()).map_err(|error| error.to_string())
}

#[test]
fn bad_value_is_refused_with_the_variable_the_value_and_what_is_right() {
    let cases = [
        ("--k8s-self-url=http://127.0.0.1:4566", "FAKECLOUD_K8S_SELF_URL", "`http://127.0.0.1:4566`", "Pods reach"),
        ("--data-limit=80", "FAKECLOUD_DATA_LIMIT", "'80'", "512MB"),
        ("--lambda-idle-ttl=10", "FAKECLOUD_LAMBDA_IDLE_TTL", "'10'", "90s"),
        ("--lambda-max-concurrency=0", "FAKECLOUD_LAMBDA_MAX_CONCURRENCY", "'0'", "non-zero"),
        ("--lambda-max-pods=0", "FAKECLOUD_LAMBDA_MAX_PODS", "'0'", "non-zero"),
        ("--max-connections=0", "FAKECLOUD_MAX_CONNECTIONS", "'0'", "non-zero"),
        ("--max-connections-per-peer=many", "FAKECLOUD_MAX_CONNECTIONS_PER_PEER", "'many'", "digit"),
        ("--head-timeout=30", "FAKECLOUD_HEAD_TIMEOUT", "'30'", "90s"),
        ("--idle-timeout=never", "FAKECLOUD_IDLE_TIMEOUT", "'never'", "90s"),
        ("--memory-limit=512", "FAKECLOUD_MEMORY_LIMIT", "'512'", "512Mi"),
        ("--lambda-starts-min=0", "FAKECLOUD_LAMBDA_STARTS_MIN", "'0'", "non-zero"),
        ("--lambda-starts-max=all", "FAKECLOUD_LAMBDA_STARTS_MAX", "'all'", "digit"),
        ("--lambda-start-wait=15", "FAKECLOUD_LAMBDA_START_WAIT", "'15'", "90s"),
        ("--k8s-cpu=fast", "FAKECLOUD_K8S_CPU", "'fast'", "proportional"),
        ("--k8s-ephemeral-storage=lots", "FAKECLOUD_K8S_EPHEMERAL_STORAGE", "'lots'", "1Gi"),
        ("--lambda-ignore-architecture=yes", "FAKECLOUD_LAMBDA_IGNORE_ARCHITECTURE", "'yes'", "true"),
        ("--lambda-foreign-layers=fetch", "FAKECLOUD_LAMBDA_FOREIGN_LAYERS", "'fetch'", "leave-out"),
        ("--k8s-tmp-medium=Floppy", "FAKECLOUD_K8S_TMP_MEDIUM", "'Floppy'", "Disk"),
        (
            "--k8s-priority-class=system-node-critical",
            "FAKECLOUD_K8S_PRIORITY_CLASS",
            "`system-node-critical`",
            "none of",
        ),
        ("--k8s-tags=labels,priority", "FAKECLOUD_K8S_TAGS", "`labels,priority`", "off, all"),
        ("--k8s-tag-tolerations=a=b", "FAKECLOUD_K8S_TAG_TOLERATIONS", "`a=b`", "keys"),
        ("--k8s-tag-labels=-", "FAKECLOUD_K8S_TAG_LABELS", "`-`", "`*` for all"),
        ("--k8s-tag-annotations=/", "FAKECLOUD_K8S_TAG_ANNOTATIONS", "`/`", "`*` for all"),
        ("--trusted-proxies=10.0.0.0/33", "FAKECLOUD_TRUSTED_PROXIES", "'10.0.0.0/33'", "10.0.0.7"),
        ("--allowed-origins=app.example", "FAKECLOUD_ALLOWED_ORIGINS", "'app.example'", "https://"),
        ("--allowed-origins=http://a.example/", "FAKECLOUD_ALLOWED_ORIGINS", "'http://a.example/'", "without a path"),
        ("--ecr=aws", "FAKECLOUD_ECR", "'aws'", "external"),
        ("--ecr-auto-create=yes", "FAKECLOUD_ECR_AUTO_CREATE", "'yes'", "false"),
        ("--registry-upstream=hub=docker.io", "FAKECLOUD_REGISTRY_UPSTREAM", "'hub'", "https://"),
        ("--lambda-backend=docker", "FAKECLOUD_LAMBDA_BACKEND", "'docker'", "k8s"),
        ("--lambda-image=PYTHON9=x", "FAKECLOUD_LAMBDA_IMAGE_PYTHON9", "PYTHON9", "FAKECLOUD_LAMBDA_IMAGE_PYTHON3_14"),
    ];
    for (flag, variable, value, right) in cases {
        let error = parse(&[flag]).unwrap_err();
        for part in [variable, value, right] {
            assert!(error.contains(part), "{flag}: {part} is missing in: {error}");
        }
    }
}

#[test]
fn passwords_of_upstreams_are_not_shown() {
    for value in ["hub=https://user:s3cret@", "hub=https://user:s3cret@ghcr.io?x", "https://user:s3cret@ghcr.io"] {
        let error = parse(&[&format!("--registry-upstream={value}")]).unwrap_err();
        assert!(error.contains("FAKECLOUD_REGISTRY_UPSTREAM") && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn certificate_and_key_come_together() {
    for (given, missing) in [("--tls-cert=a.crt", "FAKECLOUD_TLS_KEY"), ("--tls-key=a.key", "FAKECLOUD_TLS_CERT")] {
        let error = parse(&[given]).unwrap_err();
        assert!(error.contains(missing), "{error}");
    }
    assert!(parse(&["--tls-cert=a.crt", "--tls-key=a.key"]).is_ok());
}

#[test]
fn credentials_that_no_header_carries_are_refused_without_being_shown() {
    for flag in ["--aws-access-key-id", "--aws-secret-access-key", "--aws-session-token", "--registry-token"] {
        let variable = flag.trim_start_matches('-').replace('-', "_").to_uppercase();
        for value in ["s3cret\n", "s3cret\r", " s3cret", "s3cret\u{e9}"] {
            let error = parse(&[&format!("{flag}={value}")]).unwrap_err();
            assert!(error.contains(&variable) && error.contains("visible ASCII"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert!(parse(&[&format!("{flag}=IQoJb3JpZ2lu/+==")]).is_ok());
    }
}

#[test]
fn every_value_is_named_after_its_variable() {
    use clap::CommandFactory;
    for argument in Args::command().get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        let names = argument.get_value_names().unwrap();
        assert_eq!(names.first().map(|name| name.as_str()), variable.to_str(), "{}", argument.get_id());
    }
}

/// The images of a server with this command line and these variables.
fn runtime_images(line: &[&str], variables: Vec<(OsString, OsString)>) -> BTreeMap<Runtime, ImageRef> {
    let line = ["fakecloud"].iter().chain(line).map(OsString::from);
    Args::try_parse_from(arguments(line, variables.into_iter())).unwrap().runtime_images()
}

fn python() -> Runtime {
    "python3.12".parse().unwrap()
}

#[test]
fn images_of_single_runtimes_come_from_their_variables() {
    let variables = [
        ("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12", "mirror/python:3.12"),
        ("FAKECLOUD_LAMBDA_IMAGE_PREFIX", "mirror"),
        ("PATH", "/bin"),
    ];
    let variables = variables.map(|(name, value)| (name.into(), value.into())).into();
    let images = runtime_images(&[], variables);
    assert_eq!(images, BTreeMap::from([(python(), "mirror/python:3.12".parse().unwrap())]));
}

#[test]
fn flag_goes_before_its_variable_for_images_too() {
    let variables = vec![("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12".into(), "from/variable".into())];
    let images = runtime_images(&["--lambda-image=PYTHON3_12=from/flag"], variables);
    assert_eq!(images[&python()].as_str(), "from/flag");
}

#[test]
fn foreign_variable_in_no_encoding_does_not_matter() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = || OsString::from_vec(vec![b'A', 0xff]);
    assert!(runtime_images(&[], vec![(bytes(), bytes()), ("PATH".into(), bytes())]).is_empty());
    let line = ["fakecloud"].map(OsString::from).into_iter();
    let ours = [("FAKECLOUD_LAMBDA_IMAGE_PYTHON3_12".into(), bytes())].into_iter();
    let refused = Args::try_parse_from(arguments(line, ours)).unwrap_err().to_string();
    assert!(refused.contains("UTF-8"), "{refused}");
}

#[test]
fn help_shows_every_variable() {
    use clap::CommandFactory;
    let help = Args::command().render_long_help().to_string();
    for argument in Args::command().get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        assert!(help.contains(variable.to_str().unwrap()), "{}", argument.get_id());
    }
}
