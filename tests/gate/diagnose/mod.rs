//! From what Kubernetes says to causes: one sign at a time.

mod contradictory_status;
mod crashes;
mod events_alone;
mod failed_pods;
mod messages;
mod node_trouble;
mod probes;
mod restart_rules;
mod silent_nodes;
mod volumes;
