//! From the text of one value to what it means, with the same sentences for keys and flags.
//!
//! Every function takes the `name` of the key or flag that holds the value, as the sentence shall call it.

use crate::gate::model::{Selector, SelectorError, WorkloadKind, is_dns_name, is_label_key};
use crate::gate::spec::{MinReady, Pin, Until};

use super::diagnostics::{Message, quoted};
use super::keys::nearest;

/// What the API server asks of a label's value, in words.
pub(super) const LABEL_VALUE_RULE: &str =
    "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";

/// A text on one line that is not empty: an app, a version.
pub(super) fn line(name: &str, text: &str) -> Result<String, Message> {
    const LONGEST: usize = 253;
    let text = not_empty(name, text)?;
    if text.chars().any(char::is_control) {
        return Err(Message::new(
            format!("`{name}` is more than one line, or holds a control character"),
            "write it on one line",
        ));
    }
    if text.chars().count() > LONGEST {
        return Err(Message::new(format!("`{name}` is longer than {LONGEST} characters"), "write a shorter one"));
    }
    Ok(text.to_owned())
}

fn not_empty<'t>(name: &str, text: &'t str) -> Result<&'t str, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Message::new(format!("`{name}` is empty"), "give it a value, and check the variables in it"));
    }
    Ok(text)
}

/// A namespace: a DNS label.
pub(super) fn namespace(name: &str, text: &str) -> Result<String, Message> {
    dns_label(name, text, "namespace")
}

/// A container's name: a DNS label.
pub(super) fn container(name: &str, text: &str) -> Result<String, Message> {
    dns_label(name, text, "container")
}

fn dns_label(name: &str, text: &str, what: &str) -> Result<String, Message> {
    let text = not_empty(name, text)?;
    if is_dns_name(text) && !text.contains('.') && text.len() <= 63 {
        return Ok(text.to_owned());
    }
    Err(Message::new(
        format!("{} in `{name}` cannot be the name of a {what}", quoted(text)),
        "write at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
    ))
}

/// A whole number.
pub(super) fn count(name: &str, text: &str) -> Result<u32, Message> {
    let text = text.trim();
    let is_plain = text == "0" || (!text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit()));
    match text.parse() {
        Ok(number) if is_plain => Ok(number),
        _ if is_plain && !text.is_empty() => {
            Err(Message::new(format!("`{name}` is {}, which is too large", quoted(text)), "write a smaller number"))
        }
        _ => Err(Message::new(
            format!("`{name}` is {}, which is not a whole number", quoted(text)),
            "write digits only, as in `3`",
        )),
    }
}

/// `replicas`: a number of pods, at least 1.
pub(super) fn replicas(name: &str, text: &str) -> Result<u32, Message> {
    match count(name, text)? {
        0 => Err(Message::new(
            format!("`{name}` is 0, and a gate over no pods proves nothing"),
            "write 1 or more, or leave it out to follow what the workload asks for",
        )),
        number => Ok(number),
    }
}

/// `minReady`: `95%` or a count, never nothing.
pub(super) fn min_ready(name: &str, text: &str) -> Result<MinReady, Message> {
    let text = text.trim();
    let remedy = "write a share from `1%` to `100%`, or a number of pods from 1";
    let Some(percent) = text.strip_suffix('%') else {
        return match count(name, text) {
            Ok(0) => Err(Message::new(format!("`{name}` is 0, and a gate over no pods proves nothing"), remedy)),
            Ok(pods) => Ok(MinReady::Count(pods)),
            Err(_) => Err(Message::new(
                format!("`{name}` is {}, which is neither a share nor a number of pods", quoted(text)),
                remedy,
            )),
        };
    };
    match count(name, percent).ok().and_then(|percent| u8::try_from(percent).ok()) {
        Some(percent @ 1..=100) => Ok(MinReady::Percent(percent)),
        Some(0) => Err(Message::new(format!("`{name}` is `0%`, and a gate over no pods proves nothing"), remedy)),
        _ => Err(Message::new(format!("`{name}` is {}, which is not a share from 1% to 100%", quoted(text)), remedy)),
    }
}

/// `until`: how far a workload that is delivered in steps must have come.
pub(super) fn until(name: &str, text: &str) -> Result<Until, Message> {
    let text = not_empty(name, text)?;
    Until::ALL.into_iter().find(|until| until.name() == text).ok_or_else(|| {
        Message::new(
            format!("`{name}` is {}, which is neither `step` nor `promoted`", quoted(text)),
            "write `step` (healthy at the present step) or `promoted` (the new revision has become the stable one)",
        )
    })
}

