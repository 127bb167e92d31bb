//! A pure function from a Lambda function configuration to a Kubernetes Pod.
