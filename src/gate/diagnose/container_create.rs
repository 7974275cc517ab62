//! Reading why a container could not be created or started, and what a pod waits for before its containers start.

use super::node_trouble;
use crate::gate::result::Code;

/// What a container's waiting reason says about its creation or start; `None` where it is about something else.
#[must_use]
pub fn cause_of(reason: &str, message: &str) -> Option<Code> {
    match reason {
        "CreateContainerConfigError" | "CreateContainerError" => Some(if node_trouble::is_meant(message) {
            Code::SandboxFailed
        } else if names_missing_config(message) {
            Code::ConfigMissing
        } else {
            Code::StartFailed
        }),
        // A hook is the app's own, and so is the server that it asks.
        "PreStartHookError" | "PostStartHookError" => Some(Code::StartFailed),
        "RunContainerError" | "PreCreateHookError" => {
            Some(if node_trouble::is_meant(message) { Code::SandboxFailed } else { Code::StartFailed })
        }
        _ => None,
    }
}

/// What a `FailedMount` or `FailedAttachVolume` event says about the pod's volumes.
#[must_use]
pub fn cause_of_failed_mount(message: &str) -> Code {
    // The root CA's ConfigMap is made by the cluster itself a moment after a namespace is: nothing the app left out.
    let is_the_clusters_own = message.contains("kube-root-ca.crt");
    if !node_trouble::is_meant(message) && !is_the_clusters_own && names_missing_config(message) {
        Code::ConfigMissing
    } else {
        Code::VolumeUnavailable
    }
}

/// True where a ConfigMap, a Secret or a key of one is said not to exist.
fn names_missing_config(message: &str) -> bool {
    let text = message.to_lowercase();
    let names_one = text.contains("configmap") || text.contains("secret");
    let says_missing =
        ["not found", "couldn't find key", "non-existent", "nonexistent", "does not exist", "no such key"]
            .iter()
            .any(|phrase| text.contains(phrase));
    names_one && says_missing
}

/// The object that a message says is missing, as `Secret payments-tls`, with its key where one is named.
#[must_use]
pub fn missing_object(message: &str) -> Option<String> {
    if let Some((_, rest)) = message.split_once("couldn't find key ") {
        // couldn't find key DB_URL in ConfigMap shop/checkout-config
        let (key, rest) = rest.split_once(" in ")?;
        let mut words = rest.split_whitespace();
        let kind = words.next()?;
        let name = words.next()?.trim_end_matches([',', '.']);
        let name = name.rsplit('/').next().unwrap_or(name);
        return Some(format!("key {key} of {kind} {name}"));
    }
    for (word, kind) in [("configmap", "ConfigMap"), ("secret", "Secret")] {
        let lower = message.to_ascii_lowercase();
        for (place, _) in lower.match_indices(&format!("{word} \"")) {
            let rest = &message[place + word.len() + 2..];
            if let Some((name, after)) = rest.split_once('"')
                && after.trim_start().starts_with("not found")
            {
                return Some(format!("{kind} {name}"));
            }
        }
    }
    if let Some((before, rest)) = message.split_once("references non-existent ") {
        // references non-existent secret key: tls.crt
        let key = rest.split_once(": ").map(|(_, key)| key.split_whitespace().next().unwrap_or(key))?;
        let kind = if rest.starts_with("config") { "ConfigMap" } else { "Secret" };
        let volume = before.split('"').nth(1);
        return Some(match volume {
            Some(volume) => format!("key {key} of the {kind} of volume {volume}"),
            None => format!("key {key} of a {kind}"),
        });
    }
    None
}

