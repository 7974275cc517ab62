//! Reading why the API server refused to create a pod: the `FailedCreate` of a workload's controller.

use super::quota;
use crate::gate::model::message::essence;
use crate::gate::result::Code;

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

/// A refusal as people need it: who says no and why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Who says no, and why.
    pub words: String,
    /// What to do; `None` where nothing better than the catalogue's advice is known.
    pub advice: Option<String>,
}

/// Reads a refusal in this namespace.
#[must_use]
pub fn read(message: &str, namespace: &str) -> Reading {
    let said = essence(message);
    let readers = [exceeded_quota, unspecified_quota, webhook, policy, pod_security, limit_range, missing_object];
    readers
        .iter()
        .find_map(|reader| reader(said, namespace))
        .unwrap_or_else(|| Reading { words: said.to_owned(), advice: None })
}

fn exceeded_quota(said: &str, namespace: &str) -> Option<Reading> {
    let refusal = quota::refusal(said)?;
    let (name, field) = (refusal.name, refusal.first_resource().unwrap_or("pods"));
    Some(Reading {
        words: format!("quota {name} does not allow them ({})", refusal.arithmetic()),
        advice: Some(format!(
            "Raise `spec.hard.{field}` of the quota, free some of it, or lower `replicas`, requests or `maxSurge`. What uses it: `kubectl describe resourcequota {name} -n {namespace}`"
        )),
    })
}

fn unspecified_quota(said: &str, _: &str) -> Option<Reading> {
    let (name, wanted) = quota::unspecified(said)?;
    let resource = wanted.split(' ').next().unwrap_or(wanted);
    Some(Reading {
        words: format!("quota {name} requires the pod to specify {wanted}"),
        advice: Some(format!("Set `resources.{resource}` of every container, or set a default with a LimitRange.")),
    })
}

fn webhook(said: &str, _: &str) -> Option<Reading> {
    const LOOK: &str = "`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`";
    if let Some((_, rest)) = said.split_once("admission webhook \"")
        && let Some((name, rest)) = rest.split_once("\" denied the request")
    {
        let why = rest.trim_start_matches([':', ' ']);
        let why = if why.is_empty() { "it gives no reason" } else { why };
        return Some(Reading {
            words: format!("the admission webhook {name} rejects it: {why}"),
            advice: Some(format!(
                "Change the pod template as {name} requires, or have its owners change the rule. To find them: {LOOK}"
            )),
        });
    }
    let (_, rest) = said.split_once("failed calling webhook \"")?;
    let (name, why) = rest.split_once('"')?;
    let why = why.trim_start_matches([':', ' ']);
    Some(Reading {
        words: format!("the admission webhook {name} could not be called: {why}"),
        advice: Some(format!(
            "Fix the service behind the webhook {name}: until then, no pod that it must admit can be created. To find it: {LOOK}"
        )),
    })
}

/// `ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: …`
fn policy(said: &str, _: &str) -> Option<Reading> {
    let (_, rest) = said.split_once("ValidatingAdmissionPolicy '")?;
    let (name, rest) = rest.split_once('\'')?;
    let (_, why) = rest.split_once("denied request: ")?;
    Some(Reading {
        words: format!("the admission policy {name} rejects it: {why}"),
        advice: Some(format!(
            "Change the pod template as the policy requires. The policy: `kubectl get validatingadmissionpolicy {name} -o yaml`"
        )),
    })
}

/// `violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (…), runAsNonRoot != true (…)`
fn pod_security(said: &str, namespace: &str) -> Option<Reading> {
    let (_, rest) = said.split_once("violates PodSecurity \"")?;
    let (level, why) = rest.split_once('"')?;
    let level = level.split(':').next().unwrap_or(level);
    let why = why.trim_start_matches([':', ' ']);
    Some(Reading {
        words: format!("the PodSecurity level {level} of namespace {namespace} forbids it: {why}"),
        advice: Some(format!(
            "Set the fields named in `securityContext` of the pod template, or have the label `pod-security.kubernetes.io/enforce` of namespace {namespace} changed."
        )),
    })
}

/// `maximum memory usage per Container is 64Mi, but limit is 128Mi`
fn limit_range(said: &str, namespace: &str) -> Option<Reading> {
    let speaks_of_range = ["maximum ", "minimum "].iter().any(|word| said.starts_with(word)) && said.contains(" per ");
    if !speaks_of_range && !said.contains("limit to request ratio per ") {
        return None;
    }
    Some(Reading {
        words: format!("a LimitRange of namespace {namespace} forbids it: {said}"),
        advice: Some(format!(
            "Change `resources` of the pod template to fit it: `kubectl describe limitrange -n {namespace}`"
        )),
    })
}

