//! A certificate authority of this server's own, for those who gave it no certificate.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use fakecloud_durable as durable;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::pem;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Clocks that are behind take the certificates too.
const BACKDATED: Duration = DAY;

/// Nodes and clients are told to trust it once.
const AUTHORITY_LASTS: Duration = DAY.saturating_mul(10 * 365);

/// As long as Apple's clients take at most; each start makes a new one.
const CERTIFICATE_LASTS: Duration = DAY.saturating_mul(824);

/// Signs the certificates that the server shows.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// In PEM.
    certificate: String,
}

impl Authority {
    /// The authority that is kept in this file, or a new one that is kept there from now on. Blocks.
    ///
    /// # Errors
    /// The file cannot be read or written, or what it holds is no authority.
    pub(crate) fn kept(file: &Path) -> Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::read(&text).with_context(|| {
                format!("{}: delete it to have a new one made, which clients have to trust anew", file.display())
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let authority = Self::new()?;
                let text = format!("{}{}", authority.issuer.key().serialize_pem(), authority.certificate);
                durable::write(file, text.as_bytes())
                    .with_context(|| format!("{} cannot be written", file.display()))?;
                Ok(authority)
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
        }
    }

    /// One that ends with the process.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub(crate) fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let parameters = parameters(&key);
        let certificate = parameters.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(parameters, key), certificate })
    }

    fn read(text: &str) -> Result<Self> {
        let certificate = pem::last_certificate(text).context("there is no certificate in it")?.to_owned();
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).context("there is no private key in it")?;
        let key = KeyPair::try_from(&key).context("its private key cannot be used")?;
        Ok(Self { issuer: Issuer::new(parameters(&key), key), certificate })
    }

    /// Its own certificate, which clients have to trust, in PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A fresh key, and a certificate of it for these names and addresses.
    ///
    /// # Errors
    /// One of the names can stand in no certificate.
    pub(crate) fn certify(&self, names: &[String]) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
        let mut parameters = CertificateParams::new(names)
            .with_context(|| format!("no certificate can be made for all of {}", names.join(", ")))?;
        parameters.distinguished_name = common_name("fakecloud");
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = SystemTime::now();
        parameters.not_before = (now - BACKDATED).into();
        parameters.not_after = (now + CERTIFICATE_LASTS).into();
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }
}

/// What an authority's certificate says beside its key. It is named after the key: clients may trust several.
fn parameters(key: &KeyPair) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let id: String = parameters.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    parameters.distinguished_name = common_name(&format!("fakecloud authority {id}"));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = SystemTime::now();
    parameters.not_before = (now - BACKDATED).into();
    parameters.not_after = (now + AUTHORITY_LASTS).into();
    parameters
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
