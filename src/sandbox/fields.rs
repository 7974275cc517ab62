//! Field selectors: `status.phase=Running,spec.nodeName!=node1`.

use serde_json::Value;

use super::status::Refusal;

/// A field selector. Empty, it takes every object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    path: String,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// Reads the text as the API takes it; `\,`, `\=` and `\\` stand for themselves.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut terms = Vec::new();
        for part in split_unescaped(text) {
            if part.is_empty() {
                continue;
            }
            let invalid = || Refusal::bad_request(format!("invalid field selector: '{part}'; can't understand it"));
            let (path, rest) = part.split_at(part.find(['=', '!']).ok_or_else(invalid)?);
            let (equal, value) = if let Some(value) = rest.strip_prefix("!=") {
                (false, value)
            } else if let Some(value) = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')) {
                (true, value)
            } else {
                return Err(invalid());
            };
            terms.push(Term { path: path.trim().to_owned(), value: unescape(value), equal });
        }
        Ok(Self { terms })
    }

    /// True where nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// True where every term holds for the object.
    pub fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|term| (field(object, &term.path) == term.value) == term.equal)
    }
}

/// The field as selectors see it: an absent one is the empty text.
fn field(object: &Value, path: &str) -> String {
    // The API server has this one field under a shorter name.
    let path = if path == "source" && object.get("involvedObject").is_some() { "source.component" } else { path };
    let found = path.split('.').try_fold(object, |value, key| value.get(key));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(truth)) => truth.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        None if matches!(path, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        _ => String::new(),
    }
}

fn split_unescaped(text: &str) -> Vec<&str> {
    let mut escaped = false;
    text.split(|c| {
        let separates = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        separates
    })
    .collect()
}

fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FieldSelector;

    #[test]
    fn every_term_must_hold_and_an_absent_field_is_empty() {
        let pod = json!({"metadata": {"name": "a"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}});
        let takes = |text: &str| FieldSelector::parse(text).unwrap().matches(&pod);
        assert!(takes(""));
        assert!(takes("metadata.name=a,status.phase==Running"));
        assert!(takes("status.phase!=Pending"));
        assert!(!takes("status.phase!=Running"));
        assert!(!takes("metadata.name=a,spec.nodeName=n2"));
        assert!(takes("status.nominatedNodeName="));
        assert!(takes("spec.unschedulable=false"));
    }

    #[test]
    fn events_are_found_by_what_they_are_about() {
        let event = json!({"involvedObject": {"name": "a,b"}, "source": {"component": "kubelet"}, "reason": "BackOff"});
        let takes = |text: &str| FieldSelector::parse(text).unwrap().matches(&event);
        assert!(takes(r"involvedObject.name=a\,b,reason=BackOff,source=kubelet"));
        assert!(!takes("involvedObject.name=a"));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(FieldSelector::parse("status.phase").is_err());
        assert!(FieldSelector::parse("a!b").is_err());
    }
}
