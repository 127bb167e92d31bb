//! The subscribers of telemetry: what each still has to get, in bounded batches.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::event::{Api, Event, item};
use crate::subscription::{Kind, Subscription};
use crate::time::timestamp;
use crate::{Action, Configuration, Destination, Now, SubscriberId};

/// The most events of an initialisation that are kept for who subscribes later in it.
const BACKLOG_MAX: usize = 64;

/// The queue of a subscriber holds this many batches before items are dropped.
const BATCHES_MAX: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Telemetry {
    subscribers: BTreeMap<SubscriberId, Subscriber>,
    /// The events since the initialisation began, until subscriptions close.
    backlog: Vec<(u64, Event)>,
    last_id: u64,
}

#[derive(Debug)]
struct Subscriber {
    /// The extension that subscribed, by its number among all of this generation.
    extension: usize,
    subscription: Subscription,
    queue: VecDeque<Vec<u8>>,
    queue_bytes: usize,
    /// The time of the queue's first item.
    since: Option<Instant>,
    /// Whether items wait for nothing any more.
    is_hurried: bool,
    /// The items and bytes of the batch that is under way.
    in_flight: Option<(u64, u64)>,
    /// The items and bytes that were dropped since the subscriber was told last.
    dropped: (u64, u64),
}

/// The origin of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Function,
    Extension,
}

// === impl Telemetry ===

impl Telemetry {
    /// Forgets everything: a new initialisation begins, whose extensions subscribe anew.
    pub(crate) fn restart(&mut self) {
        self.subscribers.clear();
        self.backlog.clear();
    }

    /// Ends the time in which extensions subscribe.
    pub(crate) fn close(&mut self) {
        self.backlog = Vec::new();
    }

    /// Adds a subscriber, in place of the one that the same extension had through the same API.
    pub(crate) fn subscribe(&mut self, now: Now, extension: usize, subscription: Subscription, config: &Configuration) {
        let is_same = |it: &Subscriber| it.extension == extension && it.subscription.api == subscription.api;
        self.subscribers.retain(|_, it| !is_same(it));
        self.last_id += 1;
        let mut subscriber = Subscriber::new(extension, subscription);
        for (epoch_ms, event) in &self.backlog {
            subscriber.take_event(Now { instant: now.instant, epoch_ms: *epoch_ms }, event, config);
        }
        self.subscribers.insert(SubscriberId(self.last_id), subscriber);
    }

    /// Hands an event to everyone who wants it. `is_init` keeps it for later subscribers as well.
    pub(crate) fn publish(&mut self, now: Now, event: &Event, is_init: bool, config: &Configuration) {
        if is_init && self.backlog.len() < BACKLOG_MAX {
            self.backlog.push((now.epoch_ms, event.clone()));
        }
        for subscriber in self.subscribers.values_mut() {
            subscriber.take_event(now, event, config);
        }
    }

    /// Hands a line to everyone who wants it.
    pub(crate) fn publish_line(&mut self, now: Now, source: Source, line: &[u8]) {
        for subscriber in self.subscribers.values_mut() {
            subscriber.take_line(now, source, line);
        }
    }

    /// A subscriber has taken its batch, or did not.
    pub(crate) fn delivered(&mut self, subscriber: SubscriberId, taken: bool) {
        let Some(subscriber) = self.subscribers.get_mut(&subscriber) else { return };
        let Some((records, bytes)) = subscriber.in_flight.take() else { return };
        if !taken {
            subscriber.dropped.0 += records;
            subscriber.dropped.1 += bytes;
        }
    }

    /// Makes every item due: the processes are about to end.
    pub(crate) fn hurry(&mut self) {
        for subscriber in self.subscribers.values_mut() {
            subscriber.is_hurried = true;
        }
    }

    /// Sends the batches that are due.
    pub(crate) fn send_due(&mut self, now: Now, config: &Configuration, actions: &mut VecDeque<Action>) {
        for (id, subscriber) in &mut self.subscribers {
            if let Some((destination, batch)) = subscriber.batch(now, config) {
                actions.push_back(Action::Deliver { subscriber: *id, destination, batch });
            }
        }
    }

    /// The moment when the next batch is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.subscribers.values().filter_map(Subscriber::deadline).min()
    }

    /// The bytes that wait, for tests of the bounds.
    pub(crate) fn held_bytes(&self) -> usize {
        self.subscribers.values().map(|it| it.queue_bytes).sum()
    }
}

// === impl Subscriber ===

