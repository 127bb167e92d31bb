//! Event source mappings as records: the five operations on EventSourceMapping.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Applied, Error, ErrorCode, Lambda, Moment, Response, Scope,
    arn::{FunctionRef, Resource},
    function::{tags, tenancy},
    mapping::{settings::Settings, source::EventSource},
    page::Page,
    persist::{self, Kind},
    policy::permission::no_resource,
    shapes::{
        CreateEventSourceMappingRequest, DeleteEventSourceMappingRequest, EventSourceMappingConfiguration,
        GetEventSourceMappingRequest, ListEventSourceMappingsRequest, ListEventSourceMappingsResponse,
        SelfManagedEventSource, UpdateEventSourceMappingRequest,
    },
    space::Space,
};

/// The kind in the ARNs of mappings.
pub(crate) const KIND: &str = "event-source-mapping";

/// The result that every enabled mapping shows for its last batch, since nothing reads from sources yet.
const NOT_POLLED: &str = "No records processed: fakecloud does not read from event sources yet";

/// A function, and the source whose events it gets.
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

/// The source of the events; never changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Source {
    arn: Option<String>,
    self_managed: Option<SelfManagedEventSource>,
    topics: Option<Vec<String>>,
    queues: Option<Vec<String>>,
    starting_position: Option<String>,
    starting_position_timestamp: Option<f64>,
}

/// The state that a mapping is shown in.
#[derive(Clone, Copy)]
enum Shown {
    /// On its way to another state, which it has reached when it is looked at next.
    Changing(&'static str),
    /// In the state that it stays in.
    Settled,
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
        kind.check_new(&input)?;
        let target = mapping_ref(scope, moment.uuid());
        let given = Settings::of_create(&mut input);
        kind.check_given(&given)?;
        let settings = given.or(kind.defaults(&target.name));
        kind.check_whole(&settings)?;
        let function_arn = self.mapped_function(scope, &input.function_name)?;
        let enabled = input.enabled.unwrap_or(true);
        let source = Source::of(input, kind);
        self.check_unmapped(scope, kind, &source, &function_arn)?;
        let mapping = Mapping { enabled, last_modified_ms: moment.epoch_ms, function_arn, source, settings, tags };
        // As on AWS, a mapping that is not to read has nothing to wait for.
        let state = if mapping.enabled { "Creating" } else { "Disabled" };
        let response = Response::json(202, &mapping.shown(&target, Shown::Changing(state)));
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
        let kind = mapping.kind()?;
        let given = Settings::of_update(&mut input);
        kind.check_given(&given)?;
        mapping.settings = given.or(mapping.settings);
        kind.check_whole(&mapping.settings)?;
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
        let response = Response::json(202, &mapping.shown(&target, Shown::Changing(state)));
        Ok(self.save_mapping(&target, mapping, response))
    }

    pub(crate) fn get_mapping(&self, scope: &Scope, input: &GetEventSourceMappingRequest) -> Result<Applied, Error> {
        let target = mapping_ref(scope, input.uuid.clone());
        let mapping = self.mapping(&target)?;
        Ok(Applied::read(Response::json(200, &mapping.shown(&target, Shown::Settled))))
    }

    pub(crate) fn delete_mapping(
        &mut self,
        scope: &Scope,
        input: &DeleteEventSourceMappingRequest,
    ) -> Result<Applied, Error> {
        let target = mapping_ref(scope, input.uuid.clone());
        let response = Response::json(202, &self.mapping(&target)?.shown(&target, Shown::Changing("Deleting")));
        self.in_space(scope, |space| space.mappings.remove(&target.name));
        Ok(Applied::changed(response, [persist::delete(scope, Kind::EventSourceMapping, &target.name)]))
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
            .map(|(uuid, mapping)| (uuid.clone(), mapping.shown(&mapping_ref(scope, uuid.clone()), Shown::Settled)));
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
        Applied::changed(response, [change])
    }

