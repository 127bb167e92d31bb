//! A control plane with a clock, a store of archives and a disk, all of them values.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fakecloud_lambda::{
    Applied, Archive, Call, Change, Code, Config, Effect, Error, ForeignLayers, FoundImage, ImageFault, Invocation,
    InvokeCall,
};
use fakecloud_lambda::{Lambda, Moment, Request, Response, Scope, Stored, parse};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

/// The bytes that the archives unpack to, unless a test says otherwise.
pub(crate) const UNZIPPED: u64 = 1000;

/// 2026-01-31T12:00:00Z
const START_MS: u64 = 1_769_860_800_000;

pub(crate) struct Account {
    pub(crate) lambda: Lambda,
    pub(crate) scope: Scope,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) effects: Vec<Effect>,
    /// The bytes that the next archives unpack to.
    pub(crate) unzipped: u64,
    /// The answers of the registry, by URI; it is not asked for others.
    pub(crate) images: BTreeMap<String, Result<FoundImage, ImageFault>>,
    /// The changes to persist that the last call that succeeded gave.
    pub(crate) changes: Vec<Change>,
    calls: u64,
}

/// An answer in a form that tests compare.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The code of an error.
    pub(crate) error: Option<String>,
    pub(crate) body: Value,
}

pub(crate) fn config() -> Config {
    Config {
        self_url: "http://fakecloud:4566".to_owned(),
        archives_path: "/archives/".to_owned(),
        foreign_layers: ForeignLayers::default(),
    }
}

pub(crate) fn request(method: Method, target: &str, body: impl Into<Bytes>) -> Request {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    Request { method, path: path.to_owned(), query, headers: HeaderMap::new(), body: body.into() }
}

impl Account {
    pub(crate) fn new() -> Self {
        Self {
            lambda: Lambda::new(config()),
            scope: Scope::new("111122223333", "eu-west-1").unwrap(),
            files: BTreeMap::new(),
            effects: Vec::new(),
            unzipped: UNZIPPED,
            images: BTreeMap::new(),
            changes: Vec::new(),
            calls: 0,
        }
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send(request(Method::GET, target, ""))
    }

    pub(crate) fn post(&mut self, target: &str, body: &Value) -> Answer {
        self.send(request(Method::POST, target, body.to_string()))
    }

    pub(crate) fn put(&mut self, target: &str, body: &Value) -> Answer {
        self.send(request(Method::PUT, target, body.to_string()))
    }

    pub(crate) fn delete(&mut self, target: &str) -> Answer {
        self.send(request(Method::DELETE, target, ""))
    }

    /// Carries a request through all phases, and its changes to the disk.
    pub(crate) fn send(&mut self, request: Request) -> Answer {
        match parse(&request).and_then(|call| self.apply(&call)) {
            Ok(applied) => {
                let answer = answer(applied.response);
                check_form(&request, &answer);
                answer
            }
            Err(error) => answer(error.to_response()),
        }
    }

    fn apply(&mut self, call: &Call) -> Result<Applied, Error> {
        self.calls += 1;
        // Every call a second later than the one before, and with other random bits.
        let moment = Moment { epoch_ms: START_MS + self.calls * 1000, random: u128::from(self.calls) };
        let checked = self.lambda.check(&self.scope, &moment, call);
        let archive = call.archive().map(|archive| match archive {
            Archive::Inline(zip) => stored(zip, self.unzipped),
            // Every object holds its own name.
            Archive::S3(object) => stored(&Bytes::from(format!("{object:?}")), self.unzipped),
        });
        let image = call.image().and_then(|uri| self.images.get(uri).cloned());
        let code = archive.map(Code::Archive).or_else(|| image.map(Code::Image));
        let applied = self.lambda.apply(&self.scope, &moment, call, code);
        // What is told before the archive is stored is what is told after it.
        assert!(checked.is_ok() || checked == applied.clone().map(drop), "{checked:?} before {applied:?}");
        let applied = applied?;
        self.persist(&applied.changes);
        self.changes.clone_from(&applied.changes);
        self.effects.extend(applied.effects.clone());
        Ok(applied)
    }

    /// Carries changes to the disk.
    pub(crate) fn persist(&mut self, changes: &[Change]) {
        for change in changes {
            match change.clone() {
                Change::Put { key, json } => drop(self.files.insert(key, json)),
                Change::Delete { key } => drop(self.files.remove(&key)),
            }
        }
    }

