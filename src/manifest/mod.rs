//! From YAML and flags to plans: parsing, defaults, validation, diagnostics, schema.
//!
//! What may live here: what a manifest may say and what it means. What may not: requests, the clock, the decision.
//!
//! [`load`] is the way in. A `source` is read and parsed into a `tree` that knows where each word stands; a document
//! of it is a `gate` or a Kubernetes `workload` manifest; what it says goes into a `draft` that begins with what the flags
//! say, and a draft that lacks nothing becomes a plan. Problems are gathered on the way, never thrown, so that one run
//! tells all of them: see [`diagnostics`].
//!
//! Each key of a gate is defined once, in `definitions`: the reader, the flags, the schema and the summary all follow it.

pub mod asked;
mod blueprint;
mod concealed;
mod definitions;
pub mod diagnostics;
mod draft;
mod duration;
mod expand;
mod expect;
mod expected;
mod finish;
mod gate;
mod key;
mod keys;
mod left_out;
mod live;
mod load;
mod metrics;
mod naming;
mod node;
mod objects;
mod origin;
mod overrides;
mod pace;
mod present;
mod references;
mod resolve;
pub mod schema;
mod setting;
mod smoke;
mod source;
mod starter;
mod summary;
mod syntax;
mod tree;
mod value_type;
mod values;
mod workload;
mod written;

pub use blueprint::Blueprint;
pub use definitions::Key;
pub use diagnostics::{Diagnostic, Diagnostics};
pub use expected::Expected;
pub use keys::FlagValue;
pub use left_out::{LeftOut, Why};
pub use live::{Live, Present, Target};
pub use load::{Loaded, Manifests, load};
pub use naming::Naming;
pub use origin::Origin;
pub use overrides::Overrides;
pub use setting::{Axis, Setting};
pub use source::{MAX_BYTES, Source, Text, texts};
pub use starter::Starter;
pub use summary::Summary;
pub use written::written;
