//! The configuration of function URLs: the five operations on FunctionUrlConfig.

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Origin, Response, Scope,
    arn::{FunctionRef, LATEST},
    function::{function::Function, tenancy},
    moment::timestamp_utc,
    page::Page,
    policy::permission::no_resource,
    shapes::{
        Cors, CreateFunctionUrlConfigRequest, CreateFunctionUrlConfigResponse, DeleteFunctionUrlConfigRequest,
        FunctionUrlConfig, GetFunctionUrlConfigRequest, ListFunctionUrlConfigsRequest, ListFunctionUrlConfigsResponse,
        UpdateFunctionUrlConfigRequest,
    },
};

/// The URL of a function or an alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FunctionUrl {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) auth_type: String,
    pub(crate) invoke_mode: String,
    pub(crate) cors: Option<Cors>,
    created_ms: u64,
    modified_ms: u64,
}

// === impl Lambda ===

impl Lambda {
    /// Makes a URL. As on AWS, the answer has an InvokeMode if the request has one.
    pub(crate) fn create_function_url(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        origin: Option<&Origin>,
        input: CreateFunctionUrlConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        tenancy::refuse_for(self.addressable(&target)?, "A function URL")?;
        if self.url(&target).is_ok() {
            return Err(Error::new(
                ErrorCode::ResourceConflict,
                format!(
                    "Failed to create function url config for [functionArn = {}]. Error message:  FunctionUrlConfig \
                     exists for this Lambda function",
                    target.arn()
                ),
            ));
        }
        let invoke_mode = input.invoke_mode;
        let url = FunctionUrl {
            id: format!("{:032x}", moment.random),
            auth_type: input.auth_type,
            invoke_mode: invoke_mode.clone().unwrap_or_else(|| "BUFFERED".to_owned()),
            cors: input.cors,
            created_ms: moment.epoch_ms,
            modified_ms: moment.epoch_ms,
        };
        let FunctionUrlConfig { auth_type, cors, creation_time, function_arn, function_url, .. } =
            url.shown(&target, origin);
        let shown =
            CreateFunctionUrlConfigResponse { auth_type, cors, creation_time, function_arn, function_url, invoke_mode };
        self.set_url(&target, Some(url), Response::json(201, &shown))
    }

    /// Changes a URL, which keeps what the request does not say.
    pub(crate) fn update_function_url(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        origin: Option<&Origin>,
        input: UpdateFunctionUrlConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        self.addressable(&target)?;
        let mut url = self.url(&target)?.clone();
        url.auth_type = input.auth_type.unwrap_or(url.auth_type);
        url.cors = input.cors.or(url.cors);
        url.modified_ms = moment.epoch_ms;
        url.invoke_mode = input.invoke_mode.unwrap_or(url.invoke_mode);
        let shown = url.shown(&target, origin);
        self.set_url(&target, Some(url), Response::json(200, &shown))
    }

    pub(crate) fn get_function_url(
        &self,
        scope: &Scope,
        origin: Option<&Origin>,
        input: &GetFunctionUrlConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        Ok(Applied::read(Response::json(200, &self.url(&target)?.shown(&target, origin))))
    }

    pub(crate) fn delete_function_url(
        &mut self,
        scope: &Scope,
        input: &DeleteFunctionUrlConfigRequest,
    ) -> Result<Applied, Error> {
        let target = FunctionRef::parse(scope, &input.function_name, input.qualifier.as_deref())?;
        self.url(&target)?;
        self.set_url(&target, None, Response::empty(204))
    }

    pub(crate) fn list_function_urls(
        &self,
        scope: &Scope,
        origin: Option<&Origin>,
        input: &ListFunctionUrlConfigsRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let target = FunctionRef { qualifier: None, ..FunctionRef::parse(scope, &input.function_name, None)? };
        let urls = page.range(self.addressable(&target)?.all_attachments()).filter_map(|(name, attachments)| {
            let qualifier = Some(name.clone()).filter(|name| name != LATEST);
            let target = FunctionRef { qualifier, ..target.clone() };
            Some((name.clone(), attachments.url.as_ref()?.shown(&target, origin)))
        });
        let (function_url_configs, next_marker) = page.take(urls);
        let list = ListFunctionUrlConfigsResponse { function_url_configs, next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    /// The function that exists, and has the alias if one is named.
    fn addressable(&self, target: &FunctionRef) -> Result<&Function, Error> {
        let function = self.space(&target.scope).and_then(|space| space.functions().get(&target.name));
        let has_alias = |function: &&Function| {
            target.qualifier.as_ref().is_none_or(|qualifier| function.aliases().contains_key(qualifier))
        };
        function.filter(has_alias).ok_or_else(|| Error::new(ErrorCode::ResourceNotFound, "Function does not exist"))
    }

    fn url(&self, target: &FunctionRef) -> Result<&FunctionUrl, Error> {
        self.attachments(target).and_then(|attachments| attachments.url.as_ref()).ok_or_else(no_resource)
    }

    fn set_url(
        &mut self,
        target: &FunctionRef,
        url: Option<FunctionUrl>,
        response: Response,
    ) -> Result<Applied, Error> {
        self.attach(target, response, |attachments| attachments.url = url)
    }
}

// === impl FunctionUrl ===

impl FunctionUrl {
    /// The configuration, with a URL that leads here from where the client is, or AWS's own where that is not known.
    fn shown(&self, target: &FunctionRef, origin: Option<&Origin>) -> FunctionUrlConfig {
        let (id, region) = (&self.id, target.scope.region());
        let aws = || format!("https://{id}.lambda-url.{region}.on.aws/");
        FunctionUrlConfig {
            function_url: origin.map_or_else(aws, |origin| origin.function_url(id, region)),
            function_arn: target.arn(),
            auth_type: self.auth_type.clone(),
            invoke_mode: Some(self.invoke_mode.clone()),
            cors: self.cors.clone(),
            creation_time: timestamp_utc(self.created_ms),
            last_modified_time: timestamp_utc(self.modified_ms),
        }
    }
}
