//! What is near where nothing matched: labels that differ by a letter, the version that runs instead.

use super::plan::Plan;
use super::scope;
use super::selector::Test;
use super::view::View;
use super::workload::Workload;

/// How many near ones are told.
const MOST: usize = 5;

/// Labels are near where so many edits make one of the other.
const NEAR: usize = 2;

/// What exists in the namespace near to what was asked for, each in a sentence.
#[must_use]
pub fn hints(view: &View, plan: &Plan) -> Vec<String> {
    let mut tops: Vec<&Workload> = view.workloads.values().filter(|workload| scope::is_top(workload, plan)).collect();
    tops.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
    if tops.is_empty() {
        return vec![format!("namespace {} has no workload at all", plan.namespace)];
    }
    let mut near: Vec<String> = tops.iter().filter_map(|workload| nearness(workload, plan)).collect();
    if near.is_empty() {
        let names: Vec<_> = tops.iter().take(MOST).map(|workload| scope::name_of(workload)).collect();
        let more = if tops.len() > MOST { ", …" } else { "" };
        return vec![format!("namespace {} has {}{more}", plan.namespace, names.join(", "))];
    }
    near.truncate(MOST);
    near
}

fn nearness(workload: &Workload, plan: &Plan) -> Option<String> {
    let name = scope::name_of(workload);
    if let Some(pin) = &plan.workload {
        return if scope::is_pinned(workload, pin) {
            Some(format!("{name} runs {}", running(workload, plan)))
        } else if workload.name == pin.name || is_near(&workload.name, &pin.name) {
            Some(format!("there is {name}"))
        } else {
            None
        };
    }
    let labels = &workload.template.labels;
    let mut held = 0;
    let mut near = 0;
    let mut differences = Vec::new();
    for requirement in plan.selector.requirements() {
        let Test::Equals(wanted) = &requirement.test else { continue };
        match labels.get(&requirement.key) {
            Some(value) if value == wanted => held += 1,
            Some(value) => {
                near += u32::from(is_near(wanted, value));
                differences.push(format!("{}={value}", requirement.key));
            }
            // The same value under another key: `app.kubernetes.io/name` where `name` was asked for.
            None => {
                let like_it =
                    |key: &str| is_near(key, &requirement.key) || key.ends_with(&format!("/{}", requirement.key));
                if let Some((key, value)) = labels.iter().find(|(key, value)| *value == wanted && like_it(key)) {
                    near += 1;
                    differences.push(format!("{key}={value}"));
                }
            }
        }
    }
    let all_near = near as usize == differences.len();
    (!differences.is_empty() && (held > 0 || all_near)).then(|| format!("{name} carries {}", differences.join(",")))
}

fn is_near(one: &str, other: &str) -> bool {
    strsim::levenshtein(one, other) <= NEAR
}

/// The version that a workload runs: its version label, or else its first image's tag or digest.
fn running(workload: &Workload, plan: &Plan) -> String {
    if let Some(version) = workload.template.labels.get(&plan.version_label) {
        return version.clone();
    }
    let image = workload.template.images.last().map(String::as_str).unwrap_or_default();
    let parts = super::image::split(image);
    parts.tag.or(parts.digest).unwrap_or("an image without a tag").to_owned()
}
