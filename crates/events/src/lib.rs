//! The queue of asynchronous invocations: a state machine without IO.
//!
//! [`Queue`] decides which event a function is given next, when a failed one is tried again, and when it is given up. It
//! knows no payloads, opens no socket, reads no clock and draws no random number: a driver feeds it [`Input`]s together
//! with the time they happened at, carries out the [`Action`]s it answers with, and calls [`Queue::handle_timeout`] when
//! [`Queue::poll_timeout`] says so. The same inputs at the same times give the same actions.
//!
//! ```
//! use fakecloud_events::{Action, Arrival, Attempt, Condition, Config, EventId, Input, Policy, Queue};
//! # #[expect(clippy::disallowed_methods, reason = "a driver is what reads the clock")]
//! # fn main() -> Result<(), fakecloud_events::Full> {
//! let now = std::time::Instant::now();
//! let mut queue = Queue::new(Config::default());
//! let event = EventId(1);
//!
//! queue.accept(now, Arrival::fresh(event, "hello".into(), 100, Policy::default()))?;
//! assert_eq!(queue.poll_action(), Some(Action::Run { event }));
//!
//! let (attempt, answer_bytes, policy) = (Attempt::Succeeded, 2, Policy::default());
//! queue.handle(now, Input::Attempted { event, attempt, answer_bytes, policy });
//! assert_eq!(queue.poll_action(), Some(Action::Finish { event, condition: Condition::Success, runs: 1 }));
//! # Ok(())
//! # }
//! ```

mod action;
mod arrival;
mod config;
mod entry;
mod id;
mod input;
mod lanes;
mod policy;
mod queue;
mod timers;

pub use action::{Action, Condition};
pub use arrival::{Arrival, Full};
pub use config::Config;
pub use id::{EventId, FunctionKey};
pub use input::{Attempt, Input};
pub use policy::Policy;
pub use queue::Queue;
