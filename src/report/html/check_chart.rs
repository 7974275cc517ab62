//! The pen of a check's chart: what was measured over time and what it is held against, as SVG that fits every width.

use std::ops::RangeInclusive;

use maud::{Markup, html};

use crate::gate::model::Number;
use crate::gate::result::{Measured, Proof, ShareCounts, ShareReport, ValueReport};
use crate::gate::statistics::{Counts, confidence_sequence};
use crate::report::check::Check;
use crate::report::words;
use crate::safe;
use crate::text::SafeText;

/// The height of the plot, and the room above and below it, in px.
const PLOT: f64 = 150.0;
const ABOVE: f64 = 8.0;
const BELOW: f64 = 24.0;
/// The width of the plot's own coordinates, which are stretched to the width of the page.
const WIDE: f64 = 1000.0;
/// So many points are more than a line on a screen shows.
const MOST_POINTS: usize = 240;
/// Single intervals are few enough to be told apart.
const MOST_DOTS: usize = 60;
/// The band is narrowest at about so many requests. It must not depend on what was counted.
const BAND_NARROWEST_AT: u64 = 1000;
/// A band of so little α is drawn where no test says how much.
const ALPHA: f64 = 0.05;

/// A moment in milliseconds since 1970, and a share or a value.
type Point = (f64, f64);

/// The chart of a check.
pub(super) struct CheckChart {
    time: RangeInclusive<f64>,
    scale: RangeInclusive<f64>,
    is_share: bool,
    /// The canary's share of all requests so far, or the values.
    canary: Vec<Point>,
    stable: Vec<Point>,
    /// The shares that the counts so far leave possible: lowest and highest.
    band: Vec<(f64, f64, f64)>,
    /// The canary's share of single intervals.
    dots: Vec<Point>,
    limits: Vec<(f64, SafeText)>,
    verdict_ms: f64,
    told: SafeText,
}

/// What a chart may show, for the legend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Canary,
    Value,
    Band,
    Dot,
    Stable,
    Limit,
    Verdict,
}

impl Part {
    pub(super) const ALL: [Self; 7] =
        [Self::Canary, Self::Value, Self::Band, Self::Dot, Self::Stable, Self::Limit, Self::Verdict];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Canary => "canary, all requests so far",
            Self::Value => "value of the query",
            Self::Band => "what the canary's share can still be",
            Self::Dot => "canary, one interval (an arrow: beyond the scale)",
            Self::Stable => "stable pods, all requests so far",
            Self::Limit => "limit",
            Self::Verdict => "the end of the gate",
        }
    }

    pub(super) fn sample(self) -> Markup {
        html! {
            svg aria-hidden="true" {
                @match self {
                    Self::Canary | Self::Value => line.c-canary x1="0" x2="18" y1="8" y2="8" {},
                    Self::Band => rect.c-band x="0" y="2" width="18" height="12" {},
                    Self::Dot => circle.c-dot cx="9" cy="8" r="2.5" {},
                    Self::Stable => line.c-stable x1="0" x2="18" y1="8" y2="8" {},
                    Self::Limit => line.c-limit x1="0" x2="18" y1="8" y2="8" {},
                    Self::Verdict => line.now x1="9" x2="9" y1="0" y2="16" {},
                }
            }
        }
    }
}

impl CheckChart {
    /// The chart of this check; `None` where nothing was measured. Both times are in milliseconds since 1970 by the clock of
    /// this machine.
    pub(super) fn of(check: &Check, began_ms: i64, decided_ms: i64) -> Option<Self> {
        match &check.measured {
            Measured::Share(told) => Self::share(check, told, began_ms, decided_ms),
            Measured::Value(told) => Self::value(check, told, began_ms, decided_ms),
        }
    }

