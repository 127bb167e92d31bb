//! What operators may write, and what they are told when they may not.

use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
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
    assert_eq!(selector.0, map(&[("topology.kubernetes.io/zone", "a"), ("disk", "")]));
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
    assert_eq!(annotations.0, map(&[("a.b/c", r#"{"x": [1, 2]}"#)]));
}

#[test]
fn operator_wins_over_function_and_other_keys_of_the_function_stay() {
    let operator = Scheduling {
        node_selector: "disk=hdd,zone=a".parse().unwrap(),
        tolerations: "spot:NoExecute:60".parse().unwrap(),
        labels: "team=ops".parse().unwrap(),
        annotations: "sidecar.istio.io/inject=true".parse().unwrap(),
        priority_class: "low".parse().ok(),
        runtime_class: "gvisor".parse().ok(),
    };
    let function = Scheduling {
        node_selector: "disk=ssd,rack=1".parse().unwrap(),
        tolerations: "spot,gpu".parse().unwrap(),
        labels: "team=mine,app=a".parse().unwrap(),
        annotations: "sidecar.istio.io/inject=false,note=a".parse().unwrap(),
        priority_class: "high".parse().ok(),
        runtime_class: "runc".parse().ok(),
    };
    let both = operator.before(&function);
    assert_eq!(both.node_selector, "disk=hdd,zone=a,rack=1".parse().unwrap());
    assert_eq!(both.tolerations.to_string(), "spot:NoExecute:60,gpu");
    assert_eq!(both.labels, "team=ops,app=a".parse().unwrap());
    assert_eq!(both.annotations, "sidecar.istio.io/inject=true,note=a".parse().unwrap());
    assert_eq!(both.priority_class, "low".parse().ok());
    assert_eq!(both.runtime_class, "gvisor".parse().ok());
    assert_eq!(Scheduling::default().before(&function), function);
}
