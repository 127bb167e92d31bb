//! Sources of event source mappings, and what each kind of source brings along.

use crate::{
    Error,
    mapping::settings::Settings,
    shapes::{AmazonManagedKafkaEventSourceConfig, DestinationConfig, OnFailure, SelfManagedKafkaEventSourceConfig},
};

/// A kind of event source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventSource {
    Queue,
    FifoQueue,
    Kinesis,
    DynamoDb,
    ManagedKafka,
    SelfManagedKafka,
    /// Amazon MQ.
    Broker,
    DocumentDb,
}

impl EventSource {
    /// Reads the service in an ARN; mappings of sources that the user manages have none.
    ///
    /// # Errors
    ///
    /// A service that events are not read from.
    pub(crate) fn parse(arn: Option<&str>, self_managed: bool) -> Result<Self, Error> {
        match arn.map(|arn| (arn.split(':').nth(2), arn.ends_with(".fifo"))) {
            _ if self_managed => Ok(Self::SelfManagedKafka),
            Some((Some("sqs"), true)) => Ok(Self::FifoQueue),
            Some((Some("sqs"), false)) => Ok(Self::Queue),
            Some((Some("kinesis"), _)) => Ok(Self::Kinesis),
            Some((Some("dynamodb"), _)) => Ok(Self::DynamoDb),
            Some((Some("kafka"), _)) => Ok(Self::ManagedKafka),
            Some((Some("mq"), _)) => Ok(Self::Broker),
            Some((Some("rds"), _)) => Ok(Self::DocumentDb),
            _ => Err(Error::invalid_parameter("Unrecognized event source.")),
        }
    }

    pub(crate) fn is_queue(self) -> bool {
        matches!(self, Self::Queue | Self::FifoQueue)
    }

    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::Kinesis | Self::DynamoDb)
    }

    pub(crate) fn is_kafka(self) -> bool {
        matches!(self, Self::ManagedKafka | Self::SelfManagedKafka)
    }

    /// The state transitions' reason when a user asks for one.
    pub(crate) fn user_action(self) -> &'static str {
        if self.is_stream() { "User action" } else { "USER_INITIATED" }
    }

    /// The position at which reading begins if the user does not say.
    pub(crate) fn default_position(self) -> Option<&'static str> {
        self.is_kafka().then_some("TRIM_HORIZON")
    }

    /// The result that the mapping shows for its last batch before there is one; queues never show any.
    pub(crate) fn nothing_processed(self) -> Option<&'static str> {
        (!self.is_queue()).then_some("No records processed")
    }

    /// The settings of those who say nothing, for the mapping with this UUID.
    pub(crate) fn defaults(self, uuid: &str) -> Settings {
        let batch = |size: i64| Settings { batch_size: Some(size), ..Settings::default() };
        let consumer_group_id = Some(uuid.to_owned());
        match self {
            Self::Queue | Self::FifoQueue => Settings {
                maximum_batching_window_in_seconds: Some(0),
                function_response_types: Some(Vec::new()),
                ..batch(10)
            },
            Self::Kinesis | Self::DynamoDb => stream_defaults(),
            Self::ManagedKafka => Settings {
                amazon_managed_kafka_event_source_config: Some(AmazonManagedKafkaEventSourceConfig {
                    consumer_group_id,
                    ..AmazonManagedKafkaEventSourceConfig::default()
                }),
                ..batch(100)
            },
            Self::SelfManagedKafka => Settings {
                self_managed_kafka_event_source_config: Some(SelfManagedKafkaEventSourceConfig {
                    consumer_group_id,
                    ..SelfManagedKafkaEventSourceConfig::default()
                }),
                ..batch(100)
            },
            Self::Broker | Self::DocumentDb => batch(100),
        }
    }

    /// Tells whether a setting means something for this kind of source, as the documentation of
    /// CreateEventSourceMapping says member by member.
    pub(crate) fn takes(self, setting: &str) -> bool {
        match setting {
            "BisectBatchOnFunctionError"
            | "DestinationConfig"
            | "MaximumRecordAgeInSeconds"
            | "MaximumRetryAttempts" => self.is_stream() || self.is_kafka(),
            "FunctionResponseTypes" => self.is_stream() || self.is_kafka() || self.is_queue(),
            "ParallelizationFactor" | "TumblingWindowInSeconds" => self.is_stream(),
            "ScalingConfig" => self.is_queue(),
            "ProvisionedPollerConfig" => self.is_queue() || self.is_kafka(),
            "SourceAccessConfigurations" => !self.is_queue() && !self.is_stream(),
            "Topics" | "LoggingConfig" => self.is_kafka(),
            "Queues" => self == Self::Broker,
            "AmazonManagedKafkaEventSourceConfig" => self == Self::ManagedKafka,
            "SelfManagedKafkaEventSourceConfig" => self == Self::SelfManagedKafka,
            "DocumentDBEventSourceConfig" => self == Self::DocumentDb,
            _ => true,
        }
    }
}

fn stream_defaults() -> Settings {
    Settings {
        batch_size: Some(100),
        maximum_batching_window_in_seconds: Some(0),
        parallelization_factor: Some(1),
        destination_config: Some(DestinationConfig {
            on_failure: Some(OnFailure { destination: None }),
            on_success: None,
        }),
        maximum_record_age_in_seconds: Some(-1),
        bisect_batch_on_function_error: Some(false),
        maximum_retry_attempts: Some(-1),
        tumbling_window_in_seconds: Some(0),
        function_response_types: Some(Vec::new()),
        ..Settings::default()
    }
}
