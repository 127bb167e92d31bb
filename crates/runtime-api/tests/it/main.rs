//! The rules of the environment, one file for each phase or API.

mod bounds;
mod ending;
mod extensions;
mod harness;
mod init;
mod invoke;
mod logs;
mod shipping;
mod snapstart;
mod streaming;
mod telemetry;
mod variables;
