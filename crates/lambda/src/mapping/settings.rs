//! Settings for reading and delivering the events of a mapping.

use serde::{Deserialize, Serialize};

use crate::shapes::{
    AmazonManagedKafkaEventSourceConfig, CreateEventSourceMappingRequest, DestinationConfig,
    DocumentDBEventSourceConfig, EventSourceMappingConfiguration, EventSourceMappingLoggingConfig,
    EventSourceMappingMetricsConfig, FilterCriteria, ProvisionedPollerConfig, ScalingConfig,
    SelfManagedKafkaEventSourceConfig, SourceAccessConfiguration, UpdateEventSourceMappingRequest,
};

/// The members that creating, updating and showing a mapping have in common.
macro_rules! settings {
    ($($field:ident $name:literal: $kind:ty,)*) => {
        /// The settings for reading and delivering events; `None` is what AWS does not show.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub(crate) struct Settings {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub(crate) $field: Option<$kind>,)*
        }

        impl Settings {
            /// The settings that are given here, and the old ones where none is given.
            pub(crate) fn or(self, old: Self) -> Self {
                Self { $($field: self.$field.or(old.$field),)* }
            }

            /// The names of what is given.
            pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
                [$(($name, self.$field.is_some()),)*].into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
            }

            pub(crate) fn shown(self, view: EventSourceMappingConfiguration) -> EventSourceMappingConfiguration {
                EventSourceMappingConfiguration { $($field: self.$field,)* ..view }
            }

            pub(crate) fn of_create(input: &mut CreateEventSourceMappingRequest) -> Self {
                Self { $($field: input.$field.take(),)* }
            }

            pub(crate) fn of_update(input: &mut UpdateEventSourceMappingRequest) -> Self {
                Self { $($field: input.$field.take(),)* }
            }
        }
    };
}

settings! {
    amazon_managed_kafka_event_source_config "AmazonManagedKafkaEventSourceConfig": AmazonManagedKafkaEventSourceConfig,
    batch_size "BatchSize": i64,
    bisect_batch_on_function_error "BisectBatchOnFunctionError": bool,
    destination_config "DestinationConfig": DestinationConfig,
    document_db_event_source_config "DocumentDBEventSourceConfig": DocumentDBEventSourceConfig,
    filter_criteria "FilterCriteria": FilterCriteria,
    function_response_types "FunctionResponseTypes": Vec<String>,
    kms_key_arn "KMSKeyArn": String,
    logging_config "LoggingConfig": EventSourceMappingLoggingConfig,
    maximum_batching_window_in_seconds "MaximumBatchingWindowInSeconds": i64,
    maximum_record_age_in_seconds "MaximumRecordAgeInSeconds": i64,
    maximum_retry_attempts "MaximumRetryAttempts": i64,
    metrics_config "MetricsConfig": EventSourceMappingMetricsConfig,
    parallelization_factor "ParallelizationFactor": i64,
    provisioned_poller_config "ProvisionedPollerConfig": ProvisionedPollerConfig,
    scaling_config "ScalingConfig": ScalingConfig,
    self_managed_kafka_event_source_config "SelfManagedKafkaEventSourceConfig": SelfManagedKafkaEventSourceConfig,
    source_access_configurations "SourceAccessConfigurations": Vec<SourceAccessConfiguration>,
    tumbling_window_in_seconds "TumblingWindowInSeconds": i64,
}
