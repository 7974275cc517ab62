//! A gate file for a workload as it is in the cluster, with comments that say what each line rests on: what `crashgate init`
//! writes.
//!
//! Whatever the cluster says of the workload is text from outside. Values are written only where their whole text is that of a
//! name, a label or a tag; in comments it is made inert and kept on its line.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::gate::model::{Role, Workload, WorkloadKind};
use crate::gate::spec::Pin;
use crate::text::Untrusted;

use super::naming::Naming;
use super::pace::Pace;

/// How long the file's own comments are at most: a pod with many containers names the first of them.
const MOST_IMAGES: usize = 3;

/// A gate file for a workload.
#[derive(Debug)]
pub struct Starter<'w> {
    /// The workload that the gate is for.
    pub pin: &'w Pin,
    /// Its namespace.
    pub namespace: &'w str,
    /// The workload that has the pod template: the target of a Canary, the `workloadRef` of a Rollout, else itself.
    pub pods: &'w Workload,
    /// The same as the API has it.
    pub raw: &'w Value,
}

impl Starter<'_> {
    /// The version that runs now, as the file's `VERSION` would name it. `None` where nothing tells it.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        Naming::of(self.pods).version
    }

    /// The gate file. It is valid once the environment variable `VERSION` is set.
    #[must_use]
    pub fn yaml(&self) -> String {
        let naming = Naming::of(self.pods);
        let Self { pin, namespace, .. } = self;
        let now = naming.version.as_deref().unwrap_or("NEW-VERSION");
        let mut text = String::new();
        let _ = writeln!(text, "# Judges a deploy of {pin} in namespace {namespace}. Run it right after the deploy:");
        let _ = writeln!(text, "#");
        let _ = writeln!(text, "#     VERSION={now} crashgate check -f gate.yaml");
        let _ = writeln!(text, "#");
        let _ = writeln!(text, "# `crashgate validate -f gate.yaml` checks this file without a cluster.");
        self.identity(&naming, &mut text);
        self.times(&mut text);
        if pin.kind.can_be_promoted() {
            line(&mut text, "until: step", "passes at the present step; `promoted` waits for the last one");
        }
        text.push_str("# maxRestarts: 0            # crashes that are tolerated in each container\n");
        text
    }

    /// Which app, which version, where.
    fn identity(&self, naming: &Naming, text: &mut String) {
        let app = match naming.app_label {
            Some(key) => format!("the pods' label {key}"),
            None => "the workload's name".to_owned(),
        };
        line(text, &format!("app: {}", scalar(&naming.app)), &app);
        text.push_str("# Set by the deploy. Without VERSION the gate is refused, so that it never judges an old version by mistake.\n");
        let version = match (naming.version_label, &naming.version) {
            (Some(key), _) => format!("the pods' label {key}"),
            (None, Some(_)) => "the tag or digest of the image".to_owned(),
            (None, None) => "the image's tag, see below".to_owned(),
        };
        line(text, "version: ${VERSION}", &version);
        line(text, &format!("namespace: {}", scalar(self.namespace)), "");
        let labels = naming.other_labels();
        if naming.has_labels() && !labels.is_empty() {
            let labels: Vec<String> = labels.iter().map(|(name, key)| format!("{name}: {key}")).collect();
            line(text, &format!("labels: {{{}}}", labels.join(", ")), "the keys of both labels");
        }
        if !naming.has_labels() {
            let lacks = if naming.version_label.is_none() { "version" } else { "app" };
            let workload = format!("workload: {}", scalar(&self.pin.to_string()));
            line(text, &workload, &format!("its pods have no {lacks} label"));
        }
        self.doubts(naming, text);
    }

    /// What may keep the gate from knowing the version.
    fn doubts(&self, naming: &Naming, text: &mut String) {
        let containers = self.pods.template.containers.iter().filter(|container| container.role == Role::App);
        let images: Vec<String> = containers
            .take(MOST_IMAGES)
            .map(|container| format!("{} ({})", inert(&container.name), inert(&container.image)))
            .collect();
        let images = images.join(", ");
        match (naming.version_label, &naming.version) {
            (None, None) => {
                let _ = writeln!(text, "# Nothing tells the version of these pods: {images}.");
                text.push_str(
                    "# Give the image a tag, label the template with app.kubernetes.io/version, or list the containers that are\n\
                     # not the app's in ignoreContainers. Until then, gate what runs: crashgate check ",
                );
                let _ = writeln!(text, "{} -n {}", self.pin, self.namespace);
            }
            (Some(key), Some(version)) if !images.is_empty() && !images.contains(version.as_str()) => {
                let _ = writeln!(
                    text,
                    "# The label {key} is {version} now, and the image is {images}. If deploys change the image but"
                );
                text.push_str("# not the label, set the label to the deployed version too: the gate tells versions apart by it.\n");
            }
            _ => {}
        }
    }

    /// How long it may take, and how long it must last.
    fn times(&self, text: &mut String) {
        line(text, "delay: 10s", "a pass is based on data no older than this");
        let pace = Pace::of(self.pods.kind, self.raw);
        line(text, &format!("waitPeriod: {}", seconds(pace.wait)), &pace.why_wait);
        if self.pods.kind == WorkloadKind::Job {
            text.push_str("# A Job is judged by how it ends: it needs no `stableFor`.\n");
        } else {
            line(text, &format!("stableFor: {}", seconds(pace.stable)), &pace.why_stable);
        }
    }
}

/// Adds a line with its comment.
fn line(text: &mut String, key: &str, comment: &str) {
    let _ = if comment.is_empty() { writeln!(text, "{key}") } else { writeln!(text, "{key:<27} # {comment}") };
}

/// A scalar that YAML reads as this very text.
fn scalar(text: &str) -> String {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '/';
    let is_a_word_of_yaml = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&text);
    let begins_well = text.starts_with(|c: char| c.is_ascii_lowercase());
    if begins_well && text.chars().all(is_name) && !is_a_word_of_yaml {
        return text.to_owned();
    }
    // JSON's strings are YAML's too. What is not ASCII may be a line break to some readers.
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(quoted, "\\u{unit:04x}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

fn inert(text: &str) -> String {
    Untrusted::name(text).line().to_string()
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        whole if whole >= 120 && whole % 60 == 0 => format!("{}m", whole / 60),
        other => format!("{other}s"),
    }
}