fn missing_object(said: &str, namespace: &str) -> Option<Reading> {
    if let Some((_, rest)) = said.split_once("serviceaccount \"")
        && let Some((name, rest)) = rest.split_once('"')
        && rest.trim_start().starts_with("not found")
    {
        return Some(Reading {
            words: format!("ServiceAccount {name} does not exist in namespace {namespace}"),
            advice: Some(format!(
                "Run `kubectl create serviceaccount {name} -n {namespace}`, or correct `serviceAccountName` of the pod template."
            )),
        });
    }
    let (_, rest) = said.split_once("no PriorityClass with name ")?;
    let name = rest.split_whitespace().next()?;
    Some(Reading {
        words: format!("PriorityClass {name} does not exist"),
        advice: Some(
            "Correct `priorityClassName` of the pod template. The existing ones: `kubectl get priorityclass`"
                .to_owned(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::{cause_of, limit_range, read};
    use crate::gate::model::essence;
    use crate::gate::result::Code;

    #[test]
    fn only_the_words_of_a_limit_range_are_one() {
        for range in [
            "maximum memory usage per Container is 64Mi, but limit is 128Mi",
            "minimum cpu usage per Pod is 1, but request is 100m",
            "cpu max limit to request ratio per Container is 2, but provided ratio is 4.0",
        ] {
            assert!(limit_range(range, "shop").is_some(), "{range}");
        }
        for other in ["maximum number of pods reached", "two per node are allowed"] {
            assert!(limit_range(other, "shop").is_none(), "{other}");
        }
    }

    const QUOTA: &str = "(combined from similar events): Error creating: pods \"cart-5d-8f5sk\" is forbidden: exceeded quota: team-quota, requested: pods=1,requests.cpu=2, used: pods=3,requests.cpu=6, limited: pods=3,requests.cpu=6";

    /// A message, its code, the words that a reader needs, and a part of the advice.
    const REFUSALS: [(&str, Code, &str, &str); 9] = [
        (
            QUOTA,
            Code::QuotaExceeded,
            "quota team-quota does not allow them (pods: 3 allowed, 3 used, 1 asked; requests.cpu: 6 allowed, 6 used, 2 asked)",
            "kubectl describe resourcequota team-quota -n shop",
        ),
        (
            "pods \"x\" is forbidden: failed quota: q: must specify limits.cpu for: app",
            Code::QuotaExceeded,
            "quota q requires the pod to specify limits.cpu for: app",
            "`resources.limits.cpu`",
        ),
        (
            "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged (container \"app\" must not set securityContext.privileged=true)",
            Code::AdmissionDenied,
            "the PodSecurity level restricted of namespace shop forbids it: privileged (container \"app\" must not set securityContext.privileged=true)",
            "pod-security.kubernetes.io/enforce",
        ),
        (
            "Error creating: admission webhook \"policy.example.com\" denied the request: no latest tag",
            Code::AdmissionDenied,
            "the admission webhook policy.example.com rejects it: no latest tag",
            "as policy.example.com requires",
        ),
        (
            "Internal error occurred: failed calling webhook \"w.example\": failed to call webhook: connection refused",
            Code::AdmissionDenied,
            "the admission webhook w.example could not be called: failed to call webhook: connection refused",
            "Fix the service",
        ),
        (
            "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: tag it",
            Code::AdmissionDenied,
            "the admission policy no-latest rejects it: tag it",
            "kubectl get validatingadmissionpolicy no-latest",
        ),
        (
            "pods \"x\" is forbidden: maximum memory usage per Container is 64Mi, but limit is 128Mi",
            Code::AdmissionDenied,
            "a LimitRange of namespace shop forbids it: maximum memory usage per Container is 64Mi, but limit is 128Mi",
            "kubectl describe limitrange -n shop",
        ),
        (
            "pods \"x\" is forbidden: error looking up service account shop/x: serviceaccount \"x\" not found",
            Code::AdmissionDenied,
            "ServiceAccount x does not exist in namespace shop",
            "kubectl create serviceaccount x -n shop",
        ),
        (
            "pods \"x\" is forbidden: no PriorityClass with name urgent was found",
            Code::AdmissionDenied,
            "PriorityClass urgent does not exist",
            "kubectl get priorityclass",
        ),
    ];

    #[test]
    fn a_refusal_names_who_says_no_and_what_helps() {
        for (message, code, words, advice) in REFUSALS {
            assert_eq!(cause_of(message), code, "{message}");
            let reading = read(message, "shop");
            assert_eq!(reading.words, words);
            assert!(reading.advice.as_deref().is_some_and(|said| said.contains(advice)), "{:?}", reading.advice);
        }
        let unknown = read("pods \"x\" is forbidden: something new", "shop");
        assert_eq!((unknown.words.as_str(), unknown.advice), ("something new", None));
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
}
