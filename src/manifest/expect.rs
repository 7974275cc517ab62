//! `expect`: which cluster must be asked. A gate that looked at the wrong one would prove nothing about this one.

use http::Uri;

use super::diagnostics::{Message, quoted};
use super::draft::put;
use super::keys::{FlagTakes, Form, Group, KeyDefinition};
use super::value_type;

/// The keys of `expect`.
pub(super) static EXPECT: Group = Group {
    name: "Expect",
    description: "What the cluster must be known by.",
    keys: &[
        KeyDefinition {
            name: "server",
            description: "The URL of its API server, as the kubeconfig names it.",
            example: "https://prod.example.com:6443",
            form: Form::Scalar(&value_type::SERVER, |draft, name, text| {
                put(&mut draft.expect.server, server(name, text.trim()).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "clusterUid",
            description: "The UID of its namespace kube-system, which lives and dies with the cluster.",
            example: "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            form: Form::Scalar(&value_type::UID, |draft, name, text| {
                put(&mut draft.expect.cluster_uid, cluster_uid(name, text.trim()).map(Some))
            }),
            ..KeyDefinition::NEW
        },
    ],
    noun: "key",
    flag: FlagTakes::Entries,
};

fn server(name: &str, text: &str) -> Result<String, Message> {
    let is_url = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if is_url {
        return Ok(text.to_owned());
    }
    Err(Message::new(
        format!("{} in `{name}` is not the URL of an API server", quoted(text)),
        "write it as the kubeconfig has it, as in `https://prod.example.com:6443`",
    ))
}

/// UIDs of Kubernetes are UUIDs.
fn cluster_uid(name: &str, text: &str) -> Result<String, Message> {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    let is_uid = groups.iter().map(|group| group.len()).eq(GROUPS)
        && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()));
    if is_uid {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Message::new(
        format!("{} in `{name}` is not a UID", quoted(text)),
        "write what `kubectl get namespace kube-system -o jsonpath={.metadata.uid}` prints",
    ))
}

#[cfg(test)]
mod tests {
    use super::{cluster_uid, server};

    #[test]
    fn only_urls_and_uids_are_marks() {
        for good in [
            "https://prod.example.com:6443",
            "https://10.0.0.1",
            "http://127.0.0.1:8001/k8s/clusters/c-1",
            "https://[::1]:6443",
        ] {
            assert!(server("expect", good).is_ok(), "{good}");
        }
        for bad in ["", "prod.example.com", "prod.example.com:6443", "ftp://prod", "https://", "/path"] {
            assert!(server("expect", bad).is_err(), "{bad}");
        }
        assert!(cluster_uid("expect", "3F2504E0-4f89-11d3-9a0c-0305e82c3301").is_ok());
        for bad in [
            "",
            "prod",
            "3f2504e0-4f89-11d3-9a0c-0305e82c330",
            "3f2504e0-4f89-11d3-9a0c-0305e82c330g",
            "3f2504e04f8911d39a0c0305e82c3301",
        ] {
            assert!(cluster_uid("expect", bad).is_err(), "{bad}");
        }
    }
}
