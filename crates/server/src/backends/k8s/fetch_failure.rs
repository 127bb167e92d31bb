//! What keeps an init container from fakecloud, told by its own words. No IO.

/// Where the settings and rules are.
macro_rules! see {
    ($words:literal) => {
        concat!($words, "; docs/CLUSTERS.md has the settings")
    };
}

const CUT_OFF: &str = see!(
    "fakecloud does not listen there, or a service mesh cuts init containers off: keep its proxy from these Pods or from \
     this port with FAKECLOUD_K8S_ANNOTATIONS"
);
const DROPPED: &str = see!(
    "a NetworkPolicy or firewall drops the packets, or FAKECLOUD_K8S_SELF_URL is an address that Pods do not reach: let \
     function Pods reach this port of fakecloud, and fakecloud port 8080 of function Pods"
);
const UNKNOWN_HOST: &str = see!(
    "the Pod cannot resolve the name: set FAKECLOUD_K8S_SELF_URL to one that it can, or let function Pods reach the \
     cluster's DNS"
);

/// Parts of what the fetch script says, in lower case, in the words of busybox and of the proxies of meshes.
const SIGNS: [(&str, &str); 9] = [
    ("upstream connect error", CUT_OFF),
    ("connection refused", CUT_OFF),
    ("connection reset", CUT_OFF),
    ("closed before an answer came", CUT_OFF),
    ("timed out", DROPPED),
    ("no route to host", DROPPED),
    ("network is unreachable", DROPPED),
    ("bad address", UNKNOWN_HOST),
    ("name or service not known", UNKNOWN_HOST),
];

/// The likely cause and the way out, for an init container that ended with `message`; none where it says something else.
pub(crate) fn explain(message: &str) -> Option<&'static str> {
    let message = message.to_ascii_lowercase();
    if !message.contains("cannot fetch the ") {
        return None;
    }
    SIGNS.iter().find(|(sign, _)| message.contains(sign)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_busybox_and_proxies_say_is_told_with_its_way_out() {
        let fetch = |reason: &str| format!("cannot fetch the code from http://10.96.0.7:4566: {reason}\n");
        let cases = [
            ("nc: can't connect to remote host (10.96.0.7): Connection refused", "service mesh"),
            (
                "HTTP/1.1 503 Service Unavailable: upstream connect error or disconnect/reset before headers",
                "service mesh",
            ),
            ("the connection was closed before an answer came", "service mesh"),
            ("nc: timed out", "NetworkPolicy"),
            ("connection refused or timed out", "service mesh"),
            ("nc: can't connect to remote host (10.96.0.7): No route to host", "NetworkPolicy"),
            ("nc: bad address 'fakecloud.test'", "FAKECLOUD_K8S_SELF_URL"),
        ];
        for (reason, words) in cases {
            let hint = explain(&fetch(reason)).unwrap();
            assert!(hint.contains(words) && hint.contains("docs/CLUSTERS.md"), "{reason}: {hint}");
        }
        for other in ["HTTP/1.1 401 Unauthorized: the bearer token is not this Pod's", "closed after 50 of 120 bytes"] {
            assert_eq!(explain(&fetch(other)), None, "{other}");
        }
        assert_eq!(explain("cannot unpack the code: tar: write: timed out"), None);
    }
}
