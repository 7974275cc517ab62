//! The pod as the API server gets it.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use serde_json::{Value, json};

use crate::gate::result::CONTAINER;
use crate::gate::spec::{PodOrder, Security};

/// The label that holds what tells this run from every other one.
pub(super) const INSTANCE: &str = "app.kubernetes.io/instance";

/// How long after the run's own end the node ends the pod, should nobody be left to delete it.
const NET: Duration = Duration::from_secs(30);

/// What tells a run from every other one: 12 letters and digits, fit for names and labels.
pub(super) fn instance() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let random = RandomState::new().hash_one(0_u8);
    (0..12).map(|place| char::from(LETTERS[usize::try_from(random >> (5 * place) & 31).unwrap_or_default()])).collect()
}

/// The seconds after which the node ends the pod.
pub(super) fn deadline(order: &PodOrder) -> u64 {
    (order.timeout + NET).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

/// The pod of an order.
pub(super) fn pod(order: &PodOrder, namespace: &str, name: &str, instance: &str) -> Value {
    let mut container = json!({"name": CONTAINER, "image": order.image});
    let mut set = |key: &str, value: Value| container[key] = value;
    if !order.command.is_empty() {
        set("command", json!(order.command));
    }
    if !order.args.is_empty() {
        set("args", json!(order.args));
    }
    if !order.env.is_empty() {
        set("env", order.env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect());
    }
    if !order.limits.is_empty() {
        set("resources", json!({"limits": order.limits, "requests": order.limits}));
    }
    if let Some(policy) = &order.pull_policy {
        set("imagePullPolicy", json!(policy));
    }
    let mut spec = json!({
        "restartPolicy": "Never",
        // The net below all else: whatever becomes of this process, the container ends.
        "activeDeadlineSeconds": deadline(order),
        "automountServiceAccountToken": order.service_account.is_some(),
        "enableServiceLinks": false,
    });
    if let Some(account) = &order.service_account {
        spec["serviceAccountName"] = json!(account);
    }
    if order.security != Security::Unset {
        container["securityContext"] = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
        spec["securityContext"] = json!({"seccompProfile": {"type": "RuntimeDefault"}});
        if order.security == Security::Restricted {
            spec["securityContext"]["runAsNonRoot"] = json!(true);
        }
    }
    spec["containers"] = json!([container]);
    let labels = json!({
        "app.kubernetes.io/managed-by": "crashgate", "app.kubernetes.io/name": "crashgate-run", INSTANCE: instance,
    });
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": spec,
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Pod;

    use super::{instance, pod};
    use crate::gate::spec::{PodOrder, Security};

    #[test]
    fn kubernetes_knows_every_field_and_the_standard_is_met() {
        let order = PodOrder {
            command: vec!["sh".to_owned()],
            args: vec!["-c".to_owned(), "true".to_owned()],
            env: vec![("A".to_owned(), "b".to_owned())],
            limits: [("cpu".to_owned(), "1".to_owned())].into(),
            pull_policy: Some("Always".to_owned()),
            service_account: Some("smoke".to_owned()),
            ..PodOrder::new("tool:1")
        };
        for security in Security::ALL {
            let value = pod(&PodOrder { security, ..order.clone() }, "shop", "p", "i");
            let read: Pod = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), value);
            let root = value.pointer("/spec/securityContext/runAsNonRoot").is_none();
            assert_eq!(root, security != Security::Restricted);
        }
        let plain = pod(&PodOrder::new("tool:1"), "shop", "p", "i");
        assert_eq!(plain["spec"]["automountServiceAccountToken"], false);
        assert_eq!(plain["spec"]["activeDeadlineSeconds"], 330);
        assert_eq!(plain["spec"]["restartPolicy"], "Never");
    }

    #[test]
    fn no_two_runs_are_called_the_same() {
        let (one, other) = (instance(), instance());
        assert_ne!(one, other);
        assert!(one.len() == 12 && one.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    }
}
