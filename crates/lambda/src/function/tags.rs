//! TagResource, UntagResource and ListTags.

use std::collections::BTreeMap;

use crate::{
    Applied, Effect, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::{FunctionRef, Resource},
    capacity::providers,
    code::signing,
    mapping::mappings,
    policy::permission::no_resource,
    shapes::{ListTagsRequest, ListTagsResponse, TagResourceRequest, UntagResourceRequest},
};

/// The most tags that a resource may have.
const MAX_TAGS: usize = 50;

/// A resource that has tags.
enum Tagged {
    Function(FunctionRef),
    /// The ARN of a code signing configuration.
    CodeSigning(String),
    Mapping(Resource),
    CapacityProvider(Resource),
}

impl Lambda {
    pub(crate) fn tag_resource(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: TagResourceRequest,
    ) -> Result<Applied, Error> {
        if input.tags.is_empty() {
            return Err(Error::invalid_parameter("An error occurred and the request cannot be processed."));
        }
        let tagged = Tagged::parse(scope, &input.resource)?;
        let mut tags = self.tags(&tagged)?.clone();
        tags.extend(input.tags);
        check(&tags)?;
        self.set_tags(&tagged, moment, tags)
    }

    pub(crate) fn untag_resource(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        input: &UntagResourceRequest,
    ) -> Result<Applied, Error> {
        let tagged = Tagged::parse(scope, &input.resource)?;
        let mut tags = self.tags(&tagged)?.clone();
        tags.retain(|key, _| !input.tag_keys.contains(key));
        self.set_tags(&tagged, moment, tags)
    }

    pub(crate) fn list_tags(&self, scope: &Scope, input: &ListTagsRequest) -> Result<Applied, Error> {
        let tags = self.tags(&Tagged::parse(scope, &input.resource)?)?.clone();
        Ok(Applied::read(Response::json(200, &ListTagsResponse { tags: Some(tags) })))
    }

    fn tags(&self, tagged: &Tagged) -> Result<&BTreeMap<String, String>, Error> {
        match tagged {
            Tagged::Function(target) => Ok(&self.function(target)?.latest().tags),
            Tagged::CodeSigning(arn) => Ok(&self.code_signing(arn)?.1.tags),
            Tagged::Mapping(target) => match self.mapping(target) {
                Ok(mapping) => Ok(&mapping.tags),
                Err(_) => Err(not_found("Event source mapping", target)),
            },
            Tagged::CapacityProvider(target) => Ok(&self.capacity_provider(target)?.tags),
        }
    }

    fn set_tags(&mut self, tagged: &Tagged, moment: &Moment, tags: BTreeMap<String, String>) -> Result<Applied, Error> {
        let response = Response::empty(204);
        if *self.tags(tagged)? == tags {
            return Ok(Applied::read(response));
        }
        match tagged {
            Tagged::Function(target) => self.retag(target, moment, &tags, response),
            Tagged::CodeSigning(arn) => {
                let (target, config) = self.code_signing(arn)?;
                let mut config = config.clone();
                config.tags = tags;
                Ok(self.save_code_signing(&target, config, response))
            }
            Tagged::Mapping(target) => {
                let mut mapping = self.mapping(target)?.clone();
                mapping.tags = tags;
                Ok(self.save_mapping(target, mapping, response))
            }
            Tagged::CapacityProvider(target) => {
                let mut provider = self.capacity_provider(target)?.clone();
                provider.tags = tags;
                Ok(self.save_capacity_provider(target, provider, response))
            }
        }
    }

    /// Gives a function these tags. Pods may depend on them, so that every version is deployed anew.
    fn retag(
        &mut self,
        target: &FunctionRef,
        moment: &Moment,
        tags: &BTreeMap<String, String>,
        response: Response,
    ) -> Result<Applied, Error> {
        let mut function = self.function(target)?.clone();
        function.retag(moment, tags);
        let effects = function.records().cloned().map(Effect::Deployed).collect();
        Ok(Applied { effects, ..Applied::changed(response, self.save_function(target, function)) })
    }
}

/// Takes at most 50 tags.
///
/// # Errors
///
/// AWS's text for more.
pub(crate) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    match tags.len() > MAX_TAGS {
        true => Err(Error::invalid_parameter("Number of tags exceeds resource tag limit.")),
        false => Ok(()),
    }
}

fn not_found(what: &str, target: &Resource) -> Error {
    Error::new(ErrorCode::ResourceNotFound, format!("{what} not found: {}", target.arn()))
}

// === impl Tagged ===

impl Tagged {
    /// Reads the ARN of something that has tags.
    fn parse(scope: &Scope, arn: &str) -> Result<Self, Error> {
        match arn.split(':').nth(5) {
            Some("function") => {}
            Some(signing::KIND) => return Ok(Self::CodeSigning(arn.to_owned())),
            Some(providers::KIND) => {
                let target = Resource::parse(arn, providers::KIND);
                return target.map(Self::CapacityProvider).ok_or_else(no_resource);
            }
            Some(mappings::KIND) => {
                let target = Resource::parse(arn, mappings::KIND);
                return target.map(Self::Mapping).ok_or_else(no_resource);
            }
            _ => return Err(no_resource()),
        }
        let target = FunctionRef::parse(scope, arn, None)?;
        match &target.qualifier {
            Some(_) => Err(Error::invalid_parameter(
                "Tags on function aliases and versions are not supported. Please specify a function ARN.",
            )),
            None => Ok(Self::Function(target)),
        }
    }
}
