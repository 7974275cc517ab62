//! Random traffic, as a source of metrics could tell it: counters that begin anew, gaps, answers that fail, that are not
//! whole, that come in another order or tell a sample twice. Whatever comes, a pass rests on evidence that a computation of
//! its own finds in all that was told.

use std::collections::BTreeMap;
use std::time::Duration;

use crashgate::gate::model::{Arm, MetricAnswer, MetricData, Number, Sample, Series};
use crashgate::gate::result::{Measured, Verdict};
use crashgate::gate::spec::Plan;
use proptest::prelude::*;

use super::cases;
use crate::scenario::objects::{deployment, pod, replica_set};
use crate::scenario::prometheus::{BEGIN_MS, errors, measured, metrics, unreachable};
use crate::scenario::{Scenario, plan};

const PODS: [&str; 2] = ["a", "b"];
const LIMIT: f64 = 0.02;

/// What happens until the next scrape and with the answer that tells of it.
#[derive(Debug, Clone)]
struct Step {
    /// Seconds until the scrape.
    wait: u32,
    /// Good and bad requests of each pod.
    served: [(u64, u64); 2],
    /// The counters of this pod begin anew before.
    restarted: Option<usize>,
    /// This pod is not scraped.
    unscraped: Option<usize>,
    answer: Answer,
}

#[derive(Debug, Clone)]
enum Answer {
    /// Nobody asks.
    Unasked,
    /// The source does not answer.
    Failed,
    /// It does.
    Told {
        /// It warns that something may be missing.
        warned: bool,
        /// The series and their samples come the other way round.
        reversed: bool,
        /// Each sample is told twice.
        doubled: bool,
        /// A value of a series that is known already is not a number.
        nan: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let served = (0_u64..80, prop_oneof![8 => Just(0_u64), 2 => 0_u64..3, 1 => 0_u64..20]);
    let told = (prop::bool::weighted(0.1), any::<bool>(), any::<bool>(), prop::bool::weighted(0.1));
    let answer = prop_oneof![
        1 => Just(Answer::Unasked),
        1 => Just(Answer::Failed),
        8 => told.prop_map(|(warned, reversed, doubled, nan)| Answer::Told { warned, reversed, doubled, nan }),
    ];
    let restarted = prop::option::weighted(0.1, 0..PODS.len());
    let unscraped = prop::option::weighted(0.1, 0..PODS.len());
    (1_u32..5, [served.clone(), served], restarted, unscraped, answer)
        .prop_map(|(wait, served, restarted, unscraped, answer)| Step { wait, served, restarted, unscraped, answer })
}

type Name = (&'static str, &'static str);

/// The source, and all that it has told.
#[derive(Default)]
struct Source {
    counters: BTreeMap<Name, u64>,
    scraped: BTreeMap<Name, BTreeMap<i64, u64>>,
    told: BTreeMap<Name, BTreeMap<i64, u64>>,
    /// When the targets were scraped first, as far as whole answers tell.
    first: BTreeMap<&'static str, i64>,
    /// The series whose target had been scraped before they were first there.
    born: BTreeMap<Name, bool>,
    told_until: i64,
}

impl Source {
    fn scrape(&mut self, step: &Step, now: i64) {
        for (place, pod) in PODS.into_iter().enumerate() {
            if step.restarted == Some(place) {
                for code in ["200", "500"] {
                    self.counters.insert((pod, code), 0);
                }
            }
            let (good, bad) = step.served[place];
            for (code, more) in [("200", good), ("500", bad)] {
                let counter = self.counters.entry((pod, code)).or_default();
                *counter += more;
                let is_there = *counter > 0 || self.scraped.contains_key(&(pod, code));
                if is_there && step.unscraped != Some(place) {
                    self.scraped.entry((pod, code)).or_default().insert(now, *counter);
                }
            }
        }
    }

