//! What a node lacks to pull an image, told by the words in which the kubelet and containerd say that it failed. No IO.

use fakecloud_podspec::Registry;

/// What is in the way, which decides what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The registry speaks HTTP, the node HTTPS.
    PlainHttp,
    /// The registry's certificate is signed by nobody whom the node trusts.
    UnknownAuthority,
    /// The registry's certificate is for other names, or not for today.
    WrongCertificate,
    /// The registry's name leads nowhere.
    UnknownHost,
    /// Nothing listens where the name leads.
    Refused,
    /// What is sent there gets no answer.
    Unreachable,
    /// Credentials are missing, or are wrong.
    Unauthorized,
    /// The image is not built for the node's architecture.
    OtherPlatform,
    /// The registry has no such image.
    NotFound,
}

/// Parts of messages, in lower case, of containerd 1.6 to 2.1, CRI-O and cri-dockerd, as Go's libraries make them. The
/// first that is found counts: a message may end in `not found` for several reasons.
const SIGNS: [(&str, Cause); 24] = [
    ("server gave http response to https client", Cause::PlainHttp),
    ("first record does not look like a tls handshake", Cause::PlainHttp),
    ("certificate signed by unknown authority", Cause::UnknownAuthority),
    ("certificate is not trusted", Cause::UnknownAuthority),
    ("x509: ", Cause::WrongCertificate),
    ("no such host", Cause::UnknownHost),
    ("server misbehaving", Cause::UnknownHost),
    ("temporary failure in name resolution", Cause::UnknownHost),
    ("connection refused", Cause::Refused),
    ("i/o timeout", Cause::Unreachable),
    ("no route to host", Cause::Unreachable),
    ("network is unreachable", Cause::Unreachable),
    ("context deadline exceeded", Cause::Unreachable),
    ("connection reset by peer", Cause::Unreachable),
    ("tls handshake timeout", Cause::Unreachable),
    ("401 unauthorized", Cause::Unauthorized),
    ("403 forbidden", Cause::Unauthorized),
    ("pull access denied", Cause::Unauthorized),
    ("authentication required", Cause::Unauthorized),
    ("no basic auth credentials", Cause::Unauthorized),
    ("no match for platform", Cause::OtherPlatform),
    ("not found", Cause::NotFound),
    ("manifest unknown", Cause::NotFound),
    ("name unknown", Cause::NotFound),
];

/// What is missing and how to add it, for a pull of `image` that the kubelet says failed with `message`; none where the
/// message says nothing that is known. `ours` is where nodes find fakecloud's registry, if they do.
pub(crate) fn explain(image: &str, message: &str, ours: Option<&Registry>) -> Option<String> {
    let message = message.to_ascii_lowercase();
    let (_sign, cause) = SIGNS.iter().find(|(sign, _)| message.contains(sign))?;
    let registry = registry(image);
    let is_ours = ours.is_some_and(|ours| ours.host() == registry);
    Some(if is_ours { of_ours(*cause, registry) } else { of_others(*cause, registry) })
}

/// What is wrong between a node and fakecloud.
fn of_ours(cause: Cause, registry: &str) -> String {
    let wrong = match cause {
        Cause::PlainHttp => format!(
            "the node expects HTTPS of {registry}, and something on the way speaks plain HTTP: write \
             [host.\"http://{registry}\"] to hosts.toml in containerd's certs.d/{registry}"
        ),
        Cause::UnknownAuthority => format!(
            "the node does not trust the certificate of {registry}: put what GET /_fakecloud/tls/ca.crt gives as ca.crt \
             into containerd's certs.d/{registry}, or write [host.\"http://{registry}\"] to hosts.toml there"
        ),
        Cause::WrongCertificate => format!(
            "the certificate of {registry} does not hold for that name or at this time: set FAKECLOUD_K8S_ECR_URL to a \
             name that it holds for, or FAKECLOUD_TLS_CERT and FAKECLOUD_TLS_KEY to one that holds for this name"
        ),
        Cause::UnknownHost => {
            format!("the node cannot resolve {registry}: the names of Services are for Pods, nodes do not know them")
        }
        Cause::Refused => {
            format!(
                "nothing listens at {registry} for the node: check that a Service has that port, and leads to fakecloud"
            )
        }
        Cause::Unreachable => format!("{registry} does not answer the node: open the way between them"),
        Cause::Unauthorized => {
            return format!(
                "{registry} refuses the credentials that the node sends: check FAKECLOUD_K8S_PULL_SECRET, which \
                 fakecloud's own registry does not need"
            );
        }
        Cause::OtherPlatform | Cause::NotFound => return of_others(cause, registry),
    };
    format!(
        "{wrong}; or set FAKECLOUD_K8S_ECR_URL to localhost and a NodePort, which needs nothing of nodes: docs/REGISTRY.md"
    )
}

