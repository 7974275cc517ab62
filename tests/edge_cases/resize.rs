//! Containers that are resized in place.

use crashgate::gate::model::PodResize;
use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, resize, rolled_out};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

pub(super) const RESIZED_IN_PLACE: Case = Case {
    happens: "An in-place resize restarts the container, as its resizePolicy says.",
    others: "fail: any restart is fatal",
    verdict: Verdict::Healthy,
    code: None,
    because: "The restart was asked for.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let mut resizing = pod(&set, "a");
        resizing.containers[0].resize = Some(resize(false));
        let mut resized = pod(&set, "a").restarted("app", 1, 137, "Error");
        resized.containers[0].resize = Some(resize(true));
        story.at(1.0).pod(pod(&set, "a")).at(4.0).pod(resizing).at(5.0).pod(resized);
        ends(&mut story)
    },
};

pub(super) const CRASH_AFTER_A_RESIZE: Case = Case {
    happens: "The container crashes once more, after the restart of an in-place resize.",
    others: "-",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "Only the restart that was asked for is excused.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let mut resizing = pod(&set, "a");
        resizing.containers[0].resize = Some(resize(false));
        let restarted = |count, code| {
            let mut restarted = pod(&set, "a").restarted("app", count, code, "Error");
            restarted.containers[0].resize = Some(resize(true));
            restarted
        };
        story.at(1.0).pod(resizing).at(2.0).pod(restarted(1, 137)).at(6.0).pod(restarted(2, 1));
        ends(&mut story)
    },
};

pub(super) const RESIZE_THAT_IS_STUCK: Case = Case {
    happens: "A resize in place stays PodResizePending (Infeasible), and the container is OOMKilled four times.",
    others: "pass: restarts under a resize are excused, or fail at any restart",
    verdict: Verdict::Failed,
    code: Some(Code::OomKilled),
    because: "A resize that is not applied restarts nothing, and no resize kills for memory.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let stuck = || {
            let mut stuck = pod(&set, "a");
            stuck.resize = PodResize::Stuck;
            stuck.containers[0].resize = Some(resize(false));
            stuck
        };
        story.at(1.0).pod(stuck()).at(4.0).pod(stuck().restarted("app", 4, 137, "OOMKilled"));
        ends(&mut story)
    },
};
