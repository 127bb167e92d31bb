//! Settings that go with each kind of event source, in AWS's words where they are known.

use crate::{
    Error,
    mapping::{filter, settings::Settings, source::EventSource},
    shapes::CreateEventSourceMappingRequest,
};

/// The most records of a batch of a queue that are not waited for, and the most of a FIFO queue at all.
const MAX_UNWAITED_BATCH: i64 = 10;

/// The least age at which records are discarded, if they are at all, in seconds.
const MIN_RECORD_AGE_S: i64 = 60;

impl EventSource {
    /// Takes what only a new mapping is given: what is read, how it is accessed, and where reading begins.
    ///
    /// # Errors
    ///
    /// A member that is missing, or that this kind of source does not know; a position that does not go with it.
    pub(crate) fn check_new(self, input: &CreateEventSourceMappingRequest) -> Result<(), Error> {
        let access = input.source_access_configurations.is_some();
        if matches!(self, Self::SelfManagedKafka | Self::Broker | Self::DocumentDb) && !access {
            return Err(missing("sourceAccessConfigurations"));
        }
        for (name, given, required) in [
            ("topics", input.topics.is_some(), self.is_kafka()),
            ("queues", input.queues.is_some(), self == Self::Broker),
        ] {
            match (given, required) {
                (false, true) => return Err(missing(name)),
                (true, false) => return Err(unsupported(if name == "topics" { "Topics" } else { "Queues" })),
                (true, true) | (false, false) => {}
            }
        }
        self.check_position(
            input.event_source_arn.as_deref().unwrap_or_default(),
            input.starting_position.as_deref(),
            input.starting_position_timestamp,
        )
    }

    fn check_position(self, arn: &str, position: Option<&str>, timestamp: Option<f64>) -> Result<(), Error> {
        let refused = |message: &str| Err(Error::invalid_parameter(message));
        match (self, position, timestamp) {
            (Self::Queue | Self::FifoQueue | Self::Broker, None, None) => Ok(()),
            (Self::Queue | Self::FifoQueue, ..) => refused("StartingPosition is not valid for SQS event sources."),
            (Self::Broker, ..) => Err(unsupported("StartingPosition")),
            (Self::Kinesis | Self::DynamoDb | Self::DocumentDb, None, _) => refused(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member \
                 must not be null.",
            ),
            (Self::DynamoDb, Some("AT_TIMESTAMP"), _) => {
                refused(&format!("Unsupported starting position for arn type: {arn}"))
            }
            (_, Some("AT_TIMESTAMP"), None) => {
                refused("StartingPosition AT_TIMESTAMP needs a StartingPositionTimestamp: give it, or another position")
            }
            (_, Some("AT_TIMESTAMP"), Some(time)) if time < 0.0 => refused(
                "Received Exception while reading from provided stream. class java.lang.Long can not be converted to \
                 a Timestamp",
            ),
            (_, Some("AT_TIMESTAMP"), Some(_)) | (_, _, None) => Ok(()),
            (_, _, Some(_)) => refused("Timestamp only valid with StartingPosition AT_TIMESTAMP"),
        }
    }

    /// Takes settings that a request gives.
    ///
    /// # Errors
    ///
    /// A setting that this kind of source does not know, a filter that is no pattern, an age that is no age.
    pub(crate) fn check_given(self, settings: &Settings) -> Result<(), Error> {
        if let Some(name) = settings.given().find(|name| !self.takes(name)) {
            return Err(unsupported(name));
        }
        if settings.destination_config.as_ref().is_some_and(|config| config.on_success.is_some()) {
            return Err(unsupported("DestinationConfig"));
        }
        if let Some(age_s) = settings.maximum_record_age_in_seconds
            && (0..MIN_RECORD_AGE_S).contains(&age_s)
        {
            return Err(Error::invalid_parameter(format!(
                "MaximumRecordAgeInSeconds {age_s} is neither -1, which discards no record, nor from \
                 {MIN_RECORD_AGE_S} to 604800"
            )));
        }
        settings.filter_criteria.as_ref().map_or(Ok(()), filter::check)
    }

    /// Takes settings that fit each other, with the defaults among them.
    ///
    /// # Errors
    ///
    /// A large batch of a queue that is not waited for, and one that a FIFO queue does not give.
    pub(crate) fn check_whole(self, settings: &Settings) -> Result<(), Error> {
        let batch = settings.batch_size.unwrap_or_default();
        let window_s = settings.maximum_batching_window_in_seconds.unwrap_or_default();
        match self {
            Self::FifoQueue if window_s > 0 => {
                Err(Error::invalid_parameter("Batching window is not supported for FIFO queues"))
            }
            Self::FifoQueue if batch > MAX_UNWAITED_BATCH => Err(Error::invalid_parameter(format!(
                "BatchSize {batch} is more than the {MAX_UNWAITED_BATCH} that a FIFO queue gives at once"
            ))),
            Self::Queue if batch > MAX_UNWAITED_BATCH && window_s == 0 => Err(Error::invalid_parameter(format!(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than \
                 {MAX_UNWAITED_BATCH}"
            ))),
            Self::Queue | Self::FifoQueue | Self::Kinesis | Self::DynamoDb => Ok(()),
            Self::ManagedKafka | Self::SelfManagedKafka | Self::Broker | Self::DocumentDb => Ok(()),
        }
    }
}

fn missing(member: &str) -> Error {
    Error::invalid_parameter(format!("Required '{member}' parameter is missing."))
}

fn unsupported(member: &str) -> Error {
    Error::invalid_parameter(format!("Unsupported {member} parameter for given event source mapping type."))
}
