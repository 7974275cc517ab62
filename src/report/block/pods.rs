//! The pods of a verdict block.

use std::collections::BTreeSet;

use super::super::layout::{Line, Tone, padded, width};
use super::super::model::{Outcome, Pod};
use super::super::words;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// The pods, in a table where they differ and are few, else as a count.
pub(super) fn pods(outcome: &Outcome, most: usize, columns: usize) -> Vec<Line> {
    if outcome.pods.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::empty()];
    let heading = match outcome.wanted {
        Some(wanted) => safe!("Ready: {} of {}", outcome.ready, words::count(wanted as usize, "pod")),
        None => safe!("Ready: {}, how many are wanted is not known", words::count(outcome.ready as usize, "pod")),
    };
    lines.push(Line::toned(heading, "Ready:".len(), Tone::Code));
    let states: BTreeSet<(&Untrusted, bool)> = outcome.pods.iter().map(|pod| (&pod.state, pod.ready)).collect();
    if states.len() > 1 && most > 0 {
        let shown = &outcome.pods[..outcome.pods.len().min(most)];
        lines.extend(table(shown, columns));
        if let Some(rest) = outcome.pods.len().checked_sub(most).filter(|rest| *rest > 0) {
            lines.push(Line::plain(safe!("  and {} more", rest)));
        }
    }
    lines
}

fn table(pods: &[Pod], columns: usize) -> Vec<Line> {
    let cells = |pod: &Pod| {
        let node = pod.node.as_ref().map(Untrusted::line).unwrap_or_default();
        [pod.name.line(), pod.state.line(), words::count(pod.restarts as usize, "restart"), node]
    };
    let rows: Vec<[SafeText; 4]> = pods.iter().map(cells).collect();
    let widest: Vec<usize> = (0..4).map(|cell| rows.iter().map(|row| width(&row[cell])).max().unwrap_or(0)).collect();
    // What does not fit is left out from the right: the name and the state are what counts.
    let fits = |cells: &usize| widest[..*cells].iter().map(|cell| cell + 2).sum::<usize>() <= columns;
    let shown = (2..=4).rev().find(fits).unwrap_or(2);
    rows.iter()
        .map(|row| {
            let cells = row[..shown].iter().zip(&widest).map(|(cell, wide)| safe!("  {}", padded(cell, *wide)));
            Line::plain(cells.collect::<SafeText>().trimmed_end())
        })
        .collect()
}
