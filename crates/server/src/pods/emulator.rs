//! What users hear whose images may lack the Runtime Interface Emulator, which takes a function's invocations.

use fakecloud_podspec::{Function, INVOKE_PORT, Package};

/// What to do about an image that starts and does not take invocations. AWS's own images of runtimes have the emulator.
pub(crate) fn advice(function: &Function) -> Option<String> {
    match &function.package {
        Package::Zip { .. } => None,
        Package::Image { uri, .. } => Some(format!(
            "image {uri} needs the Lambda Runtime Interface Emulator, listening on port {INVOKE_PORT}: AWS's base images \
             have it; add aws-lambda-rie to any other and put it in front of its entry point, see \
             https://github.com/aws/aws-lambda-runtime-interface-emulator"
        )),
    }
}