/// What to do about a missing object: make it, or do `otherwise`. The command shows what there is instead.
#[must_use]
pub fn advice(object: &str, namespace: &str, otherwise: &str) -> String {
    let kind = if object.contains("ConfigMap") { "configmap" } else { "secret" };
    match object.strip_prefix("key ").and_then(|rest| rest.split_once(" of ")) {
        Some((key, holder)) if !holder.contains("the ") && !holder.starts_with("a ") => {
            let name = holder.rsplit(' ').next().unwrap_or(holder);
            format!(
                "Add key {key} to {holder} in namespace {namespace}, or {otherwise}. Its keys: `kubectl describe {kind} -n {namespace} {name}`"
            )
        }
        Some(_) => format!("Add {object}, in namespace {namespace}, or {otherwise}."),
        None => {
            format!(
                "Create {object} in namespace {namespace}, or {otherwise}. The existing ones: `kubectl get {kind} -n {namespace}`"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{advice, cause_of, cause_of_failed_mount, missing_object};
    use crate::gate::result::Code;

    #[test]
    fn what_is_missing_is_made_where_it_can_be_named() {
        let table = [
            (
                "ConfigMap web",
                "Create ConfigMap web in namespace shop, or x. The existing ones: `kubectl get configmap -n shop`",
            ),
            (
                "key URL of Secret db",
                "Add key URL to Secret db in namespace shop, or x. Its keys: `kubectl describe secret -n shop db`",
            ),
            ("key URL of the Secret of volume v", "Add key URL of the Secret of volume v, in namespace shop, or x."),
            ("key URL of a ConfigMap", "Add key URL of a ConfigMap, in namespace shop, or x."),
        ];
        for (object, words) in table {
            assert_eq!(advice(object, "shop", "x"), words);
        }
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_wrong_and_from_a_slow_node() {
        let table = [
            ("CreateContainerConfigError", "configmap \"checkout-config\" not found", Some(Code::ConfigMissing)),
            ("CreateContainerConfigError", "secret \"db\" not found", Some(Code::ConfigMissing)),
            ("CreateContainerConfigError", "couldn't find key URL in ConfigMap shop/db", Some(Code::ConfigMissing)),
            (
                "CreateContainerConfigError",
                "failed to sync configmap cache: timed out waiting for the condition",
                Some(Code::SandboxFailed),
            ),
            (
                "CreateContainerConfigError",
                "container has runAsNonRoot and image will run as root (pod: …)",
                Some(Code::StartFailed),
            ),
            ("CreateContainerError", "context deadline exceeded", Some(Code::SandboxFailed)),
            (
                "CreateContainerError",
                "failed to reserve container name \"app_x\": name is reserved for \"0a\"",
                Some(Code::SandboxFailed),
            ),
            (
                "CreateContainerError",
                "failed to generate container spec: no command specified",
                Some(Code::StartFailed),
            ),
            ("RunContainerError", "exec: \"/app/x\": no such file or directory", Some(Code::StartFailed)),
            ("RunContainerError", "context deadline exceeded", Some(Code::SandboxFailed)),
            ("CreateContainerConfigError", "failed to sync with the stars", Some(Code::StartFailed)),
            (
                "CreateContainerConfigError",
                "services have not yet been read at least once, cannot construct envvars",
                Some(Code::SandboxFailed),
            ),
            (
                "CreateContainerError",
                "failed to create containerd container: mkdir /var/lib/containerd/x: no space left on device",
                Some(Code::SandboxFailed),
            ),
            (
                "RunContainerError",
                "failed to get sandbox container task: no running task found: task 12ab not found: not found",
                Some(Code::SandboxFailed),
            ),
            (
                "PostStartHookError",
                "HTTP lifecycle hook (/warm) for Container \"app\" in Pod \"a\" failed - error: Get \"http://10.1.2.3/warm\": EOF",
                Some(Code::StartFailed),
            ),
            ("PodInitializing", "", None),
        ];
        for (reason, message, code) in table {
            assert_eq!(cause_of(reason, message), code, "{reason}: {message}");
        }
    }

    #[test]
    fn a_volume_that_lacks_its_secret_is_the_apps_and_any_other_trouble_the_clusters() {
        let table = [
            ("MountVolume.SetUp failed for volume \"tls\" : secret \"payments-tls\" not found", Code::ConfigMissing),
            ("MountVolume.SetUp failed for volume \"c\" : configmap \"c\" not found", Code::ConfigMissing),
            (
                "MountVolume.SetUp failed for volume \"tls\" : references non-existent secret key: tls.crt",
                Code::ConfigMissing,
            ),
            (
                "MountVolume.SetUp failed for volume \"tls\" : failed to sync secret cache: timed out waiting for the condition",
                Code::VolumeUnavailable,
            ),
            (
                "MountVolume.SetUp failed for volume \"kube-api-access-x\" : configmap \"kube-root-ca.crt\" not found",
                Code::VolumeUnavailable,
            ),
            (
                "Unable to attach or mount volumes: unmounted volumes=[data], timed out waiting for the condition",
                Code::VolumeUnavailable,
            ),
            (
                "AttachVolume.Attach failed for volume \"pvc-1\" : volume is already exclusively attached to one node",
                Code::VolumeUnavailable,
            ),
        ];
        for (message, code) in table {
            assert_eq!(cause_of_failed_mount(message), code, "{message}");
        }
    }

    #[test]
    fn the_missing_object_is_named() {
        let table = [
            ("configmap \"checkout-config\" not found", Some("ConfigMap checkout-config")),
            (
                "MountVolume.SetUp failed for volume \"tls\" : secret \"payments-tls\" not found",
                Some("Secret payments-tls"),
            ),
            (
                "couldn't find key DB_URL in ConfigMap shop/checkout-config",
                Some("key DB_URL of ConfigMap checkout-config"),
            ),
            (
                "MountVolume.SetUp failed for volume \"tls\" : references non-existent secret key: tls.crt",
                Some("key tls.crt of the Secret of volume tls"),
            ),
            ("no command specified", None),
        ];
        for (message, object) in table {
            assert_eq!(missing_object(message).as_deref(), object, "{message}");
        }
    }
}
