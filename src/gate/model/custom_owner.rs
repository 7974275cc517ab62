//! What the gate reads of an owner of pods whose kind it does not know: what every well-behaved custom resource says.

/// An owner of a kind that the gate does not know, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomOwner {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation`: the number of the newest spec.
    pub generation: Option<i64>,
    /// `status.observedGeneration`, where its controller writes one.
    pub observed_generation: Option<i64>,
    /// What its conditions say, as kubectl's and kustomize's status library reads them.
    pub condition: OwnerCondition,
    /// How many pods it asks for.
    pub scale: Scale,
}

/// What the conditions of a custom resource say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerCondition {
    /// Nothing speaks against it.
    Current,
    /// `Reconciling` is True, or `Ready` is not: its reason and message.
    InProgress(String),
    /// `Stalled` is True: its reason and message.
    Stalled(String),
}

/// The answer of the `/scale` subresource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// It was not read.
    Unread,
    /// The kind has none.
    None,
    /// `spec.replicas`.
    Replicas(u32),
}

/// Why an owner could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// This identity may not: the rule that it needs.
    Denied(String),
    /// The API server knows no such kind, or no such object.
    Missing,
    /// What happened.
    Failed(String),
}