/// `workload`: `deployment/checkout`, with the short names that kubectl knows.
pub(super) fn pin(name: &str, text: &str) -> Result<Pin, Message> {
    const EXAMPLE: &str = "write a kind and a name, as in `deployment/checkout`";
    const KINDS: &str =
        "deployment, statefulset, daemonset, replicaset, job, rollout, cloneset and canary (deploy, sts, ds, rs)";
    let text = not_empty(name, text)?;
    let Some((kind_text, object)) = text.split_once('/') else {
        return Err(Message::new(format!("`{name}` is {}, which names no kind", quoted(text)), EXAMPLE));
    };
    // kubectl prints `deployment.apps/checkout`.
    let lower = kind_text.to_lowercase();
    let (bare, group) = lower.split_once('.').map_or((lower.as_str(), None), |(kind, group)| (kind, Some(group)));
    let known = workload_kind(bare).filter(|kind| group.is_none_or(|group| is_group_of(*kind, group)));
    let Some(kind) = known else {
        return Err(Message::new(
            format!("{} in `{name}` is not a kind of workload that a gate can be pinned to", quoted(kind_text)),
            match nearest(bare, WorkloadKind::ALL.map(WorkloadKind::lower)) {
                Some(near) => format!("did you mean `{near}/{object}`? The kinds are {KINDS}"),
                None => format!("the kinds are {KINDS}"),
            },
        ));
    };
    if !is_dns_name(object) {
        return Err(Message::new(format!("{} in `{name}` cannot be the name of a {kind}", quoted(object)), EXAMPLE));
    }
    Ok(Pin { kind, name: object.to_owned() })
}

/// True for the group of a kind, with or without a version before it as in `v1.apps`. Others have kinds of the same names.
fn is_group_of(kind: WorkloadKind, group: &str) -> bool {
    let version = |text: &str| text.starts_with('v') && text[1..].starts_with(|c: char| c.is_ascii_digit());
    group == kind.group() || group.split_once('.').is_some_and(|(front, rest)| version(front) && rest == kind.group())
}

fn workload_kind(lower: &str) -> Option<WorkloadKind> {
    match lower {
        "deploy" => Some(WorkloadKind::Deployment),
        "rs" => Some(WorkloadKind::ReplicaSet),
        "sts" => Some(WorkloadKind::StatefulSet),
        "ds" => Some(WorkloadKind::DaemonSet),
        _ => WorkloadKind::ALL.into_iter().find(|kind| lower == kind.lower() || lower == kind.plural()),
    }
}

/// `selector`, as the API spells it.
pub(super) fn selector(name: &str, text: &str) -> Result<Selector, Message> {
    text.parse().map_err(|error| match error {
        SelectorError::Empty => Message::new(
            format!("`{name}` is empty, and would match every pod of the namespace"),
            "name at least one label, as in `app=checkout`",
        ),
        SelectorError::Comma => Message::new(
            format!("a comma in `{name}` has nothing before or after it"),
            "remove the comma, or write the label that is missing",
        ),
        SelectorError::Requirement { part } => Message::new(
            format!("{} in `{name}` cannot be read as a label requirement", quoted(&part)),
            "write `key=value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key` or `!key`, with commas between them",
        ),
        SelectorError::Key { key } => bad_label_key(name, &key),
        SelectorError::Value { value } => Message::new(
            format!("{} in `{name}` cannot be the value of a label", quoted(&value)),
            format!("write {LABEL_VALUE_RULE}"),
        ),
    })
}

/// A label's key.
pub(super) fn label_key(name: &str, text: &str) -> Result<String, Message> {
    let text = not_empty(name, text)?;
    if is_label_key(text) { Ok(text.to_owned()) } else { Err(bad_label_key(name, text)) }
}

fn bad_label_key(name: &str, key: &str) -> Message {
    Message::new(
        format!("{} in `{name}` cannot be the key of a label", quoted(key)),
        "write it as the pods have it, as in `app` or `app.kubernetes.io/name`",
    )
}

#[cfg(test)]
mod tests {
    use super::{container, count, line, min_ready, namespace, pin, replicas, selector, until};
    use crate::gate::spec::{MinReady, Until};

