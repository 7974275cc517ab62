//! From a draft to a plan: what must have been said, and what follows from what was.

use crate::gate::model::{Selector, is_label_value};
use crate::gate::spec::{Pin, Plan, Until};

use super::definitions::Key;
use super::diagnostics::{Message, Place, Problems, Reported, quoted};
use super::draft::Draft;
use super::expected::Expected;
use super::keys::Need;
use super::metrics;
use super::values::LABEL_VALUE_RULE;

impl Draft {
    /// Returns the plan. `start` is where the document begins, if there is one.
    ///
    /// # Errors
    /// The proof that something was reported: before, or now every required key that was not said, and names that no
    /// label can carry where labels find the pods.
    pub(super) fn finish(
        mut self,
        start: Option<Place>,
        problems: &mut Problems,
    ) -> Result<(Plan, Expected), Reported> {
        for key in Key::ALL.into_iter().filter(|key| key.definition().need != Need::Optional) {
            if !self.has(key.name()) {
                let reported = problems.report(start, missing(key, start.is_some()));
                self.mention(key.name(), Err(reported));
            }
        }
        // Only the default selector makes labels of the two.
        if !self.has(Key::Selector.name()) && !self.has(Key::Workload.name()) {
            for (key, value) in [(Key::App, self.plan.app.clone()), (Key::Version, self.plan.version.clone())] {
                if let Some(Ok(place)) = self.mentions.get(key.name())
                    && !is_label_value(&value)
                {
                    let reported = problems.report(*place, no_label(key, &value));
                    self.mention(key.name(), Err(reported));
                }
            }
        }
        if self.without_smoke {
            self.plan.smoke = None;
        } else if let Some(Ok(place)) = self.mentions.get(Key::Smoke.name())
            && !self.has("smoke.image")
        {
            let message = Message::new("`smoke` names no image", "add one, as in `smoke: {image: shop/smoke:1}`");
            let reported = problems.report(*place, message);
            self.mention("smoke.image", Err(reported));
        }
        self.plan.metrics = metrics::finish::finish(&mut self, problems);
        if let Some(Ok(place)) = self.mentions.get(Key::Until.name())
            && let Some(pin) = self.plan.workload.as_ref().filter(|pin| !pin.kind.can_be_promoted())
            && self.plan.until == Until::Promoted
        {
            let reported = problems.report(*place, never_promoted(pin));
            self.mention(Key::Until.name(), Err(reported));
        }
        if let Some(reported) = self.mentions.values().find_map(|mention| mention.err()) {
            return Err(reported);
        }
        let mut plan = self.plan;
        if let Some(order) = &mut plan.smoke {
            order.grace.extend(&plan.grace);
        }
        if !self.mentions.contains_key(Key::Selector.name()) {
            plan.selector =
                Selector::equals([(self.app_label.as_str(), &*plan.app), (&plan.version_label, &plan.version)]);
        }
        Ok((plan, self.expect))
    }
}

fn missing(key: Key, is_in_file: bool) -> Message {
    let flag = key.flag().map(|flag| format!("give `{flag} {}`", key.definition().example));
    let remedy = match (is_in_file, flag) {
        (true, Some(flag)) => format!("add `{}`, or {flag}", key.example()),
        (false, Some(flag)) => flag,
        (_, None) => format!("add `{}`", key.example()),
    };
    Message::new(format!("the gate has no `{}`", key.name()), remedy)
}

fn never_promoted(pin: &Pin) -> Message {
    Message::new(
        format!("`until` is `promoted`, and {pin} is of a kind that is never promoted"),
        format!(
            "leave out `until`: a gate of a {} passes once the whole rollout is healthy. Only a workload that is \
             delivered in steps is promoted",
            pin.kind.kind()
        ),
    )
}

fn no_label(key: Key, value: &str) -> Message {
    let other = match key {
        Key::Version => {
            "or pin the gate to a workload, as in `workload: deployment/checkout`, to find its pods by image"
        }
        _ => "or name the pods' labels with `selector`",
    };
    Message::new(
        format!("`{}` is {}, which is not a valid label value", key.name(), quoted(value)),
        format!("write it as the pods' label has it ({LABEL_VALUE_RULE}), {other}"),
    )
}
