//! One struct per structure of the model.

use std::fmt::Write;

use anyhow::{Context, Result, bail};

use super::model::{Model, Reference, Shape, snake};

pub(super) fn emit(model: &Model) -> Result<String> {
    let (inputs, outputs) = (model.inputs()?, model.outputs()?);
    let mut out = String::from(
        "use std::collections::BTreeMap;\n\nuse serde::{Deserialize, Serialize};\n\nuse crate::request::call::BlobIndex;\n\n",
    );
    for name in inputs.union(&outputs) {
        let shape = model.shape(name)?;
        if shape.kind != "structure" {
            continue;
        }
        let request = model.operations.values().any(|operation| operation.input.shape == **name);
        // Requests are only read and answers only written; what requests consist of is also kept.
        let (derives, written) = match (request, inputs.contains(name)) {
            (true, _) => ("Default, Deserialize", false),
            (false, true) => ("Clone, Debug, Default, PartialEq, Deserialize, Serialize", true),
            (false, false) => ("Clone, Debug, Default, Serialize", true),
        };
        writeln!(out, "#[derive({derives})]\n#[serde(rename_all = \"PascalCase\")]\npub(crate) struct {name} {{")?;
        emit_fields(model, shape, written, &mut out).with_context(|| format!("shape {name}"))?;
        writeln!(out, "}}\n")?;
    }
    Ok(out)
}

fn emit_fields(model: &Model, shape: &Shape, written: bool, out: &mut String) -> Result<()> {
    for (name, member) in shape.members()? {
        let field = snake(name);
        let required = shape.required.iter().any(|required| required == name);
        let mut attributes = Vec::new();
        if pascal(&field) != name {
            attributes.push(format!("rename = {name:?}"));
        }
        if written && !required {
            attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
        }
        if !attributes.is_empty() {
            writeln!(out, "#[serde({})]", attributes.join(", "))?;
        }
        let of = rust_type(model, &member.shape)?;
        let field = if field == "type" { "r#type".to_owned() } else { field };
        match required {
            true => writeln!(out, "pub(crate) {field}: {of},")?,
            false => writeln!(out, "pub(crate) {field}: Option<{of}>,")?,
        }
    }
    Ok(())
}

fn rust_type(model: &Model, name: &str) -> Result<String> {
    let shape = model.shape(name)?;
    let of = |reference: &Option<Reference>| {
        rust_type(model, &reference.as_ref().context("a collection without its element's shape")?.shape)
    };
    Ok(match shape.kind.as_str() {
        "structure" => name.to_owned(),
        "list" => format!("Vec<{}>", of(&shape.member)?),
        "map" => format!("BTreeMap<{}, {}>", of(&shape.key)?, of(&shape.value)?),
        "string" => "String".to_owned(),
        "integer" | "long" => "i64".to_owned(),
        "double" | "timestamp" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "blob" => "BlobIndex".to_owned(),
        other => bail!("a type that the generator does not know: {other}"),
    })
}

/// What serde's `rename_all = "PascalCase"` makes of a field.
fn pascal(field: &str) -> String {
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    field.split('_').map(capital).collect::<Vec<String>>().concat()
}