    /// Tells all that was scraped since the answer before, and a little more.
    fn answer(&mut self, now: i64, (warned, reversed, doubled, nan): (bool, bool, bool, bool)) -> MetricAnswer {
        let since = self.told_until - 6_000;
        let (mut all, mut oldest) = (Vec::new(), BTreeMap::<&'static str, i64>::new());
        for (name, samples) in &self.scraped {
            let mut told: Vec<(i64, f64)> =
                samples.range(since..).map(|(at, value)| (*at, f64::from(u32::try_from(*value).unwrap()))).collect();
            if told.is_empty() {
                continue;
            }
            if nan && self.told.contains_key(name) {
                told.last_mut().unwrap().1 = f64::NAN;
            }
            for (at, _) in told.iter().filter(|(_, value)| !value.is_nan()) {
                self.told.entry(*name).or_default().insert(*at, samples[at]);
                let oldest = oldest.entry(name.0).or_insert(*at);
                *oldest = (*oldest).min(*at);
            }
            if doubled {
                told = told.iter().flat_map(|sample| [*sample, *sample]).collect();
            }
            if reversed {
                told.reverse();
            }
            let labels = [("__name__", "requests_total"), ("code", name.1), ("namespace", "shop"), ("pod", name.0)];
            all.push(Series {
                labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
                samples: told.into_iter().map(|(at_ms, value)| Sample { at_ms, value: Number(value) }).collect(),
                native_histogram: false,
            });
        }
        if !warned {
            // Only what this answer has told, and in numbers: an earlier one may not have been whole.
            for (pod, at) in oldest {
                let first = self.first.entry(pod).or_insert(at);
                *first = at.min(*first);
            }
        }
        for (name, told) in &self.told {
            let began = told.keys().next().unwrap();
            let is_born = self.first.get(name.0).is_some_and(|first| first < began);
            self.born.entry(*name).or_insert(is_born);
        }
        if reversed {
            all.reverse();
        }
        self.told_until = now;
        MetricAnswer {
            answered_at_ms: Some(now),
            data: MetricData::Matrix(all),
            warnings: warned.then(|| "a store is missing".to_owned()).into_iter().collect(),
        }
    }

    /// What all that was told counts, of this code.
    fn count(&self, code: &str) -> u64 {
        let of_code = self.told.iter().filter(|(name, _)| name.1 == code);
        of_code
            .map(|(name, samples)| {
                let values: Vec<u64> = samples.values().copied().collect();
                let first = if self.born[name] { values[0] } else { 0 };
                let steps = values.windows(2).map(|two| if two[1] >= two[0] { two[1] - two[0] } else { two[1] });
                first + steps.sum::<u64>()
            })
            .sum()
    }
}

/// ln E that the share is under the limit: the mean of likelihood ratios at odds that are lower by these factors.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn ln_e_under(total: u64, bad: u64) -> f64 {
    let odds = LIMIT / (1.0 - LIMIT);
    let ratio = |factor: f64| {
        let p = odds / factor / (1.0 + odds / factor);
        bad as f64 * (p / LIMIT).ln() + (total - bad) as f64 * ((1.0 - p) / (1.0 - LIMIT)).ln()
    };
    let sum: f64 = [1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0].map(|factor| ratio(factor).exp()).iter().sum();
    (sum / 8.0).ln()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_pass_rests_on_evidence_that_is_found_again(steps in prop::collection::vec(step(), 4..40)) {
        let mut story = Scenario::new(Plan { metrics: Some(metrics(vec![errors(Some(LIMIT), false)], 90)), ..plan() });
        let web = deployment("web", "v2", 2);
        let set = replica_set(&web);
        story.workload(web).workload(set.clone());
        story.at(1.0);
        for name in PODS {
            story.pod(pod(&set, name));
        }
        let mut source = Source { told_until: BEGIN_MS, ..Source::default() };
        let (mut second, mut last_whole, mut last_told) = (1, false, None);
        for step in &steps {
            second += step.wait;
            story.at(f64::from(second));
            if story.ended().is_some() {
                break;
            }
            let now = BEGIN_MS + i64::from(second) * 1000;
            source.scrape(step, now);
            match step.answer {
                Answer::Unasked => {}
                Answer::Failed => {
                    story.tell(measured(Arm::Canary, Err(unreachable())));
                }
                Answer::Told { warned, reversed, doubled, nan } => {
                    let answer = source.answer(now, (warned, reversed, doubled, nan));
                    (last_whole, last_told) = (!warned, Some(second));
                    story.tell(measured(Arm::Canary, Ok(answer)));
                }
            }
        }
        let outcome = story.ends().clone();
        let (good, bad) = (source.count("200"), source.count("500"));
        let Measured::Share(share) = &outcome.checks[0].measured else { panic!("a share") };
        prop_assert_eq!((share.canary.total, share.canary.bad), (good + bad, bad));
        let proven = ln_e_under(good + bad, bad);
        if outcome.verdict == Verdict::Healthy {
            prop_assert!(proven >= 20_f64.ln() - 1e-9, "ln E = {proven}");
            prop_assert!(last_whole, "an answer that is not whole acquits nobody");
            let told = Duration::from_secs(u64::from(last_told.unwrap()));
            let age = outcome.decided_after.saturating_sub(told);
            prop_assert!(age <= Duration::from_secs(2 * 12 + 2), "{age:?}");
            for pod in PODS {
                prop_assert!(source.told.keys().any(|name| name.0 == pod), "{pod} was never seen");
            }
        } else if outcome.verdict == Verdict::Failed {
            prop_assert!(bad > 0);
        }
    }
}
