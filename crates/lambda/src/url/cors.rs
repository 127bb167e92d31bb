//! Cross-origin requests to a function URL: what its Cors says, AWS answers itself or adds to the function's answer.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors>

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
        ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

use crate::{Response, shapes::Cors};

/// The answer to a preflight request, which the function does not see; `None` for any other request.
pub(crate) fn preflight(cors: &Cors, method: &Method, headers: &HeaderMap) -> Option<Response> {
    if *method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let origin = headers.get(ORIGIN)?;
    let mut response = Response::empty(200);
    if allow(cors, origin, &mut response.headers) {
        list(&mut response.headers, ACCESS_CONTROL_ALLOW_METHODS, cors.allow_methods.as_deref());
        list(&mut response.headers, ACCESS_CONTROL_ALLOW_HEADERS, cors.allow_headers.as_deref());
        if let Some(seconds) = cors.max_age {
            response.headers.insert(ACCESS_CONTROL_MAX_AGE, seconds.into());
        }
    }
    Some(response)
}

/// Adds what the configuration says to an answer to a request from this origin, beside what the function says: as on AWS
/// a browser refuses an answer in which both name an origin.
pub(crate) fn add(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    if let Some(origin) = origin
        && allow(cors, origin, headers)
    {
        list(headers, ACCESS_CONTROL_EXPOSE_HEADERS, cors.expose_headers.as_deref());
    }
}

/// Allows an origin, if it is configured.
fn allow(cors: &Cors, origin: &HeaderValue, headers: &mut HeaderMap) -> bool {
    let mut configured = cors.allow_origins.iter().flatten();
    let credentials = cors.allow_credentials == Some(true);
    let Some(matched) = configured.find(|one| *one == "*" || one.as_bytes() == origin.as_bytes()) else { return false };
    // Browsers take no `*` for a request with credentials.
    let allowed = if matched == "*" && !credentials { HeaderValue::from_static("*") } else { origin.clone() };
    headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if credentials {
        headers.append(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    true
}

fn list(headers: &mut HeaderMap, name: HeaderName, values: Option<&[String]>) {
    let joined = values.unwrap_or_default().join(",");
    if let Some(value) = HeaderValue::try_from(joined).ok().filter(|value| !value.is_empty()) {
        headers.append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &[&str], credentials: bool) -> Cors {
        let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
        Cors {
            allow_credentials: Some(credentials),
            allow_headers: texts(&["x-one", "x-two"]),
            allow_methods: texts(&["GET", "POST"]),
            allow_origins: texts(origins),
            expose_headers: texts(&["x-seen"]),
            max_age: Some(5),
        }
    }

    fn asks(origin: &'static str) -> HeaderMap {
        let method = (ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PUT"));
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin)), method])
    }

    fn shown(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    #[test]
    fn preflight_is_answered_from_the_configuration() {
        let answer =
            preflight(&cors(&["https://a.example"], true), &Method::OPTIONS, &asks("https://a.example")).unwrap();
        let expected = [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: x-one,x-two",
            "access-control-allow-methods: GET,POST",
            "access-control-allow-origin: https://a.example",
            "access-control-max-age: 5",
            "vary: Origin",
        ];
        assert_eq!((answer.status.as_u16(), shown(&answer.headers)), (200, expected.map(str::to_owned).to_vec()));
        let foreign =
            preflight(&cors(&["https://a.example"], true), &Method::OPTIONS, &asks("https://b.example")).unwrap();
        assert_eq!((foreign.status.as_u16(), shown(&foreign.headers)), (200, Vec::new()));
    }

    #[test]
    fn other_requests_are_the_functions() {
        let cors = cors(&["*"], false);
        assert_eq!(preflight(&cors, &Method::GET, &asks("https://a.example")), None);
        assert_eq!(preflight(&cors, &Method::OPTIONS, &HeaderMap::new()), None);
    }

    #[test]
    fn function_is_heard_beside_the_configuration() {
        let own = || HeaderMap::from_iter([(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("https://own"))]);
        let mut headers = own();
        add(&cors(&["*"], false), Some(&HeaderValue::from_static("https://a.example")), &mut headers);
        let expected = [
            "access-control-allow-origin: *",
            "access-control-allow-origin: https://own",
            "access-control-expose-headers: x-seen",
            "vary: Origin",
        ];
        assert_eq!(shown(&headers), expected);
        let foreign = HeaderValue::from_static("https://b.example");
        for origin in [None, Some(&foreign)] {
            let mut headers = own();
            add(&cors(&["https://a.example"], false), origin, &mut headers);
            assert_eq!(headers, own(), "{origin:?}");
        }
    }

    #[test]
    fn any_origin_with_credentials_is_named() {
        let mut headers = HeaderMap::new();
        add(&cors(&["*"], true), Some(&HeaderValue::from_static("https://a.example")), &mut headers);
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://a.example");
    }
}
