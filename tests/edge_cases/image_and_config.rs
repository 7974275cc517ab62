//! Images that cannot be pulled, and configuration that is not there yet.

use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, rolled_out};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

pub(super) const REGISTRY_RATE_LIMIT: Case = Case {
    happens: "The registry answers 429 for 20 s, then the image comes.",
    others: "fail: three of them, at first sight",
    verdict: Verdict::Healthy,
    code: None,
    because: "A registry in trouble is the platform's matter and may pass until the end of the wait.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "web-a").waiting("app", "ErrImagePull", "429 Too Many Requests: toomanyrequests"));
        story.at(13.0).pod(pod(&set, "web-a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
        story.at(21.0).pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const REGISTRY_DOWN_TO_THE_END: Case = Case {
    happens: "The registry answers 503 to the end.",
    others: "fail with the app to blame",
    verdict: Verdict::Platform,
    code: Some(Code::RegistryUnavailable),
    because: "It kept the version from running, and it is not the app.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let said = "unexpected status from HEAD request to https://r.example/v2/: 503 Service Unavailable";
        story.at(1.0).pod(pod(&set, "web-a").waiting("app", "ErrImagePull", said));
        story.at(13.0).pod(pod(&set, "web-a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
        ends(&mut story)
    },
};

pub(super) const CONFIG_MAP_ARRIVES_LATE: Case = Case {
    happens: "The ConfigMap is created 8 s after the workload.",
    others: "fail: two of them, at first sight",
    verdict: Verdict::Healthy,
    code: None,
    because: "grace.Config is 15 s by default.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", "configmap \"c\" not found"));
        story.at(9.0).pod(pod(&set, "a"));
        ends(&mut story)
    },
};
