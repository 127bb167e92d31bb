//! What operators may write, and what they are told when they may not.

use super::*;

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_form_of_toleration_is_read() {
    for text in
        ["*", "spot", "spot:NoSchedule", "a.b/c=d", "a=:NoExecute", "a=b:NoExecute:60", "*:NoExecute:0", "a,b=c"]
    {
        assert_eq!(text.parse::<Tolerations>().unwrap().to_string(), text);
    }
    let all: Tolerations = "*".parse().unwrap();
    assert_eq!(all.0, [Toleration { operator: Some("Exists".into()), ..Toleration::default() }]);
}

#[test]
fn bad_toleration_says_what_would_be_right() {
    let cases = [
        ("a:Never", "`Never` is no effect"),
        ("a=b c:", "`` is no effect"),
        ("a:NoSchedule:60", "only after `NoExecute`"),
        ("a:NoExecute:soon", "whole seconds, not `soon`"),
        ("a:NoExecute:-1", "whole seconds, not `-1`"),
        ("=b", "not ``"),
        ("*=b", "not `*`"),
        ("a=b/c", "not `b/c`"),
    ];
    for (text, reason) in cases {
        let error = text.parse::<Tolerations>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("invalid tolerations `{text}`: expected")), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn node_selector_takes_any_label_and_nothing_else() {
    let selector: NodeSelector = "topology.kubernetes.io/zone=a,disk=".parse().unwrap();
    assert_eq!(selector.0, tags(&[("topology.kubernetes.io/zone", "a"), ("disk", "")]));
    for text in ["disk", "=ssd", "a/b/c=d", "a=b/c", "-a=b", "a=b_", "A_/b=c"] {
        let error = text.parse::<NodeSelector>().unwrap_err();
        assert!(error.kind == "node selector" && error.value == text, "{error}");
    }
}

#[test]
fn fakeclouds_own_keys_cannot_be_taken() {
    for text in ["fakecloud-managed-by=me", "fakecloud-x=y"] {
        assert!(text.parse::<Labels>().unwrap_err().to_string().contains("do not begin with `fakecloud-`"));
        assert!(text.parse::<Annotations>().unwrap_err().to_string().contains("do not begin with `fakecloud-`"));
    }
}

#[test]
fn annotation_may_be_any_text() {
    let annotations: Annotations = r#"a.b/c={"x":\ [1\,\ 2]}"#.parse().unwrap();
    assert_eq!(annotations.0, tags(&[("a.b/c", r#"{"x": [1, 2]}"#)]));
}

#[test]
fn tags_set_what_they_name() {
    let (settings, bad) = Scheduling::from_tags(&tags(&[
        ("team", "a"),
        ("fakecloud-k8s/node-selector", "disk=ssd zone=a"),
        ("fakecloud-k8s/tolerations", "spot"),
        ("fakecloud-k8s/annotations", "sidecar.istio.io/inject=false"),
        ("fakecloud-k8s/labels", "team=a"),
        ("fakecloud-k8s/priority-class", "high"),
        ("fakecloud-k8s/runtime-class", "gvisor"),
    ]));
    assert_eq!(bad, []);
    assert_eq!(settings.node_selector.0, tags(&[("disk", "ssd"), ("zone", "a")]));
    assert_eq!(settings.tolerations.to_string(), "spot");
    assert_eq!(settings.annotations.0, tags(&[("sidecar.istio.io/inject", "false")]));
    assert_eq!(settings.labels.0, tags(&[("team", "a")]));
    assert_eq!(settings.priority_class, "high".parse().ok());
    assert_eq!(settings.runtime_class, "gvisor".parse().ok());
}

#[test]
fn bad_tag_is_reported_and_the_others_hold() {
    let (settings, bad) = Scheduling::from_tags(&tags(&[
        ("fakecloud-k8s/labels", "team=a"),
        ("fakecloud-k8s/node-selector", "ssd"),
        ("fakecloud-k8s/nodeselector", "a=b"),
    ]));
    assert_eq!(settings, Scheduling { labels: "team=a".parse().unwrap(), ..Scheduling::default() });
    let reports: Vec<String> = bad.iter().map(|tag| format!("{tag}: {}", tag.reason)).collect();
    assert_eq!(
        reports,
        [
            "tag `fakecloud-k8s/node-selector` is ignored: invalid node selector `ssd`: expected `key=value` pairs, but \
             `ssd` has no `=`",
            "tag `fakecloud-k8s/nodeselector` is ignored: invalid setting `nodeselector`: expected one of node-selector, \
             tolerations, annotations, labels, priority-class, runtime-class",
        ]
    );
}

#[test]
fn function_wins_over_operator_and_tolerations_add_up() {
    let operator = Scheduling {
        node_selector: "disk=hdd,zone=a".parse().unwrap(),
        tolerations: "spot".parse().unwrap(),
        priority_class: "low".parse().ok(),
        runtime_class: "gvisor".parse().ok(),
        ..Scheduling::default()
    };
    let function = Scheduling {
        node_selector: "disk=ssd".parse().unwrap(),
        tolerations: "spot,gpu".parse().unwrap(),
        priority_class: "high".parse().ok(),
        ..Scheduling::default()
    };
    let both = operator.overlaid(&function);
    assert_eq!(both.node_selector, "disk=ssd,zone=a".parse().unwrap());
    assert_eq!(both.tolerations.to_string(), "spot,gpu");
    assert_eq!(both.priority_class, "high".parse().ok());
    assert_eq!(both.runtime_class, "gvisor".parse().ok());
}
