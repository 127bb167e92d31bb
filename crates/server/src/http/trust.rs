//! Rules of the settings for proxies, web pages and operators.

use crate::args::{TrustArgs, TrustedProxies};
use crate::http::admin::AdminToken;
use crate::http::cross_site::Pages;

/// The rules that each request is held against before anything else looks at it.
pub(crate) struct Trust {
    pub(crate) proxies: TrustedProxies,
    pub(crate) pages: Pages,
    /// None where anybody may ask what is for operators.
    pub(crate) admin_token: Option<AdminToken>,
}

impl Trust {
    /// The trust of a server that clients may reach by these names.
    pub(crate) fn new(args: &TrustArgs, names: Vec<String>) -> Self {
        let TrustArgs { trusted_proxies, allowed_origins, admin_token } = args;
        Self {
            proxies: trusted_proxies.clone(),
            pages: Pages::new(allowed_origins.clone(), names),
            admin_token: admin_token.clone().and_then(|token| AdminToken::new(token.0)),
        }
    }
}
