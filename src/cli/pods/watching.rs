//! `pods -w`: the table, and a row for each change of a pod that it shows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::choice::Choice;
use super::format::Format;
use crate::cluster::Listener;
use crate::feed::event::FeedEvent;
use crate::feed::machine::Feed;
use crate::gate::model::{Object, Pod, Source};
use crate::gate::{Eyes, Fact, Sight};
use crate::report::names;
use crate::report::pods::{self, Layout, Rows};
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// Shows the pods of a selection while they change.
pub(super) struct Watching {
    printer: Printer,
    format: Format,
    chosen: Vec<Choice>,
    layout: Layout,
    redaction: Redaction,
    eyes: Eyes,
    /// The table, once the pods were listed.
    rows: Option<Rows>,
    /// The pods by UID, as they were shown last.
    shown: BTreeMap<String, (Sight, SafeText)>,
}

impl Watching {
    pub(super) fn new(printer: Printer, format: Format, chosen: Vec<Choice>, layout: Layout) -> Self {
        let (eyes, rows, shown) = (Eyes::default(), None, BTreeMap::new());
        Self { printer, format, chosen, layout, redaction: layout.redaction, eyes, rows, shown }
    }

    fn is_chosen(&self, pod: &Pod) -> bool {
        self.chosen.is_empty() || self.chosen.iter().any(|choice| choice.takes(pod))
    }

    /// The pods were listed: for the first time, or again after a break.
    fn listed(&mut self, objects: &[Object]) -> bool {
        let mut sights: Vec<Sight> = objects
            .iter()
            .filter_map(|object| match object {
                Object::Pod(pod) if self.is_chosen(pod) => Some(self.eyes.look((**pod).clone())),
                _ => None,
            })
            .collect();
        sights.sort_by(|one, other| (&one.pod.namespace, &one.pod.name).cmp(&(&other.pod.namespace, &other.pod.name)));
        let is_first = self.rows.is_none();
        if is_first {
            for choice in self.chosen.iter().filter(|choice| !sights.iter().any(|sight| choice.takes(&sight.pod))) {
                let name = choice.to_string();
                self.printer.mention(&safe!("waiting for {}: there is none yet", Untrusted::name(&name).line()));
            }
        }
        let rows = self.rows.get_or_insert_with(|| Rows::new(&sights, self.layout));
        if is_first && self.format == Format::Human {
            let table = rows.table(&sights);
            let known = sights.into_iter().map(|sight| {
                let row = rows.row(&sight);
                (sight.pod.uid.clone(), (sight, row))
            });
            self.shown = known.collect();
            return self.printer.stream(&table);
        }
        let missing: Vec<String> =
            self.shown.keys().filter(|uid| !sights.iter().any(|sight| sight.pod.uid == **uid)).cloned().collect();
        missing.iter().all(|uid| self.gone(uid)) && sights.into_iter().all(|sight| self.show(sight))
    }

    /// Shows a pod, where something of it that is shown has changed.
    fn show(&mut self, sight: Sight) -> bool {
        let Some(rows) = &self.rows else { return true };
        let row = rows.row(&sight);
        if self.shown.get(&sight.pod.uid).is_some_and(|(_, before)| *before == row) {
            return true;
        }
        let text = self.text(&sight, &row, false);
        self.shown.insert(sight.pod.uid.clone(), (sight, row));
        self.printer.stream(&text)
    }

    fn gone(&mut self, uid: &str) -> bool {
        let (Some(rows), Some((sight, _))) = (&self.rows, self.shown.remove(uid)) else { return true };
        let row = rows.gone(&sight);
        let text = self.text(&sight, &row, true);
        self.printer.stream(&text)
    }

    fn text(&self, sight: &Sight, row: &SafeText, is_deleted: bool) -> SafeText {
        let json = || pods::json_line(sight, is_deleted, self.redaction);
        match self.format {
            Format::Human => row.clone(),
            Format::Json => json(),
            Format::Yaml => safe!("---\n{}", json().json_as_yaml()),
            Format::Name => safe!("{}\n", names::pod(&Untrusted::name(&sight.pod.name))),
        }
    }
}

impl Listener for Watching {
    fn learnt(&mut self, fact: &Fact) -> bool {
        match fact {
            Fact::Listed { source: Source::Pods, objects } => self.listed(objects),
            Fact::Seen(object) => match &**object {
                Object::Pod(pod) if self.is_chosen(pod) => self.show(self.eyes.look((**pod).clone())),
                _ => true,
            },
            Fact::Gone { source: Source::Pods, uid } => self.gone(uid),
            _ => true,
        }
    }

    fn begun(&mut self, _: &Feed) {}

    fn event(&mut self, _: Duration, _: &FeedEvent) -> bool {
        true
    }

    fn noticed(&mut self, words: &str) {
        self.printer.say(&safe!("warning: {}", self.redaction.text(words).line()));
    }

    fn tick(&mut self, _: &Feed) {}

    fn ended(&mut self, _: &Feed) {}
}
