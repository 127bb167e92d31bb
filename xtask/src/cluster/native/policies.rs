//! What Pods may be: Kubernetes 1.20 has PodSecurityPolicy where later ones have PodSecurity admission.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::layout::state;
use super::ready::kubectl;
use crate::shell;

/// Pods that a service account creates must pass the level "restricted" of the Pod Security Standards. The
/// administrator may use any policy, as he may use all else.
const POLICIES: &str = include_str!("policies.yaml");

pub(super) fn apply() -> Result<()> {
    let file = state("policies.yaml");
    fs::write(&file, POLICIES).with_context(|| format!("cannot write {}", file.display()))?;
    shell::output(kubectl().arg("apply").arg("--filename").arg(&file).stdin(Stdio::null()))?;
    Ok(())
}
