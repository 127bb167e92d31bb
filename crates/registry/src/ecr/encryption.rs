//! What a repository is to be encrypted with: kept and answered; nothing is encrypted.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::repositories::partition;
use crate::catalog::Encryption;
use crate::digest::Digest;
use crate::scope::Scope;
use crate::uuid;

/// A kind of encryption, and the key of those that have one.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EncryptionConfiguration {
    encryption_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key: Option<String>,
}

/// The encryption of a request, whose texts are those of the model.
///
/// # Errors
///
/// `InvalidParameterException` for a key beside AES256, which has none.
pub(super) fn parse(configuration: EncryptionConfiguration, scope: &Scope) -> Result<Encryption, Error> {
    let EncryptionConfiguration { encryption_type, kms_key } = configuration;
    match (encryption_type.as_str(), kms_key) {
        ("KMS", key) => Ok(Encryption::Kms(key.unwrap_or_else(|| managed_key(scope)))),
        ("KMS_DSSE", key) => Ok(Encryption::KmsDsse(key.unwrap_or_else(|| managed_key(scope)))),
        (_, None) => Ok(Encryption::Aes256),
        (kind, Some(_)) => {
            let constraint = format_args!("kmsKey must be null when encryptionType is {kind}");
            Err(Error::invalid("encryptionConfiguration", constraint))
        }
    }
}

/// The encryption for an answer.
pub(super) fn view(encryption: &Encryption) -> EncryptionConfiguration {
    let (encryption_type, kms_key) = match encryption {
        Encryption::Aes256 => ("AES256", None),
        Encryption::Kms(key) => ("KMS", Some(key.clone())),
        Encryption::KmsDsse(key) => ("KMS_DSSE", Some(key.clone())),
    };
    EncryptionConfiguration { encryption_type: encryption_type.to_owned(), kms_key }
}

/// The key that AWS makes for all repositories of an account in a region that name none.
fn managed_key(scope: &Scope) -> String {
    let (region, account) = (scope.region(), scope.account());
    let key = uuid::form(&Digest::of(format!("aws/ecr {scope}").as_bytes()).hex());
    format!("arn:{}:kms:{region}:{account}:key/{key}", partition(region))
}
