//! Event source mappings as records: the five operations on EventSourceMapping.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::{FunctionRef, Resource},
    event_source::EventSource,
    page::Page,
    permission::no_resource,
    persist::{self, Kind},
    shapes::{
        AmazonManagedKafkaEventSourceConfig, CreateEventSourceMappingRequest, DeleteEventSourceMappingRequest,
        DestinationConfig, DocumentDBEventSourceConfig, EventSourceMappingConfiguration,
        EventSourceMappingLoggingConfig, EventSourceMappingMetricsConfig, FilterCriteria, GetEventSourceMappingRequest,
        ListEventSourceMappingsRequest, ListEventSourceMappingsResponse, ProvisionedPollerConfig, ScalingConfig,
        SelfManagedEventSource, SelfManagedKafkaEventSourceConfig, SourceAccessConfiguration,
        UpdateEventSourceMappingRequest,
    },
    state::Space,
    tags,
};

/// The kind in the ARNs of mappings.
pub(crate) const KIND: &str = "event-source-mapping";

/// What every mapping says of its last batch, since nothing reads from sources yet.
const NOT_POLLED: &str = "No records processed: fakecloud does not read from event sources yet";

/// Which function gets the events of which source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mapping {
    enabled: bool,
    last_modified_ms: u64,
    /// With the qualifier that the mapping was given.
    function_arn: String,
    source: Source,
    settings: Settings,
    pub(crate) tags: BTreeMap<String, String>,
}

/// Where the events come from; never changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Source {
    arn: Option<String>,
    self_managed: Option<SelfManagedEventSource>,
    topics: Option<Vec<String>>,
    queues: Option<Vec<String>>,
    starting_position: Option<String>,
    starting_position_timestamp: Option<f64>,
}

/// The members that creating, updating and showing a mapping have in common.
macro_rules! settings {
    ($($field:ident: $kind:ty,)*) => {
        /// How the events are read and delivered; `None` is what AWS does not show.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct Settings {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub(crate) $field: Option<$kind>,)*
        }

        impl Settings {
            /// What is given, and of the rest what was.
            fn or(self, old: Self) -> Self {
                Self { $($field: self.$field.or(old.$field),)* }
            }

            fn shown(self, view: EventSourceMappingConfiguration) -> EventSourceMappingConfiguration {
                EventSourceMappingConfiguration { $($field: self.$field,)* ..view }
            }

            fn of_create(input: &mut CreateEventSourceMappingRequest) -> Self {
                Self { $($field: input.$field.take(),)* }
            }

            fn of_update(input: &mut UpdateEventSourceMappingRequest) -> Self {
                Self { $($field: input.$field.take(),)* }
            }
        }
    };
}

settings! {
    amazon_managed_kafka_event_source_config: AmazonManagedKafkaEventSourceConfig,
    batch_size: i64,
    bisect_batch_on_function_error: bool,
    destination_config: DestinationConfig,
    document_db_event_source_config: DocumentDBEventSourceConfig,
    filter_criteria: FilterCriteria,
    function_response_types: Vec<String>,
    kms_key_arn: String,
    logging_config: EventSourceMappingLoggingConfig,
    maximum_batching_window_in_seconds: i64,
    maximum_record_age_in_seconds: i64,
    maximum_retry_attempts: i64,
    metrics_config: EventSourceMappingMetricsConfig,
    parallelization_factor: i64,
    provisioned_poller_config: ProvisionedPollerConfig,
    scaling_config: ScalingConfig,
    self_managed_kafka_event_source_config: SelfManagedKafkaEventSourceConfig,
    source_access_configurations: Vec<SourceAccessConfiguration>,
    tumbling_window_in_seconds: i64,
}

// === impl Lambda ===

