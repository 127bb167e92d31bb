//! Which setting satisfies what the API server refused a Pod for, told by its words. No IO.

const USER: &str = "FAKECLOUD_K8S_RUN_AS_USER=image states no user, so that the cluster may choose it; \
                    deploy/components/openshift sets it";
const FIXED_USER: &str = "FAKECLOUD_K8S_RUN_AS_USER has to be a number in this namespace, as it is by default";
const CPU: &str = "FAKECLOUD_K8S_CPU says how much CPU each container requests and is limited to, such as 250";
const DISK: &str = "FAKECLOUD_K8S_EPHEMERAL_STORAGE says how much ephemeral storage each container requests and is limited to, such as 1Gi";
const MEMORY_RATIO: &str = "FAKECLOUD_K8S_TMP_MEDIUM=Disk makes the memory limit equal to the request";
const MEMORY: &str = "MemorySize of the function, and its EphemeralStorage unless FAKECLOUD_K8S_TMP_MEDIUM is Disk, make \
                      the memory limit";

/// The settings that matter for a refusal with this message; none where it is about something else.
///
/// The words are those of Kubernetes' admission plugins `ResourceQuota` (`failed quota: …: must specify …`,
/// `exceeded quota: …`) and `LimitRanger` (`minimum cpu usage per Container is …`), of PodSecurity, and of OpenShift's
/// security context constraints.
pub(crate) fn explain(message: &str) -> Option<String> {
    if message.contains("security context constraint") {
        return Some(USER.to_owned());
    }
    if message.contains("violates PodSecurity") && message.contains("runAsNonRoot") {
        return Some(FIXED_USER.to_owned());
    }
    let counted = ["must specify ", "exceeded quota: ", " per Container is ", " per Pod is "];
    let parts: Vec<&str> = message.split([',', ';', ' ', '=', '[', ']']).collect();
    if !counted.iter().any(|words| message.contains(words)) {
        return None;
    }
    let names = |resource: &str| {
        parts.iter().any(|part| part.trim_start_matches("requests.").trim_start_matches("limits.") == resource)
    };
    let memory = if message.contains("ratio") { MEMORY_RATIO } else { MEMORY };
    let hints = [("cpu", CPU), ("ephemeral-storage", DISK), ("memory", memory)];
    let hints: Vec<_> = hints.iter().filter(|(resource, _)| names(resource)).map(|(_, hint)| *hint).collect();
    (!hints.is_empty()).then(|| hints.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_with_the_settings_that_satisfy_them() {
        let cases: [(&str, &[&str]); 9] = [
            (
                "pods \"a\" is forbidden: failed quota: few: must specify limits.cpu for: fetch,function; requests.cpu for: \
                 fetch,function",
                &["FAKECLOUD_K8S_CPU"],
            ),
            (
                "pods \"a\" is forbidden: failed quota: few: must specify limits.ephemeral-storage,requests.cpu",
                &["FAKECLOUD_K8S_CPU", "FAKECLOUD_K8S_EPHEMERAL_STORAGE"],
            ),
            (
                "pods \"a\" is forbidden: exceeded quota: few, requested: limits.cpu=2, used: limits.cpu=0, limited: \
                 limits.cpu=1",
                &["FAKECLOUD_K8S_CPU"],
            ),
            (
                "pods \"a\" is forbidden: [minimum cpu usage per Container is 100m, but request is 72m, minimum cpu usage per \
                 Container is 100m, but request is 72m]",
                &["FAKECLOUD_K8S_CPU"],
            ),
            (
                "pods \"a\" is forbidden: minimum ephemeral-storage usage per Container is 1Gi, but no request is specified",
                &["FAKECLOUD_K8S_EPHEMERAL_STORAGE"],
            ),
            (
                "pods \"a\" is forbidden: memory max limit to request ratio per Container is 1, but provided ratio is 5.000000",
                &["FAKECLOUD_K8S_TMP_MEDIUM=Disk"],
            ),
            (
                "pods \"a\" is forbidden: maximum memory usage per Container is 512Mi, but limit is 640Mi",
                &["MemorySize"],
            ),
            (
                "pods \"a\" is forbidden: unable to validate against any security context constraint: [provider \
                 restricted-v2: .initContainers[0].runAsUser: Invalid value: 993: must be in the ranges: [1000680000, \
                 1000689999]]",
                &["FAKECLOUD_K8S_RUN_AS_USER=image", "deploy/components/openshift"],
            ),
            (
                "pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot != true (pod or container \
                 \"function\" must set securityContext.runAsNonRoot=true)",
                &["FAKECLOUD_K8S_RUN_AS_USER has to be a number"],
            ),
        ];
        for (message, settings) in cases {
            let hint = explain(message).unwrap_or_else(|| panic!("no hint: {message}"));
            assert!(settings.iter().all(|setting| hint.contains(setting)), "{hint}");
        }
    }

    #[test]
    fn other_refusals_are_left_to_their_own_words() {
        for message in [
            "exceeded quota: pods, requested: pods=1, used: pods=0, limited: pods=0",
            "namespace team is being terminated",
            "pods is forbidden: User \"x\" cannot create resource \"pods\" in API group \"\" in the namespace \"cpu\"",
        ] {
            assert_eq!(explain(message), None, "{message}");
        }
    }
}
