//! The registry as a whole: passwords.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::harness::{Ecr, ORIGIN};
use crate::catalog::UnixMillis;
use crate::token::Password;

#[test]
fn authorization_token_is_a_password_for_the_callers_repositories_for_twelve_hours() {
    let ecr = Ecr::new();
    let data = |request: Value| ecr.call("GetAuthorizationToken", request)["authorizationData"].clone();
    let password = |data: &Value| {
        let token = STANDARD.decode(data["authorizationToken"].as_str().unwrap()).unwrap();
        let token = String::from_utf8(token).unwrap();
        Password::decode(token.strip_prefix("AWS:").unwrap()).unwrap()
    };
    let own = data(json!({}));
    assert_eq!((own.as_array().unwrap().len(), &own[0]["proxyEndpoint"]), (1, &json!(ORIGIN)));
    let hours = (own[0]["expiresAt"].as_f64().unwrap() - UnixMillis::now().seconds()) / 3600.0;
    assert!((11.9..=12.0).contains(&hours), "{hours}");
    assert_eq!(password(&own[0]).scope.to_string(), "123456789012/eu-west-1");
    let others = data(json!({"registryIds": ["000000000001", "000000000002"]}));
    let scopes: Vec<String> = others.as_array().unwrap().iter().map(|it| password(it).scope.to_string()).collect();
    assert_eq!(scopes, ["000000000001/eu-west-1", "000000000002/eu-west-1"]);
}

#[test]
fn registry_with_a_password_of_its_own_gives_out_no_other() {
    let message = Ecr::with_token("secret").refused("AccessDeniedException", "GetAuthorizationToken", json!({}));
    assert!(message.contains("FAKECLOUD_REGISTRY_TOKEN") && !message.contains("secret"), "{message}");
}
