//! Warm reuse of execution environments: a state machine without IO.
