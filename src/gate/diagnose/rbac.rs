//! The RBAC rule that lets a gate read what it needs.

use crate::gate::model::Source;

/// The rule to add to a Role for these sources, as one line of YAML.
#[must_use]
pub fn rule_for(sources: &[Source]) -> String {
    let quoted = |names: Vec<&'static str>| {
        let mut seen: Vec<String> = Vec::new();
        for name in names.into_iter().map(|name| format!("\"{name}\"")) {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        seen.join(", ")
    };
    format!(
        "{{apiGroups: [{}], resources: [{}], verbs: [\"get\", \"list\", \"watch\"]}}",
        quoted(sources.iter().map(|source| source.group()).collect()),
        quoted(sources.iter().map(|source| source.resource()).collect()),
    )
}
