//! From causes and owners to a decision: what counts, when it counts, and what is said.

mod attribution;
mod background;
mod blocked_updates;
mod custom_owners;
mod daemon_sets;
mod events;
mod evidence;
mod fact_by_fact;
mod findings;
mod gaps;
mod graces;
mod growth;
mod hints;
mod jobs;
mod metrics;
mod progressive;
mod ranking;
mod release;
mod rollout;
mod stale_reads;
mod timeout;
mod tolerance;
mod versions;
mod warnings;
