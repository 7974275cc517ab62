//! A pod in its place: the shares that it has in every count.

use super::super::fingerprint::PodFingerprint;
use super::due::CauseMark;
use crate::gate::model::WorkloadKind;

/// A group by its owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupId {
    /// The workload with this UID.
    Workload(String),
    /// The bare pod with this UID.
    Nobody(String),
    /// An owner that cannot be read, by its UID.
    Unreadable(String),
}

/// Where a pod belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// It is none of the gate's.
    #[default]
    Nowhere,
    /// It has the gate's labels, and its owner, of this kind, has not been seen yet.
    Unattributed(WorkloadKind),
    /// It is one of a group.
    Group(GroupId, Part),
}

/// The part that a pod has in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It counts.
    Counts,
    /// It does not: on its way out, disturbed, ended and replaced.
    LeftOut,
    /// It is of an older revision of an owner that cannot be read, and shows no more than that this owner is there.
    Older,
    /// It is gone, and had ended as a whole by its own fault.
    Fallen,
}

/// The revision for which a pod counts, where it says one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedFor(pub Option<String>);

/// A pod where it belongs, and all of it that is counted there or elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is counted by itself")]
pub struct Placed {
    /// Where.
    pub place: Place,
    /// The UID of its controller.
    pub controller: Option<String>,
    /// The UID of the workload at the top of its controllerRefs, whether or not that has a group.
    pub top: Option<String>,
    /// It is there, and not left out.
    pub is_there: bool,
    /// It is Ready.
    pub ready: bool,
    /// It ended as a whole by its own fault.
    pub failed: bool,
    /// It is of a `DaemonSet`, and its node does not answer.
    pub lost: bool,
    /// Its node did answer at some time since the gate began.
    pub died: bool,
    /// The revision for which it counts, where the newest of its `DaemonSet` is told by counting.
    pub revision: Option<CountedFor>,
    /// What must stay as it is while the gate is stable, where it counts.
    pub fingerprint: Option<PodFingerprint>,
    /// Its causes, where it counts.
    pub causes: Vec<CauseMark>,
}

impl Placed {
    /// The part that it has in this group.
    #[must_use]
    pub fn counts_in(&self, uid: &str) -> bool {
        matches!(&self.place, Place::Group(GroupId::Workload(own), Part::Counts) if own == uid)
    }
}
