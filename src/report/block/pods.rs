//! The pods of a verdict block.

use std::collections::BTreeSet;

use super::super::layout::{Line, Tone, width};
use super::super::{quote, words};
use crate::gate::result::{Outcome, PodSummary};

/// The pods, in a table where they differ and are few, else as a count.
pub(super) fn pods(outcome: &Outcome, most: usize, columns: usize) -> Vec<Line> {
    if outcome.pods.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::empty()];
    let heading = match outcome.wanted {
        Some(wanted) => format!("Ready: {} of {}", outcome.ready, words::count(wanted as usize, "pod")),
        None => format!("Ready: {}, how many are wanted is not known", words::count(outcome.ready as usize, "pod")),
    };
    lines.push(Line::toned(heading, "Ready:".len(), Tone::Code));
    let states: BTreeSet<(&str, bool)> = outcome.pods.iter().map(|pod| (pod.state.as_str(), pod.ready)).collect();
    if states.len() > 1 && most > 0 {
        let shown = &outcome.pods[..outcome.pods.len().min(most)];
        lines.extend(table(shown, columns));
        if let Some(rest) = outcome.pods.len().checked_sub(most).filter(|rest| *rest > 0) {
            lines.push(Line::plain(format!("  and {rest} more")));
        }
    }
    lines
}

fn table(pods: &[PodSummary], columns: usize) -> Vec<Line> {
    let cells = |pod: &PodSummary| {
        let node = pod.node.as_deref().map(quote::name).unwrap_or_default();
        [quote::name(&pod.name), quote::line(&pod.state), words::count(pod.restarts as usize, "restart"), node]
    };
    let rows: Vec<[String; 4]> = pods.iter().map(cells).collect();
    let widest: Vec<usize> = (0..4).map(|cell| rows.iter().map(|row| width(&row[cell])).max().unwrap_or(0)).collect();
    // What does not fit is left out from the right: the name and the state are what counts.
    let fits = |cells: &usize| widest[..*cells].iter().map(|cell| cell + 2).sum::<usize>() <= columns;
    let shown = (2..=4).rev().find(fits).unwrap_or(2);
    rows.iter()
        .map(|row| {
            let mut text = String::new();
            for (cell, wide) in row[..shown].iter().zip(&widest) {
                text.extend(["  ", cell, &" ".repeat(wide - width(cell))]);
            }
            Line::plain(text.trim_end())
        })
        .collect()
}
