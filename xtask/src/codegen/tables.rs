//! One static per input shape: its members, where they travel, and their constraints.

use std::fmt::Write;

use anyhow::{Context, Result, bail, ensure};

use super::model::{Member, Model, Shape, constant};

pub(super) fn emit(model: &Model) -> Result<String> {
    let mut out = String::from("use crate::request::model::{Kind, Location, Member, Pattern, Shape};\n\n");
    for name in model.inputs()? {
        let shape = model.shape(name)?;
        writeln!(
            out,
            "pub(super) static {}: Shape = Shape {{ kind: {}, min: {}, max: {}, sensitive: {} }};\n",
            constant(name),
            kind(shape).with_context(|| format!("shape {name}"))?,
            bound(shape.min)?,
            bound(shape.max)?,
            shape.sensitive,
        )?;
    }
    Ok(out)
}

fn kind(shape: &Shape) -> Result<String> {
    let of = |reference: &Option<super::model::Reference>| -> Result<String> {
        Ok(constant(&reference.as_ref().context("a collection without its element's shape")?.shape))
    };
    Ok(match shape.kind.as_str() {
        "structure" => structure(shape)?,
        "list" => format!("Kind::List(&{})", of(&shape.member)?),
        "map" => format!("Kind::Map(&{}, &{})", of(&shape.key)?, of(&shape.value)?),
        "string" => {
            let pattern = match &shape.pattern {
                Some(pattern) => format!("Some(Pattern::new({pattern:?}))"),
                None => "None".to_owned(),
            };
            format!("Kind::Text {{ pattern: {pattern}, one_of: &{:?} }}", shape.one_of)
        }
        "integer" => "Kind::Integer".to_owned(),
        "long" => "Kind::Long".to_owned(),
        "double" => "Kind::Double".to_owned(),
        "boolean" => "Kind::Boolean".to_owned(),
        "blob" => "Kind::Blob".to_owned(),
        "timestamp" => "Kind::Timestamp".to_owned(),
        other => bail!("a type that the generator does not know: {other}"),
    })
}

fn structure(shape: &Shape) -> Result<String> {
    let mut out = String::from("Kind::Structure(&[");
    for (name, member) in shape.members()? {
        let location = location(shape, name, &member)?;
        writeln!(
            out,
            "Member {{ name: {name:?}, wire: {:?}, location: Location::{location}, required: {}, shape: &{} }},",
            member.location_name.as_deref().unwrap_or(name),
            shape.required.iter().any(|required| required == name),
            constant(&member.shape),
        )?;
    }
    out.push_str("])");
    Ok(out)
}

fn location(shape: &Shape, name: &str, member: &Member) -> Result<&'static str> {
    Ok(match member.location.as_deref() {
        None if shape.payload.as_deref() == Some(name) => "Payload",
        None => "Body",
        Some("uri") => "Uri",
        Some("querystring") => "Query",
        Some("header") => "Header",
        Some(other) => bail!("member {name} travels in a place that the generator does not know: {other}"),
    })
}

fn bound(bound: Option<f64>) -> Result<String> {
    let Some(bound) = bound else { return Ok("None".to_owned()) };
    ensure!(bound.fract() == 0.0, "a bound that is no whole number: {bound}");
    Ok(format!("Some({bound:.0})"))
}
