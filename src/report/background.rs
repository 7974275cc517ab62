//! What stands behind a version that did not come up, and behind a pass, as reports know it: the words of others taken in as
//! [`Untrusted`].

use super::words;
use crate::gate::result::{self, Changed};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// Who serves and what was changed. See [`result::Background`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::Background")]
pub struct Background {
    pub serving: Vec<Serving>,
    pub changes: Vec<TemplateChanges>,
}

/// Who serves of a workload. See [`result::Serving`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::Serving")]
pub struct Serving {
    pub workload: Untrusted,
    pub older: Vec<OlderRevision>,
}

/// An older revision. See [`result::OlderRevision`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::OlderRevision")]
pub struct OlderRevision {
    pub version: Option<Untrusted>,
    pub name: Untrusted,
    pub ready: u32,
}

/// What was changed in the template of a workload. See [`result::TemplateChanges`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::TemplateChanges")]
pub struct TemplateChanges {
    pub workload: Untrusted,
    pub from: OlderRevision,
    pub changes: Vec<TemplateChange>,
}

/// One change. See [`result::TemplateChange`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::TemplateChange")]
pub struct TemplateChange {
    pub container: Option<Untrusted>,
    pub part: Untrusted,
    pub how: Changed,
    pub before: Option<Untrusted>,
    pub after: Option<Untrusted>,
}

/// What a pass rests on beside its pods. See [`result::Proved`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::Proved")]
pub struct Proved {
    pub crashes: u32,
    pub allowed: u32,
    pub smoke: Option<(Untrusted, Option<u64>)>,
    pub promoted: Vec<Untrusted>,
}

impl Background {
    /// Takes it in.
    #[must_use]
    pub fn of(background: &result::Background, redaction: Redaction) -> Self {
        Self {
            serving: background.serving.iter().map(Serving::of).collect(),
            changes: background.changes.iter().map(|changes| TemplateChanges::of(changes, redaction)).collect(),
        }
    }

    /// Who serves, in a sentence for each workload; empty where that is not known.
    #[must_use]
    pub fn serving_words(&self) -> SafeText {
        let is_alone = self.serving.len() == 1;
        SafeText::joined(self.serving.iter().map(|serving| serving.words(is_alone)), " ")
    }
}

impl Serving {
    fn of(serving: &result::Serving) -> Self {
        Self {
            workload: Untrusted::name(&serving.workload),
            older: serving.older.iter().map(OlderRevision::of).collect(),
        }
    }

    /// `v1 still serves with 3 pods.` Where it is not `alone`, the workload is named.
    fn words(&self, is_alone: bool) -> SafeText {
        let Some((first, others)) = self.older.split_first() else {
            return safe!("Nothing serves: no pod of {} is ready.", self.workload.line());
        };
        let mut words = safe!("{} still serves with {}", first.words(), pods(first));
        for other in others {
            words.push(&safe!(", {} with {}", other.words(), pods(other)));
        }
        if is_alone { safe!("{}.", words) } else { safe!("{}: {}.", self.workload.line(), words) }
    }
}

fn pods(revision: &OlderRevision) -> SafeText {
    words::count(revision.ready as usize, "pod")
}

impl OlderRevision {
    fn of(revision: &result::OlderRevision) -> Self {
        Self {
            version: revision.version.as_deref().map(Untrusted::name),
            name: Untrusted::name(&revision.name),
            ready: revision.ready,
        }
    }

    /// `v1`; `revision payments-5949ff565` where its version has no name, or has that of the gated one.
    #[must_use]
    pub fn words(&self) -> SafeText {
        self.version.as_ref().map_or_else(|| safe!("revision {}", self.name.line()), Untrusted::line)
    }
}

impl TemplateChanges {
    fn of(changes: &result::TemplateChanges, redaction: Redaction) -> Self {
        Self {
            workload: Untrusted::name(&changes.workload),
            from: OlderRevision::of(&changes.from),
            changes: changes.changes.iter().map(|change| TemplateChange::of(change, redaction)).collect(),
        }
    }

    /// `Changed since v1`; with the workload where there are several.
    #[must_use]
    pub fn title(&self, is_alone: bool) -> SafeText {
        let since = self.from.words();
        if is_alone {
            safe!("Changed since {}", since)
        } else {
            safe!("Changed in {} since {}", self.workload.line(), since)
        }
    }

    /// At most so many changes, a line each, and the number of the others.
    #[must_use]
    pub fn lines(&self, most: usize) -> Vec<SafeText> {
        // A line that says that one was left out takes as much room as the one.
        let shown = if self.changes.len() <= most + 1 { self.changes.len() } else { most };
        let mut lines: Vec<SafeText> = self.changes.iter().take(shown).map(TemplateChange::words).collect();
        let left_out = self.changes.len() - shown;
        if left_out > 0 {
            lines.push(safe!("… and {} more", left_out));
        }
        lines
    }
}

impl TemplateChange {
    fn of(change: &result::TemplateChange, redaction: Redaction) -> Self {
        let value = |value: &Option<String>| value.as_deref().map(|value| redaction.text(value));
        Self {
            container: change.container.as_deref().map(Untrusted::name),
            part: redaction.text(&change.part),
            how: change.how,
            before: value(&change.before),
            after: value(&change.after),
        }
    }

    /// `app: image shop/web:1 → shop/web:2`, `app: env DATABASE_URL removed`.
    #[must_use]
    pub fn words(&self) -> SafeText {
        let place = self.container.as_ref().map_or_else(|| "pod".into(), Untrusted::line);
        let part = safe!("{}: {}", place, self.part.line());
        let with = |value: &Option<Untrusted>, how: &'static str| match value {
            Some(value) => safe!("{} {} {}", part, value.line(), how),
            None => safe!("{} {}", part, how),
        };
        match (self.how, &self.before, &self.after) {
            (Changed::Changed, Some(before), Some(after)) => safe!("{} {} → {}", part, before.line(), after.line()),
            (Changed::Changed, ..) => safe!("{} changed", part),
            (Changed::Added, ..) => with(&self.after, "added"),
            (Changed::Removed, ..) => with(&self.before, "removed"),
        }
    }
}

impl Proved {
    /// Takes it in.
    #[must_use]
    pub fn of(proved: &result::Proved) -> Self {
        Self {
            crashes: proved.crashes,
            allowed: proved.allowed,
            smoke: proved.smoke.as_ref().map(|smoke| (Untrusted::name(&smoke.image), smoke.ran_seconds)),
            promoted: proved.promoted.iter().map(|name| Untrusted::name(name)).collect(),
        }
    }
}
