//! The runtimes that functions may be created with, and what else depends on a runtime.

use sha2::{Digest, Sha256};

use crate::{Error, arn, hash_order::in_hash_order};

/// The managed runtimes that functions run on, as AWS supports them today.
pub const SUPPORTED_RUNTIMES: [&str; 29] = [
    "nodejs26.x",
    "nodejs24.x",
    "nodejs22.x",
    "nodejs20.x",
    "nodejs18.x",
    "java25",
    "java21",
    "java17.al2023",
    "java17",
    "java11.al2023",
    "java11",
    "java8.al2023",
    "java8.al2",
    "python3.15",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "dotnet10",
    "dotnet8",
    "dotnet6",
    "ruby4.0",
    "ruby3.4",
    "ruby3.3",
    "ruby3.2",
    "provided.al2023",
    "provided.al2",
];

/// The runtimes that AWS knew once.
pub const RETIRED_RUNTIMES: [&str; 22] = [
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "java8",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "provided",
    "nodejs16.x",
];

/// The runtime of functions that run on a runtime of one's own.
const CUSTOM: &str = "custom";

/// The beginnings of the runtimes that SnapStart does not know (AWS Lambda developer guide, "SnapStart": Java 11,
/// Python 3.12 and .NET 8, and what is newer).
const WITHOUT_SNAPSHOTS: [&str; 8] =
    ["nodejs", "python3.9", "python3.10", "python3.11", "java8", "dotnet6", "ruby", "provided"];

/// Takes a supported runtime.
///
/// # Errors
///
/// AWS's texts for a retired and for an unknown runtime.
pub(crate) fn check(runtime: &str) -> Result<(), Error> {
    if SUPPORTED_RUNTIMES.contains(&runtime) {
        return Ok(());
    }
    if runtime == CUSTOM {
        return Err(Error::invalid_parameter(
            "the runtime custom takes a runtime of the API lambda-core (RuntimeConfig), which fakecloud does not serve: \
             use provided.al2023 with a bootstrap of your own, or an image",
        ));
    }
    Err(Error::invalid_parameter(match RETIRED_RUNTIMES.contains(&runtime) {
        true => format!(
            "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. \
             We recommend you use a supported runtime while creating or updating functions."
        ),
        false => format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be \
             a valid ARN",
            in_hash_order(SUPPORTED_RUNTIMES).join(", ")
        ),
    }))
}

/// Takes a runtime whose versions may be snapshots.
///
/// # Errors
///
/// AWS's text for the others.
pub(crate) fn check_snapshots(runtime: &str) -> Result<(), Error> {
    match WITHOUT_SNAPSHOTS.iter().any(|prefix| runtime.starts_with(prefix)) {
        true => Err(Error::invalid_parameter(format!("{runtime} is not supported for SnapStart enabled functions."))),
        false => Ok(()),
    }
}

/// The ARN of the one version that a runtime has here. AWS names versions by 64 hexadecimal digits that tell nothing.
pub(crate) fn version_arn(region: &str, runtime: &str) -> String {
    let digits = Sha256::digest(runtime).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    arn::runtime_version(region, &digits)
}
