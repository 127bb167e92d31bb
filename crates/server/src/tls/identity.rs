//! Whom the server says it is to clients that speak TLS, and whom they have to trust for that.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context, Result};
use bytes::Bytes;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::authority::Authority;
use super::pem;
use crate::args::TlsArgs;

/// A certificate with its key, ready for use.
pub(crate) struct Identity {
    pub(crate) tls: Arc<ServerConfig>,
    /// The certificate that clients have to trust, in PEM.
    pub(crate) authority: Bytes,
}

impl Identity {
    /// That of the settings or else, for these names, one of an authority of its own. Blocks.
    ///
    /// # Errors
    /// Those of [`Identity::of_files`] and [`Identity::of_own_authority`].
    pub(crate) fn of_args(args: &TlsArgs, data_dir: Option<&Path>, names: &[String]) -> Result<Self> {
        match args.cert.as_deref().zip(args.key.as_deref()) {
            Some((certificate, key)) => Self::of_files(certificate, key),
            None => Self::of_own_authority(data_dir, names),
        }
    }

    /// That of `FAKECLOUD_TLS_CERT` and `FAKECLOUD_TLS_KEY`. Blocks.
    ///
    /// # Errors
    /// One of the files cannot be read or is not what it should be, or they do not belong together.
    pub(crate) fn of_files(certificates: &Path, key: &Path) -> Result<Self> {
        let of_certificates = || format!("FAKECLOUD_TLS_CERT={}", certificates.display());
        let text = std::fs::read_to_string(certificates)
            .with_context(|| format!("{}: the file cannot be read", of_certificates()))?;
        let chain = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.with_context(|| format!("{}: the file is not in PEM", of_certificates()))?;
        let authority = pem::last_certificate(&text).filter(|_| !chain.is_empty());
        let authority = authority.with_context(|| format!("{}: there is no certificate in it", of_certificates()))?;
        let of_key = || format!("FAKECLOUD_TLS_KEY={}", key.display());
        let key_der = PrivateKeyDer::from_pem_file(key)
            .with_context(|| format!("{}: no private key in PEM can be read from it", of_key()))?;
        let tls = server_config(chain, key_der)
            .with_context(|| format!("{} and {} do not belong together", of_certificates(), of_key()))?;
        Ok(Self { tls, authority: format!("{authority}\n").into() })
    }

    /// One of an authority that is kept in the data directory, or else ends with the process. Blocks.
    ///
    /// # Errors
    /// The directory cannot be used, or a name can stand in no certificate.
    pub(crate) fn of_own_authority(data_dir: Option<&Path>, names: &[String]) -> Result<Self> {
        let authority = match data_dir {
            Some(folder) => Authority::kept(&folder.join("tls/authority.pem"), names, SystemTime::now())?,
            None => Authority::new(names, SystemTime::now())?,
        };
        let (certificate, key) = authority.certify(names)?;
        let tls = server_config(vec![certificate], key)?;
        Ok(Self { tls, authority: format!("{}\n", authority.certificate().trim_end()).into() })
    }
}

fn server_config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
