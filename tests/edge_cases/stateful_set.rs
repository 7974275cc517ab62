//! `StatefulSet`s: partitions, order, updates by hand.

use crashgate::gate::model::Detail;
use crashgate::gate::result::{Code, Verdict};

use super::{Case, bend_stateful_set, ends};
use crate::scenario::objects::{Bend, pod, stateful_set};
use crate::scenario::{Scenario, lead, plan};

pub(super) const STATEFUL_SET_QUOTA_BY_EVENTS_ALONE: Case = Case {
    happens: "A quota stops a StatefulSet, which has no conditions: only the event FailedCreate tells.",
    others: "hang",
    verdict: Verdict::Platform,
    code: Some(Code::QuotaExceeded),
    because: "Events of the workload stand until a later success.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.workload(stateful_set("web", "v2", 3));
        story.event("statefulset-web", None, "FailedCreate", "create Pod web-0 in StatefulSet web failed error: pods \"web-0\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5");
        ends(&mut story)
    },
};

pub(super) const STATEFUL_SET_ON_DELETE: Case = Case {
    happens: "A StatefulSet with OnDelete keeps its old pods.",
    others: "pass: four of them; an error: two",
    verdict: Verdict::NothingMatched,
    code: Some(Code::UpdateBlocked),
    because: "No pod of this version runs, and the strategy is why.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut db = stateful_set("db", "v2", 2);
        db.updated = Some(0);
        bend_stateful_set(&mut db, Some("db-v1"), 0, true);
        story.workload(db);
        ends(&mut story)
    },
};

pub(super) const STATEFUL_SET_PARTITION: Case = Case {
    happens: "partition 2 of 3: only the highest ordinal gets this version, and it is Ready.",
    others: "wait for all three, or say 'complete' by chance",
    verdict: Verdict::Healthy,
    code: None,
    because: "The partition says how many are wanted; it is told as a warning.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut db = stateful_set("db", "v2", 3);
        bend_stateful_set(&mut db, Some("db-v1"), 2, false);
        story.workload(db.clone()).pod(pod(&db, "db-2"));
        let outcome = ends(&mut story);
        assert!(outcome.warnings.iter().any(|warning| warning.code == "PartitionedRollout"));
        outcome
    },
};

pub(super) const STATEFUL_SET_BROKEN_POD_BLOCKS_THE_FIX: Case = Case {
    happens: "The new version cannot roll out because the StatefulSet waits for a broken pod of the old one.",
    others: "hang: all of them",
    verdict: Verdict::NothingMatched,
    code: Some(Code::UpdateBlocked),
    because: "The pod to delete is named.",
    tell: || {
        let mut plan = plan();
        plan.selector = "app=web".parse().unwrap();
        let mut story = Scenario::new(plan);
        let mut db = stateful_set("db", "v2", 2);
        let old = pod(&stateful_set("db", "v1", 2), "db-1").unready();
        bend_stateful_set(&mut db, Some("db-v1"), 0, false);
        story.workload(db).pod(old);
        let outcome = ends(&mut story);
        assert!(lead(&outcome).message.contains("db-1"), "{}", lead(&outcome).message);
        outcome
    },
};

pub(super) const STATEFUL_SET_MIN_READY_SECONDS: Case = Case {
    happens: "Every pod is Ready, but not yet for the minReadySeconds of the StatefulSet.",
    others: "pass early: those that read readyReplicas",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "availableReplicas must agree.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut db = stateful_set("db", "v2", 1);
        db.available = None;
        story.workload(db.clone()).pod(pod(&db, "db-0"));
        ends(&mut story)
    },
};

pub(super) const PARTITION_WITH_MIN_READY_SECONDS: Case = Case {
    happens: "partition 2 of 3 with minReadySeconds: the new pod is Ready and not yet available, the two old ones are.",
    others: "pass: two are available, and one is wanted",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "The old pods under a partition do not stand for the new one.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut db = stateful_set("db", "v2", 3);
        let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { unreachable!() };
        (*current_revision, *partition) = (Some("db-v1".to_owned()), 2);
        (db.available, db.min_ready_seconds) = (Some(2), 300);
        story.workload(db.clone()).pod(pod(&db, "db-2"));
        ends(&mut story)
    },
};
