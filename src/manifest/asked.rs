//! What somebody asks for over the network, in the words and by the rules of a manifest. The sentences quote what was
//! asked, whatever it holds.

use std::time::Duration;

use super::diagnostics::{Message, quoted};
use super::duration::{self, Zero};
use super::{keys, values};
use crate::gate::model::WorkloadKind;
use crate::gate::spec::Pin;

/// Reads a workload, as `workload:` takes it: `deployment/checkout`, `sts/db`.
///
/// # Errors
/// What is wrong with it and what to write instead.
pub fn workload(name: &str, text: &str) -> Result<Pin, String> {
    values::pin(name, text).map_err(|message| sentence(&message))
}

/// The pattern of the workloads that [`workload`] reads, in their usual spellings.
#[must_use]
pub fn workload_pattern() -> String {
    let short = ["deploy", "rs", "sts", "ds"];
    let kinds = WorkloadKind::ALL.into_iter().flat_map(|kind| [kind.lower(), kind.plural()]).chain(short);
    let kinds = kinds.collect::<Vec<_>>().join("|");
    let label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?";
    format!(r"^({kinds})/{label}(\.{label})*$")
}

/// Reads the name of a namespace.
///
/// # Errors
/// What is wrong with it and what to write instead.
pub fn namespace(name: &str, text: &str) -> Result<String, String> {
    values::namespace(name, text).map_err(|message| sentence(&message))
}

/// Reads a duration of at most 24 h; it may be zero.
///
/// # Errors
/// What is wrong with it and what to write instead.
pub fn duration(name: &str, text: &str) -> Result<Duration, String> {
    duration::parse(name, text, Zero::Allowed).map_err(|message| sentence(&message))
}

/// Says that a word is unknown, and which one may be meant.
#[must_use]
pub fn unknown(what: &'static str, word: &str, known: &[&'static str]) -> String {
    let remedy = match keys::nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.join(", ")),
    };
    format!("unknown {what} {}; {remedy}", quoted(word))
}

fn sentence(message: &Message) -> String {
    format!("{}; {}", message.sentence, message.remedy)
}

#[cfg(test)]
mod tests {
    use super::{duration, namespace, unknown, workload, workload_pattern};

    #[test]
    fn the_pattern_of_workloads_has_every_kind_and_nothing_that_is_not_read() {
        let pattern = workload_pattern();
        let regex = regex::Regex::new(&pattern).unwrap();
        let kinds = pattern.trim_start_matches("^(").split_once(')').unwrap().0;
        assert!(kinds.split('|').count() > 15, "{kinds}");
        for kind in kinds.split('|') {
            for name in ["web", "a.b-c", "-a", "a-", "a..b", "A", "", "a/b", "0"] {
                let text = format!("{kind}/{name}");
                assert_eq!(regex.is_match(&text), workload("workload", &text).is_ok(), "{text}");
            }
        }
        assert!(!regex.is_match("pod/web") && !regex.is_match("web"));
    }

    #[test]
    fn what_is_wrong_comes_with_what_to_write() {
        assert_eq!(workload("workload", "deploy/web").unwrap().to_string(), "deployment/web");
        assert!(workload("workload", "web").unwrap_err().contains("names no kind; write a kind and a name"));
        assert!(namespace("namespace", "Shop").unwrap_err().contains("`Shop`"));
        assert_eq!(duration("wait", "8s"), Ok(std::time::Duration::from_secs(8)));
        assert_eq!(duration("wait", "8").unwrap_err(), "`wait` is `8`, which names no unit; write `8s`");
        assert_eq!(unknown("field", "plam", &["plan", "run"]), "unknown field `plam`; did you mean `plan`?");
        assert_eq!(unknown("field", "q", &["plan", "run"]), "unknown field `q`; known: plan, run");
    }
}
