//! `crashgate serve`: HTTP in, gates out.
//!
//! What may live here: who may ask for which gate, gates that stand for as long as somebody asks for them, and what each
//! caller (Flagger, Argo Rollouts, a script, a person) is answered. What may not: deciding (that is [`crate::gate`]), and
//! talking to Kubernetes or Prometheus (that is [`crate::cluster`] and [`crate::metrics`]).
//!
//! A [`call`] names a plan, a namespace and a workload. A [`view`] is how its gate stands at one moment: all that any route
//! answers, shows or writes is made from one.

pub mod around_calls;
pub mod call;
pub mod gates;
pub mod http;
pub mod notify;
pub mod observer;
pub mod onlookers;
pub mod page;
pub mod plans;
pub mod registry;
pub mod standing;
pub mod telemetry;
pub mod view;

pub use around_calls::AroundCalls;
pub use call::{Call, Mode};
pub use gates::{Gates, Refused};
pub use plans::Plans;
pub use registry::{Registry, Settings};
pub use view::{GateId, GateView};
