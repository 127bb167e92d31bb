//! GetFunction, GetFunctionConfiguration, ListFunctions and DeleteFunction.

use std::sync::Arc;

use crate::{
    Applied, Change, Effect, Error, ErrorCode, Lambda, Origin, Response, Scope,
    alias::aliases::is_alias_name,
    arn::{FunctionRef, LATEST},
    concurrency::reserved::concurrency,
    function::{
        function::Function,
        record::FunctionRecord,
        versions::qualified,
        view::{self, Progress},
    },
    page::Page,
    shapes::{
        DeleteFunctionRequest, FunctionConfiguration, GetFunctionConfigurationRequest, GetFunctionRequest,
        ListFunctionsRequest, ListFunctionsResponse,
    },
    space::Space,
};

impl Lambda {
    pub(crate) fn get_function(
        &self,
        scope: &Scope,
        origin: Option<&Origin>,
        input: &GetFunctionRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let mut function = view::function(self.version(&target)?, &self.config, origin);
        function.configuration = function.configuration.map(|configuration| as_named(configuration, &target));
        let reserved = self.function(&target)?.reserved_concurrency;
        function.concurrency = reserved.map(|reserved| concurrency(Some(reserved)));
        Ok(Applied::read(Response::json(200, &function)))
    }

    pub(crate) fn get_function_configuration(
        &self,
        scope: &Scope,
        input: &GetFunctionConfigurationRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        let configuration = view::configuration(self.version(&target)?, Progress::Settled);
        Ok(Applied::read(Response::json(200, &as_named(configuration, &target))))
    }

    pub(crate) fn list_functions(&self, scope: &Scope, input: &ListFunctionsRequest) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let empty = Space::default();
        // The only replicas that a master region has are those of Lambda@Edge, which nobody makes here.
        let space = if input.master_region.is_some() { &empty } else { self.space(scope).unwrap_or(&empty) };
        let (functions, next_marker) = match input.function_version.as_deref() {
            Some("ALL") => page.take(versions_after(space, &page).map(|(key, record)| (key, qualified(record)))),
            _ => page.take(page.range(space.functions()).map(|(name, f)| (name.clone(), view::listed(f.latest())))),
        };
        let list: Vec<FunctionConfiguration> = functions;
        Ok(Applied::read(Response::json(200, &ListFunctionsResponse { functions: Some(list), next_marker })))
    }

    /// Deletes a function or a version; as on AWS, a version that does not exist is deleted just as well.
    pub(crate) fn delete_function(&mut self, scope: &Scope, input: &DeleteFunctionRequest) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        if target.qualifier.as_deref() == Some(LATEST) {
            let message = "$LATEST version cannot be deleted without deleting the function.";
            return Err(Error::invalid_parameter(message));
        }
        // AWS names the function alone, whatever the request named.
        let whole = FunctionRef { qualifier: None, ..target.clone() };
        let mut function = self.function(&whole)?.clone();
        let removed = |record: &Arc<FunctionRecord>| Effect::Removed { arn: record.arn() };
        let (changes, effects) = match target.qualifier.as_deref() {
            None => {
                self.in_space(&target.scope, |space| space.remove_function(&target.name));
                let effects = function.records().map(removed).collect();
                (function.delete(&target.scope, &target.name), effects)
            }
            Some(name) if is_alias_name(name) => {
                return Err(Error::invalid_parameter("Deletion of aliases is not currently supported."));
            }
            Some(number) => {
                check_unaliased(&function, number)?;
                let response = Response::empty(204);
                let Some(version) = function.unpublish(number) else { return Ok(Applied::read(response)) };
                (self.save_function(&target, function), vec![removed(&version)])
            }
        };
        Ok(Applied { response: Response::empty(204), changes, effects })
    }

    /// Stores a function and gives what to persist.
    pub(crate) fn save_function(&mut self, target: &FunctionRef, mut function: Function) -> Vec<Change> {
        let space = self.space_mut(&target.scope);
        let changes = function.save(&target.scope, &target.name, space.functions().get(&target.name));
        space.put_function(target.name.clone(), function);
        changes
    }

    /// The function that a reference means, whatever its qualifier.
    pub(crate) fn function(&self, target: &FunctionRef) -> Result<&Function, Error> {
        let function = self.space(&target.scope).and_then(|space| space.functions().get(&target.name));
        function.ok_or_else(|| target.not_found())
    }

    /// The version that a reference means.
    pub(crate) fn version(&self, target: &FunctionRef) -> Result<&Arc<FunctionRecord>, Error> {
        let version = self.function(target)?.version(target.qualifier.as_deref());
        version.ok_or_else(|| target.not_found())
    }
}

/// A version that an alias runs is not deleted.
fn check_unaliased(function: &Function, version: &str) -> Result<(), Error> {
    let aliases = function.aliases().iter().filter(|(_, alias)| alias.runs(version));
    let aliases: Vec<&str> = aliases.map(|(name, _)| name.as_str()).collect();
    if aliases.is_empty() {
        return Ok(());
    }
    let aliases = aliases.join(", ");
    let message = format!("Unable to delete version because the following aliases reference it: [{aliases}]");
    Err(Error::new(ErrorCode::ResourceConflict, message))
}

/// `$LATEST` and aliases show their qualifier to those who name it.
fn as_named(configuration: FunctionConfiguration, target: &FunctionRef) -> FunctionConfiguration {
    FunctionConfiguration { function_arn: Some(target.arn()), ..configuration }
}

/// Every version of every function that follows the marker: by name, `$LATEST` first. The key of a version is
/// `name:number`, with 0 for `$LATEST`.
pub(crate) fn versions_after<'s>(
    space: &'s Space,
    page: &Page,
) -> impl Iterator<Item = (String, &'s Arc<FunctionRecord>)> {
    let (name, number) = match page.after().and_then(|after| after.split_once(':')) {
        Some((name, number)) => (name.to_owned(), number.parse().unwrap_or(u64::MAX)),
        None => (String::new(), 0),
    };
    let rest = space.functions().range(name.clone()..);
    rest.flat_map(move |(found, function)| {
        let seen = (*found == name).then_some(number);
        let latest = std::iter::once((0, function.latest()));
        latest
            .chain(function.versions())
            .filter(move |(number, _)| seen.is_none_or(|seen| *number > seen))
            .map(move |(number, record)| (format!("{found}:{number}"), record))
    })
}