/// What is wrong between a node and any other registry.
fn of_others(cause: Cause, registry: &str) -> String {
    match cause {
        Cause::PlainHttp => format!(
            "the node expects HTTPS of {registry}, which speaks plain HTTP: write [host.\"http://{registry}\"] to \
             hosts.toml in containerd's certs.d/{registry}"
        ),
        Cause::UnknownAuthority => format!(
            "the node does not trust the certificate of {registry}: put that of its authority as ca.crt into containerd's \
             certs.d/{registry}"
        ),
        Cause::WrongCertificate => {
            format!("the certificate of {registry} does not hold for that name or at this time")
        }
        Cause::UnknownHost | Cause::Refused | Cause::Unreachable => format!(
            "the node cannot reach {registry}: where fakecloud can, let it fetch such images by \
             FAKECLOUD_REGISTRY_UPSTREAM; or set FAKECLOUD_LAMBDA_IMAGE_PREFIX (runtimes), FAKECLOUD_K8S_INIT_IMAGE (the \
             init container) or the function's image to a registry within reach"
        ),
        Cause::Unauthorized => format!(
            "{registry} does not let the node pull this image: name a Secret with credentials for it in \
             FAKECLOUD_K8S_PULL_SECRET, or check those in it; some registries say this of images that do not exist"
        ),
        Cause::OtherPlatform => "the image is not built for the node's architecture: push it for that one as well, or \
                                 lead the function to other nodes by its Architectures"
            .to_owned(),
        Cause::NotFound => format!("{registry} has no such image: push it there, or correct the image's name"),
    }
}

