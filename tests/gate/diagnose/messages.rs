//! The words.

use crashgate::gate::model::Probe;
use crashgate::gate::result::{Code, EvidenceKind, Verdict};

use crate::gate::{assert_says, killed_by, one_pod, seconds, web};
use crate::scenario::objects::{Bend, pod, readiness_probe};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn what_is_wrong_with_an_image_is_said_with_its_reference() {
    let of = |image: &'static str, reason: &'static str, message: &'static str| {
        one_pod(move |mut pod| {
            pod.containers[0].image = image.to_owned();
            pod.waiting("app", reason, message)
        })
    };
    let outcome = of("Shop/Cart:::v2", "InvalidImageName", "couldn't parse image name");
    assert_says(&outcome, Verdict::Failed, Code::ImageNameInvalid, &["`Shop/Cart:::v2`", "cannot be parsed"]);
    let outcome =
        of("cart:v2", "ErrImageNeverPull", "Container image \"cart:v2\" is not present with pull policy of Never");
    assert_says(&outcome, Verdict::Failed, Code::ImageNeverPull, &["cart:v2", "imagePullPolicy Never"]);
    let outcome = of("r:5000/cart:v2", "ErrImagePull", "failed to resolve image: r:5000/cart:v2: not found");
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::ImageNotFound,
        &["r:5000/cart:v2", "registry r:5000 has no tag v2", "Push tag v2"],
    );
    let outcome = of("cart@sha256:0a", "ErrImagePull", "manifest unknown");
    assert_says(&outcome, Verdict::Failed, Code::ImageNotFound, &["digest sha256:0a"]);
    let outcome = of("cart", "ErrImagePull", "manifest unknown");
    assert_says(&outcome, Verdict::Failed, Code::ImageNotFound, &["tag latest"]);
    let outcome =
        of("cart:v2", "ErrImagePull", "rpc error: code = Unknown desc = pull access denied, no basic auth credentials");
    assert_says(&outcome, Verdict::Failed, Code::ImagePullDenied, &["refuses access to", "imagePullSecrets"]);
    assert!(!lead(&outcome).message.contains("rpc error"), "{}", lead(&outcome).message);
    let outcome = of("cart:v2", "ImagePullBackOff", "Back-off pulling image \"cart:v2\"");
    assert_says(&outcome, Verdict::Platform, Code::RegistryUnavailable, &["does not say why"]);
}

#[test]
fn an_old_kubelets_back_off_is_read_by_its_event() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.event(
        "a",
        Some("app"),
        "Failed",
        "Failed to pull image \"x\": rpc error: code = NotFound desc = x: not found",
    );
    story.event("a", Some("app"), "Failed", "Error: ImagePullBackOff");
    story.at(2.0).pod(pod(&set, "a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
    assert_says(story.ends(), Verdict::Failed, Code::ImageNotFound, &["not found"]);
}

#[test]
fn what_cannot_be_created_or_started_is_said() {
    let outcome = one_pod(|pod| pod.waiting("app", "CreateContainerConfigError", "secret \"s\" not found"));
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::ConfigMissing,
        &["container app needs Secret s, which does not exist", "Create Secret s in namespace shop"],
    );
    assert_eq!(outcome.decided_after, seconds(16), "15 s after first sight");
    let root = "container has runAsNonRoot and image will run as root";
    let outcome = one_pod(|pod| pod.waiting("app", "CreateContainerConfigError", root));
    assert_says(&outcome, Verdict::Failed, Code::StartFailed, &["container app could not be created", root]);
    assert_eq!(outcome.decided_after, seconds(16));
    let outcome = one_pod(|pod| {
        pod.waiting("app", "RunContainerError", "OCI runtime create failed: exec: \"/x\": permission denied")
    });
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::StartFailed,
        &["container app could not be started: exec: \"/x\": permission denied"],
    );
    assert_eq!(outcome.decided_after, seconds(1), "at once");
    let outcome = one_pod(|pod| pod.waiting("app", "CreateContainerError", "context deadline exceeded"));
    assert_says(&outcome, Verdict::Platform, Code::SandboxFailed, &["context deadline exceeded"]);
}

#[test]
fn a_crash_is_told_with_the_command_that_shows_its_log() {
    let outcome = one_pod(|pod| pod.terminated("app", 1, "Error"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["kubectl logs -n shop a -c app"]);
    let outcome = killed_by("Startup", "Container app failed startup probe, will be restarted");
    assert!(
        lead(&outcome)
            .evidence
            .iter()
            .any(|evidence| evidence.text.starts_with("startup probe: GET /alive on port 80; every 1 s"))
    );
}

#[test]
fn a_pod_that_is_not_ready_says_what_its_container_does() {
    let outcome = one_pod(Bend::unready);
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["container app runs, but is not ready"]);
    assert!(lead(&outcome).log.as_ref().is_some_and(|log| !log.previous && log.attempt == 0));
    let outcome = one_pod(|pod| {
        let mut pod = pod.unready();
        pod.containers[0].probes.readiness = Some(Probe { initial_delay_seconds: 4, ..readiness_probe() });
        pod
    });
    let probe = lead(&outcome).evidence.iter().find(|evidence| evidence.kind == EvidenceKind::Probe).unwrap();
    assert_eq!(
        probe.text,
        "readiness probe: GET /ready on port 8080; first after 4 s, every 1 s, 1 s to answer, fails after 3 failures in a row"
    );
    let mut plan = plan();
    plan.max_restarts = 9;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").terminated("app", 5, "Error"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["container app ended with exit code 5"]);
}
