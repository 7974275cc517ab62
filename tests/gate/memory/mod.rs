//! What was seen of the cluster at all, and how fresh it is.

mod freshness;