    fn share(check: &Check, told: &ShareReport, began_ms: i64, decided_ms: i64) -> Option<Self> {
        let points = told.thinned(MOST_POINTS);
        let (first, last) = (points.first()?.at_ms, points.last()?.at_ms);
        let (mut canary, mut stable, mut band) = (Vec::new(), Vec::new(), Vec::new());
        let (mut of_canary, mut of_stable) = (ShareCounts::default(), ShareCounts::default());
        let alpha = alpha(told);
        for point in &points {
            of_canary = of_canary.plus(point.canary);
            of_stable = of_stable.plus(point.stable);
            let at = millis(point.at_ms);
            if let Some(share) = of_canary.share() {
                let counts = Counts::new(of_canary.total, of_canary.bad).unwrap_or_default();
                let (lowest, highest) = confidence_sequence(counts, alpha, BAND_NARROWEST_AT);
                canary.push((at, share));
                band.push((at, lowest, highest));
            }
            stable.extend(of_stable.share().filter(|_| told.stable.is_some()).map(|share| (at, share)));
        }
        let dots =
            told.thinned(MOST_DOTS).into_iter().filter_map(|point| Some((millis(point.at_ms), point.canary.share()?)));
        let limit = told.limit.map(|proof| (proof.limit.0, safe!("limit {}", words::exact_percent(proof.limit.0))));
        let limits: Vec<_> = limit.into_iter().collect();
        let verdict_ms = verdict(last, began_ms, decided_ms);
        // Early on anything is possible: what the picture must show is how it ended.
        let later = |line: &[Point]| line[line.len() / 2..].iter().map(|(_, share)| *share).fold(0.0, f64::max);
        let shown = [later(&canary) * 1.2, later(&stable) * 1.2, band.last().map_or(0.0, |(.., highest)| *highest)];
        let highest = limits.iter().map(|(limit, _)| limit * 1.3).chain(shown).fold(0.0, f64::max);
        let mut parts = vec![
            safe!(
                "{}: share of bad requests from {} to {}",
                check.name.line(),
                words::source_clock(first),
                words::source_clock(last)
            ),
            check.canary(),
        ];
        if let Some((_, lowest, highest)) = band.last() {
            let (lowest, highest) = (words::percent_beside(*lowest, None), words::percent_beside(*highest, None));
            parts.push(safe!("the true share can be from {} to {}", lowest, highest));
        }
        parts.extend(check.stable());
        parts.extend(limits.iter().map(|(_, name)| name.clone()));
        parts.push(safe!("when the gate ended: {}", check.standing_words()));
        Some(Self {
            time: millis(first)..=verdict_ms.max(millis(first) + 1.0),
            scale: 0.0..=nice(highest).min(1.0),
            is_share: true,
            canary,
            stable,
            band,
            dots: dots.collect(),
            limits,
            verdict_ms,
            told: SafeText::joined(parts, "; "),
        })
    }

    fn value(check: &Check, told: &ValueReport, began_ms: i64, decided_ms: i64) -> Option<Self> {
        let at = |after: u64| began_ms.saturating_add_unsigned(after);
        let points = told.thinned(MOST_POINTS);
        let (first, last) = (at(points.first()?.0), at(points.last()?.0));
        let canary: Vec<Point> = points.iter().map(|(after, value)| (millis(at(*after)), value.0)).collect();
        let limit =
            |name: &'static str, limit: Option<Number>| Some((limit?.0, safe!("{} {}", name, words::value(limit?))));
        let limits: Vec<_> = [limit("max", told.max), limit("min", told.min)].into_iter().flatten().collect();
        let shown = || canary.iter().map(|(_, value)| *value).chain(limits.iter().map(|(limit, _)| *limit));
        let (lowest, highest) = (shown().fold(f64::INFINITY, f64::min), shown().fold(f64::NEG_INFINITY, f64::max));
        let parts = [
            safe!("{}: values from {} to {}", check.name.line(), words::source_clock(first), words::source_clock(last)),
            check.canary(),
            check.limits(),
            safe!("when the gate ended: {}", check.standing_words()),
        ];
        let verdict_ms = verdict(last, began_ms, decided_ms);
        Some(Self {
            time: millis(first)..=verdict_ms.max(millis(first) + 1.0),
            scale: scale(lowest, highest),
            is_share: false,
            canary,
            stable: Vec::new(),
            band: Vec::new(),
            dots: Vec::new(),
            limits,
            verdict_ms,
            told: SafeText::joined(parts, "; "),
        })
    }

