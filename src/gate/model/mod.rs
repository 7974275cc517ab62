//! What Kubernetes says, in our types: pods, workloads, nodes, events, selectors, image references. And what a source of metrics says.
//!
//! What may live here: the fields of API objects and what they mean by themselves. What may not: anything that a gate
//! asks for, remembers or concludes. This folder imports no other.

pub mod custom_owner;
pub mod event;
pub mod image_ref;
pub mod message;
pub mod metric;
pub mod node;
pub mod number;
pub mod object;
pub mod pod;
pub mod progressive;
pub mod resource_version;
pub mod selector;
pub mod series_selector;
pub mod source;
pub mod template_parts;
pub mod timestamp;
pub mod workload;
pub mod workload_kind;

pub use custom_owner::{CustomOwner, OwnerCondition, Scale, Unread};
pub use event::ClusterEvent;
pub use image_ref::{Reference, split};
pub use message::essence;
pub use metric::{
    Arm, Measurement, MetricAnswer, MetricData, MetricQuestion, MetricTrouble, MetricTroubleKind, Sample, Series,
};
pub use node::Node;
pub use number::Number;
pub use object::Object;
pub use pod::{
    Condition, Container, ContainerState, ContainerStatus, ControllerRef, Ended, InPlaceUpdate, Phase, Pod, PodResize,
    Probe, Probes, Resize, RestartPolicy, RestartRule, Role,
};
pub use progressive::{
    AnalysisStatus, CanaryPhase, CanaryStatus, CloneSetStatus, ObservedGeneration, RolloutPhase, RolloutState, Step,
    WorkloadRef,
};
pub use resource_version::ResourceVersion;
pub use selector::{Selector, SelectorError, Test, is_dns_name, is_label_key, is_label_value};
pub use series_selector::{MatchOp, Matcher, SeriesSelector, SeriesSelectorError};
pub use source::{Source, Trouble, TroubleKind};
pub use template_parts::{TemplatePart, TemplateParts};
pub use timestamp::{epoch_seconds, is_earlier};
pub use workload::{Detail, JobEnd, Template, TemplateContainer, Workload};
pub use workload_kind::WorkloadKind;
