//! File systems of functions, as records: nothing is mounted.

use crate::{Error, shapes::FileSystemConfig};

/// Takes `S3FilesConfig` with access points of S3 Files alone, as the service model says.
///
/// # Errors
///
/// `InvalidParameterValueException` where it comes with one of EFS.
pub(crate) fn check(configs: &[FileSystemConfig]) -> Result<(), Error> {
    let wrong =
        configs.iter().find(|one| one.s3_files_config.is_some() && service(&one.arn) == Some("elasticfilesystem"));
    match wrong {
        Some(config) => Err(Error::invalid_parameter(format!(
            "S3FilesConfig is valid for access points of Amazon S3 Files only, and {} is one of EFS: leave it out",
            config.arn
        ))),
        None => Ok(()),
    }
}

/// The service in an ARN.
fn service(arn: &str) -> Option<&str> {
    arn.split(':').nth(2)
}
