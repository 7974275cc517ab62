//! The grid: a row for each gate, a column for each setting, and what each column comes to.

use std::collections::BTreeMap;
use std::time::Duration;

use super::truth::Truth;
use crate::gate::result::{Code, Verdict};
use crate::manifest::Setting;

/// What the settings decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// The columns.
    pub settings: Vec<Setting>,
    /// The rows, in the order of the recordings.
    pub rows: Vec<Row>,
    /// The recordings that could not be judged.
    pub unjudged: Vec<Unjudged>,
    /// The recordings whose last line is torn: their recorder was killed.
    pub torn: Vec<String>,
}

/// One gate of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name of the recording.
    pub recording: String,
    /// The app.
    pub app: String,
    /// The version.
    pub version: String,
    /// The namespace.
    pub namespace: String,
    /// What the deployment was, where that is known.
    pub truth: Option<Truth>,
    /// How the gate ended when it was recorded.
    pub recorded: Option<Recorded>,
    /// How it ends with each setting.
    pub cells: Vec<Cell>,
}

/// How a gate ended when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Its verdict.
    pub verdict: Verdict,
    /// How long after its beginning.
    pub decided_after: Duration,
}

/// What one setting makes of one gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// It was judged.
    Judged(Judgement),
    /// The setting does not fit this gate; why, in words.
    Refused(String),
}

/// How a gate ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Its verdict.
    pub verdict: Verdict,
    /// How long after the recording's beginning.
    pub decided_after: Duration,
    /// The cause that leads.
    pub code: Option<Code>,
}

impl Judgement {
    /// True where the recording is too short for the setting.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.verdict == Verdict::Inconclusive && self.code == Some(Code::RecordingEnded)
    }
}

/// A recording that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unjudged {
    /// Its name.
    pub recording: String,
    /// Why not.
    pub why: String,
}

/// What is wrong with a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A bad deployment passed.
    FalsePass,
    /// A good deployment was refused.
    FalseNo,
}

impl Row {
    /// What every cell is compared with: how the gate ended when it was recorded, else the first column.
    #[must_use]
    pub fn baseline(&self) -> Option<Verdict> {
        self.recorded.map(|recorded| recorded.verdict).or_else(|| self.cells.first().and_then(Cell::verdict))
    }

    /// Returns true where the cell ends otherwise than the baseline.
    #[must_use]
    pub fn is_changed(&self, cell: &Cell) -> bool {
        cell.verdict().is_some() && cell.verdict() != self.baseline()
    }

    /// What is wrong with the cell, as far as the truth is known. Inconclusive is neither a pass nor a no.
    #[must_use]
    pub fn wrong(&self, cell: &Cell) -> Option<Wrong> {
        match (self.truth?, cell.verdict()?) {
            (Truth::Bad, Verdict::Healthy) => Some(Wrong::FalsePass),
            (Truth::Good, verdict) if is_no(verdict) => Some(Wrong::FalseNo),
            _ => None,
        }
    }

    /// True where there is something to see: settings disagree, one of them changes the verdict, is wrong, or could not be
    /// judged.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        let first = self.cells.first().and_then(Cell::verdict);
        self.cells.iter().any(|cell| {
            cell.verdict().is_none() || cell.verdict() != first || self.is_changed(cell) || self.wrong(cell).is_some()
        })
    }

    /// Why no setting could judge the gate; `None` where one could.
    #[must_use]
    pub fn unjudged(&self) -> Option<&str> {
        let mut reasons = self.cells.iter().map(|cell| if let Cell::Refused(why) = cell { Some(&**why) } else { None });
        let first = reasons.next()??;
        reasons.all(|reason| reason.is_some()).then_some(first)
    }
}

impl Cell {
    /// The verdict, where the gate was judged.
    #[must_use]
    pub const fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Judged(judgement) => Some(judgement.verdict),
            Self::Refused(_) => None,
        }
    }
}

/// True for a verdict that stops a deployment and says why: neither a pass nor "could not be seen".
const fn is_no(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Failed | Verdict::TimedOut | Verdict::NothingMatched | Verdict::Platform | Verdict::Superseded
    )
}

