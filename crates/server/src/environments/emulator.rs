//! What is to be known of the Runtime Interface Emulator, which takes a function's invocations in its environment.

use fakecloud_podspec::{Function, INVOKE_PORT, Package, Runtime};

/// Whether a runtime may start before the emulator listens to it, and end for that. The emulator takes invocations some
/// milliseconds before, on a busy node more, and AWS's own runtimes take longer to start.
pub(crate) fn may_be_missed(function: &Function) -> bool {
    match &function.package {
        Package::Zip { runtime, .. } => matches!(runtime, Runtime::ProvidedAl2 | Runtime::ProvidedAl2023),
        Package::Image { .. } => true,
    }
}

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
