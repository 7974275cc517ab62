//! What must be so before any story can be played: rights, and an image that runs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::notes::Notes;
use super::objects::{container, pod};
use super::text::filled;

/// How long the image may take to be pulled and to run once, and for how long a pull that failed is tried again.
const PATIENCE: Duration = Duration::from_mins(3);
const PULLS: Duration = Duration::from_secs(45);

/// Tries rights and image. The image is on a node afterwards, and no story waits for it.
///
/// # Errors
/// Why no story could be played, with what the cluster says.
pub fn check(cluster: &Cluster, image: &str, notes: &mut Notes) -> Result<(), String> {
    let may = cluster.kubectl.run(&["auth", "can-i", "create", "namespaces", "--quiet"], None);
    if !may.is_ok {
        return Err(format!("this identity may not create namespaces: {}", may.said().trim_end()));
    }
    let namespace = cluster.create("preflight", "privileged", false, notes)?;
    let script = "for command in sleep mkdir tail; do \
                  command -v $command > /dev/null || { echo the image has no $command; exit 1; }; done; sleep 1; echo fit";
    let mut spec = pod([container("app", script)]);
    spec["restartPolicy"] = "Never".into();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "preflight"}, "spec": spec});
    let pod = filled(&pod.to_string(), &[("image", image)]);
    let created = cluster.kubectl.run(&["create", "-n", &namespace.name, "-f", "-"], Some(&pod));
    if !created.is_ok {
        return Err(format!("a pod cannot be made: {}", created.said().trim_end()));
    }
    let began = Instant::now();
    loop {
        let seen = cluster.kubectl.json(&["get", "pod", "preflight", "-n", &namespace.name, "-o", "json"])?;
        match seen["status"]["phase"].as_str() {
            Some("Succeeded") => return Ok(()),
            Some("Failed") => break,
            _ if began.elapsed() >= PATIENCE || (began.elapsed() >= PULLS && is_hopeless(&seen)) => break,
            _ if cluster.stop.is_set() => return Err("interrupted".to_owned()),
            _ => cluster.stop.pause(Duration::from_millis(500)),
        }
    }
    let told = |arguments: &[&str]| cluster.kubectl.run(&[arguments, &["-n", &namespace.name]].concat(), None).said();
    Err(format!(
        "the image {image} does not run here; name another one with CRASHGATE_E2E_IMAGE, or load it into the nodes.\n{}{}{}",
        told(&["get", "pod", "preflight", "-o", "wide"]),
        told(&["logs", "preflight"]),
        told(&["get", "events"]),
    ))
}

/// Whether an image will not come by waiting.
fn is_hopeless(pod: &Value) -> bool {
    let reason = pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].as_str();
    matches!(reason, Some("ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName" | "CreateContainerError"))
}
