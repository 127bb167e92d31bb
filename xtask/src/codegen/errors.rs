//! The `ErrorCode` enum: the model's exceptions, and the few that the service answers without modelling them.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::{Context, Result};

use super::model::Model;

/// Code, HTTP status and spelling of the message member of the errors that no operation of the model lists.
const UNMODELLED: [(&str, u16, &str); 8] = [
    ("AccessDeniedException", 403, "Message"),
    ("EnvironmentNotStartedException", 424, "Message"),
    ("IncompleteSignatureException", 403, "message"),
    ("NotImplementedException", 501, "Message"),
    ("RequestEntityTooLargeException", 413, "message"),
    ("SerializationException", 400, "message"),
    ("UnknownOperationException", 404, "message"),
    ("ValidationException", 400, "message"),
];

struct Code {
    status: u16,
    service_fault: bool,
    message: String,
}

pub(super) fn emit(model: &Model) -> Result<String> {
    let mut codes = BTreeMap::new();
    for (name, shape) in model.shapes.iter().filter(|(_, shape)| shape.exception) {
        let status = shape.error.as_ref().with_context(|| format!("{name} has no HTTP status"))?.http_status_code;
        let message = shape.members.keys().find(|member| member.eq_ignore_ascii_case("message"));
        let message = message.with_context(|| format!("{name} has no message"))?.clone();
        codes.insert(name.as_str(), Code { status, service_fault: shape.fault, message });
    }
    for (name, status, message) in UNMODELLED {
        codes.insert(name, Code { status, service_fault: status >= 500, message: message.to_owned() });
    }
    let mut out = String::new();
    emit_enum(&codes, &mut out)?;
    Ok(out)
}

fn emit_enum(codes: &BTreeMap<&str, Code>, out: &mut String) -> Result<()> {
    writeln!(out, "/// A kind of error; its code string, HTTP status and fault come from here alone.")?;
    writeln!(out, "#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum ErrorCode {{")?;
    for (name, code) in codes {
        writeln!(out, "/// `{name}`, HTTP {}\n{},", code.status, variant(name))?;
    }
    writeln!(out, "}}\n\nimpl ErrorCode {{")?;
    method(codes, out, "The code string of `x-amzn-ErrorType`.", "pub", "name", "&'static str", |name, _| {
        format!("{name:?}")
    })?;
    method(codes, out, "The HTTP status.", "pub", "status", "u16", |_, code| code.status.to_string())?;
    method(
        codes,
        out,
        "Whether the service, and not the caller, is at fault.",
        "pub",
        "service_fault",
        "bool",
        |_, code| code.service_fault.to_string(),
    )?;
    let doc = "How the body spells the message's key: AWS uses both `Message` and `message`.";
    method(codes, out, doc, "pub(crate)", "message_key", "&'static str", |_, code| format!("{:?}", code.message))?;
    writeln!(out, "}}")?;
    Ok(())
}

/// A method with one arm per distinct value.
fn method(
    codes: &BTreeMap<&str, Code>,
    out: &mut String,
    doc: &str,
    visibility: &str,
    name: &str,
    returns: &str,
    value: impl Fn(&str, &Code) -> String,
) -> Result<()> {
    let mut arms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (code_name, code) in codes {
        arms.entry(value(code_name, code)).or_default().push(format!("Self::{}", variant(code_name)));
    }
    writeln!(out, "/// {doc}\n{visibility} const fn {name}(self) -> {returns} {{ match self {{")?;
    for (value, variants) in arms {
        writeln!(out, "{} => {value},", variants.join(" | "))?;
    }
    writeln!(out, "}} }}\n")?;
    Ok(())
}

fn variant(name: &str) -> &str {
    name.strip_suffix("Exception").unwrap_or(name)
}
