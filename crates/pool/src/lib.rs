//! Warm reuse of execution environments: a state machine without IO.
//!
//! [`Pool`] decides which instance (an environment) serves which invocation, when an instance is started and when it is
//! stopped. It knows no Kubernetes, opens no socket, reads no clock and draws no random number: a driver feeds it
//! [`Event`]s together with the time they happened at, carries out the [`Action`]s it answers with, and calls
//! [`Pool::handle_timeout`] when [`Pool::poll_timeout`] says so. The same events at the same times give the same actions.
//!
//! ```
//! use fakecloud_pool::{Action, Config, Event, InvocationId, Pool};
//! # #[expect(clippy::disallowed_methods, reason = "a driver is what reads the clock")]
//! # fn main() {
//! let now = std::time::Instant::now();
//! let mut pool = Pool::new(Config::default());
//!
//! pool.handle(now, Event::Invoke { invocation: InvocationId(1), deploy: "3f9a".into() });
//! let Some(Action::StartEnvironment { instance, .. }) = pool.poll_action() else { panic!("a cold function needs one") };
//!
//! pool.handle(now, Event::Started { instance });
//! assert_eq!(pool.poll_action(), Some(Action::Dispatch { invocation: InvocationId(1), instance }));
//! # }
//! ```

mod action;
mod admission;
mod backoff;
mod config;
mod deadlines;
mod demand;
mod deploy;
mod due;
mod event;
mod expiry;
mod fleet;
mod id;
mod instance;
mod links;
mod pool;
mod refusal;
mod room;
mod rules;
mod slab;
mod starts;
mod waiting;

pub use action::{Action, Failure, Initialization, StopReason};
pub use admission::{NodeView, StartsView};
pub use config::Config;
pub use deploy::DeployView;
pub use event::{After, Event, Fit};
pub use id::{DeployId, InstanceId, InvocationId, NodeId};
pub use instance::{InstanceState, InstanceView};
pub use pool::Pool;
