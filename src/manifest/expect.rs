//! `expect`: which cluster must be asked. A gate that looked at the wrong one would prove nothing about this one.

use http::Uri;

use super::diagnostics::{Fault, quoted};

/// What a cluster is known by. Nothing is expected of what is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The URL of its API server, as a kubeconfig names it.
    pub server: Option<String>,
    /// The UID of its namespace `kube-system`, which lives and dies with the cluster.
    pub cluster_uid: Option<String>,
}

/// One of the marks that a cluster is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Server,
    ClusterUid,
}

impl Mark {
    pub(super) const ALL: [Self; 2] = [Self::Server, Self::ClusterUid];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::ClusterUid => "clusterUid",
        }
    }

    pub(super) fn from_name(name: &str, text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        Self::ALL.into_iter().find(|mark| mark.name() == text).ok_or_else(|| {
            Fault::new(format!("{} is not a key of `{name}`", quoted(text)), "the two are `server` and `clusterUid`")
        })
    }
}

impl Expected {
    pub(super) fn set(&mut self, mark: Mark, name: &str, text: &str) -> Result<(), Fault> {
        let text = text.trim();
        match mark {
            Mark::Server => self.server = Some(server(name, text)?),
            Mark::ClusterUid => self.cluster_uid = Some(cluster_uid(name, text)?),
        }
        Ok(())
    }

    /// These, with what flags say in their place.
    pub(super) fn under(self, flags: Self) -> Self {
        Self { server: flags.server.or(self.server), cluster_uid: flags.cluster_uid.or(self.cluster_uid) }
    }
}

fn server(name: &str, text: &str) -> Result<String, Fault> {
    let is_url = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if is_url {
        return Ok(text.to_owned());
    }
    Err(Fault::new(
        format!("{} in `{name}` is not the URL of an API server", quoted(text)),
        "write it as the kubeconfig has it, as in `https://prod.example.com:6443`",
    ))
}

/// UIDs of Kubernetes are UUIDs.
fn cluster_uid(name: &str, text: &str) -> Result<String, Fault> {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    let is_uid = groups.iter().map(|group| group.len()).eq(GROUPS)
        && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()));
    if is_uid {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Fault::new(
        format!("{} in `{name}` is not a UID", quoted(text)),
        "write what `kubectl get namespace kube-system -o jsonpath={.metadata.uid}` prints",
    ))
}

#[cfg(test)]
mod tests {
    use super::{Expected, Mark};

    #[test]
    fn only_urls_and_uids_are_marks() {
        let set = |mark, text| Expected::default().set(mark, "expect", text).is_ok();
        for good in [
            "https://prod.example.com:6443",
            "https://10.0.0.1",
            "http://127.0.0.1:8001/k8s/clusters/c-1",
            "https://[::1]:6443",
        ] {
            assert!(set(Mark::Server, good), "{good}");
        }
        for bad in ["", "prod.example.com", "prod.example.com:6443", "ftp://prod", "https://", "/path"] {
            assert!(!set(Mark::Server, bad), "{bad}");
        }
        assert!(set(Mark::ClusterUid, "3F2504E0-4f89-11d3-9a0c-0305e82c3301"));
        for bad in [
            "",
            "prod",
            "3f2504e0-4f89-11d3-9a0c-0305e82c330",
            "3f2504e0-4f89-11d3-9a0c-0305e82c330g",
            "3f2504e04f8911d39a0c0305e82c3301",
        ] {
            assert!(!set(Mark::ClusterUid, bad), "{bad}");
        }
    }
}
