//! AWS Signature Version 4, in the header (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use std::time::SystemTime;

use fakecloud_artifacts::Sha256Digest;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{AwsService, Credentials};
use crate::common::keyed_hash::{hex, hmac_sha256};

/// By whom, where and when a request is signed.
pub(super) struct Signing<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) region: &'a str,
    pub(super) service: AwsService,
    pub(super) at: SystemTime,
}

/// All but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes a text as one segment of a path, or as a name or value of a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Adds the headers of a signature over all of the request: its line, every header it has, its body.
pub(super) fn sign(head: &mut Parts, body: &[u8], signing: &Signing<'_>) {
    let at = Timestamp::try_from(signing.at)
        .expect("the clock shows a year below 10000")
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let body_digest = Sha256Digest::of(body).hex();
    let mut insert = |name: &'static str, value: &str| {
        let value = HeaderValue::try_from(value).expect("a date, a digest or a token is a valid header value");
        head.headers.insert(HeaderName::from_static(name), value);
    };
    insert("x-amz-date", &at);
    if signing.service == AwsService::S3 {
        insert("x-amz-content-sha256", &body_digest);
    }
    if let Some(token) = &signing.credentials.session_token {
        insert("x-amz-security-token", token);
    }
    let authorization = authorization(head, &at, &body_digest, signing);
    let authorization = HeaderValue::try_from(authorization).expect("an access key is a valid header value");
    head.headers.insert(AUTHORIZATION, authorization);
}

fn authorization(head: &Parts, at: &str, body_digest: &str, signing: &Signing<'_>) -> String {
    let (headers, signed) = headers(head);
    let path = match signing.service {
        AwsService::S3 => head.uri.path().to_owned(),
        // Every other service signs the path as encoded once more.
        AwsService::EventBridge | AwsService::Sns | AwsService::Sqs => {
            head.uri.path().split('/').map(encode).collect::<Vec<_>>().join("/")
        }
    };
    let query = query(head.uri.query().unwrap_or_default());
    let request = format!("{}\n{path}\n{query}\n{headers}\n{signed}\n{body_digest}", head.method);
    let date = &at[..8];
    let (region, service) = (signing.region, signing.service.signing_name());
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", Sha256Digest::of(request.as_bytes()).hex());
    let Credentials { access_key_id, secret_access_key, .. } = signing.credentials;
    let secret = format!("AWS4{secret_access_key}").into_bytes();
    let key =
        [region, service, "aws4_request"].iter().fold(hmac_sha256(&secret, date), |key, part| hmac_sha256(&key, part));
    let signature = hex(&hmac_sha256(&key, &text));
    format!("AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}, SignedHeaders={signed}, Signature={signature}")
}

/// The headers by name, a line each, and the list of their names.
fn headers(head: &Parts) -> (String, String) {
    let mut names: Vec<&str> = head.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let lines = names.iter().map(|name| {
        let values = head.headers.get_all(*name).iter().map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
        });
        format!("{name}:{}\n", values.collect::<Vec<_>>().join(","))
    });
    (lines.collect(), names.join(";"))
}

/// The parameters by name and value, each with its equals sign.
fn query(query: &str) -> String {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    let mut parameters: Vec<_> =
        parameters.map(|parameter| parameter.split_once('=').unwrap_or((parameter, ""))).collect();
    parameters.sort_unstable();
    parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::Request;

    use super::*;

    /// The credentials of AWS's own examples.
    fn credentials(secret: &str) -> Credentials {
        Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: None,
        }
    }

    /// The `Authorization` of a request without body, signed on 2013-05-24 at midnight as S3's documentation does.
    fn s3(uri: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::builder().uri(uri).header("host", "examplebucket.s3.amazonaws.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut head = request.body(()).unwrap().into_parts().0;
        let credentials = credentials("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let at = UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        sign(&mut head, b"", &Signing { credentials: &credentials, region: "us-east-1", service: AwsService::S3, at });
        head.headers[AUTHORIZATION].to_str().unwrap().to_owned()
    }

    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    #[test]
    fn signatures_are_those_of_the_documentation() {
        let scope = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
        assert_eq!(
            s3("/test.txt", &[("range", "bytes=0-9")]),
            format!(
                "{scope}, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
                 Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
            )
        );
        assert_eq!(
            s3("/?lifecycle", &[]),
            format!(
                "{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
                 Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
            )
        );
        assert_eq!(
            s3("/?max-keys=2&prefix=J", &[]),
            format!(
                "{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
                 Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
            )
        );
    }

    #[test]
    fn everything_that_is_sent_is_signed() {
        let plain = s3("/k", &[]);
        assert_ne!(s3("/other", &[]), plain);
        assert_ne!(s3("/k?versionId=1", &[]), plain);
        assert!(s3("/k", &[("x-amz-expected-bucket-owner", "1")]).contains("x-amz-expected-bucket-owner"));
        assert_eq!(s3("/?b=1&a=2&a=1", &[]), s3("/?a=1&a=2&b=1", &[]));
    }

    #[test]
    fn names_are_encoded_as_signatures_want_it() {
        assert_eq!(encode("a b/ü~-._+%"), "a%20b%2F%C3%BC~-._%2B%25");
    }
}
