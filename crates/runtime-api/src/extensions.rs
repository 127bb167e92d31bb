//! The extensions of an environment: who has registered, for which events, and what each is doing.

use crate::id::Identifiers;
use crate::{Answer, CallId, EXTENSIONS_MAX};

/// The extensions of one generation. External ones come first, in the order of their names in `/opt/extensions`.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    list: Vec<Extension>,
}

#[derive(Debug)]
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) state: State,
    /// Empty until the extension registers.
    pub(crate) identifier: String,
    pub(crate) events: Vec<Interest>,
    /// The event that the extension gets at its next call.
    pub(crate) owed: Option<Interest>,
}

/// The place that an extension comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A process of its own.
    External,
    /// A part of the runtime's process.
    Internal,
}

/// The thing that an extension is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It has not registered.
    Started,
    /// It has registered and never asked for an event.
    Registered,
    /// It waits for an event.
    Waiting(CallId),
    /// It had an event and works on it.
    Running,
    /// It has told an error of its initialisation.
    InitError,
    /// It has told an error, and ends.
    ExitError,
    /// Its process has ended.
    Gone,
}

/// An event that an extension registers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Invoke,
    Shutdown,
}

// === impl Extensions ===

impl Extensions {
    /// The external extensions with these names, none of which has registered.
    pub(crate) fn started(names: &[String]) -> Self {
        let list = names.iter().map(|name| Extension::new(name.clone(), Origin::External)).collect();
        Self { list }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Extension> {
        self.list.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut Extension)> {
        self.list.iter_mut().enumerate()
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut Extension> {
        self.list.get_mut(number)
    }

    /// The extension with this identifier.
    pub(crate) fn identified(&mut self, identifier: &str) -> Option<(usize, &mut Extension)> {
        self.iter_mut().find(|(_, it)| it.state != State::Started && it.identifier == identifier)
    }

    /// Registers an extension. The number is its place in the list.
    ///
    /// # Errors
    /// The answer says why the extension is refused.
    pub(crate) fn register(
        &mut self,
        name: &str,
        events: Vec<Interest>,
        is_open: bool,
        identifiers: &mut Identifiers,
    ) -> Result<usize, Answer> {
        let external = |it: &Extension| it.origin == Origin::External && it.name == name;
        let number = match self.list.iter().position(external) {
            Some(number) if self.list[number].state == State::Started => number,
            Some(number) => {
                let state = self.list[number].state.name();
                return Err(Answer::wrong_extension_state(state, "Registered", name));
            }
            None => self.add_internal(name, &events, is_open)?,
        };
        let extension = &mut self.list[number];
        extension.state = State::Registered;
        extension.identifier = identifiers.uuid();
        extension.events = events;
        Ok(number)
    }

    fn add_internal(&mut self, name: &str, events: &[Interest], is_open: bool) -> Result<usize, Answer> {
        if events.contains(&Interest::Shutdown) {
            let message = "SHUTDOWN: internal extensions cannot register for this event";
            return Err(Answer::forbidden("Extension.InvalidEventType", message));
        }
        if !is_open {
            let message = "Extension registration closed already";
            return Err(Answer::forbidden("Extension.RegistrationClosed", message));
        }
        if self.list.iter().any(|it| it.name == name) {
            let message = "Extension with this name already registered";
            return Err(Answer::forbidden("Extension.InvalidExtensionState", message));
        }
        if self.list.len() >= EXTENSIONS_MAX {
            let message = format!("Extension limit ({EXTENSIONS_MAX}) reached");
            return Err(Answer::forbidden("Extension.TooManyExtensions", &message));
        }
        self.list.push(Extension::new(name.to_owned(), Origin::Internal));
        Ok(self.list.len() - 1)
    }

    /// Whether every external extension has registered.
    pub(crate) fn are_registered(&self) -> bool {
        self.list.iter().all(|it| it.state != State::Started)
    }

    /// Whether every extension waits for an event.
    pub(crate) fn are_waiting(&self) -> bool {
        self.list.iter().all(|it| matches!(it.state, State::Waiting(_)))
    }

    /// Whether every extension that gets INVOKE has had it and waits for the next event.
    pub(crate) fn are_done(&self) -> bool {
        let mut invoked = self.list.iter().filter(|it| it.events.contains(&Interest::Invoke));
        invoked.all(|it| matches!(it.state, State::Waiting(_)) && it.owed.is_none())
    }

    pub(crate) fn has(&self, origin: Origin) -> bool {
        self.list.iter().any(|it| it.origin == origin)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

// === impl Extension ===

impl Extension {
    fn new(name: String, origin: Origin) -> Self {
        Self { name, origin, state: State::Started, identifier: String::new(), events: Vec::new(), owed: None }
    }

    /// The names of the events that the extension has registered for.
    pub(crate) fn event_names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.name()).collect()
    }
}

// === impl State ===

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Registered => "Registered",
            Self::Waiting(_) => "Ready",
            Self::Running => "Running",
            Self::InitError => "InitError",
            Self::ExitError => "ExitError",
            Self::Gone => "Exited",
        }
    }
}

// === impl Interest ===

impl Interest {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invoke => "INVOKE",
            Self::Shutdown => "SHUTDOWN",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Invoke, Self::Shutdown].into_iter().find(|event| event.name() == name)
    }
}