impl Subscriber {
    fn new(extension: usize, subscription: Subscription) -> Self {
        let queue = VecDeque::new();
        Self {
            extension,
            subscription,
            queue,
            queue_bytes: 0,
            since: None,
            is_hurried: false,
            in_flight: None,
            dropped: (0, 0),
        }
    }

    fn take_event(&mut self, now: Now, event: &Event, config: &Configuration) {
        if !self.subscription.kinds.contains(&Kind::Platform) {
            return;
        }
        let is_runtime_done = matches!(event, Event::RuntimeDone { .. } | Event::InitRuntimeDone { .. });
        if is_runtime_done && !self.subscription.runtime_done {
            return;
        }
        for (kind, record) in self.records(event, config) {
            self.push(now, item(now.epoch_ms, kind, &record));
        }
    }

    fn records(&self, event: &Event, config: &Configuration) -> Vec<(&'static str, serde_json::Value)> {
        match self.subscription.api {
            Api::Telemetry => vec![event.telemetry(config)],
            Api::Logs => event.logs(config),
        }
    }

    fn take_line(&mut self, now: Now, source: Source, line: &[u8]) {
        let kind = match source {
            Source::Function => Kind::Function,
            Source::Extension => Kind::Extension,
        };
        if !self.subscription.kinds.contains(&kind) {
            return;
        }
        let text = String::from_utf8_lossy(line);
        let object = if self.subscription.json_lines { json_object(&text) } else { None };
        let record = match object {
            Some(object) => object.get().to_owned(),
            None => serde_json::Value::from(text).to_string(),
        };
        let time = timestamp(now.epoch_ms);
        self.push(now, format!(r#"{{"time":"{time}","type":"{}","record":{record}}}"#, kind.name()).into_bytes());
    }

    fn push(&mut self, now: Now, item: Vec<u8>) {
        let limits = self.subscription.buffering;
        let is_full = self.queue.len() >= BATCHES_MAX * limits.items
            || self.queue_bytes + item.len() > BATCHES_MAX * limits.bytes && !self.queue.is_empty();
        if is_full {
            self.dropped.0 += 1;
            self.dropped.1 += item.len() as u64;
            return;
        }
        self.queue_bytes += item.len();
        self.queue.push_back(item);
        self.since.get_or_insert(now.instant);
    }

    fn deadline(&self) -> Option<Instant> {
        if self.in_flight.is_some() {
            return None;
        }
        let hold = if self.is_hurried { Duration::ZERO } else { self.subscription.buffering.hold };
        self.since.map(|since| since + hold)
    }

    /// The batch that is due, which is under way from now on.
    fn batch(&mut self, now: Now, config: &Configuration) -> Option<(Destination, Bytes)> {
        let limits = self.subscription.buffering;
        let is_filled = self.queue.len() >= limits.items || self.queue_bytes >= limits.bytes;
        let is_due = self.deadline().is_some_and(|deadline| deadline <= now.instant || is_filled);
        if !is_due {
            return None;
        }
        let mut items = self.dropped_item(now, config);
        let mut bytes = 0;
        while let Some(next) = self.queue.front() {
            let fits = items.len() < limits.items && bytes + next.len() <= limits.bytes;
            if !fits && !items.is_empty() {
                break;
            }
            bytes += next.len();
            items.extend(self.queue.pop_front());
        }
        self.queue_bytes -= bytes;
        self.since = if self.queue.is_empty() { None } else { Some(now.instant) };
        self.in_flight = Some((items.len() as u64, bytes as u64));
        Some((self.subscription.destination.clone(), self.join(&items)))
    }

    /// The item that counts what was dropped, where something was.
    fn dropped_item(&mut self, now: Now, config: &Configuration) -> Vec<Vec<u8>> {
        let (records, bytes) = std::mem::take(&mut self.dropped);
        if records == 0 {
            return Vec::new();
        }
        let (kind, record) = Event::LogsDropped { records, bytes }.telemetry(config);
        vec![item(now.epoch_ms, kind, &record)]
    }

    fn join(&self, items: &[Vec<u8>]) -> Bytes {
        match self.subscription.destination {
            Destination::Http { .. } => [b"[".as_slice(), &items.join(&b','), b"]"].concat().into(),
            Destination::Tcp { .. } => [items.join(&b'\n').as_slice(), b"\n"].concat().into(),
        }
    }
}

/// A line that is a JSON object, as it is.
pub(crate) fn json_object(line: &str) -> Option<&RawValue> {
    let line = line.trim();
    line.starts_with('{').then(|| serde_json::from_str(line).ok()).flatten()
}
