//! The RBAC rule that lets a gate read a source.

use super::observation::Source;

/// The rule to add to a Role, as one line of YAML.
#[must_use]
pub fn rule_for(source: Source) -> String {
    format!(
        "{{apiGroups: [\"{}\"], resources: [\"{}\"], verbs: [\"get\", \"list\", \"watch\"]}}",
        source.group(),
        source.resource()
    )
}
