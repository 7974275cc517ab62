//! The form in which Slack takes messages: a text for the list of notifications, and blocks for the channel. Every word is plain: none
//! of them is a mention, a link or markup.

use serde_json::{Value, json};

use crate::report::headline;
use crate::report::model::Run;
use crate::safe;
use crate::serve::GateView;
use crate::text::{SafeText, Untrusted};

/// How long the text of a block may be; Slack takes 3,000 characters.
const LONGEST: usize = 2_500;

/// The message.
pub(super) fn message(view: &GateView, run: &Run) -> SafeText {
    let call = &view.call;
    let name = |text: &str| Untrusted::name(text).line();
    let verdict = headline::title(run.verdict());
    let workload = run.gates.first().and_then(|gate| gate.plan.workload.as_ref()).map(Untrusted::line);
    let what = workload.unwrap_or_else(|| name(&call.plan));
    let head = safe!("{}: {} in namespace {}", verdict, what, name(&call.namespace));
    let why = view.why.line();
    let mut about = safe!("plan {}", name(&call.plan));
    if let Some(revision) = &view.revision {
        about.push(&safe!(", revision {}", name(revision)));
    }
    let blocks = json!([
        {"type": "section", "text": words(&safe!("{}\n{}", head, why))},
        {"type": "context", "elements": [words(&about)]},
    ]);
    SafeText::json(&json!({"text": plain(&safe!("{}: {}", head, why)), "mrkdwn": false, "blocks": blocks}), false)
}

fn words(text: &SafeText) -> Value {
    json!({"type": "plain_text", "emoji": false, "text": plain(text)})
}

/// What Slack reads as control characters becomes what it shows for them.
fn plain(text: &SafeText) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    cut.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