/// What one setting comes to over all rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Bad deployments that were judged.
    pub bad: usize,
    /// Of those, the ones that passed.
    pub bad_passed: usize,
    /// Good deployments that were judged.
    pub good: usize,
    /// Of those, the ones that were refused.
    pub good_refused: usize,
    /// Gates that ended inconclusive.
    pub inconclusive: usize,
    /// Of those, the ones whose recording is too short for the setting.
    pub cut_short: usize,
    /// Gates that ended otherwise than the baseline.
    pub changed: usize,
    /// How many ended how.
    pub verdicts: BTreeMap<&'static str, usize>,
    /// The median time to a no over the bad deployments, or over all where no truth is known.
    pub median_no: Option<Duration>,
    /// The longest time to such a no.
    pub slowest_no: Option<Duration>,
    /// The median time to a pass over the good deployments, or over all where no truth is known.
    pub median_yes: Option<Duration>,
}

impl Grid {
    /// True where it is known of any deployment whether it was good or bad.
    #[must_use]
    pub fn knows_truth(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.truth, Some(Truth::Bad | Truth::Good)))
    }

    /// What each setting comes to, in their order.
    #[must_use]
    pub fn sums(&self) -> Vec<Sums> {
        (0..self.settings.len()).map(|column| self.sums_of(column)).collect()
    }

    fn sums_of(&self, column: usize) -> Sums {
        let knows_truth = self.knows_truth();
        let mut sums = Sums::default();
        let (mut noes, mut yeses) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let Some(cell @ Cell::Judged(judgement)) = row.cells.get(column) else { continue };
            let Judgement { verdict, decided_after, .. } = *judgement;
            *sums.verdicts.entry(verdict.name()).or_default() += 1;
            sums.bad += usize::from(row.truth == Some(Truth::Bad));
            sums.good += usize::from(row.truth == Some(Truth::Good));
            sums.bad_passed += usize::from(row.wrong(cell) == Some(Wrong::FalsePass));
            sums.good_refused += usize::from(row.wrong(cell) == Some(Wrong::FalseNo));
            sums.inconclusive += usize::from(verdict == Verdict::Inconclusive);
            sums.cut_short += usize::from(judgement.is_cut_short());
            sums.changed += usize::from(row.is_changed(cell));
            if is_no(verdict) && (!knows_truth || row.truth == Some(Truth::Bad)) {
                noes.push(decided_after);
            }
            if verdict == Verdict::Healthy && (!knows_truth || row.truth == Some(Truth::Good)) {
                yeses.push(decided_after);
            }
        }
        sums.slowest_no = noes.iter().max().copied();
        sums.median_no = median(noes);
        sums.median_yes = median(yeses);
        sums
    }
}

