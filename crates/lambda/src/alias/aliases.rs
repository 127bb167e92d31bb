//! Aliases: CreateAlias, GetAlias, UpdateAlias, DeleteAlias and ListAliases.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::{FunctionRef, LATEST},
    function::{
        function::{Function, is_number},
        record::FunctionRecord,
        revision::stale_revision,
    },
    page::Page,
    shapes::{
        AliasConfiguration, AliasRoutingConfiguration, CreateAliasRequest, DeleteAliasRequest, GetAliasRequest,
        ListAliasesRequest, ListAliasesResponse, UpdateAliasRequest,
    },
};

/// A name for a version, of which another one may get a share of the invocations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alias {
    version: String,
    second: Option<Share>,
    description: String,
    revision_id: String,
}

/// A second version and what part of the invocations it gets, from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Share {
    version: String,
    weight: f64,
    /// Nobody asked for it: the version serves until the provisioned concurrency of the first one is ready.
    #[serde(default)]
    until_ready: bool,
}

// === impl Lambda ===

impl Lambda {
    pub(crate) fn create_alias(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: CreateAliasRequest,
    ) -> Result<Applied, Error> {
        let target = alias_ref(scope, &input.function_name, &input.name)?;
        let version = FunctionRef { qualifier: Some(input.function_version.clone()), ..target.clone() };
        let mut function = self.function(&version)?.clone();
        if function.aliases().contains_key(&input.name) {
            let message = format!("Alias already exists: {}", target.arn());
            return Err(Error::new(ErrorCode::ResourceConflict, message));
        }
        let mut alias = Alias {
            version: input.function_version,
            second: None,
            description: input.description.unwrap_or_default(),
            revision_id: moment.uuid(),
        };
        check_version(&function, &target, &alias.version)?;
        alias.second = second(&function, &target, &alias.version, input.routing_config)?;
        let response = Response::json(201, &alias.shown(&target, &input.name));
        function.set_alias(input.name, alias);
        Ok(Applied::changed(response, self.save_function(&target, function)))
    }

    pub(crate) fn get_alias(&self, scope: &Scope, input: &GetAliasRequest) -> Result<Applied, Error> {
        let target = alias_ref(scope, &input.function_name, &input.name)?;
        let alias = self.function(&unqualified(&target))?.aliases().get(&input.name);
        let alias = alias.ok_or_else(|| no_alias(&target))?;
        Ok(Applied::read(Response::json(200, &alias.shown(&target, &input.name))))
    }

    pub(crate) fn update_alias(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: UpdateAliasRequest,
    ) -> Result<Applied, Error> {
        let target = alias_ref(scope, &input.function_name, &input.name)?;
        let mut function = self.function(&unqualified(&target))?.clone();
        let old = function
            .aliases()
            .get(&input.name)
            .ok_or_else(|| Error::new(ErrorCode::ResourceNotFound, format!("Alias not found: {}", target.arn())))?;
        if input.revision_id.is_some_and(|known| known != old.revision_id) {
            return Err(stale_revision());
        }
        let mut alias = old.clone();
        alias.version = input.function_version.unwrap_or(alias.version);
        alias.description = input.description.unwrap_or(alias.description);
        check_version(&function, &target, &alias.version)?;
        let keeps_routing = input.routing_config.is_none();
        let routing = input.routing_config.or_else(|| old.asked_routing());
        alias.second = second(&function, &target, &alias.version, routing)?;
        if is_provisioned(&function, &input.name) {
            check_provisioned(&alias)?;
            if keeps_routing || alias.version != old.version {
                alias.second = hand_over(old, &alias.version);
            }
        }
        alias.revision_id = moment.uuid();
        let response = Response::json(200, &alias.shown(&target, &input.name));
        function.set_alias(input.name, alias);
        Ok(Applied::changed(response, self.save_function(&target, function)))
    }

    /// Deletes an alias; as on AWS, one that does not exist is deleted just as well.
    pub(crate) fn delete_alias(&mut self, scope: &Scope, input: &DeleteAliasRequest) -> Result<Applied, Error> {
        let target = alias_ref(scope, &input.function_name, &input.name)?;
        let mut function = self.function(&unqualified(&target))?.clone();
        let response = Response::empty(204);
        if function.remove_alias(&input.name).is_none() {
            return Ok(Applied::read(response));
        }
        Ok(Applied::changed(response, self.save_function(&target, function)))
    }

    pub(crate) fn list_aliases(&self, scope: &Scope, input: &ListAliasesRequest) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let target = unqualified(&FunctionRef::parse(scope, &input.function_name, None)?);
        let wanted = |alias: &Alias| input.function_version.as_deref().is_none_or(|version| alias.runs(version));
        let aliases = page.range(self.function(&target)?.aliases()).filter(|(_, alias)| wanted(alias));
        let (aliases, next_marker) = page.take(aliases.map(|(name, alias)| (name.clone(), alias.shown(&target, name))));
        Ok(Applied::read(Response::json(200, &ListAliasesResponse { aliases: Some(aliases), next_marker })))
    }
}

/// The alias of a function, whatever qualifier the function's own name has.
fn alias_ref(scope: &Scope, function: &str, alias: &str) -> Result<FunctionRef, Error> {
    let function = FunctionRef::parse(scope, function, None)?;
    Ok(FunctionRef { qualifier: Some(alias.to_owned()), ..function })
}

fn unqualified(target: &FunctionRef) -> FunctionRef {
    FunctionRef { qualifier: None, ..target.clone() }
}

