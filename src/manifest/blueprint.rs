//! A gate file as a plan of the service: how workloads are judged that each call names anew.

use crate::gate::model::Workload;
use crate::gate::spec::{Pin, Plan, Revision, StableArm, Until};

use super::concealed::concealed;
use super::definitions::Key;
use super::diagnostics::{Diagnostic, Diagnostics, Message, Problem, Problems, quoted};
use super::draft::Draft;
use super::expand::Env;
use super::expected::Expected;
use super::load::{empty_document, in_text, start_of};
use super::node::{Node, Value};
use super::overrides::Overrides;
use super::present::{self, UNKNOWN, take_from};
use super::source::Text;
use super::{gate, objects, tree};

/// A gate file as a plan of the service. It is written as any gate, but that `version`, `namespace`, `app` and `workload` may be
/// absent: calls name the namespace and the workload, and what runs there has the version. What the file names of them
/// limits its calls. Two are equal where they judge alike, however their files are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blueprint {
    /// The plan, with something in the place of all that only a call or the cluster can tell.
    plan: Plan,
    expect: Expected,
    said: Said,
}

/// What the file says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one key of the file")]
struct Said {
    app: bool,
    version: bool,
    namespace: bool,
    selector: bool,
    app_label: Option<String>,
    version_label: Option<String>,
}

impl Blueprint {
    /// Reads the one gate of a text. `env` reads an environment variable, `None` where it is not set.
    ///
    /// # Errors
    /// Every problem of the text, in the order of its lines.
    pub fn read(text: &Text, env: Env<'_>) -> Result<Self, Diagnostics> {
        let tree::Parsed { documents, mut problems } = tree::parse(&text.content);
        let mut found = None;
        let mut empty = Vec::new();
        for document in &documents {
            if matches!(document.value, Value::Null(_)) {
                empty.push(document.place);
            } else if let Some(problem) = no_gate_but_an_object(document) {
                problems.add(problem);
            } else if found.is_some() {
                problems.report(start_of(document), several());
            } else {
                let draft = gate::read(document, &Overrides::default(), env, &mut problems);
                found = Some(Self::finish(draft, document, &mut problems));
            }
        }
        if found.is_none() && problems.all().is_empty() {
            problems.report(None, nothing());
        } else if found.is_some() {
            for place in empty {
                problems.report(in_text(place, &text.content), empty_document());
            }
        }
        let shown = concealed(&text.content, &documents);
        let diagnostics: Vec<_> =
            problems.sorted().iter().map(|problem| Diagnostic::in_text(&text.name, &shown, problem)).collect();
        match (found.flatten(), diagnostics) {
            (Some(read), diagnostics) if diagnostics.is_empty() => Ok(read),
            (_, mut diagnostics) => {
                // Nothing is refused without a word.
                if diagnostics.is_empty() {
                    diagnostics.push(Diagnostic::of_file(&text.name, &nothing()));
                }
                Err(Diagnostics::of(diagnostics))
            }
        }
    }

    /// `None` where something was reported, now or before.
    fn finish(mut draft: Draft, document: &Node, problems: &mut Problems) -> Option<Self> {
        let says = |key: Key| draft.has(key.name());
        let said = Said {
            app: says(Key::App),
            version: says(Key::Version),
            namespace: says(Key::Namespace),
            selector: says(Key::Selector),
            app_label: draft.has("labels.app").then(|| draft.app_label.clone()),
            version_label: draft.has("labels.version").then(|| draft.plan.version_label.clone()),
        };
        draft.fill(Key::Namespace, "default");
        draft.fill(Key::App, UNKNOWN);
        draft.fill(Key::Version, UNKNOWN);
        if !draft.has(Key::Workload.name()) {
            // The call names it: no pod is looked for by the labels of app and version.
            draft.mention(Key::Workload.name(), Ok(None));
        }
        let (plan, expect) = draft.finish(Some(start_of(document)), problems).ok()?;
        Some(Self { plan, expect, said })
    }

