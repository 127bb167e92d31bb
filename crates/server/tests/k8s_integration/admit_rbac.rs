//! The rights that fakecloud needs: those of the Role in `deploy/`, all of them and no more.

use serde_json::{Value, json};

use crate::harness::{Fakecloud, Function, LogLevel, ServiceAccount, role_rules, with_temp_ns};

const VERBS: [&str; 5] = ["create", "delete", "get", "list", "watch"];

#[test]
fn five_verbs_on_pods_suffice() {
    assert_eq!(sorted_verbs(&role_rules()), VERBS);
    with_temp_ns(|ns| {
        let account = ServiceAccount::create(ns, &role_rules());
        let fakecloud = Fakecloud::start_with(ns, LogLevel::Debug, &[account.setting()]);
        fakecloud.lambda.create_function("modest", &Function::python_report());
        let cold = fakecloud.lambda.invoke("modest", &json!(1)).returned();
        let warm = fakecloud.lambda.invoke("modest", &json!(2)).returned();
        assert_eq!((&warm["pod"], &warm["count"]), (&cold["pod"], &json!(2)));

        assert!(fakecloud.terminate().success(), "{}", fakecloud.log());
        assert!(ns.pods().is_empty(), "every Pod was deleted before the end");
        assert!(!fakecloud.log().to_lowercase().contains("forbidden"), "{}", fakecloud.log());
    });
}

#[test]
fn missing_verb_is_named_and_nothing_starts() {
    with_temp_ns(|ns| {
        for missing in VERBS {
            let granted: Vec<_> = VERBS.into_iter().filter(|verb| *verb != missing).collect();
            let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": granted}]);
            let account = ServiceAccount::create(ns, &rules);
            let log = Fakecloud::refuse_to_start(ns, &[account.setting()]);
            // The cause comes before the colon, what to do after it.
            let (cause, _) = refusal(&log).split_once(": ").expect("a refusal says what to do");
            assert!(cause.contains("pods") && cause.contains(&ns.name), "without {missing}: {cause}");
            let blamed: Vec<_> = VERBS.into_iter().filter(|verb| words(cause).any(|word| word == *verb)).collect();
            assert_eq!(blamed, [missing], "{cause}");
        }
    });
}

/// The line that tells why the backend is not there.
fn refusal(log: &str) -> &str {
    const PREFIX: &str = "FAKECLOUD_LAMBDA_BACKEND=k8s but Kubernetes backend failed to initialize: ";
    let line = log.lines().find_map(|line| Some(line.split_once(PREFIX)?.1));
    line.unwrap_or_else(|| panic!("no line with `{PREFIX}` in:\n{log}"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

/// The verbs of rules that grant something on Pods and nothing else.
fn sorted_verbs(rules: &Value) -> Vec<&str> {
    assert_eq!(rules.as_array().map(Vec::len), Some(1), "{rules}");
    assert_eq!((&rules[0]["apiGroups"], &rules[0]["resources"]), (&json!([""]), &json!(["pods"])));
    let mut verbs: Vec<_> = rules[0]["verbs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    verbs.sort_unstable();
    verbs
}
