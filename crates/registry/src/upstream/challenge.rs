//! What a registry asks for before it answers: the `WWW-Authenticate` of RFC 9110, with the schemes that registries use.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use http_auth::{ChallengeParser, ChallengeRef};
use url::Url;

/// How a request is to be authorized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// By user and password.
    Basic,
    /// By a token from somewhere else: <https://distribution.github.io/distribution/spec/auth/token/>.
    Bearer { realm: Url, service: Option<String>, scope: Option<String> },
}

impl Challenge {
    /// The challenge of an answer; a bearer's where there are several, for it is the one that also lets strangers in.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(WWW_AUTHENTICATE).into_iter().filter_map(|line| line.to_str().ok());
        let all: Vec<Self> = lines.flat_map(read).collect();
        let bearer = all.iter().find(|challenge| matches!(challenge, Self::Bearer { .. }));
        bearer.or_else(|| all.first()).cloned()
    }

    /// Where a bearer's token is to be had for a repository, with the scope that the registry names or, where it names
    /// none, that of pulling from the repository.
    pub(super) fn token_url(realm: &Url, service: Option<&str>, scope: Option<&str>, repository: &str) -> Url {
        let mut url = realm.clone();
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = service {
                query.append_pair("service", service);
            }
            match scope {
                Some(scope) => query.append_pair("scope", scope),
                None => query.append_pair("scope", &format!("repository:{repository}:pull")),
            };
        }
        url
    }
}

/// The challenges of one line that are understood, up to where it breaks the grammar.
fn read(line: &str) -> Vec<Challenge> {
    ChallengeParser::new(line).map_while(Result::ok).filter_map(|challenge| understand(&challenge)).collect()
}

fn understand(challenge: &ChallengeRef<'_>) -> Option<Challenge> {
    let parameter = |wanted: &str| {
        let found = challenge.params.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.to_unescaped()).filter(|value| !value.is_empty())
    };
    if challenge.scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !challenge.scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let realm = Url::parse(&parameter("realm")?).ok().filter(Url::has_host)?;
    Some(Challenge::Bearer { realm, service: parameter("service"), scope: parameter("scope") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(lines: &[&'static str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(line));
        }
        Challenge::of(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        let realm = Url::parse(realm).unwrap();
        Some(Challenge::Bearer { realm, service: service.map(str::to_owned), scope: scope.map(str::to_owned) })
    }

    #[test]
    fn challenges_of_the_known_registries_are_understood() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull""#;
        let scope = "repository:library/busybox:pull";
        assert_eq!(of(&[hub]), bearer("https://auth.docker.io/token", Some("registry.docker.io"), Some(scope)));
        let public = r#"Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws""#;
        assert_eq!(of(&[public]), bearer("https://public.ecr.aws/token/", Some("public.ecr.aws"), Some("aws")));
        let ecr = r#"Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#;
        assert_eq!(of(&[ecr]), Some(Challenge::Basic));
        let several_scopes =
            r#"bearer realm="https://host/t",scope="repository:a:pull,push repository:b:pull",error="invalid_token""#;
        assert_eq!(
            of(&[several_scopes]),
            bearer("https://host/t", None, Some("repository:a:pull,push repository:b:pull"))
        );
    }

    #[test]
    fn bearer_is_preferred_wherever_it_stands() {
        let wanted = bearer("https://host/t", Some("s"), None);
        assert_eq!(of(&[r#"Basic realm="r", Bearer realm="https://host/t",service="s""#]), wanted);
        assert_eq!(of(&[r#"Basic realm="r""#, r#"Bearer realm="https://host/t",service="s""#]), wanted);
        assert_eq!(of(&[r#"Negotiate"#, r#"Bearer realm="https://host/t",service="s",scope="""#]), wanted);
    }

    #[test]
    fn what_no_registry_says_is_no_challenge() {
        for bad in
            ["", "Negotiate", "Bearer", r#"Bearer realm="""#, r#"Bearer realm="not a url""#, r#"Bearer realm="data:x""#]
        {
            assert_eq!(of(&[bad]), None, "{bad}");
        }
    }

    #[test]
    fn token_is_asked_for_as_the_registry_says() {
        let realm = Url::parse("https://host/t?account=x").unwrap();
        let with = |scope| Challenge::token_url(&realm, Some("a b"), scope, "team/app").to_string();
        assert_eq!(with(Some("aws")), "https://host/t?account=x&service=a+b&scope=aws");
        assert_eq!(with(None), "https://host/t?account=x&service=a+b&scope=repository%3Ateam%2Fapp%3Apull");
    }
}
