//! The `Operation` enum and the table of routes.

use std::fmt::Write;

use anyhow::Result;

use super::model::{Model, constant};

pub(super) fn emit(model: &Model) -> Result<String> {
    let mut out = String::from("use super::tables;\nuse crate::request::model::Route;\n\n");
    emit_enum(model, &mut out)?;
    emit_routes(model, &mut out)?;
    Ok(out)
}

fn emit_enum(model: &Model, out: &mut String) -> Result<()> {
    writeln!(out, "/// An operation of the Lambda API.")?;
    writeln!(out, "#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Operation {{")?;
    for name in model.operations.keys() {
        writeln!(out, "/// `{name}`\n{name},")?;
    }
    writeln!(out, "}}\n\nimpl Operation {{")?;
    writeln!(out, "/// The operation's name in the service model, such as `CreateFunction`.")?;
    writeln!(out, "pub const fn name(self) -> &'static str {{ match self {{")?;
    for name in model.operations.keys() {
        writeln!(out, "Self::{name} => \"{name}\",")?;
    }
    writeln!(out, "}} }}\n}}\n")?;
    Ok(())
}

fn emit_routes(model: &Model, out: &mut String) -> Result<()> {
    writeln!(out, "/// How each operation is addressed, in the order of [`Operation`].")?;
    writeln!(out, "pub(crate) static ROUTES: [Route; {}] = [", model.operations.len())?;
    for (name, operation) in &model.operations {
        let (path, query) = operation.http.request_uri.split_once('?').unwrap_or((&operation.http.request_uri, ""));
        let query = match query.split_once('=') {
            Some((name, value)) => format!("Some(({name:?}, {value:?}))"),
            None => "None".to_owned(),
        };
        writeln!(
            out,
            "Route {{ operation: Operation::{name}, method: {:?}, path: {path:?}, query: {query}, \
             input: &tables::{} }},",
            operation.http.method,
            constant(&operation.input.shape),
        )?;
    }
    writeln!(out, "];")?;
    Ok(())
}
