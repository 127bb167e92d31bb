//! The settings of who is believed and who is let in.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use ipnet::IpNet;

use super::Hidden;

/// Who is believed and who is let in.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Clients and proxies")]
pub(crate) struct TrustArgs {
    /// Addresses of proxies whose Forwarded or X-Forwarded-For, -Host, -Proto and -Port are believed, as addresses or networks such as 10.0.0.0/8, separated by commas [default: none]
    #[arg(
        long = "trusted-proxies",
        env = "FAKECLOUD_TRUSTED_PROXIES",
        value_name = "FAKECLOUD_TRUSTED_PROXIES",
        default_value = ""
    )]
    pub(crate) trusted_proxies: TrustedProxies,

    /// Origins whose web pages may change something without signing, such as `https://app.example.com`, separated by commas [default: this server's own, by an address or a local name]
    #[arg(
        long = "allowed-origins",
        env = "FAKECLOUD_ALLOWED_ORIGINS",
        value_name = "FAKECLOUD_ALLOWED_ORIGINS",
        default_value = ""
    )]
    pub(crate) allowed_origins: AllowedOrigins,

    /// Token that who asks below /_fakecloud must show as `Authorization: Bearer`, but for health, the CA certificate, archives and function URLs [default: none, anybody may ask]
    #[arg(
        long = "admin-token",
        env = "FAKECLOUD_ADMIN_TOKEN",
        value_name = "FAKECLOUD_ADMIN_TOKEN",
        hide_env_values = true
    )]
    pub(crate) admin_token: Option<Hidden>,
}

/// The networks that proxies are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

/// Origins as browsers write them: scheme, host, and a port unless it is the scheme's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AllowedOrigins(Vec<String>);

/// The fault of one item in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadItem(String);

// === impl TrustedProxies ===

impl TrustedProxies {
    /// Tells addresses of proxies.
    pub(crate) fn contain(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&ip))
    }
}

impl FromStr for TrustedProxies {
    type Err = BadItem;

    fn from_str(text: &str) -> Result<Self, BadItem> {
        let network = |item: &str| {
            let parsed = item.parse::<IpNet>().ok().or_else(|| item.parse::<IpAddr>().ok().map(IpNet::from));
            parsed.ok_or_else(|| {
                BadItem(format!("'{item}' is neither an address nor a network: expected such as 10.0.0.7 or fd00::/8"))
            })
        };
        items(text).map(network).collect::<Result<_, _>>().map(Self)
    }
}

// === impl AllowedOrigins ===

impl AllowedOrigins {
    /// Tells `Origin` headers that name one of them.
    pub(crate) fn contain(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

impl FromStr for AllowedOrigins {
    type Err = BadItem;

    fn from_str(text: &str) -> Result<Self, BadItem> {
        let origin = |item: &str| {
            let uri = item.parse::<Uri>().ok();
            let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?.as_str())));
            let written = parts.map(|(scheme, authority)| format!("{scheme}://{authority}"));
            written.filter(|written| written.eq_ignore_ascii_case(item) && !item.contains('@')).ok_or_else(|| {
                BadItem(format!("'{item}' is no origin: expected such as https://app.example.com, without a path"))
            })
        };
        items(text).map(origin).collect::<Result<_, _>>().map(Self)
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

impl fmt::Display for BadItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadItem {}
