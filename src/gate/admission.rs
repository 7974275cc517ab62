//! Reading why the API server refused to create a pod: the `FailedCreate` of a workload's controller.

use super::code::Code;

/// What the words of a `FailedCreate` mean. All of them are the platform's: the pod never came to be.
#[must_use]
pub fn cause_of(message: &str) -> Code {
    let text = message.to_lowercase();
    // A quota also refuses pods that do not say what it counts.
    if text.contains("exceeded quota") || text.contains("failed quota") {
        Code::QuotaExceeded
    } else {
        Code::AdmissionDenied
    }
}

/// The message without the parts that change at each try: the leading remarks of the controller and the pod's name,
/// which is made up anew each time.
#[must_use]
pub fn essence(message: &str) -> &str {
    let message = message.strip_prefix("(combined from similar events): ").unwrap_or(message);
    let message = message.strip_prefix("Error creating: ").unwrap_or(message);
    let message = message.split_once(" failed error: ").map_or(message, |(_, rest)| rest);
    match message.strip_prefix("pods \"").and_then(|rest| rest.split_once("\" is forbidden: ")) {
        Some((_, rest)) => rest,
        None => message,
    }
}

/// A quota's refusal taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaRefusal<'a> {
    /// The name of the `ResourceQuota`.
    pub name: &'a str,
    /// What one pod asks for: `pods=1`.
    pub requested: &'a str,
    /// What is used already.
    pub used: &'a str,
    /// What the quota allows.
    pub limited: &'a str,
}

/// Takes `exceeded quota: NAME, requested: …, used: …, limited: …` apart.
#[must_use]
pub fn quota_refusal(message: &str) -> Option<QuotaRefusal<'_>> {
    let (_, rest) = message.split_once("exceeded quota: ")?;
    let (name, rest) = rest.split_once(", requested: ")?;
    let (requested, rest) = rest.split_once(", used: ")?;
    let (used, limited) = rest.split_once(", limited: ")?;
    Some(QuotaRefusal { name, requested, used, limited })
}

#[cfg(test)]
mod tests {
    use super::{QuotaRefusal, cause_of, essence, quota_refusal};
    use crate::gate::code::Code;

    const QUOTA: &str = "(combined from similar events): Error creating: pods \"cart-5d-8f5sk\" is forbidden: exceeded quota: team-quota, requested: pods=1,requests.cpu=2, used: pods=3,requests.cpu=6, limited: pods=3,requests.cpu=6";

    #[test]
    fn a_quota_is_told_from_every_other_refusal() {
        let table = [
            (QUOTA, Code::QuotaExceeded),
            ("pods \"x\" is forbidden: failed quota: q: must specify limits.cpu for: app", Code::QuotaExceeded),
            ("pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged", Code::AdmissionDenied),
            ("admission webhook \"policy.example.com\" denied the request: no latest tag", Code::AdmissionDenied),
            ("Internal error occurred: failed calling webhook \"w\": connection refused", Code::AdmissionDenied),
            (
                "pods \"x\" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi",
                Code::AdmissionDenied,
            ),
            (
                "pods \"x\" is forbidden: error looking up service account shop/x: serviceaccount \"x\" not found",
                Code::AdmissionDenied,
            ),
        ];
        for (message, code) in table {
            assert_eq!(cause_of(message), code, "{message}");
        }
    }

    #[test]
    fn the_essence_is_the_same_at_each_try() {
        assert!(essence(QUOTA).starts_with("exceeded quota: team-quota"));
        assert_eq!(
            essence("create Pod db-0 in StatefulSet db failed error: pods \"db-0\" is forbidden: exceeded quota: q"),
            "exceeded quota: q"
        );
        assert_eq!(essence("admission webhook \"w\" denied the request"), "admission webhook \"w\" denied the request");
    }

    #[test]
    fn a_quotas_arithmetic_is_read() {
        let refusal = QuotaRefusal {
            name: "team-quota",
            requested: "pods=1,requests.cpu=2",
            used: "pods=3,requests.cpu=6",
            limited: "pods=3,requests.cpu=6",
        };
        assert_eq!(quota_refusal(QUOTA), Some(refusal));
        assert_eq!(quota_refusal("exceeded quota: q"), None);
    }
}
