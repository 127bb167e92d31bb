//! Where the services are that fakecloud calls itself.

use std::fmt;
use std::net::SocketAddr;

use fakecloud_podspec::SelfUrl;

use super::Reach;
use crate::args::AwsArgs;
use crate::outbound::endpoint_url::EndpointUrl;

/// A service that fakecloud calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AwsService {
    EventBridge,
    S3,
    Sns,
    Sqs,
}

/// The endpoints that the settings name.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// Those of single services.
    single: Vec<(AwsService, EndpointUrl)>,
    all: Option<EndpointUrl>,
    forward: Option<EndpointUrl>,
    /// The setting that names this very server, which serves none of these services. It counts as not set.
    own: Option<&'static str>,
}

/// Where one call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: EndpointUrl,
    /// What says so, for messages.
    pub(super) setting: &'static str,
    /// Whether the environment's credentials are meant for it.
    pub(super) takes_credentials: bool,
}

/// Nothing says where a service is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no endpoint of {service} is configured{}: set {} or AWS_ENDPOINT_URL to one, or FAKECLOUD_FORWARD_URL to an emulator \
     that serves it{}",
    own.map(|setting| format!(" ({setting} is fakecloud itself)")).unwrap_or_default(),
    service.setting(),
    if *reach == Reach::Aws { ", or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to use AWS itself" } else { "" },
)]
pub(crate) struct NoEndpoint {
    service: AwsService,
    reach: Reach,
    own: Option<&'static str>,
}

// === impl AwsService ===

impl AwsService {
    /// The name in signatures and host names.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::EventBridge => "events",
            Self::S3 => "s3",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
        }
    }

    /// The variable by which AWS's SDKs are told its endpoint.
    fn setting(self) -> &'static str {
        match self {
            Self::EventBridge => "AWS_ENDPOINT_URL_EVENTBRIDGE",
            Self::S3 => "AWS_ENDPOINT_URL_S3",
            Self::Sns => "AWS_ENDPOINT_URL_SNS",
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
        }
    }
}

impl fmt::Display for AwsService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EventBridge => "EventBridge",
            Self::S3 => "S3",
            Self::Sns => "SNS",
            Self::Sqs => "SQS",
        })
    }
}

// === impl Endpoints ===

