//! Observations: facts about the cluster, one at a time, in our own small types.
//!
//! `recording/mapping` makes them, from live traffic and from recordings alike. When a fact was observed is said beside
//! it, as the time since the gate began, on our own clock.

use crate::gate::model::{CustomOwner, Measurement, Object, Pod, Source, Trouble, Unread, Workload, WorkloadKind};
use crate::gate::result::{SmokeRun, Warning};

/// One fact about the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A whole collection, as a LIST answered it: what is not in it is not there. The source is trusted from now on.
    Listed {
        /// Which collection.
        source: Source,
        /// Every object of it.
        objects: Vec<Object>,
    },
    /// An object was added or changed (a watch line ADDED or MODIFIED, or the answer of a single GET).
    Seen(Box<Object>),
    /// An object was deleted, or left the watched selection (a watch line DELETED).
    Gone {
        /// Which collection.
        source: Source,
        /// Its UID.
        uid: String,
    },
    /// The source cannot be trusted from now on, until it is listed again.
    Lost {
        /// Which collection.
        source: Source,
        /// What happened.
        trouble: Trouble,
    },
    /// The watch of a source goes on from the very version up to which it had told everything, after it broke or after
    /// nobody had needed it. The API server tells all that happened in between (or answers 410, and then the source is
    /// listed), so the source is trusted from now on as if it had never been away.
    Resumed {
        /// Which collection.
        source: Source,
    },
    /// The source is not followed any more, for no owner of its kind is in play. What is known of it stays known and
    /// grows old: a verdict may not rest on it before the confirming read has listed it anew.
    Rested {
        /// Which collection.
        source: Source,
    },
    /// This identity may not read the source. Nothing more will come of it, but for rights that are granted a moment
    /// later: then it is listed after all.
    Denied {
        /// Which collection.
        source: Source,
        /// The API server's words.
        message: String,
    },
    /// An owner of a kind that the gate does not know was read.
    OwnerRead(Box<CustomOwner>),
    /// It could not be.
    OwnerUnread {
        /// Its UID.
        uid: String,
        /// Why not.
        why: Unread,
    },
    /// Something that the reader of the report should know, and that decides nothing.
    Noticed(Warning),
    /// The answer to [`Want::Confirmation`](crate::gate::Want): a fresh LIST of the pods and a fresh read of each
    /// owner that was asked for. An owner that is missing here was not found.
    Confirmed {
        /// Every pod of the selection.
        pods: Vec<Pod>,
        /// The owners that were asked for, and every other workload of the kinds that were listed.
        owners: Vec<Workload>,
        /// The kinds that were listed whole: a workload of theirs that is missing here is not there, and one that no
        /// watch has told of is.
        kinds: Vec<WorkloadKind>,
    },
    /// The answer to [`Want::Smoke`](crate::gate::Want): the smoke run is over.
    Smoked(Box<SmokeRun>),
    /// The pods among which the stable arm of the metrics is, as a LIST answered them.
    StableListed(Vec<Pod>),
    /// What came of a question to the source of metrics.
    Measured(Box<Measurement>),
    /// The recording that this run is fed from has ended: nothing more will ever come.
    RecordingEnded,
}
