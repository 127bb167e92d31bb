//! Functions to create, and the archives they come in.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::Witness;
use super::lambda::base64;

/// Answers with the Pod it runs in, how many events that Pod has seen, and the event, in three languages.
const REPORT_PY: &str = include_str!("../functions/report.py");
const REPORT_JS: &str = include_str!("../functions/report.js");
const REPORT_SH: &str = include_str!("../functions/bootstrap.sh");

/// Sleeps for its event's `sleep` in seconds, and says where and how often it ran before.
const SLEEPY_PY: &str = include_str!("../functions/sleepy.py");

/// Tells a witness its event's `name`, and answers with the Pod it runs in after its event's `seconds`.
const TELLTALE_PY: &str = include_str!("../functions/telltale.py");

/// What a function is created from.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) runtime: &'static str,
    pub(crate) handler: &'static str,
    files: Vec<(String, Vec<u8>)>,
    environment: BTreeMap<String, String>,
    layers: Vec<String>,
    /// What CreateFunction is told beyond all this.
    members: Value,
}

// === impl Function ===

impl Function {
    /// A module with a function `handler(event, context)`.
    pub(crate) fn python(source: &str) -> Self {
        Self::new("python3.12", "app.handler").file("app.py", source)
    }

    /// Answers with the Pod it runs in, a count and the event.
    pub(crate) fn python_report() -> Self {
        Self::python(REPORT_PY)
    }

    /// A module that exports `handler`.
    pub(crate) fn node(source: &str) -> Self {
        Self::new("nodejs20.x", "index.handler").file("index.js", source)
    }

    /// Sleeps for its event's `sleep` in seconds, and answers with the Pod it runs in and a count.
    pub(crate) fn python_sleepy() -> Self {
        Self::python(SLEEPY_PY)
    }

    /// Tells the witness its event's `name`, and answers with the Pod it runs in after its event's `seconds`.
    pub(crate) fn python_telltale(witness: &Witness) -> Self {
        Self::python(TELLTALE_PY).variable("WITNESS", &witness.address)
    }

    /// Answers with the Pod it runs in, a count and the event.
    pub(crate) fn node_report() -> Self {
        Self::node(REPORT_JS)
    }

    /// Answers with the Pod it runs in, a count and the event.
    pub(crate) fn provided_report() -> Self {
        Self::new("provided.al2023", "bootstrap").file("bootstrap", REPORT_SH)
    }

    /// An image, and what of it is overridden.
    pub(crate) fn image(uri: &str, config: &Value) -> Self {
        Self::new("", "").members(json!({
            "PackageType": "Image",
            "Runtime": null,
            "Handler": null,
            "Layers": null,
            "Code": {"ImageUri": uri},
            "ImageConfig": config,
        }))
    }

    fn new(runtime: &'static str, handler: &'static str) -> Self {
        let (files, environment, layers) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { runtime, handler, files, environment, layers, members: json!({}) }
    }

    /// With a file more.
    pub(crate) fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// With these files alone.
    pub(crate) fn files(mut self, files: &[(&str, &[u8])]) -> Self {
        self.files = files.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect();
        self
    }

    /// With an environment variable more.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With layers, by their ARNs with version, in attach order.
    pub(crate) fn layers(mut self, arns: &[String]) -> Self {
        self.layers = arns.to_vec();
        self
    }

    /// With members of CreateFunction that replace or join those it has anyway; null leaves one out.
    pub(crate) fn members(mut self, members: Value) -> Self {
        self.members = members;
        self
    }

    /// The code's archive.
    pub(crate) fn zip(&self) -> Vec<u8> {
        let files: Vec<_> = self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
        zip(&files)
    }

    /// The body of CreateFunction.
    pub(super) fn create_request(&self, name: &str) -> Value {
        let mut request = json!({
            "FunctionName": name,
            "Runtime": self.runtime,
            "Handler": self.handler,
            "Role": "arn:aws:iam::000000000000:role/any",
            "Code": {"ZipFile": base64(&self.zip())},
            "Environment": {"Variables": self.environment},
            "Layers": self.layers,
            "Timeout": 30,
        });
        for (member, value) in self.members.as_object().into_iter().flatten() {
            request[member] = value.clone();
        }
        request
    }
}

/// An archive of executable files, stored as they are.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).unix_permissions(0o755);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, options).expect("the path is new and short");
        writer.write_all(content).expect("memory takes every byte");
    }
    writer.finish().expect("memory takes every byte").into_inner()
}