/// The host and port of an image's registry. What has neither a dot nor a port is a path on Docker's own.
fn registry(image: &str) -> &str {
    let host = image.split_once('/').map(|(host, _path)| host);
    host.filter(|host| host.contains(['.', ':']) || *host == "localhost").unwrap_or("docker.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Images, what kubelets pass on of their container runtime about them, and what the explanation tells.
    const MESSAGES: [(&str, &str, &str); 18] = [
        // containerd 1.6
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": failed to do request: Head "https://10.88.0.1:4566/v2/app/manifests/v1": http: server gave HTTP response to HTTPS client"#,
            "[host.\"http://10.88.0.1:4566\"]",
        ),
        // containerd 1.6
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": failed to do request: Head "https://10.88.0.1:4566/v2/app/manifests/v1": x509: certificate signed by unknown authority"#,
            "/_fakecloud/tls/ca.crt",
        ),
        // containerd 1.7
        (
            "registry.test:5000/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "registry.test:5000/app:v1": failed to resolve reference "registry.test:5000/app:v1": failed to do request: Head "https://registry.test:5000/v2/app/manifests/v1": tls: failed to verify certificate: x509: certificate signed by unknown authority"#,
            "that of its authority",
        ),
        // containerd 2.1, by a kubelet of 1.32
        (
            "10.88.0.1:4566/app:v1",
            r#"Back-off pulling image "10.88.0.1:4566/app:v1": ErrImagePull: failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": failed to do request: Head "https://10.88.0.1:4566/v2/app/manifests/v1": tls: failed to verify certificate: x509: certificate is valid for 127.0.0.1, not 10.88.0.1"#,
            "FAKECLOUD_TLS_CERT",
        ),
        // containerd 1.7
        (
            "registry.test:5000/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "registry.test:5000/app:v1": failed to resolve reference "registry.test:5000/app:v1": failed to do request: Head "https://registry.test:5000/v2/app/manifests/v1": tls: failed to verify certificate: x509: cannot validate certificate for 10.0.0.7 because it doesn't contain any IP SANs"#,
            "does not hold for that name",
        ),
        // containerd 1.7
        (
            "fakecloud.fakecloud.svc:4566/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "fakecloud.fakecloud.svc:4566/app:v1": failed to resolve reference "fakecloud.fakecloud.svc:4566/app:v1": failed to do request: Head "https://fakecloud.fakecloud.svc:4566/v2/app/manifests/v1": dial tcp: lookup fakecloud.fakecloud.svc on 10.0.0.2:53: no such host"#,
            "let it fetch such images",
        ),
        // containerd 1.6
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": failed to do request: Head "https://10.88.0.1:4566/v2/app/manifests/v1": dial tcp: lookup fakecloud on 192.168.0.1:53: server misbehaving"#,
            "the names of Services are for Pods",
        ),
        // containerd 1.6
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": failed to do request: Head "http://10.88.0.1:4566/v2/app/manifests/v1": dial tcp 10.88.0.1:4566: connect: connection refused"#,
            "localhost and a NodePort",
        ),
        // containerd 1.7
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": failed to do request: Head "https://10.88.0.1:4566/v2/app/manifests/v1": dial tcp 10.88.0.1:4566: i/o timeout"#,
            "does not answer the node",
        ),
        // containerd 1.6
        (
            "registry.test:5000/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "registry.test:5000/app:v1": failed to resolve reference "registry.test:5000/app:v1": unexpected status code [manifests v1]: 401 Unauthorized"#,
            "FAKECLOUD_K8S_PULL_SECRET",
        ),
        // containerd 1.6, of fakecloud
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": unexpected status code [manifests v1]: 401 Unauthorized"#,
            "does not need",
        ),
        // containerd 2.0
        (
            "registry.test:5000/app:v1",
            r#"failed to pull and unpack image "registry.test:5000/app:v1": failed to resolve reference "registry.test:5000/app:v1": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://registry.test:5000/token: 401 Unauthorized"#,
            "FAKECLOUD_K8S_PULL_SECRET",
        ),
        // containerd 1.6, of ECR
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1": failed to resolve reference "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1": pulling from host 123456789012.dkr.ecr.us-east-1.amazonaws.com failed with status code [manifests v1]: 403 Forbidden"#,
            "FAKECLOUD_K8S_PULL_SECRET",
        ),
        // containerd 1.7, of Docker's registry
        (
            "acme/app:v1",
            r#"rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/acme/app:v1": failed to resolve reference "docker.io/acme/app:v1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"#,
            "docker.io does not let",
        ),
        // containerd 1.6
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = NotFound desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": failed to resolve reference "10.88.0.1:4566/app:v1": 10.88.0.1:4566/app:v1: not found"#,
            "no such image: push it there",
        ),
        // containerd 1.6
        (
            "10.88.0.1:4566/app:v1",
            r#"rpc error: code = NotFound desc = failed to pull and unpack image "10.88.0.1:4566/app:v1": no match for platform in manifest sha256:0f0f: not found"#,
            "architecture",
        ),
        // CRI-O 1.30
        (
            "10.88.0.1:4566/app:v1",
            r#"initializing source docker://10.88.0.1:4566/app:v1: reading manifest v1 in 10.88.0.1:4566/app: manifest unknown"#,
            "no such image",
        ),
        // CRI-O 1.30
        (
            "registry.test:5000/app:v1",
            r#"initializing source docker://registry.test:5000/app:v1: pinging container registry registry.test:5000: Get "https://registry.test:5000/v2/": http: server gave HTTP response to HTTPS client"#,
            "plain HTTP",
        ),
    ];

    #[test]
    fn message_is_explained_by_what_is_missing() {
        let ours: Registry = "10.88.0.1:4566".parse().unwrap();
        for (image, message, about) in MESSAGES {
            let explained = explain(image, message, Some(&ours));
            assert!(explained.as_ref().is_some_and(|words| words.contains(about)), "{message}: {explained:?}");
        }
    }

    #[test]
    fn another_registry_is_not_mended_by_settings_of_ours() {
        let ours: Registry = "localhost:30566".parse().unwrap();
        for (_sign, cause) in SIGNS {
            let explained = of_others(cause, "public.ecr.aws");
            assert!(!explained.contains("FAKECLOUD_K8S_ECR_URL") && !explained.contains("/_fakecloud/"), "{explained}");
        }
        let message = "dial tcp: lookup public.ecr.aws on 10.0.0.2:53: no such host";
        let explained = explain("public.ecr.aws/lambda/python:3.12", message, Some(&ours)).unwrap();
        assert!(explained.contains("FAKECLOUD_LAMBDA_IMAGE_PREFIX"), "{explained}");
    }

    #[test]
    fn unknown_message_speaks_for_itself() {
        assert_eq!(explain("app:v1", "Back-off pulling image \"app:v1\"", None), None);
    }

    #[test]
    fn registry_is_named_as_the_image_names_it() {
        for (image, expected) in [
            ("10.88.0.1:4566/team/app@sha256:0f", "10.88.0.1:4566"),
            ("localhost:30566/app", "localhost:30566"),
            ("localhost/app", "localhost"),
            ("ghcr.io/acme/app:v1", "ghcr.io"),
            ("acme/app:v1.2", "docker.io"),
            ("app:v1", "docker.io"),
        ] {
            assert_eq!(registry(image), expected, "{image}");
        }
    }
}
