//! The log: what is in it and how it looks.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::args::{Args, LogFormat};
use crate::common::log_fields::EscapedFields;

/// Begins to log, to standard error.
///
/// # Errors
/// The setting is no filter.
pub(crate) fn init(args: &Args) -> Result<()> {
    // What kube's client logs as errors, fakecloud says itself, in words and with what to do.
    let filter = EnvFilter::try_new(format!("kube_client=off,{}", args.log)).with_context(|| {
        format!("FAKECLOUD_LOG={} is no filter: expected a level such as info, or fakecloud=debug,kube=warn", args.log)
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match args.log_format {
        LogFormat::Text => builder.fmt_fields(EscapedFields).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
