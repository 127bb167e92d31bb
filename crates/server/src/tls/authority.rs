//! A certificate authority of this server's own, for those who gave it no certificate.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use fakecloud_durable as durable;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tracing::warn;

use super::authority_terms::Terms;
use super::pem;

/// Signs the certificates that the server shows.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// In PEM.
    certificate: String,
    terms: Terms,
}

impl Authority {
    /// The authority that is kept in this file, or a new one that is kept there from now on. One that may not sign for all
    /// of these names, or not for long any more, is replaced. Blocks.
    ///
    /// # Errors
    /// The file cannot be read or written, or what it holds is no authority.
    pub(crate) fn kept(file: &Path, names: &[String], now: SystemTime) -> Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::new(names, now)?.keep(file),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
        };
        let found = Self::read(&text).with_context(|| {
            format!("{}: delete it to have a new one made, which clients have to trust anew", file.display())
        })?;
        let why = match found {
            Some(found) => match found.terms.unfit(names, now) {
                None => return Ok(found),
                Some(why) => why,
            },
            None => "it is of a version before, and may sign for any name for ten years",
        };
        warn!(
            file = %file.display(),
            why,
            "made a new certificate authority, which clients have to trust anew: GET /_fakecloud/tls/ca.crt gives it"
        );
        Self::new(names, now)?.keep(file)
    }

    /// One that is kept nowhere.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub(crate) fn new(names: &[String], now: SystemTime) -> Result<Self> {
        let key = KeyPair::generate()?;
        let terms = Terms::of(names, now);
        let parameters = parameters(&key, &terms);
        let certificate = parameters.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(parameters, key), certificate, terms })
    }

    fn keep(self, file: &Path) -> Result<Self> {
        let text = format!("{}\n{}{}", self.terms, self.issuer.key().serialize_pem(), self.certificate);
        durable::write(file, text.as_bytes()).with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(self)
    }

    /// None for an authority without terms.
    fn read(text: &str) -> Result<Option<Self>> {
        let certificate = pem::last_certificate(text).context("there is no certificate in it")?.to_owned();
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).context("there is no private key in it")?;
        let key = KeyPair::try_from(&key).context("its private key cannot be used")?;
        let terms = text.lines().next().and_then(Terms::read);
        Ok(terms.map(|terms| Self { issuer: Issuer::new(parameters(&key, &terms), key), certificate, terms }))
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
        // No longer than that of who signs it; each start makes a new one.
        parameters.not_before = self.terms.from().into();
        parameters.not_after = self.terms.ends().into();
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }
}

/// What an authority's certificate says beside its key. It is named after the key: clients may trust several.
fn parameters(key: &KeyPair, terms: &Terms) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let id: String = parameters.key_identifier(key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    parameters.distinguished_name = common_name(&format!("fakecloud authority {id}"));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.name_constraints = Some(terms.constraints());
    parameters.not_before = terms.from().into();
    parameters.not_after = terms.ends().into();
    parameters
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    #[test]
    fn authority_vouches_for_this_server_and_for_nobody_else() {
        let authority = Authority::new(&["localhost".to_owned()], SystemTime::now()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        for (name, is_vouched_for) in
            [("localhost", true), ("10.0.0.7", true), ("fd00::7", true), ("example.com", false), ("203.0.113.1", false)]
        {
            let (certificate, _key) = authority.certify(&[name.to_owned()]).unwrap();
            let server = ServerName::try_from(name).unwrap();
            let verified = verifier.verify_server_cert(&certificate, &[], &server, &[], UnixTime::now());
            assert_eq!(verified.is_ok(), is_vouched_for, "{name}: {verified:?}");
        }
    }
}
