//! Walks of inputs, and what an outsider knows of the environment from inputs and actions alone.

mod calls;
mod model;
mod promises;
mod set_up;
pub(crate) mod steps;

pub(crate) use model::Model;
