//! Who hears of a feed: stdout, the inventory, the hook.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::format::Format;
use crate::cli::overwriting;
use crate::cluster::Listener;
use crate::feed::event::{Change, FeedEvent, Only};
use crate::feed::machine::Feed;
use crate::report::feed::{self, Look};
use crate::report::hook::Hook;
use crate::report::inventory::Inventory;
use crate::report::names;
use crate::report::printer::Printer;
use crate::report::words;
use crate::safe;
use crate::text::{Redaction, Untrusted};

/// How long the commands that still run may take once the feed has ended.
const HOOK_PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct WatchOutput {
    pub printer: Printer,
    pub format: Format,
    pub only: Only,
    /// A crash loop that ends the feed is told whatever else is wanted.
    pub until_crash: bool,
    pub namespaces: bool,
    /// Where is looked, in words.
    pub place: String,
    /// The moment from which times are counted.
    pub began_at: Timestamp,
    pub redaction: Redaction,
    pub inventory: Option<Inventory>,
    pub hook: Option<Hook>,
}

impl WatchOutput {
    /// The inventory's file, where one is wanted.
    pub(super) fn inventory(
        path: Option<&Path>,
        inputs: &[&Path],
        printer: &Printer,
    ) -> Result<Option<Inventory>, String> {
        let Some(path) = path else { return Ok(None) };
        overwriting::refuse("the inventory", path, inputs)?;
        let created = Inventory::create(path, printer);
        let path = Untrusted::path(path).line();
        created.map(Some).map_err(|error| format!("cannot write the inventory {path}: {error}"))
    }

    /// Waits for the commands that still run.
    pub(super) async fn finish(&mut self) {
        if let Some(hook) = self.hook.take() {
            hook.finish(HOOK_PATIENCE).await;
        }
    }

    fn takes(&self, change: &Change) -> bool {
        self.only.takes(change) || (self.until_crash && Only::CrashLoops.takes(change))
    }
}

impl Listener for WatchOutput {
    fn begun(&mut self, feed: &Feed) {
        let pods = words::count(feed.register().len(), "pod");
        self.printer.mention(&safe!("Watching {}: {} to begin with", Untrusted::name(&self.place).line(), pods));
        if let Some(inventory) = &mut self.inventory {
            inventory.touch();
        }
        self.tick(feed);
    }

    fn event(&mut self, at: Duration, event: &FeedEvent) -> bool {
        if let Some(inventory) = &mut self.inventory {
            inventory.touch();
        }
        if !self.takes(&event.change) {
            return true;
        }
        // A time that the calendar does not hold is none.
        let at = self.began_at.checked_add(at).unwrap_or(self.began_at);
        if let Some(hook) = &mut self.hook {
            hook.run(feed::json(at, event, self.redaction));
        }
        let look =
            Look { namespaces: self.namespaces, colour: self.printer.stdout().colour, redaction: self.redaction };
        let text = match self.format {
            Format::Human => feed::line(at, event, look),
            Format::Json => feed::json(at, event, self.redaction),
            Format::Yaml => safe!("---\n{}", feed::json(at, event, self.redaction).json_as_yaml()),
            Format::Name => safe!("{}\n", names::pod(&Untrusted::name(&event.pod.name))),
        };
        self.printer.stream(&text)
    }

    fn noticed(&mut self, words: &str) {
        self.printer.say(&safe!("warning: {}", self.redaction.text(words).line()));
    }

    fn tick(&mut self, feed: &Feed) {
        if let Some(inventory) = self.inventory.as_mut().filter(|_| feed.has_begun()) {
            // It is tried again: only the last time decides whether the register is there.
            if let Err(error) = inventory.update(feed) {
                let error = self.redaction.text(&error.to_string()).line();
                self.printer.say(&safe!("warning: cannot write the inventory yet: {}", error));
            }
        }
    }

    fn ended(&mut self, feed: &Feed) {
        if let Some(inventory) = &mut self.inventory
            && let Err(error) = inventory.finish(feed)
        {
            self.printer.could_not_write(&"the inventory".into(), &error);
        }
    }
}