    /// True where the picture has such a part.
    pub(super) fn has(&self, part: Part) -> bool {
        match part {
            Part::Canary => self.is_share,
            Part::Value => !self.is_share,
            Part::Band => !self.band.is_empty(),
            Part::Dot => !self.dots.is_empty(),
            Part::Stable => !self.stable.is_empty(),
            Part::Limit => !self.limits.is_empty(),
            Part::Verdict => true,
        }
    }

    pub(super) fn draw(&self) -> Markup {
        let (low, high) = (*self.scale.start(), *self.scale.end());
        let height = ABOVE + PLOT + BELOW;
        html! {
            div.plot {
                svg.scale aria-hidden="true" height=(height) {
                    @for value in [high, f64::midpoint(low, high), low] {
                        text x="100%" dx="-8" y=(px(self.y(value) + 4.0)) text-anchor="end" { (self.named(value)) }
                    }
                }
                svg.series role="img" aria-label=(self.told) height=(height) {
                    @for value in [high, f64::midpoint(low, high), low] {
                        @let y = px(self.y(value));
                        line.grid x1="0" x2="100%" y1=(y) y2=(y) {}
                    }
                    // Stretched to the width; the strokes are not.
                    svg x="0" y="0" width="100%" height=(height) viewBox=(format!("0 0 {WIDE} {height}"))
                        preserveAspectRatio="none" {
                        @if self.band.len() > 1 { path.c-band d=(self.band_path()) {} }
                        @if self.stable.len() > 1 { path.c-stable d=(self.path(&self.stable)) {} }
                        @if self.canary.len() > 1 { path.c-canary d=(self.path(&self.canary)) {} }
                    }
                    @for (at, value) in &self.dots { (self.dot(*at, *value)) }
                    @for (line, class) in [(&self.stable, "c-end stable"), (&self.canary, "c-end")] {
                        @if let Some((at, value)) = line.last() {
                            circle class=(class) cx=(self.percent(*at)) cy=(px(self.y(*value))) r="3.5" {}
                        }
                    }
                    @for (value, name) in &self.limits {
                        @let y = self.y(*value);
                        line.c-limit x1="0" x2="100%" y1=(px(y)) y2=(px(y)) {}
                        // Above the line, but for one at the top.
                        @let beside = if y < ABOVE + 14.0 { y + 14.0 } else { y - 5.0 };
                        text.c-name x="0" dx="6" y=(px(beside)) { (name) }
                    }
                    @let end = self.percent(self.verdict_ms);
                    line.now x1=(end) x2=(end) y1="0" y2=(px(ABOVE + PLOT)) {}
                    (self.clock())
                }
            }
        }
    }

    /// The canary's share of one interval: an arrow where it is beyond the plot.
    fn dot(&self, at: f64, value: f64) -> Markup {
        let (x, y) = (self.percent(at), px(self.y(value)));
        html! {
            @if value > *self.scale.end() {
                svg x=(x) y=(y) overflow="visible" { path.c-dot d="M-3 3L0-3L3 3Z" {} }
            } @else {
                circle.c-dot cx=(x) cy=(y) r="2.2" {}
            }
        }
    }

    /// The times under the plot.
    fn clock(&self) -> Markup {
        const PLACES: [(f64, &str, &str); 4] = [
            (0.0, "start", "at"),
            (1.0 / 3.0, "middle", "at roomy"),
            (2.0 / 3.0, "middle", "at roomy"),
            (1.0, "end", "at"),
        ];
        let (from, to) = (*self.time.start(), *self.time.end());
        html! {
            @for (share, anchor, class) in PLACES {
                @let at = from + (to - from) * share;
                text class=(class) x=(self.percent(at)) y=(px(ABOVE + PLOT + 17.0)) text-anchor=(anchor) {
                    (words::source_clock(whole(at)))
                }
            }
        }
    }

    fn x(&self, at: f64) -> f64 {
        let (from, to) = (*self.time.start(), *self.time.end());
        ((at - from) / (to - from)).clamp(0.0, 1.0)
    }

    fn percent(&self, at: f64) -> String {
        format!("{:.2}%", self.x(at) * 100.0)
    }

    /// Where a value is; what is beyond the plot stands at its border.
    fn y(&self, value: f64) -> f64 {
        let (low, high) = (*self.scale.start(), *self.scale.end());
        ABOVE + PLOT * (1.0 - ((value - low) / (high - low)).clamp(0.0, 1.0))
    }

