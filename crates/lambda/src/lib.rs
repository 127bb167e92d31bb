//! The AWS Lambda API: wire shapes, routes, constraints, errors and the rules of the control plane.
