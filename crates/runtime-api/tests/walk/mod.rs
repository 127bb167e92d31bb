//! Walks of inputs, and what an outsider knows of the environment from inputs and actions alone.

mod model;
pub(crate) mod steps;

pub(crate) use model::Model;
