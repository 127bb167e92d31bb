//! Which tags count under which rules, and what is said of the others.

use super::*;

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| (format!("{TAG_PREFIX}{key}"), (*value).to_owned())).collect()
}

/// All six, each with what a function would like best.
fn greedy() -> BTreeMap<String, String> {
    tags(&[
        ("node-selector", "disk=ssd zone=a"),
        ("tolerations", "* node-role.kubernetes.io/control-plane spot"),
        ("labels", "example.com/team=a app=web"),
        ("annotations", "example.com/note=b sidecar.istio.io/inject=false"),
        ("priority-class", "high"),
        ("runtime-class", "runc"),
    ])
}

fn faults(bad: &[BadTag]) -> Vec<String> {
    bad.iter().map(|tag| format!("{}: {}", tag.key.trim_start_matches(TAG_PREFIX), tag.reason)).collect()
}

#[test]
fn every_tag_counts_where_the_operator_says_all() {
    let mut given = greedy();
    given.insert("team".to_owned(), "a".to_owned());
    let (settings, bad) = Scheduling::from_tags(&given, &TagRules::all());
    assert_eq!(bad, []);
    assert_eq!(settings.node_selector, "disk=ssd,zone=a".parse().unwrap());
    assert_eq!(settings.tolerations.to_string(), "*,node-role.kubernetes.io/control-plane,spot");
    assert_eq!(settings.labels, "example.com/team=a,app=web".parse().unwrap());
    assert_eq!(settings.annotations, "example.com/note=b,sidecar.istio.io/inject=false".parse().unwrap());
    assert_eq!(settings.priority_class, "high".parse().ok());
    assert_eq!(settings.runtime_class, "runc".parse().ok());
}

#[test]
fn by_default_a_tag_chooses_nodes_and_nothing_else() {
    let (settings, bad) = Scheduling::from_tags(&greedy(), &TagRules::default());
    let node_selector = "disk=ssd,zone=a".parse().unwrap();
    assert_eq!(settings, Scheduling { node_selector, ..Scheduling::default() });
    assert_eq!(
        faults(&bad),
        [
            "annotations: the operator's rules allow no key `example.com/note` in `annotations`",
            "annotations: the operator's rules allow no key `sidecar.istio.io/inject` in `annotations`",
            "labels: the operator's rules allow no key `app` in `labels`",
            "labels: the operator's rules allow no key `example.com/team` in `labels`",
            "priority-class: the operator's rules leave `priority-class` to the operator alone",
            "runtime-class: the operator's rules leave `runtime-class` to the operator alone",
            "tolerations: the operator's rules allow no key `*` in `tolerations`",
            "tolerations: the operator's rules allow no key `node-role.kubernetes.io/control-plane` in `tolerations`",
            "tolerations: the operator's rules allow no key `spot` in `tolerations`",
        ]
    );
}

#[test]
fn keys_that_the_operator_allows_count_and_no_others() {
    let rules = TagRules {
        toleration_keys: "spot,gpu".parse().unwrap(),
        label_prefixes: "example.com/".parse().unwrap(),
        annotation_prefixes: "example.com/no".parse().unwrap(),
        ..TagRules::default()
    };
    let (settings, bad) = Scheduling::from_tags(&greedy(), &rules);
    assert_eq!(settings.tolerations.to_string(), "spot");
    assert_eq!(settings.labels, "example.com/team=a".parse().unwrap());
    assert_eq!(settings.annotations, "example.com/note=b".parse().unwrap());
    assert_eq!(bad.len(), 6);
    let any = TagRules { toleration_keys: "*".parse().unwrap(), ..TagRules::default() };
    assert_eq!(Scheduling::from_tags(&greedy(), &any).0.tolerations.0.len(), 3);
    // A taint's key is allowed as a whole: `spot` allows no `spotless`.
    let (settings, _) = Scheduling::from_tags(&tags(&[("tolerations", "spotless")]), &rules);
    assert_eq!(settings, Scheduling::default());
}

#[test]
fn only_the_tags_of_the_list_count() {
    for (list, counting) in
        [("off", vec![]), ("runtime-class", vec!["runtime-class"]), ("labels priority-class", vec!["priority-class"])]
    {
        let rules = TagRules { heeded: list.parse().unwrap(), ..TagRules::default() };
        let (settings, _) = Scheduling::from_tags(&greedy(), &rules);
        let expected = Scheduling {
            priority_class: counting.contains(&"priority-class").then(|| "high".parse().unwrap()),
            runtime_class: counting.contains(&"runtime-class").then(|| "runc".parse().unwrap()),
            ..Scheduling::default()
        };
        assert_eq!(settings, expected, "{list}");
    }
}

#[test]
fn no_rule_lets_a_function_outrank_the_cluster_or_take_the_requests_of_a_service() {
    let given =
        tags(&[("labels", "app.kubernetes.io/name=fakecloud team=a"), ("priority-class", "system-node-critical")]);
    let rules = TagRules { label_prefixes: "*".parse().unwrap(), ..TagRules::all() };
    let (settings, bad) = Scheduling::from_tags(&given, &rules);
    assert_eq!(settings, Scheduling { labels: "team=a".parse().unwrap(), ..Scheduling::default() });
    let told = faults(&bad).join("\n");
    assert!(told.contains("no function may set `app.kubernetes.io/name`"), "{told}");
    assert!(told.contains("invalid priority class `system-node-critical`"), "{told}");
}

#[test]
fn bad_tag_is_reported_and_the_others_hold() {
    let given = tags(&[("labels", "team=a"), ("node-selector", "ssd"), ("nodeselector", "a=b")]);
    let (settings, bad) = Scheduling::from_tags(&given, &TagRules::all());
    assert_eq!(settings, Scheduling { labels: "team=a".parse().unwrap(), ..Scheduling::default() });
    assert_eq!(
        faults(&bad),
        [
            "node-selector: invalid node selector `ssd`: expected `key=value` pairs, but `ssd` has no `=`",
            "nodeselector: invalid tag `nodeselector`: expected one of node-selector, tolerations, labels, annotations, \
             priority-class, runtime-class",
        ]
    );
}

#[test]
fn list_of_tags_and_keys_that_cannot_be_is_refused_with_what_can() {
    for text in ["", "none", "node-selector,priority", "all,labels"] {
        let error = text.parse::<HeededTags>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("invalid list of tags `{text}`: expected off, all, or some of")), "{error}");
    }
    for text in ["a b_/", "/x", "-a", "a=b"] {
        assert!(text.parse::<KeyPrefixes>().unwrap_err().to_string().contains("expected keys"), "{text}");
    }
    assert_eq!(HeededTags::default(), "node-selector,tolerations,labels,annotations".parse().unwrap());
}