impl Lambda {
    pub(crate) fn create_mapping(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        mut input: CreateEventSourceMappingRequest,
    ) -> Result<Applied, Error> {
        let tags = input.tags.take().unwrap_or_default();
        tags::check(&tags)?;
        let kind = EventSource::parse(input.event_source_arn.as_deref(), input.self_managed_event_source.is_some())?;
        let (position, timestamp) = (input.starting_position.as_deref(), input.starting_position_timestamp);
        kind.check_position(input.event_source_arn.as_deref(), position, timestamp)?;
        let settings = Settings::of_create(&mut input).or(kind.defaults());
        kind.check(&settings)?;
        let function_arn = self.mapped_function(scope, &input.function_name)?;
        self.check_unmapped(scope, kind, input.event_source_arn.as_deref(), &function_arn)?;
        let mapping = Mapping {
            enabled: input.enabled.unwrap_or(true),
            last_modified_ms: moment.epoch_ms,
            function_arn,
            source: Source {
                arn: input.event_source_arn,
                self_managed: input.self_managed_event_source,
                topics: input.topics,
                queues: input.queues,
                starting_position: input.starting_position,
                starting_position_timestamp: input.starting_position_timestamp,
            },
            settings,
            tags,
        };
        let target = mapping_ref(scope, moment.uuid());
        let response = Response::json(202, &mapping.shown(&target, "Creating"));
        Ok(self.save_mapping(&target, mapping, response))
    }

    pub(crate) fn update_mapping(
        &mut self,
        scope: &Scope,
        moment: &Moment,
        mut input: UpdateEventSourceMappingRequest,
    ) -> Result<Applied, Error> {
        let target = mapping_ref(scope, std::mem::take(&mut input.uuid));
        let old = self.mapping(&target)?;
        let mut mapping = old.clone();
        mapping.settings = Settings::of_update(&mut input).or(mapping.settings);
        mapping.kind()?.check(&mapping.settings)?;
        if let Some(function) = &input.function_name {
            mapping.function_arn = self.mapped_function(scope, function)?;
        }
        mapping.enabled = input.enabled.unwrap_or(mapping.enabled);
        mapping.last_modified_ms = moment.epoch_ms;
        let state = match (old.enabled, mapping.enabled) {
            (false, true) => "Enabling",
            (true, false) => "Disabling",
            (true, true) | (false, false) => "Updating",
        };
        let response = Response::json(202, &mapping.shown(&target, state));
        Ok(self.save_mapping(&target, mapping, response))
    }

    pub(crate) fn get_mapping(&self, scope: &Scope, input: &GetEventSourceMappingRequest) -> Result<Applied, Error> {
        let target = mapping_ref(scope, input.uuid.clone());
        let mapping = self.mapping(&target)?;
        Ok(Applied::read(Response::json(200, &mapping.shown(&target, mapping.state()))))
    }

    pub(crate) fn delete_mapping(
        &mut self,
        scope: &Scope,
        input: &DeleteEventSourceMappingRequest,
    ) -> Result<Applied, Error> {
        let target = mapping_ref(scope, input.uuid.clone());
        let response = Response::json(202, &self.mapping(&target)?.shown(&target, "Deleting"));
        self.space_mut(scope).mappings.remove(&target.name);
        Ok(Applied::changed(response, persist::delete(scope, Kind::EventSourceMapping, &target.name)))
    }

    pub(crate) fn list_mappings(
        &self,
        scope: &Scope,
        input: &ListEventSourceMappingsRequest,
    ) -> Result<Applied, Error> {
        let page = Page::new(input.marker.as_deref(), input.max_items)?;
        let function = input.function_name.as_deref().map(|name| FunctionRef::parse(scope, name, None)).transpose()?;
        let function_arn = function.map(|function| function.arn());
        let wanted = |mapping: &Mapping| {
            function_arn.as_ref().is_none_or(|arn| *arn == mapping.function_arn)
                && (input.event_source_arn.is_none() || input.event_source_arn == mapping.source.arn)
        };
        let empty = Space::default();
        let mappings = page.range(&self.space(scope).unwrap_or(&empty).mappings);
        let shown = mappings
            .filter(|(_, mapping)| wanted(mapping))
            .map(|(uuid, mapping)| (uuid.clone(), mapping.shown(&mapping_ref(scope, uuid.clone()), mapping.state())));
        let (mappings, next_marker) = page.take(shown);
        let list = ListEventSourceMappingsResponse { event_source_mappings: Some(mappings), next_marker };
        Ok(Applied::read(Response::json(200, &list)))
    }

