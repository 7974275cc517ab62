//! What is told once more of a time that is over, by a lagging API server or a cache.

use crashgate::gate::model::{Object, Pod, ResourceVersion, Source};
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::{Fact, Want};

use crate::scenario::objects::{Bend, deployment, pod, replica_set};
use crate::scenario::{Scenario, plan};

trait Numbered {
    /// The same at another resource version.
    fn at_version(self, version: &str) -> Self;
}

impl Numbered for Pod {
    fn at_version(mut self, version: &str) -> Self {
        self.resource_version = ResourceVersion::parse(version);
        self
    }
}

#[test]
fn a_pod_that_is_not_ready_any_more_is_not_made_ready_by_its_past() {
    for how in ["seen", "listed"] {
        let mut story = Scenario::new(plan());
        let web = deployment("web", "v2", 1);
        let set = replica_set(&web);
        story.workload(web).workload(set.clone());
        story.at(1.0).pod(pod(&set, "a").at_version("9"));
        story.at(3.0).pod(pod(&set, "a").unready().at_version("12"));
        let past = pod(&set, "a").at_version("10");
        match how {
            "seen" => _ = story.at(4.0).tell(Fact::Seen(Box::new(Object::Pod(past.into())))),
            _ => _ = story.at(4.0).tell(Fact::Listed { source: Source::Pods, objects: vec![Object::Pod(past.into())] }),
        }
        let outcome = story.ends();
        assert_ne!(outcome.verdict, Verdict::Healthy, "{how}");
        let code = if how == "seen" { Code::NotReady } else { Code::StaleData };
        assert_eq!(outcome.findings[0].code, code, "{how}: {:?}", outcome.findings[0]);
    }
}

#[test]
fn a_confirming_read_from_the_past_confirms_nothing() {
    let mut story = Scenario::new(plan());
    let web = deployment("web", "v2", 1);
    let set = replica_set(&web);
    story.workload(web.clone()).workload(set.clone());
    story.at(1.0).pod(pod(&set, "a").at_version("12"));
    let asked = std::time::Duration::from_secs(11);
    story.gate.advance(asked);
    assert!(matches!(story.gate.want(), Want::Confirmation { .. }));
    let past = Fact::Confirmed { pods: vec![pod(&set, "a").at_version("11")], owners: vec![web], kinds: vec![] };
    story.gate.observe(asked, past);
    assert!(story.ended().is_none(), "{:?}", story.ended());
    let told = story.gate.take_events();
    assert!(told.iter().any(|(_, event)| format!("{event:?}").contains("answered older than")), "{told:?}");
}
