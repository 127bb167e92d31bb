//! Names, ARNs and qualifiers of functions as AWS recorded its answers to them.

use serde_json::{Value, json};

use super::tape::{Doing, Tape, configuration, invalid, missing, violated};
use crate::harness::python;

const FUNCTION: &str = "/2015-03-31/functions/f";
const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function";

#[test]
fn two_qualifiers_must_be_the_same() {
    let mut tape = Tape::new();
    let target = |qualifier: &str| {
        let arn = format!("{ARN}:some-function:{qualifier}").replace(':', "%3A");
        format!("/2015-03-31/functions/{arn}?Qualifier=$LATEST")
    };
    let mismatch = "The derived qualifier from the function name does not match the specified qualifier.";
    assert_eq!(tape.play(|aws| aws.get(&target("1"))), invalid(mismatch));
    assert_eq!(tape.play(|aws| aws.delete(&target("1"))), invalid(mismatch));
    let not_found = missing(&format!("Function not found: {ARN}:some-function:$LATEST"));
    assert_eq!(tape.play(|aws| aws.get(&target("$LATEST"))), not_found);
    let kept = "$LATEST version cannot be deleted without deleting the function.";
    assert_eq!(tape.play(|aws| aws.delete(&target("$LATEST"))), invalid(kept));
}

#[test]
fn other_regions_are_out_of_reach() {
    let mut tape = Tape::new();
    tape.account.create("f");
    let elsewhere = "arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Af";
    let message = "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')";
    for rest in ["", "/configuration"] {
        let target = format!("/2015-03-31/functions/{elsewhere}{rest}");
        assert_eq!(tape.play(|aws| aws.get(&target)), missing(message));
    }
    assert_eq!(tape.play(|aws| aws.delete(&format!("/2015-03-31/functions/{elsewhere}"))), missing(message));
    let invoked = format!("/2015-03-31/functions/{elsewhere}/invocations");
    assert_eq!(tape.play(|aws| aws.resolve(&invoked, &[], b"{}").unwrap_err()), missing(message));
}

#[test]
fn functions_are_created_by_every_form_of_their_name() {
    let mut tape = Tape::new();
    for (revision, name) in (1..).zip([format!("{ARN}:f"), "111122223333:function:f".to_owned()]) {
        let created = tape.play(|aws| aws.post("/2015-03-31/functions", &python(&name, json!({}))));
        assert_eq!(created, (201, configuration(Doing::Pending, revision, json!({}))));
        tape.account.delete(FUNCTION);
    }
    let long = "a".repeat(65);
    assert_eq!(
        tape.play(|aws| aws.create(&long)),
        invalid(&format!(
            "1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"
        ))
    );
    let long = format!("{ARN}:{}", "a".repeat(141 - ARN.len() - 1));
    assert_eq!(
        tape.play(|aws| aws.create(&long)),
        violated(&format!(
            "1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 140"
        ))
    );
    let refused = tape.play(|aws| aws.create("invalid:function:name"));
    let start = "1 validation error detected: Value 'invalid:function:name' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?";
    assert!(refused.0 == 400 && refused.1["message"].as_str().unwrap().starts_with(start), "{refused:?}");
    assert_eq!(
        tape.play(|aws| aws.create("arn:aws:lambda:ap-southeast-1:111122223333:function:f")),
        missing("Functions from 'ap-southeast-1' are not reachable in this region ('eu-west-1')")
    );
    let (status, body) = tape.play(|aws| aws.create("arn:aws:lambda:eu-west-1:123456789012:function:f"));
    assert_eq!((status, &body["Error"]), (403, &json!("AccessDeniedException")));
}