/// The middle one; of an even number the mean of the two in the middle.
fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    let upper = *times.get(times.len() / 2)?;
    let lower = *times.get((times.len() - 1) / 2)?;
    Some((lower + upper) / 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Cell, Grid, Judgement, Recorded, Row, Wrong, median};
    use crate::gate::result::{Code, Verdict};
    use crate::manifest::Setting;
    use crate::trial::truth::Truth;

    fn row(truth: Option<Truth>, recorded: Option<Verdict>, cells: &[(Verdict, u64)]) -> Row {
        let text = || "x".to_owned();
        let cell = |&(verdict, seconds): &(Verdict, u64)| {
            let code = (verdict == Verdict::Inconclusive).then_some(Code::RecordingEnded);
            Cell::Judged(Judgement { verdict, decided_after: Duration::from_secs(seconds), code })
        };
        let recorded = recorded.map(|verdict| Recorded { verdict, decided_after: Duration::ZERO });
        let cells = cells.iter().map(cell).collect();
        Row { recording: text(), app: text(), version: text(), namespace: text(), truth, recorded, cells }
    }

    fn grid(rows: Vec<Row>) -> Grid {
        Grid { settings: vec![Setting::default(); 2], rows, unjudged: Vec::new(), torn: Vec::new() }
    }

    #[test]
    fn a_gate_that_no_setting_could_judge_is_seen_and_says_why() {
        let refused = |cells: &[Option<Verdict>]| {
            let mut row = row(Some(Truth::Bad), None, &[]);
            let judged = |verdict| Cell::Judged(Judgement { verdict, decided_after: Duration::ZERO, code: None });
            row.cells = cells.iter().map(|cell| cell.map_or_else(|| Cell::Refused("no".to_owned()), judged)).collect();
            row
        };
        let none = refused(&[None, None]);
        assert!(none.is_telling() && none.unjudged() == Some("no"));
        let one = refused(&[None, Some(Verdict::Failed)]);
        assert!(one.is_telling() && one.unjudged().is_none());
        assert_eq!(refused(&[Some(Verdict::Failed), None]).unjudged(), None);
    }

    #[test]
    fn sums_count_what_is_wrong_and_only_what_is_known() {
        use Verdict::{Failed, Healthy, Inconclusive, TimedOut};
        let grid = grid(vec![
            row(Some(Truth::Bad), None, &[(Healthy, 5), (Failed, 14)]),
            row(Some(Truth::Bad), None, &[(Failed, 4), (Failed, 4)]),
            row(Some(Truth::Bad), None, &[(TimedOut, 60), (Inconclusive, 61)]),
            row(Some(Truth::Good), None, &[(Healthy, 8), (Failed, 9)]),
            row(Some(Truth::Good), None, &[(Healthy, 20), (Inconclusive, 26)]),
            // What depends on the setting is neither wrong nor right, and has no part in the times.
            row(Some(Truth::Depends), None, &[(Failed, 1), (Healthy, 1)]),
            row(None, None, &[(Failed, 1), (Healthy, 1)]),
        ]);
        let [first, second] = &grid.sums()[..] else { panic!("two columns") };
        assert_eq!((first.bad, first.bad_passed, first.good, first.good_refused), (3, 1, 2, 0));
        assert_eq!((second.bad, second.bad_passed, second.good, second.good_refused), (3, 0, 2, 1));
        assert_eq!((second.inconclusive, second.cut_short, second.changed), (2, 2, 6));
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
        assert_eq!(
            (seconds(first.median_no), seconds(first.slowest_no), seconds(first.median_yes)),
            (Some(32), Some(60), Some(14))
        );
        assert_eq!((seconds(second.median_no), seconds(second.median_yes)), (Some(9), None));
        assert_eq!(
            first.verdicts.iter().map(|(name, count)| (*name, *count)).collect::<Vec<_>>(),
            [("failed", 3), ("healthy", 3), ("timed-out", 1)]
        );
        assert!(grid.rows.iter().filter(|row| row.is_telling()).count() == 6);
        assert_eq!(grid.rows[0].wrong(&grid.rows[0].cells[0]), Some(Wrong::FalsePass));
        assert_eq!(grid.rows[4].wrong(&grid.rows[4].cells[1]), None, "inconclusive is neither");
    }

    #[test]
    fn without_any_truth_all_times_count_and_the_recorded_verdict_is_the_baseline() {
        use Verdict::{Failed, Healthy};
        let grid = grid(vec![
            row(None, Some(Failed), &[(Healthy, 5), (Failed, 14)]),
            row(None, None, &[(Failed, 4), (Failed, 6)]),
        ]);
        let sums = grid.sums();
        assert_eq!((sums[0].changed, sums[1].changed), (1, 0));
        assert_eq!(sums[1].median_no, Some(Duration::from_secs(10)));
        assert_eq!(sums[0].median_yes, Some(Duration::from_secs(5)));
        assert!(!grid.knows_truth());
    }

    #[test]
    fn a_median_of_nothing_is_none() {
        let of = |seconds: &[u64]| median(seconds.iter().map(|seconds| Duration::from_secs(*seconds)).collect());
        assert_eq!(
            (of(&[]), of(&[3]), of(&[9, 1]), of(&[9, 1, 2])),
            (None, Some(Duration::from_secs(3)), Some(Duration::from_secs(5)), Some(Duration::from_secs(2)))
        );
    }
}
