//! `smoke:`: the pod that must end well before the gate passes.

use crate::gate::spec::Security;

use super::diagnostics::{Message, quoted};
use super::draft::put;
use super::duration::{self, Zero};
use super::keys::{FlagTakes, Form, Group, KeyDefinition, Need};
use super::value_type as of;
use super::values;

/// The keys of `smoke`.
pub(super) static SMOKE: Group = Group {
    name: "Smoke",
    description: "The pod of the smoke run. It is created in the gate's namespace and deleted afterwards.",
    keys: &[
        KeyDefinition {
            name: "image",
            description: "Its image.",
            example: "shop/smoke:1",
            form: Form::Scalar(&of::TEXT, |draft, name, text| put(&mut draft.smoke().image, values::line(name, text))),
            need: Need::ByKey,
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "command",
            description: "Its command, in place of the image's own.",
            example: "[./smoke, --fast]",
            form: Form::List {
                value: &of::WORDS,
                add: |draft, _, text| {
                    draft.smoke().command.push(text.to_owned());
                    Ok(())
                },
                may_be_empty: true,
            },
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "args",
            description: "Its arguments, in place of the image's own.",
            example: "[--fast, --retries=3]",
            form: Form::List {
                value: &of::WORDS,
                add: |draft, _, text| {
                    draft.smoke().args.push(text.to_owned());
                    Ok(())
                },
                may_be_empty: true,
            },
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "timeout",
            description: "How long it may take from its creation to its end.",
            default: Some("1m"),
            example: "1m",
            form: Form::Scalar(&of::TIME, |draft, name, text| {
                put(&mut draft.smoke().timeout, duration::parse(name, text, Zero::Refused))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "serviceAccount",
            description: "The service account whose token it gets; it gets none where none is named.",
            example: "smoke-tester",
            form: Form::Scalar(&of::TEXT, |draft, name, text| {
                put(&mut draft.smoke().service_account, values::line(name, text).map(Some))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "security",
            description: "What it may do: `restricted` as the Pod Security Standard says (no root), `root` the same but \
                          for root, `unset` whatever the image and the cluster want.",
            default: Some("restricted"),
            example: "root",
            form: Form::Scalar(&of::SECURITY, |draft, name, text| {
                put(&mut draft.smoke().security, security(name, text))
            }),
            ..KeyDefinition::NEW
        },
    ],
    noun: "key",
    flag: FlagTakes::EntriesOr(&[("none", |draft| draft.without_smoke = true)]),
};

fn security(name: &str, text: &str) -> Result<Security, Message> {
    Security::ALL.into_iter().find(|security| security.name() == text.trim()).ok_or_else(|| {
        let names = Security::ALL.map(Security::name).join(", ");
        Message::new(format!("`{name}` is {}", quoted(text)), format!("write one of {names}"))
    })
}