    pub(crate) fn resolve(
        &self,
        target: &str,
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> Result<Invocation, Answer> {
        self.resolve_by(0, target, headers, body)
    }

    /// Resolves with these random bits.
    pub(crate) fn resolve_by(
        &self,
        random: u128,
        target: &str,
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> Result<Invocation, Answer> {
        let mut request = request(Method::POST, target, body.to_vec());
        for (name, value) in headers {
            request.headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let call = parse(&request).and_then(|call| InvokeCall::of(&call));
        let moment = Moment { epoch_ms: START_MS, random };
        call.and_then(|call| self.lambda.resolve(&self.scope, &moment, call))
            .map_err(|error| answer(error.to_response()))
    }

    /// A python function with nothing special.
    pub(crate) fn create(&mut self, name: &str) -> Answer {
        self.create_with(name, json!({}))
    }

    /// A python function with these members besides or instead.
    pub(crate) fn create_with(&mut self, name: &str, members: Value) -> Answer {
        self.post("/2015-03-31/functions", &python(name, members))
    }

    /// Publishes a layer version from a zip with this text.
    pub(crate) fn publish_layer(&mut self, name: &str, zip: &str) -> Answer {
        let target = format!("/2018-10-31/layers/{name}/versions");
        self.post(&target, &json!({ "Content": { "ZipFile": STANDARD.encode(zip) } }))
    }

    /// The text of a GET's body, which must succeed.
    pub(crate) fn read(&mut self, target: &str) -> Value {
        let answer = self.get(target);
        assert_eq!((answer.status, answer.error), (200, None), "{target}: {}", answer.body);
        answer.body
    }

    /// A disk's content after a restart.
    pub(crate) fn restart(&mut self) {
        self.lambda = Lambda::restore(config(), self.files.clone()).unwrap();
        let repairs = self.lambda.repairs();
        self.persist(&repairs);
    }
}

pub(crate) fn python(name: &str, members: Value) -> Value {
    let mut body = json!({
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": "arn:aws:iam::111122223333:role/r",
        "Handler": "app.handler",
        "Code": { "ZipFile": STANDARD.encode("code 1") },
    });
    let Value::Object(members) = members else { panic!("members are an object: {members}") };
    for (key, value) in members {
        body[key] = value;
    }
    body
}

pub(crate) fn answer(response: Response) -> Answer {
    let error = response.headers.get("x-amzn-ErrorType").map(|code| code.to_str().unwrap().to_owned());
    let body = match response.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&response.body).unwrap(),
    };
    Answer { status: response.status.as_u16(), error, body }
}

/// The answers of all operations in the service model of botocore 1.44.8: operation, status, and the members of the
/// body, those that are required with an exclamation mark.
const BOTOCORE_ANSWERS: &str = include_str!("botocore_answers.tsv");

/// Fails when a successful answer has not the form that clients expect.
fn check_form(request: &Request, answer: &Answer) {
    let operation = parse(request).unwrap().operation().name();
    let rows = BOTOCORE_ANSWERS.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let row = rows.into_iter().find(|row| row[0] == operation).unwrap();
    // AWS itself answers 204, which clients take as well.
    let status = if operation == "DeleteFunction" { "204" } else { row[1] };
    assert_eq!(answer.status.to_string(), status, "{operation}");
    let body = answer.body.as_object().cloned().unwrap_or_default();
    // AWS itself shows nothing of a function without a code signing configuration.
    let exempt = operation == "GetFunctionCodeSigningConfig" && body.is_empty();
    let members: Vec<&str> = row[2].split(' ').collect();
    for required in members.iter().filter_map(|member| member.strip_suffix('!')) {
        assert!(exempt || body.contains_key(required), "{operation} answers without {required}: {}", answer.body);
    }
    for key in body.keys() {
        let known = members.iter().any(|member| member.trim_end_matches('!') == key);
        assert!(known, "{operation} answers with {key}, which no client knows");
    }
}

/// An error answer.
pub(crate) fn error(status: u16, code: &str, body: Value) -> Answer {
    Answer { status, error: Some(code.to_owned()), body }
}

/// The error of a wrong parameter.
pub(crate) fn invalid(message: &str) -> Answer {
    error(400, "InvalidParameterValueException", json!({ "Type": "User", "message": message }))
}

/// The error of violated constraints of the model.
pub(crate) fn violated(message: &str) -> Answer {
    error(400, "ValidationException", json!({ "Type": "User", "message": message }))
}

/// A digest that tests can read: the archive's own bytes.
fn stored(zip: &Bytes, unzipped: u64) -> Stored {
    let sha256_hex = zip.iter().take(32).map(|byte| format!("{byte:02x}")).collect();
    let sha256_base64 = format!("sha256 of {}", String::from_utf8_lossy(zip));
    Stored { sha256_base64, sha256_hex, size: zip.len() as u64, unzipped }
}