    fn path(&self, line: &[Point]) -> String {
        let points: Vec<String> =
            line.iter().map(|(at, value)| format!("{:.1} {:.1}", self.x(*at) * WIDE, self.y(*value))).collect();
        format!("M{}", points.join("L"))
    }

    fn band_path(&self) -> String {
        let upper: Vec<Point> = self.band.iter().map(|(at, _, highest)| (*at, *highest)).collect();
        let lower: Vec<Point> = self.band.iter().rev().map(|(at, lowest, _)| (*at, *lowest)).collect();
        format!("{}{}Z", self.path(&upper), self.path(&lower).replacen('M', "L", 1))
    }

    fn named(&self, value: f64) -> SafeText {
        if self.is_share { words::exact_percent(value) } else { words::value(Number(value)) }
    }
}

/// The α that the tests of a pass are made with.
fn alpha(told: &ShareReport) -> f64 {
    let threshold = |proof: Option<Proof>| proof.map(|proof| proof.ln_threshold_kept.0);
    let alpha = threshold(told.limit).or_else(|| threshold(told.unharmed)).map(|ln| (-ln).exp());
    alpha.filter(|alpha| *alpha > 0.0 && *alpha < 1.0).unwrap_or(ALPHA)
}

/// Where the end of the gate is in the time of the samples, whose clock may be another: never before the last of them, and
/// right behind it where the two clocks have nothing to do with each other.
fn verdict(last_ms: i64, began_ms: i64, decided_ms: i64) -> f64 {
    let lasted = decided_ms.saturating_sub(began_ms).max(0);
    let behind = decided_ms.saturating_sub(last_ms).max(0);
    millis(if behind > lasted { last_ms } else { last_ms.saturating_add(behind) })
}

#[expect(clippy::cast_precision_loss, reason = "a picture needs no more digits, and 2^53 ms are 285,000 years")]
fn millis(at_ms: i64) -> f64 {
    at_ms as f64
}

#[expect(clippy::cast_possible_truncation, reason = "as many milliseconds as it was made from")]
fn whole(at: f64) -> i64 {
    at as i64
}

fn px(length: f64) -> String {
    format!("{length:.1}")
}

/// A round number that is not below this one: 1, 2, 3, 4, 5, 6 or 8 times a power of ten.
fn nice(highest: f64) -> f64 {
    if highest <= 0.0 || !highest.is_finite() {
        return 0.01;
    }
    let power = 10.0_f64.powf(highest.log10().floor());
    let steps = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|end| *end >= highest * 0.999).unwrap_or(highest)
}

/// What the vertical axis of values goes from and to.
fn scale(lowest: f64, highest: f64) -> RangeInclusive<f64> {
    if lowest >= 0.0 {
        return 0.0..=nice(highest * 1.05);
    }
    let end = nice(highest.max(-lowest) * 1.05);
    -end..=end
}

#[cfg(test)]
mod tests {
    use super::{nice, scale, verdict};

    #[test]
    fn scales_are_round_and_hold_what_they_show() {
        let nearly = |one: f64, other: f64| (one - other).abs() < 1e-12;
        for (highest, end) in
            [(0.013, 0.02), (0.063, 0.08), (1.0, 1.0), (0.0, 0.01), (1234.0, 2000.0), (f64::NAN, 0.01)]
        {
            assert!(nearly(nice(highest), end), "{highest}: {}", nice(highest));
        }
        assert_eq!(scale(-3.0, 1.0), -4.0..=4.0);
        assert_eq!(scale(0.2, 0.9), 0.0..=1.0);
    }

    #[test]
    fn the_end_of_the_gate_is_never_before_the_last_sample_nor_lost_to_a_clock_that_is_wrong() {
        let same = |one: f64, other: f64| (one - other).abs() < 0.5;
        assert!(same(verdict(9_000, 1_000, 10_000), 10_000.0), "as it is");
        assert!(same(verdict(12_000, 1_000, 10_000), 12_000.0), "the source's clock is ahead");
        assert!(same(verdict(9_000, 100_000, 110_000), 9_000.0), "the source's clock is far behind");
    }
}