    /// The ARN of the function, version or alias, which exists.
    fn mapped_function(&self, scope: &Scope, name: &str) -> Result<String, Error> {
        let target = FunctionRef::parse(scope, name, None)?;
        match self.version(&target) {
            Ok(record) => {
                tenancy::refuse_for_record(record, "An event source mapping")?;
                Ok(target.arn())
            }
            Err(_) => Err(Error::invalid_parameter("Function does not exist")),
        }
    }

    /// A function gets the events of a source by one mapping only; a Kafka cluster has a source for each topic.
    fn check_unmapped(
        &self,
        scope: &Scope,
        kind: EventSource,
        source: &Source,
        function_arn: &str,
    ) -> Result<(), Error> {
        let mut mappings = self.space(scope).into_iter().flat_map(|space| &space.mappings);
        let same = |mapping: &Mapping| mapping.function_arn == function_arn && mapping.source.overlaps(source);
        let Some((uuid, _)) = mappings.find(|(_, mapping)| same(mapping)) else { return Ok(()) };
        let (sources, name) = (source.names().join(","), function_arn.split(':').nth(6).unwrap_or_default());
        let what = if kind.is_queue() {
            format!(
                "An event source mapping with SQS arn (\" {sources} \") and function (\" {name} \") already exists."
            )
        } else if kind.is_kafka() {
            let topics = source.topics.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(",");
            format!(
                "An event source mapping with event source (\"{sources}\"), function (\"{function_arn}\"), topics \
                 (\"{topics}\") already exists."
            )
        } else {
            format!(
                "The event source arn (\" {sources} \") and function (\" {name} \") provided mapping already exists."
            )
        };
        let message = format!("{what} Please update or delete the existing mapping with UUID {uuid}");
        Err(Error::new(ErrorCode::ResourceConflict, message))
    }
}

fn mapping_ref(scope: &Scope, uuid: String) -> Resource {
    Resource { scope: scope.clone(), kind: KIND, name: uuid }
}

// === impl Source ===

impl Source {
    fn of(input: CreateEventSourceMappingRequest, kind: EventSource) -> Self {
        Self {
            arn: input.event_source_arn,
            self_managed: input.self_managed_event_source,
            topics: input.topics,
            queues: input.queues,
            starting_position: input.starting_position.or_else(|| kind.default_position().map(str::to_owned)),
            starting_position_timestamp: input.starting_position_timestamp,
        }
    }

    /// The ARN, or the servers of a cluster without one.
    fn names(&self) -> Vec<&str> {
        let servers =
            self.self_managed.iter().filter_map(|source| source.endpoints.as_ref()).flat_map(BTreeMap::values);
        self.arn.iter().chain(servers.flatten()).map(String::as_str).collect()
    }

    /// Tells whether some event is read from both.
    fn overlaps(&self, other: &Self) -> bool {
        fn share<T: PartialEq>(some: &[T], others: &[T]) -> bool {
            some.iter().any(|one| others.contains(one))
        }
        let topics = match (&self.topics, &other.topics) {
            (Some(some), Some(others)) => share(some, others),
            _ => true,
        };
        topics && share(&self.names(), &other.names())
    }
}

// === impl Mapping ===

impl Mapping {
    fn kind(&self) -> Result<EventSource, Error> {
        EventSource::parse(self.source.arn.as_deref(), self.source.self_managed.is_some())
    }

    fn shown(&self, target: &Resource, shown: Shown) -> EventSourceMappingConfiguration {
        let kind = self.kind().ok();
        let silent = kind.and_then(EventSource::nothing_processed);
        let (state, result) = match shown {
            Shown::Changing(state) => (state, silent),
            Shown::Settled if self.enabled => ("Enabled", Some(NOT_POLLED)),
            Shown::Settled => ("Disabled", silent),
        };
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
            last_processing_result: result.map(str::to_owned),
            state: Some(state.to_owned()),
            state_transition_reason: kind.map(|kind| kind.user_action().to_owned()),
            ..EventSourceMappingConfiguration::default()
        })
    }
}
