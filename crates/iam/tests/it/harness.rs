//! IAM with a clock and a disk, all of them values, and answers read as clients read them.

use std::collections::BTreeMap;

use fakecloud_iam::{Caller, Change, Error, Iam, Moment, Service, parse};
use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value};

/// 2026-01-31T12:00:00Z
const START_MS: u64 = 1_769_860_800_000;

pub(crate) const ACCOUNT: &str = "111122223333";

/// What lets functions assume a role.
pub(crate) const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// What lets a role do everything.
pub(crate) const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

pub(crate) const BASIC: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

pub(crate) struct Aws {
    pub(crate) iam: Iam,
    pub(crate) caller: Caller,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    calls: u64,
}

/// An error as clients see it: status, code and text.
pub(crate) type Refusal = (u16, String, String);

impl Aws {
    pub(crate) fn new() -> Self {
        Self { iam: Iam::default(), caller: Caller::new(ACCOUNT, None), files: BTreeMap::new(), calls: 0 }
    }

    /// What a call of IAM gives.
    pub(crate) fn iam(&mut self, action: &str, parameters: &[(&str, &str)]) -> Result<Value, Refusal> {
        self.call(Service::Iam, action, parameters).map(|xml| result(&xml, action))
    }

    /// What a call of STS gives.
    pub(crate) fn sts(&mut self, action: &str, parameters: &[(&str, &str)]) -> Result<Value, Refusal> {
        self.call(Service::Sts, action, parameters).map(|xml| result(&xml, action))
    }

    /// The XML that a call gives.
    pub(crate) fn call(
        &mut self,
        service: Service,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, Refusal> {
        self.calls += 1;
        let version = if service == Service::Iam { "2010-05-08" } else { "2011-06-15" };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([("Action", action), ("Version", version)]).extend_pairs(parameters);
        // Every call a second later than the one before, and with other random bits.
        let moment = Moment { epoch_ms: START_MS + self.calls * 1000, random: u128::from(self.calls) };
        let call = parse(service, None, form.finish().as_bytes()).map_err(|error| refusal(service, &error))?;
        let applied = self.iam.apply(&self.caller, &moment, &call, "the-request");
        let applied = applied.map_err(|error| refusal(service, &error))?;
        for change in applied.changes {
            match change {
                Change::Put { key, json } => drop(self.files.insert(key, json)),
                Change::Delete { key } => drop(self.files.remove(&key).unwrap()),
            }
        }
        assert_eq!(applied.response.status, 200);
        Ok(String::from_utf8(applied.response.body.to_vec()).unwrap())
    }

    /// A role that functions can run under.
    pub(crate) fn create_role(&mut self, name: &str) -> Value {
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", TRUST)];
        self.iam("CreateRole", &parameters).unwrap()["Role"].clone()
    }

    /// A policy that allows everything; gives its ARN.
    pub(crate) fn create_policy(&mut self, name: &str) -> String {
        let created = self.iam("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", ALLOW)]).unwrap();
        created["Policy"]["Arn"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn refused(status: u16, code: &str, message: &str) -> Result<Value, Refusal> {
    Err((status, code.to_owned(), message.to_owned()))
}

/// The error as a client reads it.
pub(crate) fn refusal(service: Service, error: &Error) -> Refusal {
    let response = error.to_response(service, "the-request");
    let xml = tree(std::str::from_utf8(&response.body).unwrap());
    let told = &xml["ErrorResponse"];
    assert_eq!(told["RequestId"], "the-request");
    let text = |member: &str| told["Error"][member].as_str().unwrap().to_owned();
    (response.status.as_u16(), text("Code"), text("Message"))
}

fn result(xml: &str, action: &str) -> Value {
    let answer = tree(xml)[format!("{action}Response")].clone();
    assert_eq!(answer["ResponseMetadata"]["RequestId"], "the-request", "{xml}");
    answer[format!("{action}Result")].clone()
}

/// Elements as objects, lists of `member` as arrays, text as text; an element without content is an empty text.
pub(crate) fn tree(xml: &str) -> Value {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    children(&mut reader)
}

fn children(reader: &mut Reader<&[u8]>) -> Value {
    let (mut members, mut list, mut text) = (Map::new(), Vec::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                let child = children(reader);
                match name.as_str() {
                    "member" => list.push(child),
                    _ => assert_eq!(members.insert(name, child), None, "an element comes twice"),
                }
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(char) => text.push(char),
                None => {
                    text.push_str(quick_xml::escape::resolve_predefined_entity(&reference).unwrap());
                }
            },
            Event::End(_) | Event::Eof => break,
            other @ (Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)) => panic!("unexpected in XML: {other:?}"),
        }
    }
    match (members.is_empty(), list.is_empty()) {
        (true, true) => Value::String(text),
        (true, false) => Value::Array(list),
        (false, _) => Value::Object(members),
    }
}