    #[test]
    fn pins_are_read_as_kubectl_spells_them() {
        for (text, read) in [
            ("deployment/checkout", "deployment/checkout"),
            ("deploy/checkout", "deployment/checkout"),
            ("Deployment/checkout", "deployment/checkout"),
            ("deployments/checkout", "deployment/checkout"),
            ("deployment.apps/checkout", "deployment/checkout"),
            ("sts/db", "statefulset/db"),
            ("ds/agent", "daemonset/agent"),
            ("rs/checkout-7d", "replicaset/checkout-7d"),
            ("job/migrate", "job/migrate"),
            ("jobs.batch/migrate", "job/migrate"),
            ("deployment.v1.apps/checkout", "deployment/checkout"),
            ("rollout/checkout", "rollout/checkout"),
            ("rollouts.argoproj.io/checkout", "rollout/checkout"),
            ("rollouts.v1alpha1.argoproj.io/checkout", "rollout/checkout"),
            ("CloneSets/cart", "cloneset/cart"),
            ("cloneset.apps.kruise.io/cart", "cloneset/cart"),
            ("canaries/web", "canary/web"),
            ("canary.flagger.app/web", "canary/web"),
        ] {
            assert_eq!(pin("workload", text).unwrap().to_string(), read);
        }
    }

    #[test]
    fn bad_pins_are_refused() {
        for (text, sentence) in [
            ("checkout", "names no kind"),
            ("pod/checkout", "not a kind of workload"),
            ("deploymnt/checkout", "not a kind of workload"),
            // These are other kinds of the same name.
            ("statefulset.apps.kruise.io/db", "not a kind of workload"),
            ("rollouts.rollouts.kruise.io/web", "not a kind of workload"),
            ("deployment.argoproj.io/web", "not a kind of workload"),
            ("job.v1.apps/x", "not a kind of workload"),
            ("deployment/", "cannot be the name"),
            ("deployment/Check_out", "cannot be the name"),
            ("deployment/a/b", "cannot be the name"),
            ("", "is empty"),
        ] {
            let message = pin("workload", text).unwrap_err();
            assert!(message.sentence.contains(sentence), "{text}: {}", message.sentence);
        }
        assert!(pin("workload", "deploymnt/x").unwrap_err().remedy.contains("did you mean `deployment/x`?"));
    }

    #[test]
    fn numbers_are_whole() {
        assert_eq!(count("maxRestarts", "0"), Ok(0));
        assert_eq!(count("maxRestarts", "12"), Ok(12));
        for text in ["", "-1", "+1", "1.0", "1e3", "0x10", "007", "three", "٣"] {
            assert!(count("maxRestarts", text).unwrap_err().sentence.contains("not a whole number"), "{text}");
        }
        assert!(count("maxRestarts", "4294967296").unwrap_err().sentence.contains("too large"));
        assert!(replicas("replicas", "0").unwrap_err().sentence.contains("proves nothing"));
    }

    #[test]
    fn min_ready_is_a_share_or_a_count() {
        assert_eq!(min_ready("minReady", "95%"), Ok(MinReady::Percent(95)));
        assert_eq!(min_ready("minReady", "100%"), Ok(MinReady::Percent(100)));
        assert_eq!(min_ready("minReady", "3"), Ok(MinReady::Count(3)));
        for text in ["0", "0%", "101%", "300%", "-5%", "1.5%", "%", "", "most", "0.95"] {
            assert!(min_ready("minReady", text).is_err(), "{text}");
        }
    }

    #[test]
    fn until_is_a_step_or_promoted_and_nothing_near_them() {
        assert_eq!(until("until", "step"), Ok(Until::Step));
        assert_eq!(until("until", " promoted "), Ok(Until::Promoted));
        for text in ["", "Promoted", "promote", "healthy", "step,promoted", "100%"] {
            assert!(until("until", text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_follow_the_api_servers_rules() {
        assert_eq!(namespace("namespace", "shop"), Ok("shop".to_owned()));
        for text in ["", "Shop", "shop_1", "-shop", "shop.eu", "a b", &"x".repeat(64)] {
            assert!(namespace("namespace", text).is_err(), "{text}");
        }
        assert!(container("ignoreContainers", "Istio").is_err());
        assert!(line("app", " \n ").is_err());
        assert!(line("app", "a\nb").is_err());
        assert!(line("app", &"x".repeat(254)).is_err());
        assert!(selector("selector", "app in").unwrap_err().remedy.contains("key in (a,b)"));
    }
}