    pub(crate) fn mapping(&self, target: &Resource) -> Result<&Mapping, Error> {
        let space = self.space(&target.scope);
        space.and_then(|space| space.mappings.get(&target.name)).ok_or_else(no_resource)
    }

    pub(crate) fn save_mapping(&mut self, target: &Resource, mapping: Mapping, response: Response) -> Applied {
        let change = persist::put(&target.scope, Kind::EventSourceMapping, &target.name, &mapping);
        self.space_mut(&target.scope).mappings.insert(target.name.clone(), mapping);
        Applied::changed(response, change)
    }

    /// The ARN of the function, version or alias, which exists.
    fn mapped_function(&self, scope: &Scope, name: &str) -> Result<String, Error> {
        let target = FunctionRef::parse(scope, name, None)?;
        match self.version(&target) {
            Ok(_) => Ok(target.arn()),
            Err(_) => Err(Error::invalid_parameter("Function does not exist")),
        }
    }

    /// A function gets the events of a source by one mapping only.
    fn check_unmapped(
        &self,
        scope: &Scope,
        kind: EventSource,
        source: Option<&str>,
        function_arn: &str,
    ) -> Result<(), Error> {
        let Some(source) = source else { return Ok(()) };
        let mut mappings = self.space(scope).into_iter().flat_map(|space| &space.mappings);
        let same =
            |mapping: &Mapping| mapping.source.arn.as_deref() == Some(source) && mapping.function_arn == function_arn;
        let Some((uuid, _)) = mappings.find(|(_, mapping)| same(mapping)) else { return Ok(()) };
        let name = function_arn.split(':').nth(6).unwrap_or_default();
        let what = match kind {
            EventSource::Queue => {
                format!(
                    "An event source mapping with SQS arn (\" {source} \") and function (\" {name} \") already exists."
                )
            }
            EventSource::Kinesis | EventSource::DynamoDb | EventSource::Other => format!(
                "The event source arn (\" {source} \") and function (\" {name} \") provided mapping already exists."
            ),
        };
        let message = format!("{what} Please update or delete the existing mapping with UUID {uuid}");
        Err(Error::new(ErrorCode::ResourceConflict, message))
    }
}

fn mapping_ref(scope: &Scope, uuid: String) -> Resource {
    Resource { scope: scope.clone(), kind: KIND, name: uuid }
}

// === impl Mapping ===

impl Mapping {
    fn kind(&self) -> Result<EventSource, Error> {
        EventSource::parse(self.source.arn.as_deref(), self.source.self_managed.is_some())
    }

    /// The state that every transition has reached when it is looked at.
    fn state(&self) -> &'static str {
        if self.enabled { "Enabled" } else { "Disabled" }
    }

    fn shown(&self, target: &Resource, state: &str) -> EventSourceMappingConfiguration {
        let reason = self.kind().map(EventSource::user_action).ok();
        let Source { arn, self_managed, topics, queues, starting_position, starting_position_timestamp } =
            self.source.clone();
        let mut settings = self.settings.clone();
        settings.filter_criteria =
            settings.filter_criteria.filter(|criteria| criteria.filters.as_ref().is_some_and(|all| !all.is_empty()));
        settings.shown(EventSourceMappingConfiguration {
            uuid: Some(target.name.clone()),
            event_source_mapping_arn: Some(target.arn()),
            event_source_arn: arn,
            self_managed_event_source: self_managed,
            topics,
            queues,
            starting_position,
            starting_position_timestamp,
            function_arn: Some(self.function_arn.clone()),
            last_modified: Some(self.last_modified_ms as f64 / 1000.0),
            last_processing_result: Some(NOT_POLLED.to_owned()),
            state: Some(state.to_owned()),
            state_transition_reason: reason.map(str::to_owned),
            ..EventSourceMappingConfiguration::default()
        })
    }
}
