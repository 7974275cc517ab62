//! The only rooms that talk to Kubernetes: connect, watch, confirm, collect evidence.
