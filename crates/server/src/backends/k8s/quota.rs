//! Reads why the API server let no Pod in: whether a quota is used up, which others may give back, or is too small. No IO.

/// Whether the message says that the Pod exceeds quotas, and would fit into each of them if less were in use.
///
/// The form is that of `resourcequota` in Kubernetes' admission: `exceeded quota: <name>, requested: <resources>, used:
/// <resources>, limited: <resources>`, each of them `name=quantity,name=quantity`. What cannot be read counts as fitting.
pub(crate) fn is_used_up(message: &str) -> bool {
    let mut exceeded = message.split("exceeded quota: ").skip(1).peekable();
    exceeded.peek().is_some() && exceeded.all(fits)
}

fn fits(exceeded: &str) -> bool {
    let resources = |name| {
        let list = exceeded.split_once(name).map_or("", |(_, rest)| rest.split(": ").next().unwrap_or_default());
        list.split(',').filter_map(|pair| pair.trim().split_once('=')).collect::<Vec<_>>()
    };
    let limited = resources("limited: ");
    resources("requested: ").into_iter().all(|(name, requested)| {
        let limit = limited.iter().find(|(limited, _)| *limited == name);
        let limit = limit.and_then(|(_, limit)| quantity(limit));
        limit.zip(quantity(requested)).is_none_or(|(limit, requested)| requested <= limit)
    })
}

/// A number as in <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
fn quantity(text: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 15] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let suffixed = SUFFIXES.into_iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)));
    let (number, factor) = suffixed.unwrap_or((text, 1.0));
    number.parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quota_is_used_up_if_the_pod_would_fit_into_an_unused_one() {
        for (expected, message) in [
            (true, "exceeded quota: q, requested: pods=1, used: pods=20, limited: pods=20"),
            (
                true,
                "pods \"a-1\" is forbidden: exceeded quota: q, requested: limits.memory=160Mi,pods=1, \
                used: limits.memory=1Gi,pods=3, limited: limits.memory=1Gi,pods=3",
            ),
            (
                true,
                "exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=1800m, limited: requests.cpu=2",
            ),
            (
                true,
                "exceeded quota: q, requested: limits.memory=1Gi, used: limits.memory=1, limited: limits.memory=1Gi",
            ),
            (false, "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"),
            (false, "exceeded quota: q, requested: requests.cpu=2001m, used: requests.cpu=0, limited: requests.cpu=2"),
            (
                false,
                "exceeded quota: q, requested: limits.memory=1025Mi, used: limits.memory=0, limited: limits.memory=1Gi",
            ),
            (
                false,
                "exceeded quota: a, requested: pods=1, used: pods=3, limited: pods=3, \
                exceeded quota: b, requested: limits.memory=2G, used: limits.memory=0, limited: limits.memory=1G",
            ),
            (false, "failed quota: q: must specify limits.cpu for: function"),
            (false, "status unknown for quota: q, resources: pods"),
            (false, "pods is forbidden: User cannot create resource \"pods\""),
            (false, "exceeded quota"),
            (false, ""),
        ] {
            assert_eq!(is_used_up(message), expected, "{message}");
        }
    }

    #[test]
    fn quantities_are_read_with_their_suffixes() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("1.5", Some(1.5)),
            ("100m", Some(0.1)),
            ("2k", Some(2_000.0)),
            ("1e3", Some(1_000.0)),
            ("12E", Some(12e18)),
            ("3Ki", Some(3_072.0)),
            ("1Ei", Some(1_152_921_504_606_846_976.0)),
            ("", None),
            ("Mi", None),
            ("many", None),
        ] {
            assert_eq!(quantity(text), expected, "{text}");
        }
    }
}
