//! What is remembered of pods, and how one is summed up.

mod pod_history;
mod pod_summary;