impl Endpoints {
    /// What the settings say, without those that lead back to this server, which listens on `listen`.
    pub(crate) fn from_args(args: &AwsArgs, listen: SocketAddr, self_url: &SelfUrl) -> Self {
        let mut own = None;
        let mut foreign = |url: &Option<EndpointUrl>, setting: &'static str| {
            let url = url.clone()?;
            if url.leads_to(listen, self_url) {
                own.get_or_insert(setting);
                return None;
            }
            Some(url)
        };
        let single = [
            (AwsService::EventBridge, &args.aws_endpoint_url_eventbridge),
            (AwsService::S3, &args.aws_endpoint_url_s3),
            (AwsService::Sns, &args.aws_endpoint_url_sns),
            (AwsService::Sqs, &args.aws_endpoint_url_sqs),
        ];
        let single = single.into_iter().filter_map(|(service, url)| Some((service, foreign(url, service.setting())?)));
        Self {
            single: single.collect(),
            all: foreign(&args.aws_endpoint_url, "AWS_ENDPOINT_URL"),
            forward: args.forward_url.clone(),
            own,
        }
    }

    /// Where a service is for callers of a region: the service's own setting, the one of all, the forward URL, or AWS
    /// where the call may go there and there are credentials.
    pub(super) fn of(
        &self,
        service: AwsService,
        reach: Reach,
        region: &str,
        have_credentials: bool,
    ) -> Result<Endpoint, NoEndpoint> {
        let single = self.single.iter().find(|(named, _)| *named == service).map(|(_, url)| url);
        let settings = [
            (single, service.setting(), true),
            (self.all.as_ref(), "AWS_ENDPOINT_URL", true),
            (self.forward.as_ref(), "FAKECLOUD_FORWARD_URL", false),
        ];
        for (url, setting, takes_credentials) in settings {
            if let Some(url) = url {
                return Ok(Endpoint { url: url.clone(), setting, takes_credentials });
            }
        }
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let host = format!("{}.{region}.{domain}", service.signing_name());
        match EndpointUrl::https(&host) {
            Ok(url) if have_credentials && reach == Reach::Aws => {
                Ok(Endpoint { url, setting: "AWS_ACCESS_KEY_ID", takes_credentials: true })
            }
            _ => Err(NoEndpoint { service, reach, own: self.own }),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    fn endpoints(flags: &[&str]) -> Endpoints {
        let args = Args::try_parse_from([&["fakecloud"], flags].concat()).unwrap();
        let self_url = "http://fakecloud.default.svc:4566".parse().unwrap();
        Endpoints::from_args(&args.aws, "0.0.0.0:4566".parse().unwrap(), &self_url)
    }

    fn s3(flags: &[&str], have_credentials: bool) -> Result<(String, &'static str), String> {
        let found = endpoints(flags).of(AwsService::S3, Reach::Aws, "eu-west-1", have_credentials);
        found.map(|found| (found.url.to_string(), found.setting)).map_err(|error| error.to_string())
    }

    #[test]
    fn nearest_setting_wins() {
        let (own, all) = ("--aws-endpoint-url-s3=http://minio:9000", "--aws-endpoint-url=http://stack:4566");
        let forward = "--forward-url=http://moto:5000";
        let ok = |url: &str, setting| Ok((url.to_owned(), setting));
        assert_eq!(s3(&[own, all, forward], true), ok("http://minio:9000", "AWS_ENDPOINT_URL_S3"));
        assert_eq!(s3(&[all, forward], true), ok("http://stack:4566", "AWS_ENDPOINT_URL"));
        assert_eq!(s3(&[forward], true), ok("http://moto:5000", "FAKECLOUD_FORWARD_URL"));
        assert_eq!(s3(&[], true), ok("https://s3.eu-west-1.amazonaws.com", "AWS_ACCESS_KEY_ID"));
        assert_eq!(s3(&["--aws-endpoint-url-sqs=http://elasticmq:9324"], true).unwrap().1, "AWS_ACCESS_KEY_ID");
    }

    #[test]
    fn without_any_setting_the_error_names_them() {
        let error = s3(&[], false).unwrap_err();
        let settings = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "FAKECLOUD_FORWARD_URL", "AWS_ACCESS_KEY_ID"];
        for part in settings {
            assert!(error.contains(part), "{part} is missing in: {error}");
        }
        assert!(!error.contains("itself)"), "{error}");
    }

    #[test]
    fn own_address_is_no_endpoint() {
        let own = "--aws-endpoint-url=http://localhost:4566";
        let error = s3(&[own], false).unwrap_err();
        assert!(error.contains("(AWS_ENDPOINT_URL is fakecloud itself)"), "{error}");
        assert_eq!(s3(&[own, "--forward-url=http://moto:5000"], false).unwrap().1, "FAKECLOUD_FORWARD_URL");
    }

    #[test]
    fn credentials_of_the_environment_do_not_go_to_the_forward_url() {
        let takes = |flags: &[&str]| {
            let found = endpoints(flags).of(AwsService::S3, Reach::Aws, "us-east-1", true);
            found.unwrap().takes_credentials
        };
        assert!(!takes(&["--forward-url=http://moto:5000"]));
        assert!(takes(&["--aws-endpoint-url=http://stack:4566"]));
        assert!(takes(&[]));
    }

    #[test]
    fn aws_itself_is_only_for_calls_that_may_go_there() {
        let sqs = |flags: &[&str]| endpoints(flags).of(AwsService::Sqs, Reach::Configured, "us-east-1", true);
        let error = sqs(&[]).unwrap_err().to_string();
        assert!(error.contains("AWS_ENDPOINT_URL_SQS") && !error.contains("AWS_ACCESS_KEY_ID"), "{error}");
        assert_eq!(sqs(&["--aws-endpoint-url=http://stack:4566"]).unwrap().setting, "AWS_ENDPOINT_URL");
    }
}
