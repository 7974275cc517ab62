//! `stable`: the pods that a canary is compared with.

use crate::gate::model::is_label_value;
use crate::gate::spec::{Pin, StableArm};

use crate::manifest::diagnostics::{Message, quoted};
use crate::manifest::keys::{FlagTakes, Form, Group, KeyDefinition};
use crate::manifest::value_type as of;
use crate::manifest::values::{self, LABEL_VALUE_RULE};

/// The keys of `stable` where it is a map.
pub(in crate::manifest) static STABLE: Group = Group {
    name: "StablePods",
    description: "The stable pods by their version, or by their labels.",
    keys: &[
        KeyDefinition {
            name: "version",
            description: "The pods of the app at this version.",
            example: "v2.3.0",
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                draft.metrics.stable = Some(StableArm::Version(version(name, text)?));
                Ok(())
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "selector",
            description: "The pods with these labels, spelled as kubectl's -l.",
            example: "'app=checkout,track=stable'",
            form: Form::Scalar(&of::SELECTOR, |draft, name, text| {
                draft.metrics.stable = Some(StableArm::Selector(values::selector(name, text)?));
                Ok(())
            }),
            ..KeyDefinition::NEW
        },
    ],
    noun: "key",
    flag: FlagTakes::Entries,
};

/// The stable pods where they are said in one word: `previous`, or a workload.
pub(in crate::manifest) fn arm(name: &str, text: &str) -> Result<StableArm, Message> {
    let text = text.trim();
    if text == "previous" {
        return Ok(StableArm::Previous);
    }
    if !text.contains('/') {
        return Err(Message::new(
            format!("`{name}` is {}, which names no pods", quoted(text)),
            "write `previous` (the older pods of the same workload), a workload as in `deployment/checkout-stable`, \
             `{version: v2.3.0}` or `{selector: 'app=checkout,track=stable'}`",
        ));
    }
    let Pin { kind, name } = values::pin(name, text)?;
    Ok(StableArm::Workload(kind, name))
}

fn version(name: &str, text: &str) -> Result<String, Message> {
    let text = values::line(name, text)?;
    if is_label_value(&text) {
        return Ok(text);
    }
    Err(Message::new(
        format!("`{name}` is {}, which is not a valid label value", quoted(&text)),
        format!("write it as the pods' label has it ({LABEL_VALUE_RULE}), or use `selector`"),
    ))
}
