//! From the parameters of a request to a call of one action.

use std::collections::BTreeMap;

use crate::{
    Error, ErrorCode, Service,
    actions::{Run, actions},
};

/// The most parameters of a request; the longest lists are tags, of which a resource has 50.
const PARAMETERS_MAX: usize = 1000;

/// A request whose action is served here.
#[derive(Debug)]
pub struct Call {
    pub(crate) service: Service,
    pub(crate) action: &'static str,
    pub(crate) run: Run,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Reads the parameters of a request, which are in its query and, as a form, in its body, and finds its action.
///
/// # Errors
///
/// `MissingAction` and `InvalidAction`, which says which actions there are; `ValidationError` for more than 1,000
/// parameters.
pub fn parse(service: Service, query: Option<&str>, body: &[u8]) -> Result<Call, Error> {
    let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned();
    let mut parameters = BTreeMap::new();
    for (name, value) in query.chain(form_urlencoded::parse(body).into_owned()) {
        parameters.insert(name, value);
        if parameters.len() > PARAMETERS_MAX {
            let message = format!("The request has more than {PARAMETERS_MAX} parameters.");
            return Err(Error::new(ErrorCode::ValidationError, message));
        }
    }
    let Some(action) = parameters.get("Action") else {
        let message = "Missing Action: the request names no action in its query or in a form in its body.";
        return Err(Error::new(ErrorCode::MissingAction, message));
    };
    let version = parameters.get("Version").map_or("NO_VERSION_SPECIFIED", String::as_str);
    let found = actions(service).iter().find(|(name, _)| *name == action).filter(|_| version == service.version());
    let (action, run) = found.ok_or_else(|| unknown(service, action, version))?;
    Ok(Call { service, action, run: *run, parameters })
}

fn unknown(service: Service, action: &str, version: &str) -> Error {
    let names: Vec<&str> = actions(service).iter().map(|(name, _)| *name).collect();
    let (known, names) = (service.version(), names.join(", "));
    let served = format!("fakecloud serves these of version {known}: {names}");
    Error::new(ErrorCode::InvalidAction, format!("Could not find operation {action} for version {version}. {served}"))
}

impl Call {
    /// The name of the action, such as `CreateRole`.
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// The service that the action is of.
    pub fn service(&self) -> Service {
        self.service
    }
}
