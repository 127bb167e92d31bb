//! Requests as clients send them, and whom they are for.

use super::*;

/// The head of a request: a line such as `GET /`, then headers such as `Host: localhost`.
fn head(lines: &[&str]) -> Request<()> {
    let (line, headers) = lines.split_first().unwrap();
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(()).unwrap()
}

fn service(lines: &[&str]) -> Service {
    match identify(&head(lines)) {
        Identified::Service(service) => service,
        Identified::Form { .. } => panic!("{lines:?} is taken for a form"),
    }
}

fn other(name: &str) -> Service {
    Service::Other(name.to_owned())
}

#[test]
fn signed_requests_are_for_whom_they_are_signed() {
    let signed = |service: &str| {
        format!(
            "Authorization: AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00"
        )
    };
    let cases = [
        ("GET /2015-03-31/functions/", "lambda", Service::Lambda),
        ("GET /2015-03-31/functions/", "s3", other("s3")),
        ("POST /", "ecr", Service::Ecr),
        ("POST /", "sts", Service::Sts),
        ("POST /", "iam", Service::Iam),
        ("POST /", "sqs", other("sqs")),
        ("PUT /bucket/2015-03-31/functions", "s3", other("s3")),
    ];
    for (line, name, expected) in cases {
        assert_eq!(service(&[line, "Host: lambda.us-east-1.amazonaws.com", &signed(name)]), expected, "{line} {name}");
    }
}

#[test]
fn signatures_of_other_kinds_tell_the_service_as_well() {
    let cases: [(&[&str], Service); 7] = [
        (&["GET /b/k", "authorization: AWS AKIDEXAMPLE:c2lnbmF0dXJl"], other("s3")),
        (
            &["GET /b/k", "authorization: AWS4-ECDSA-P256-SHA256 Credential=K/20260101/s3/aws4_request,Signature=0"],
            other("s3"),
        ),
        (&["GET /b/k?X-Amz-Credential=K%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0"], other("s3")),
        (&["GET /?Action=GetCallerIdentity&X-Amz-Credential=K/20260101/us-east-1/sts/aws4_request"], Service::Sts),
        (&["GET /b/k?AWSAccessKeyId=K&Expires=1&Signature=x"], other("s3")),
        (&["GET /?Action=ListQueues&Version=2012-11-05&AWSAccessKeyId=K&SignatureVersion=2"], other("sqs")),
        (&["POST /b", "content-type: multipart/form-data; boundary=x"], other("s3")),
    ];
    for (lines, expected) in cases {
        assert_eq!(service(lines), expected, "{lines:?}");
    }
}

#[test]
fn unsigned_requests_are_for_whom_they_address() {
    let cases: [(&[&str], Service); 10] = [
        (
            &["POST /", "x-amz-target: AWSCognitoIdentityProviderService.InitiateAuth"],
            other("AWSCognitoIdentityProviderService"),
        ),
        (&["POST /", "x-amz-target: AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"], Service::Ecr),
        (&["GET /?Action=AssumeRoleWithSAML&Version=2011-06-15"], Service::Sts),
        (&["GET /?Action=ListUsers&Version=2010-05-08"], Service::Iam),
        (&["GET /?Action=Anything&Version=1999-01-01"], Service::Unknown),
        (&["GET /2015-03-31/functions/", "host: localhost:4566"], Service::Lambda),
        (&["POST /2025-12-01/durable-executions/x/stop"], Service::Lambda),
        (&["GET /2015-03-31", "host: localhost:4566"], Service::Unknown),
        (&["GET /bucket/key", "host: localhost:4566"], Service::Unknown),
        (&["GET /2015-03-31/functions/", "host: bucket.s3.localhost:4566"], other("s3")),
    ];
    for (lines, expected) in cases {
        assert_eq!(service(lines), expected, "{lines:?}");
    }
}

#[test]
fn hosts_tell_the_service() {
    let cases = [
        ("lambda.us-east-1.amazonaws.com", Service::Lambda),
        ("lambda.us-gov-west-1.amazonaws.com:443", Service::Lambda),
        ("lambda-fips.us-east-1.amazonaws.com", Service::Lambda),
        ("lambda.us-east-1.api.aws", Service::Lambda),
        ("lambda.localhost:4566", Service::Lambda),
        ("api.ecr.us-east-1.amazonaws.com", Service::Ecr),
        ("ecr.us-east-1.api.aws", Service::Ecr),
        ("LAMBDA.us-east-1.fakecloud.test:4566", Service::Lambda),
        ("sts.amazonaws.com", Service::Sts),
        ("sts.eu-central-1.amazonaws.com", Service::Sts),
        ("iam.amazonaws.com", Service::Iam),
        ("bucket.s3.us-east-1.amazonaws.com", other("s3")),
        ("bucket.with.dots.s3.amazonaws.com", other("s3")),
        ("bucket.s3-us-west-2.amazonaws.com", other("s3")),
        ("bucket.s3-accelerate.amazonaws.com", other("s3")),
        ("bucket.s3.dualstack.us-east-1.amazonaws.com", other("s3")),
        ("bucket.s3.localhost.localstack.cloud:4566", other("s3")),
        ("lambda.s3.localhost:4566", other("s3")),
        ("bucket.s3.fakecloud.default.svc:4566", other("s3")),
        ("sqs.cn-north-1.amazonaws.com.cn", other("sqs")),
        ("abc.execute-api.us-east-1.amazonaws.com", other("execute-api")),
        ("dynamodb.ap-southeast-2.localhost:4566", other("dynamodb")),
    ];
    for (host, expected) in cases {
        assert_eq!(service(&["GET /", &format!("host: {host}")]), expected, "{host}");
    }
    for host in
        ["localhost:4566", "127.0.0.1:4566", "[::1]:4566", "s3:4566", "fakecloud.fakecloud.svc.cluster.local", ""]
    {
        assert_eq!(service(&["GET /", &format!("host: {host}")]), Service::Unknown, "{host}");
    }
}

