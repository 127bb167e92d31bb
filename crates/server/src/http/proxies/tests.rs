//! Who is believed, and what is left of what nobody may say.

use super::*;

/// The client, and the `Host`, the scheme and the rest of what a request says afterwards.
fn settled(trusted: &str, peer: &str, headers: &[(&'static str, &str)]) -> (String, String, Option<String>) {
    let mut map = HeaderMap::from_iter([(HOST, HeaderValue::from_static("fakecloud:4566"))]);
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let ClientIp(client) = settle(&trusted.parse().unwrap(), peer.parse().unwrap(), &mut map);
    for name in [X_HOST, X_PORT, FORWARDED] {
        assert!(!map.contains_key(&name), "{name}");
    }
    let text = |name: HeaderName| map.get(name).map(|value| value.to_str().unwrap().to_owned());
    (client.to_string(), text(HOST).unwrap(), text(X_PROTO))
}

fn expected(client: &str, host: &str, proto: Option<&str>) -> (String, String, Option<String>) {
    (client.to_owned(), host.to_owned(), proto.map(str::to_owned))
}

const ALL: [(&str, &str); 5] = [
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "aws.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-port", "8443"),
    ("forwarded", "for=198.51.100.1;host=other.example;proto=http"),
];

#[test]
fn stranger_is_believed_in_nothing() {
    for trusted in ["", "10.0.0.0/8, fd00::/8"] {
        let seen = settled(trusted, "192.0.2.1", &ALL);
        assert_eq!(seen, expected("192.0.2.1", "fakecloud:4566", None), "{trusted}");
    }
}

#[test]
fn trusted_proxy_says_who_asks_and_by_which_name() {
    for peer in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::7"] {
        let seen = settled("10.0.0.0/8,fd00::7", peer, &ALL);
        assert_eq!(seen, expected("203.0.113.9", "aws.example:8443", Some("https")), "{peer}");
    }
    let seen = settled("10.0.0.0/8", "10.1.2.3", &[]);
    assert_eq!(seen, expected("10.1.2.3", "fakecloud:4566", None));
}

#[test]
fn client_is_the_rightmost_address_that_is_no_proxys() {
    for (chain, client) in [
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("1.1.1.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("1.1.1.1, _hidden", "10.0.0.1"),
        ("203.0.113.9:5000", "203.0.113.9"),
        ("[2001:db8::1]:5000, 10.0.0.2", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", "10.0.0.1"),
    ] {
        let seen = settled("10.0.0.0/8", "10.0.0.1", &[("x-forwarded-for", chain)]);
        assert_eq!(seen.0, client, "{chain}");
    }
    let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.0.0.2")];
    assert_eq!(settled("10.0.0.0/8", "10.0.0.1", &lines).0, "203.0.113.9");
}

#[test]
fn what_the_client_itself_said_before_its_proxy_does_not_count() {
    let forged = [("x-forwarded-for", "1.1.1.1, 203.0.113.9"), ("x-forwarded-host", "evil.example, aws.example")];
    assert_eq!(settled("10.0.0.1", "10.0.0.1", &forged), expected("203.0.113.9", "aws.example", None));
    let two = [("x-forwarded-for", "203.0.113.9, 10.0.0.2"), ("x-forwarded-proto", "https, http")];
    assert_eq!(settled("10.0.0.0/8", "10.0.0.1", &two).2.as_deref(), Some("https"));
    let replaced = [("x-forwarded-for", "203.0.113.9, 10.0.0.2"), ("x-forwarded-proto", "https")];
    assert_eq!(settled("10.0.0.0/8", "10.0.0.1", &replaced).2.as_deref(), Some("https"));
    let forged = "for=1.1.1.1;host=evil.example, for=203.0.113.9;host=aws.example, for=10.0.0.2";
    let seen = settled("10.0.0.0/8", "10.0.0.1", &[("forwarded", forged)]);
    assert_eq!(seen, expected("203.0.113.9", "aws.example", None));
}

#[test]
fn forwarded_is_read_with_its_quotes() {
    let value = r#"For="[2001:db8:cafe::17]:4711";proto=HTTPS;host="aws.example:8443";by="a\",b;c""#;
    let seen = settled("10.0.0.1", "10.0.0.1", &[("forwarded", value)]);
    assert_eq!(seen, expected("2001:db8:cafe::17", "aws.example:8443", Some("https")));
    for broken in ["", ";,=", "for=\"", "host=a b", "proto=ftp;for"] {
        let seen = settled("10.0.0.1", "10.0.0.1", &[("forwarded", broken)]);
        assert_eq!((seen.0, seen.1), ("10.0.0.1".to_owned(), "fakecloud:4566".to_owned()), "{broken}");
    }
}

#[test]
fn port_is_named_where_the_clients_url_has_one() {
    let host = |host: &str, proto: &str, port: &str| {
        let headers = [("x-forwarded-host", host), ("x-forwarded-proto", proto), ("x-forwarded-port", port)];
        settled("10.0.0.1", "10.0.0.1", &headers).1
    };
    assert_eq!(host("a.example", "https", "443"), "a.example");
    assert_eq!(host("a.example", "http", "443"), "a.example:443");
    assert_eq!(host("a.example", "http", "80"), "a.example");
    assert_eq!(host("a.example:81", "http", "8080"), "a.example:81");
    assert_eq!(host("[fd00::1]", "http", "8080"), "[fd00::1]:8080");
    for bad in ["a@b.example", "", "a b", "a.example/x"] {
        assert_eq!(host(bad, "http", "80"), "fakecloud:4566", "{bad}");
    }
}
