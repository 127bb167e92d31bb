//! The settings of HTTPS.

use std::path::PathBuf;

/// What clients that speak TLS are shown. HTTPS is served on the port of HTTP.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "HTTPS")]
pub(crate) struct TlsArgs {
    /// Certificate for HTTPS and those that signed it, a file in PEM [default: one that is made at each start, signed by an authority of its own, which GET /_fakecloud/tls/ca.crt gives]
    #[arg(id = "tls-cert", long, env = "FAKECLOUD_TLS_CERT", value_name = "FAKECLOUD_TLS_CERT", requires = "tls-key")]
    pub(crate) cert: Option<PathBuf>,

    /// Its private key, a file in PEM
    #[arg(id = "tls-key", long, env = "FAKECLOUD_TLS_KEY", value_name = "FAKECLOUD_TLS_KEY", requires = "tls-cert")]
    pub(crate) key: Option<PathBuf>,
}
