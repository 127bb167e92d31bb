//! moto's server, which stands in for the other services of AWS in tests and benchmarks: pinned, from PyPI into the cache.

use std::path::PathBuf;

use anyhow::Result;

use crate::python;

const WHEELS: &str = include_str!("../assets/moto/requirements.txt");

/// The directory for `PYTHONPATH` with which `python3 -m moto.server -H HOST -p PORT` serves S3, SQS, SNS, EventBridge,
/// IAM, STS and Lambda.
///
/// # Errors
/// Those of [`python::ensure`].
pub(crate) fn ensure() -> Result<PathBuf> {
    python::ensure("moto", WHEELS)
}