#[test]
fn names_that_anybody_may_give_do_not_hide_a_call() {
    let form = "content-type: application/x-www-form-urlencoded";
    let hosts = [
        "fakecloud.ci-run-7.svc.cluster.local:4566",
        "ip-10-0-1-2.eu-west-1.compute.internal:4566",
        "x.elb.eu-west-1.amazonaws.com",
        "fakecloud.localhost:4566",
        "events.us-east-1.amazonaws.com",
    ];
    for host in hosts {
        let host = format!("host: {host}");
        assert_eq!(service(&["POST /2015-03-31/functions/f/invocations", &host]), Service::Lambda, "{host}");
        assert_eq!(service(&["GET /?Action=GetCallerIdentity&Version=2011-06-15", &host]), Service::Sts, "{host}");
        let Identified::Form { otherwise } = identify(&head(&["POST /", form, &host])) else {
            panic!("{host} hides a form");
        };
        assert_eq!(of_form(b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", otherwise), Service::Sts, "{host}");
    }
    assert_eq!(service(&["GET /", "host: fakecloud.ci-run-7.svc.cluster.local"]), Service::Unknown);
}

#[test]
fn forms_tell_the_service_where_the_head_does_not() {
    let form = "content-type: application/x-www-form-urlencoded; charset=utf-8";
    let otherwise = |host| match identify(&head(&["POST /", form, host])) {
        Identified::Form { otherwise } => otherwise,
        Identified::Service(service) => panic!("{service:?} without a look at the form"),
    };
    let unknown = otherwise("host: localhost:4566");
    assert_eq!(unknown, Service::Unknown);
    let of_form = |body| of_form(body, unknown.clone());
    assert_eq!(of_form(b"Version=2011-06-15&Action=AssumeRoleWithWebIdentity&RoleArn=x"), Service::Sts);
    assert_eq!(of_form(b"Action=Publish&Version=2010-03-31"), other("sns"));
    assert_eq!(of_form(b"Action=Anything&Version=1999-01-01"), Service::Unknown);
    assert_eq!(of_form(b"name=value"), Service::Unknown);
    assert_eq!(of_form(b"\xff\xfe"), Service::Unknown);
    let sts = otherwise("host: sts.amazonaws.com");
    assert_eq!(sts, Service::Sts);
    assert_eq!(super::of_form(b"name=value", sts), Service::Sts);
}

#[test]
fn malformed_signature_leaves_the_word_to_other_witnesses() {
    for credential in ["", "K", "K/aws4_request", "K/20260101/us-east-1//aws4_request", "K/20260101/us-east-1/sqs/aws5"]
    {
        let header = format!("authorization: AWS4-HMAC-SHA256 Credential={credential}, Signature=0");
        assert_eq!(service(&["GET /2015-03-31/functions", &header]), Service::Lambda, "{credential}");
        assert_eq!(service(&["GET /", &header]), Service::Unknown, "{credential}");
    }
}

#[test]
fn paths_of_the_registry_are_left_to_those_who_say_that_they_mean_another_service() {
    let signed = "authorization: AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/apigateway/aws4_request, Signature=0";
    let cases: [(&[&str], bool); 14] = [
        (&["GET /v2"], false),
        (&["GET /v2/"], false),
        (&["GET /v2/", "authorization: Basic QVdTOnNlY3JldA=="], false),
        (&["GET /v2/app/tags/list", "authorization: Bearer QVdTOnNlY3JldA=="], false),
        (&["POST /v2/app/blobs/uploads/", "content-type: application/x-www-form-urlencoded"], false),
        (&["GET /v2/app/manifests/v1?ns=docker.io", "host: 10.0.0.7:4566"], false),
        (&["GET /v2/app/manifests/v1", "host: 123456789012.dkr.ecr.eu-west-1.amazonaws.com"], false),
        (&["GET /v2/app/manifests/v1", "host: 123456789012.dkr-ecr.eu-west-1.on.aws"], false),
        (&["GET /v2/app/manifests/v1", "host: registry.eu-west-1.example.com"], false),
        (&["GET /v2/apis", signed], true),
        (&["GET /v2/apis", "host: apigateway.us-east-1.amazonaws.com"], true),
        (&["GET /v2/key", "host: bucket.s3.localhost:4566"], true),
        (&["GET /v2/key?X-Amz-Credential=K%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"], true),
        (&["GET /v20/apis", signed], false),
    ];
    for (lines, is_other) in cases {
        let head = head(lines);
        assert_eq!(is_for_another_v2(head.uri(), head.headers()), is_other, "{lines:?}");
    }
}
