//! One check: what its answers told.

use std::time::Duration;

use super::arm_counter::Taken;
use super::looks::Looks;
use super::pods::{CanaryPods, StablePods};
use super::share::ShareState;
use super::values::ValueState;
use crate::gate::model::{Arm, Measurement, MetricAnswer, MetricData, Series};
use crate::gate::spec::{Check, PodLabels};

/// One check.
#[derive(Debug, Clone)]
pub struct CheckState {
    name: String,
    /// What it measures.
    pub kind: Kind,
    canary: Looks,
    stable: Looks,
    taken: [Option<Taken>; 2],
}

/// What a check measures.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A share of whole numbers.
    Share(Box<ShareState>),
    /// A single number.
    Value(ValueState),
}

impl CheckState {
    pub(super) fn new(check: &Check) -> Self {
        Self {
            name: check.name.clone(),
            kind: ShareState::new(&check.measure)
                .map_or_else(|| Kind::Value(ValueState::default()), |share| Kind::Share(Box::new(share))),
            canary: Looks::default(),
            stable: Looks::default(),
            taken: [None, None],
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The looks at an arm.
    #[must_use]
    pub fn looks(&self, arm: Arm) -> &Looks {
        match arm {
            Arm::Canary => &self.canary,
            Arm::Stable => &self.stable,
        }
    }

    /// What the newest answer about an arm was good for.
    #[must_use]
    pub fn taken(&self, arm: Arm) -> Option<&Taken> {
        self.taken[arm as usize].as_ref()
    }

    /// How long passes between two scrapes, once its samples say it.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        let Kind::Share(share) = &self.kind else { return None };
        share.interval_ms().and_then(|interval| u64::try_from(interval).ok()).map(Duration::from_millis)
    }

    /// True where the histogram was answered, and the bucket that is asked for was not in it.
    #[must_use]
    pub fn lacks_bucket(&self) -> bool {
        self.taken(Arm::Canary).is_some_and(|taken| !taken.other_bounds.is_empty())
    }

    pub(super) fn take(
        &mut self,
        measurement: &Measurement,
        check: &Check,
        labels: &PodLabels,
        (canary, stable): (&CanaryPods, &mut StablePods),
        now: Duration,
    ) {
        let arm = measurement.arm;
        let looks = match arm {
            Arm::Canary => &mut self.canary,
            Arm::Stable => &mut self.stable,
        };
        let answer = match &measurement.answer {
            Err(trouble) => return looks.failed(now, trouble.clone()),
            Ok(answer) => answer,
        };
        let MetricAnswer { answered_at_ms, data, warnings } = answer;
        let newest_ms = match &mut self.kind {
            Kind::Value(value) => {
                value.take(now, data, &check.measure);
                None
            }
            Kind::Share(share) => {
                let none = Vec::new();
                let series: &Vec<Series> = if let MetricData::Matrix(series) = data { series } else { &none };
                let clock_ms = answered_at_ms.or_else(|| newest_of(series)).unwrap_or_default();
                let taken = match arm {
                    Arm::Canary => share
                        .take(arm, (series, warnings.is_empty()), labels, |name| canary.counted(name, clock_ms, now)),
                    Arm::Stable => {
                        let names = series.iter().filter_map(|one| one.labels.get(&labels.pod).map(String::as_str));
                        stable.note(names.filter(|name| !canary.has(name)));
                        share.take(arm, (series, warnings.is_empty()), labels, |name| {
                            stable.counted(name).filter(|_| !canary.has(name))
                        })
                    }
                };
                self.taken[arm as usize] = Some(taken);
                share.arm(arm).newest_ms()
            }
        };
        looks.answered(now, *answered_at_ms, newest_ms, warnings.clone());
    }
}

fn newest_of(series: &[Series]) -> Option<i64> {
    series.iter().flat_map(|one| &one.samples).map(|sample| sample.at_ms).max()
}
