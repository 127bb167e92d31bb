//! What an event source mapping reads from, and which settings go with it.

use crate::{
    Error,
    event_source_mapping::Settings,
    shapes::{DestinationConfig, FilterCriteria, OnFailure},
};

/// A kind of event source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventSource {
    Queue,
    Kinesis,
    DynamoDb,
    /// Kafka of AWS or of the user's own, brokers and document databases.
    Other,
}

/// The most records of a batch that are not waited for.
const MAX_UNWAITED_BATCH: i64 = 10;

impl EventSource {
    /// Reads the service in an ARN; mappings of sources that the user manages have none.
    ///
    /// # Errors
    ///
    /// A service that events are not read from.
    pub(crate) fn parse(arn: Option<&str>, self_managed: bool) -> Result<Self, Error> {
        match arn.map(|arn| arn.split(':').nth(2)) {
            Some(Some("sqs")) => Ok(Self::Queue),
            Some(Some("kinesis")) => Ok(Self::Kinesis),
            Some(Some("dynamodb")) => Ok(Self::DynamoDb),
            Some(Some("kafka" | "mq" | "rds")) => Ok(Self::Other),
            None if self_managed => Ok(Self::Other),
            _ => Err(Error::invalid_parameter("Unrecognized event source.")),
        }
    }

    /// The state transitions' reason when a user asks for one.
    pub(crate) fn user_action(self) -> &'static str {
        match self {
            Self::Queue => "USER_INITIATED",
            Self::Kinesis | Self::DynamoDb | Self::Other => "User action",
        }
    }

    /// Takes the position where reading begins.
    ///
    /// # Errors
    ///
    /// A stream without a position, a position that the source does not know.
    pub(crate) fn check_position(
        self,
        arn: Option<&str>,
        position: Option<&str>,
        timestamp: Option<f64>,
    ) -> Result<(), Error> {
        match (self, position) {
            (Self::Kinesis | Self::DynamoDb, None) => Err(Error::invalid_parameter(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member \
                 must not be null.",
            )),
            (Self::DynamoDb, Some("AT_TIMESTAMP")) => Err(Error::invalid_parameter(format!(
                "Unsupported starting position for arn type: {}",
                arn.unwrap_or_default()
            ))),
            (_, Some("AT_TIMESTAMP")) if timestamp.is_none() => Err(Error::invalid_parameter(
                "StartingPosition AT_TIMESTAMP needs a StartingPositionTimestamp: give it, or another position",
            )),
            _ => Ok(()),
        }
    }

    /// The settings of those who say nothing.
    pub(crate) fn defaults(self) -> Settings {
        let window = Settings { maximum_batching_window_in_seconds: Some(0), ..Settings::default() };
        match self {
            Self::Queue => Settings { batch_size: Some(10), ..window },
            Self::Other => Settings { batch_size: Some(100), ..Settings::default() },
            Self::Kinesis | Self::DynamoDb => Settings {
                batch_size: Some(100),
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
                ..window
            },
        }
    }

    /// Takes settings that fit the source.
    ///
    /// # Errors
    ///
    /// A large batch of a queue that is not waited for, a filter that is no JSON object.
    pub(crate) fn check(self, settings: &Settings) -> Result<(), Error> {
        let (batch, window_s) = (settings.batch_size, settings.maximum_batching_window_in_seconds);
        if self == Self::Queue && batch > Some(MAX_UNWAITED_BATCH) && window_s.unwrap_or_default() == 0 {
            return Err(Error::invalid_parameter(format!(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than \
                 {MAX_UNWAITED_BATCH}"
            )));
        }
        settings.filter_criteria.as_ref().map_or(Ok(()), check_filters)
    }
}

fn check_filters(criteria: &FilterCriteria) -> Result<(), Error> {
    let object = |pattern: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(pattern).is_ok();
    let mut patterns = criteria.filters.iter().flatten().filter_map(|filter| filter.pattern.as_deref());
    match patterns.all(object) {
        true => Ok(()),
        false => Err(Error::invalid_parameter("Invalid filter pattern definition.")),
    }
}
