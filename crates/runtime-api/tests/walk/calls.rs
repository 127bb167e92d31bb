//! The calls of a walk: what runtime and extensions should do, and anything else.

use bytes::Bytes;
use fakecloud_runtime_api::{CallId, Input, Request};

use super::model::Model;

const PATHS: [(&str, &str); 15] = [
    ("GET", "/2018-06-01/runtime/invocation/next"),
    ("POST", "/2018-06-01/runtime/invocation/ID/response"),
    ("POST", "/2018-06-01/runtime/invocation/ID/error"),
    ("POST", "/2018-06-01/runtime/init/error"),
    ("GET", "/2018-06-01/runtime/restore/next"),
    ("POST", "/2018-06-01/runtime/restore/error"),
    ("POST", "/2020-01-01/extension/register"),
    ("GET", "/2020-01-01/extension/event/next"),
    ("POST", "/2020-01-01/extension/init/error"),
    ("POST", "/2020-01-01/extension/exit/error"),
    ("PUT", "/2022-07-01/telemetry"),
    ("PUT", "/2020-08-15/logs"),
    ("DELETE", "/2018-06-01/runtime/invocation/next"),
    ("GET", "/2018-06-01/runtime/invocation/ID/response"),
    ("POST", "/"),
];

const SUBSCRIPTION: &str = r#"{"types":["platform","function","extension"],"buffering":{"timeoutMs":25},"destination":{"protocol":"TCP","port":8080}}"#;

impl Model {
    /// The runtime does what is right: it answers the event that it has, and asks for the next.
    pub(super) fn behave(&mut self) {
        if let Some(id) = self.event.take() {
            let call = self.call("POST", &format!("/2018-06-01/runtime/invocation/{id}/response"), &id, Vec::new());
            self.feed(Input::Body { call, chunk: Bytes::from(format!("{id};")) });
            self.feed(Input::End { call, trailers: Vec::new() });
        }
        self.call("GET", "/2018-06-01/runtime/invocation/next", "", Vec::new());
    }

    pub(super) fn behave_as_extensions(&mut self) {
        for name in self.external.clone() {
            let header = ("Lambda-Extension-Name".to_owned(), name);
            let call = self.call("POST", "/2020-01-01/extension/register", "", vec![header]);
            let chunk = Bytes::from_static(br#"{"events":["INVOKE","SHUTDOWN"]}"#);
            self.feed(Input::Body { call, chunk });
            self.feed(Input::End { call, trailers: Vec::new() });
        }
        for identifier in self.identifiers.clone() {
            let header = ("Lambda-Extension-Identifier".to_owned(), identifier);
            self.call("GET", "/2020-01-01/extension/event/next", "", vec![header]);
        }
    }

    pub(super) fn call_anything(&mut self, path: usize, id: usize, headers: u8) {
        let (method, path) = PATHS[path % PATHS.len()];
        let id = self.invocations.keys().nth(id % (self.invocations.len() + 1)).cloned().unwrap_or_default();
        let mut fields = Vec::new();
        let mut field = |bit: u8, name: &str, value: &str| {
            if headers & bit != 0 {
                fields.push((name.to_owned(), value.to_owned()));
            }
        };
        let identifier = self.identifiers.last().cloned().unwrap_or_default();
        field(1, "Lambda-Extension-Identifier", &identifier);
        field(2, "Lambda-Extension-Name", "inside");
        field(4, "Lambda-Extension-Function-Error-Type", "Extension.Broke");
        field(8, "Lambda-Runtime-Function-Error-Type", "Runtime.Broke");
        field(16, "Lambda-Runtime-Function-Response-Mode", if headers & 32 == 0 { "streaming" } else { "odd" });
        let call = self.call(method, &path.replace("ID", &id), &id, fields);
        if path.ends_with("telemetry") || path.ends_with("logs") {
            self.feed(Input::Body { call, chunk: Bytes::from_static(SUBSCRIPTION.as_bytes()) });
            self.feed(Input::End { call, trailers: Vec::new() });
        }
    }

    fn call(&mut self, method: &str, path: &str, id: &str, headers: Vec<(String, String)>) -> CallId {
        self.last_call += 1;
        let call = CallId(self.last_call);
        self.open.insert(call, id.to_owned());
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers };
        self.feed(Input::Call { call, request });
        call
    }
}