    /// The namespace that the file names: no other may be asked for.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.said.namespace.then_some(&*self.plan.namespace)
    }

    /// The workload that the file names: no other may be asked for.
    #[must_use]
    pub const fn workload(&self) -> Option<&Pin> {
        self.plan.workload.as_ref()
    }

    /// True where the file names the version: it is waited for, whatever runs at the first call.
    #[must_use]
    pub const fn names_version(&self) -> bool {
        self.said.version
    }

    /// The cluster that must be asked.
    #[must_use]
    pub const fn expect(&self) -> &Expected {
        &self.expect
    }

    /// Returns the workload that a call is about, which names this namespace and, unless it leaves that to the file, this
    /// workload.
    ///
    /// # Errors
    /// Why the file does not allow such a call: one sentence for the caller.
    pub fn admit(&self, namespace: &str, workload: Option<&Pin>) -> Result<Pin, String> {
        if let Some(own) = self.namespace().filter(|own| *own != namespace) {
            return Err(format!("the plan is for namespace {own}, and the call names namespace {}", quoted(namespace)));
        }
        let pin = match (self.workload(), workload) {
            (Some(own), Some(asked)) if own != asked => {
                return Err(format!("the plan is for {own}, and the call names {}", quoted(&asked.to_string())));
            }
            (Some(pin), _) | (None, Some(pin)) => pin.clone(),
            (None, None) => {
                return Err("neither the plan nor the call names a workload; write one into the call, as in deployment/checkout, \
                            or into the plan"
                    .to_owned());
            }
        };
        if self.plan.until == Until::Promoted && !pin.kind.can_be_promoted() {
            return Err(format!("the plan waits `until: promoted`, and {pin} is of a kind that is never promoted"));
        }
        let stable = self.plan.metrics.as_ref().map(|metrics| &metrics.stable);
        if matches!(stable, Some(StableArm::Workload(kind, name)) if *kind == pin.kind && *name == pin.name) {
            return Err(format!(
                "the plan compares with {pin}, which the call names: it would be compared with itself"
            ));
        }
        Ok(pin)
    }

    /// The plan as far as it is known before the workload is seen. Its gate can end for other reasons.
    #[must_use]
    pub fn unseen(&self, namespace: &str, workload: &Pin) -> Plan {
        let mut plan = Plan { namespace: namespace.to_owned(), workload: Some(workload.clone()), ..self.plan.clone() };
        if !self.said.app {
            plan.app.clone_from(&workload.name);
        }
        plan
    }

    /// The plan of a workload that was seen, with its pod template: app and version are taken from it where the file does not
    /// name them. Where it names no version, the plan is about this very revision, and about no later one.
    #[must_use]
    pub fn present(&self, namespace: &str, workload: &Workload) -> Plan {
        let mut plan = self.unseen(namespace, &Pin { kind: workload.kind, name: workload.name.clone() });
        let Said { app, version, selector, .. } = self.said;
        let said = present::Said {
            app,
            version,
            selector,
            app_label: self.said.app_label.as_deref(),
            version_label: self.said.version_label.as_deref(),
        };
        take_from(workload, &mut plan, &said);
        if !version {
            let fingerprint = workload.template.fingerprint;
            plan.revision = Some(Revision { uid: workload.uid.clone(), fingerprint });
        }
        plan
    }
}

/// What is wrong with a document that is a Kubernetes object, or half of one.
fn no_gate_but_an_object(document: &Node) -> Option<Problem> {
    let refused = objects::objects(document).into_iter().find_map(|object| match object {
        objects::Object::Refused(problem) => Some(problem),
        _ => None,
    });
    let (Some(_), Some(kind)) = (document.get("apiVersion"), document.get("kind")) else { return refused };
    let message = Message::new(
        format!("this is a Kubernetes object ({}), and a plan is a gate", quoted(kind.text().unwrap_or("?"))),
        "write how it is judged, as in `workload: deployment/checkout` and `stableFor: 60s`; the version comes from what runs",
    );
    Some(Problem::at(start_of(document), message))
}

fn several() -> Message {
    Message::new(
        "this is a second gate, and a plan is one",
        "give it a file of its own: a plan is called by the name of its file",
    )
}

fn nothing() -> Message {
    Message::new(
        "the file holds no gate",
        "write at least one key of a gate, as in `stableFor: 60s`; calls name the namespace and the workload",
    )
}