/// Tells whether an alias may have this name. A version has a number, and anything with a dollar sign is neither.
pub(crate) fn is_alias_name(qualifier: &str) -> bool {
    !is_number(qualifier) && !qualifier.contains('$')
}

/// The error of operations on a version or alias that does not exist.
pub(crate) fn no_qualifier(target: &FunctionRef) -> Error {
    match target.qualifier.as_deref().is_none_or(is_alias_name) {
        true => no_alias(target),
        false => target.not_found(),
    }
}

fn no_alias(target: &FunctionRef) -> Error {
    Error::new(ErrorCode::ResourceNotFound, format!("Cannot find alias arn: {}", target.arn()))
}

fn check_version(function: &Function, target: &FunctionRef, version: &str) -> Result<(), Error> {
    match function.numbered(version) {
        Some(_) => Ok(()),
        None => Err(FunctionRef { qualifier: Some(version.to_owned()), ..target.clone() }.not_found()),
    }
}

/// The second version of an alias, which exists and differs from the first.
fn second(
    function: &Function,
    target: &FunctionRef,
    first: &str,
    routing: Option<AliasRoutingConfiguration>,
) -> Result<Option<Share>, Error> {
    let mut weights = routing.and_then(|routing| routing.additional_version_weights).unwrap_or_default();
    if weights.len() > 1 {
        let message = "Number of items in AdditionalVersionWeights cannot be greater than 1";
        return Err(Error::invalid_parameter(message));
    }
    let Some((version, weight)) = weights.pop_first() else { return Ok(None) };
    if version == first {
        return Err(Error::invalid_parameter(format!(
            "Invalid function version {version}. Function version {version} is already included in routing configuration."
        )));
    }
    if first == LATEST {
        let message = "$LATEST is not supported for an alias pointing to more than 1 version";
        return Err(Error::invalid_parameter(message).untyped());
    }
    check_version(function, target, &version)?;
    Ok(Some(Share { version, weight, until_ready: false }))
}

/// The share of the version that serves an alias with provisioned concurrency, now that the alias names another one. It
/// is every invocation, as on AWS, whose clients wait for this weight to go.
fn hand_over(old: &Alias, version: &str) -> Option<Share> {
    let serving = old.hands_over().unwrap_or(&old.version);
    (serving != version).then(|| Share { version: serving.to_owned(), weight: 1.0, until_ready: true })
}

fn is_provisioned(function: &Function, alias: &str) -> bool {
    function.attachments(Some(alias)).is_some_and(|attachments| attachments.provisioned.is_some())
}

/// An alias with provisioned concurrency names one published version.
fn check_provisioned(alias: &Alias) -> Result<(), Error> {
    match alias.is_weighted() || alias.version == LATEST {
        true => Err(Error::invalid_parameter("Invalid alias configuration for Provisioned Concurrency")),
        false => Ok(()),
    }
}

// === impl Alias ===

impl Alias {
    /// Tells whether any invocation of the alias may run this version.
    pub(crate) fn runs(&self, version: &str) -> bool {
        self.version == version || self.second.as_ref().is_some_and(|second| second.version == version)
    }

    /// Tells whether a second version gets a share of the invocations.
    pub(crate) fn is_weighted(&self) -> bool {
        self.second.is_some()
    }

    /// The version that the alias names first.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The version that serves until the provisioned concurrency of the first one is ready.
    pub(crate) fn hands_over(&self) -> Option<&str> {
        self.second.as_ref().filter(|second| second.until_ready).map(|second| second.version.as_str())
    }

    /// The same after that: every invocation runs the first version.
    pub(crate) fn handed_over(&self) -> Self {
        Self { second: self.second.clone().filter(|second| !second.until_ready), ..self.clone() }
    }

    pub(crate) fn revision_id(&self) -> &str {
        &self.revision_id
    }

    /// The same with the revision of the moment.
    pub(crate) fn revised(&self, moment: &Moment) -> Self {
        Self { revision_id: moment.uuid(), ..self.clone() }
    }

    /// The version that an invocation with these random bits runs.
    fn pick(&self, random: u128) -> &str {
        // The upper 53 bits are what a float holds exactly.
        let uniform = (random >> 75) as f64 / (1_u64 << 53) as f64;
        match &self.second {
            Some(second) if uniform < second.weight => &second.version,
            _ => &self.version,
        }
    }

    /// The routing that the alias's owner asked for.
    fn asked_routing(&self) -> Option<AliasRoutingConfiguration> {
        self.handed_over().routing()
    }

    fn routing(&self) -> Option<AliasRoutingConfiguration> {
        let second = self.second.as_ref()?;
        let weights = BTreeMap::from([(second.version.clone(), second.weight)]);
        Some(AliasRoutingConfiguration { additional_version_weights: Some(weights) })
    }

    fn shown(&self, target: &FunctionRef, name: &str) -> AliasConfiguration {
        let target = FunctionRef { qualifier: Some(name.to_owned()), ..target.clone() };
        AliasConfiguration {
            alias_arn: Some(target.arn()),
            name: Some(name.to_owned()),
            function_version: Some(self.version.clone()),
            description: Some(self.description.clone()),
            revision_id: Some(self.revision_id.clone()),
            routing_config: self.routing(),
        }
    }
}

// === impl Function ===

impl Function {
    /// The version that an invocation with these random bits runs.
    pub(crate) fn invoked(&self, qualifier: Option<&str>, random: u128) -> Option<&Arc<FunctionRecord>> {
        match qualifier.and_then(|name| self.aliases().get(name)) {
            Some(alias) => self.numbered(alias.pick(random)),
            None if qualifier.is_none() => Some(self.unqualified()),
            None => self.version(qualifier),
        }
    }
}