#[test]
fn names_and_qualifiers_are_checked_alike_by_every_operation() {
    let mut tape = Tape::new();
    tape.account.create("my-function");
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:my-function";
    let long = |len: usize| "a".repeat(len);
    let region = "arn:aws:lambda:invalid-region:111122223333:function:my-function";
    let name = |value: &str| vec![("functionName", value.to_owned(), "pattern")];
    let longest = |value: &str| vec![("functionName", value.to_owned(), "length")];
    let qualifier = |value: &str, rule| vec![("qualifier", value.to_owned(), rule)];
    let both = |value: &str| [longest(value), name(value)].concat();
    let wrong_region = format!("{region}-{}", long(256));
    let cases = [
        ("*".to_owned(), None, name("*")),
        ("my-function!".to_owned(), None, name("my-function!")),
        ("my-function".to_owned(), Some("invalid!".to_owned()), qualifier("invalid!", "pattern")),
        ("my-function".to_owned(), Some(long(129)), qualifier(&long(129), "length")),
        ("invalid-account:function:my-function".to_owned(), None, name("invalid-account:function:my-function")),
        (region.to_owned(), None, name(region)),
        (format!("{arn}:1:2"), None, name(&format!("{arn}:1:2"))),
        ("function:my-function:$LATEST:extra".to_owned(), None, name("function:my-function:$LATEST:extra")),
        (arn.replace("eu-west-1", ""), None, name(&arn.replace("eu-west-1", ""))),
        (arn.replace("111122223333", ""), None, name(&arn.replace("111122223333", ""))),
        (format!("{arn}:$LATES"), None, name(&format!("{arn}:$LATES"))),
        (arn.replace("lambda", "ec2"), None, name(&arn.replace("lambda", "ec2"))),
        (wrong_region.clone(), None, both(&wrong_region)),
        (wrong_region.clone(), Some(long(129)), [both(&wrong_region), qualifier(&long(129), "length")].concat()),
    ];
    for (name, qualifier, expected) in cases {
        let query = qualifier.map_or_else(String::new, |qualifier| format!("?Qualifier={qualifier}"));
        let name = name.replace(':', "%3A");
        let target = format!("/2015-03-31/functions/{name}{query}");
        let invoked = format!("/2015-03-31/functions/{name}/invocations{query}");
        for (status, body) in [
            tape.play(|aws| aws.get(&target)),
            tape.play(|aws| aws.delete(&target)),
            tape.play(|aws| aws.resolve(&invoked, &[], b"{}").unwrap_err()),
        ] {
            let message = body["message"].as_str().unwrap();
            assert_eq!((status, violations(message)), (400, expected.clone()), "{message}");
        }
    }
}

/// The path, the value and the kind of rule of each violation.
fn violations(message: &str) -> Vec<(&str, String, &str)> {
    let (count, all) = message.split_once(" validation error").unwrap();
    let all = all.trim_start_matches('s').strip_prefix(" detected: ").unwrap();
    let violations: Vec<_> = all.split("; ").map(violation).collect();
    assert_eq!(count, violations.len().to_string());
    violations
}

fn violation(text: &str) -> (&str, String, &str) {
    let (value, rest) = text.strip_prefix("Value '").unwrap().split_once("' at '").unwrap();
    let (path, rule) = rest.split_once("' failed to satisfy constraint: Member must ").unwrap();
    let rule = match rule.split(' ').take(3).collect::<Vec<_>>()[..] {
        ["satisfy", "regular", "expression"] => "pattern",
        ["have", "length", "less"] => "length",
        _ => panic!("{rule}"),
    };
    (path, value.to_owned(), rule)
}

#[test]
fn names_that_no_function_has() {
    let mut tape = Tape::new();
    tape.account.create("my-function");
    let long = "a".repeat(65);
    for (name, qualifier, found) in [
        (&long[..], "", format!("{ARN}:{long}")),
        ("function", "", format!("{ARN}:function")),
        ("my-function", "$latest", format!("{ARN}:my-function:$latest")),
        ("my-function", &long, format!("{ARN}:my-function:{long}")),
    ] {
        let query = if qualifier.is_empty() { String::new() } else { format!("?Qualifier={qualifier}") };
        let target = format!("/2015-03-31/functions/{name}");
        let not_found = |arn: &str| missing(&format!("Function not found: {arn}"));
        assert_eq!(tape.play(|aws| aws.get(&format!("{target}{query}"))), not_found(&found));
        let invoked = format!("{target}/invocations{query}");
        let run = if qualifier.is_empty() { format!("{found}:$LATEST") } else { found.clone() };
        assert_eq!(tape.play(|aws| aws.resolve(&invoked, &[], b"{}").unwrap_err()), not_found(&run));
        let deleted = tape.play(|aws| aws.delete(&format!("{target}{query}")));
        match qualifier {
            "" => assert_eq!(deleted, not_found(&found)),
            "$latest" => assert_eq!(deleted, (204, Value::Null)),
            _ => assert_eq!(deleted, invalid("Deletion of aliases is not currently supported.")),
        }
    }
    let mismatch = "The derived qualifier from the function name does not match the specified qualifier.";
    let twice = "/2015-03-31/functions/my-function%3A$LATEST?Qualifier=1";
    assert_eq!(tape.play(|aws| aws.get(twice)), invalid(mismatch));
    assert_eq!(tape.play(|aws| aws.delete(twice)), invalid(mismatch));
}
