//! The runtimes that functions may be created with.

use crate::Error;

/// The managed runtimes that functions run on, as AWS supports them today.
pub const SUPPORTED_RUNTIMES: [&str; 23] = [
    "nodejs24.x",
    "nodejs22.x",
    "nodejs20.x",
    "nodejs18.x",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "java25",
    "java21",
    "java17",
    "java11",
    "java8.al2",
    "dotnet10",
    "dotnet8",
    "dotnet6",
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

/// Takes a supported runtime.
///
/// # Errors
///
/// AWS's texts for a retired and for an unknown runtime.
pub(crate) fn check(runtime: &str) -> Result<(), Error> {
    if SUPPORTED_RUNTIMES.contains(&runtime) {
        return Ok(());
    }
    Err(Error::invalid_parameter(match RETIRED_RUNTIMES.contains(&runtime) {
        true => format!(
            "The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. \
             We recommend you use a supported runtime while creating or updating functions."
        ),
        false => format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be \
             a valid ARN",
            SUPPORTED_RUNTIMES.join(", ")
        ),
    }))
}
