//! Tags of roles and policies.

use serde_json::json;

use crate::harness::{Aws, refused};

#[test]
fn tags_are_added_replaced_and_removed() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let arn = aws.create_policy("p");
    for (kind, on) in [("Role", ("RoleName", "r")), ("Policy", ("PolicyArn", arn.as_str()))] {
        let mut call = |action: &str, more: &[(&str, &str)]| {
            let parameters: Vec<_> = more.iter().copied().chain([on]).collect();
            aws.iam(action, &parameters).unwrap()
        };
        let (tag, untag, list) = (format!("Tag{kind}"), format!("Untag{kind}"), format!("List{kind}Tags"));
        call(&tag, &[("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "1"), ("Tags.member.2.Key", "b")]);
        call(&tag, &[("Tags.member.1.Key", "A"), ("Tags.member.1.Value", "2")]);
        let both = json!([{ "Key": "A", "Value": "2" }, { "Key": "b", "Value": "" }]);
        assert_eq!(call(&list, &[]), json!({ "Tags": both, "IsTruncated": "false" }), "{kind}");
        call(&untag, &[("TagKeys.member.1", "b"), ("TagKeys.member.2", "never there")]);
        assert_eq!(call(&list, &[])["Tags"], json!([{ "Key": "A", "Value": "2" }]), "{kind}");
    }
}

#[test]
fn tags_are_bounded_and_their_keys_differ() {
    let mut aws = Aws::new();
    aws.create_role("r");
    let mut tag = |keys: &[String]| {
        let names: Vec<String> = (1..=keys.len()).map(|number| format!("Tags.member.{number}.Key")).collect();
        let tags = names.iter().zip(keys).map(|(name, key)| (name.as_str(), key.as_str()));
        let parameters: Vec<_> = tags.chain([("RoleName", "r")]).collect();
        aws.iam("TagRole", &parameters)
    };
    let keys: Vec<String> = (1..=51).map(|number| format!("key-{number}")).collect();
    let limit = refused(409, "LimitExceeded", "The number of tags has reached the maximum limit: 50");
    assert_eq!(tag(&keys), limit);
    tag(&keys[..50]).unwrap();
    assert_eq!(tag(&keys[50..]), limit);
    let twice = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    assert_eq!(tag(&["x".to_owned(), "X".to_owned()]), refused(400, "InvalidInput", twice));
}
