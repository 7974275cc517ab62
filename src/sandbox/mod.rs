//! A recording served as a read-only Kubernetes API on loopback.
