//! From the text of one value of a check to what it means.
//!
//! Every function takes the `name` of the key that holds the value, as the sentence shall call it.

use std::time::Duration;

use crate::gate::model::{Number, SeriesSelector, SeriesSelectorError};
use crate::gate::spec::Undecided;

use super::draft::{Bound, Limit};
use crate::manifest::diagnostics::{Message, quoted};
use crate::manifest::duration::{self, Zero};

/// The name of a check: one word, for it becomes a part of reports, recordings and file names.
pub(super) fn check_name(name: &str, text: &str) -> Result<String, Message> {
    let text = text.trim();
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.is_empty() && text.len() <= 63 && text.chars().all(is_word) {
        return Ok(text.to_owned());
    }
    Err(Message::new(
        format!("`{name}` is {}, which is not one plain word", quoted(text)),
        "write at most 63 letters, digits, `-`, `_` and `.`, as in `errors` or `latency-p99`",
    ))
}

/// A selector of series with `$pods` in it.
pub(super) fn selector(name: &str, text: &str) -> Result<SeriesSelector, Message> {
    text.parse().map_err(|error| match error {
        SeriesSelectorError::NoPods => no_pods(name),
        SeriesSelectorError::Plain { part } => Message::new(
            format!("{} does not belong to a plain selector, and `{name}` must be one", quoted(&part)),
            "write a metric and its matchers, as in `http_requests_total{$pods,code=~\"5..\"}`, without functions, \
             ranges, offsets and operators: crashgate takes the differences itself",
        ),
        SeriesSelectorError::Regex { value, reason } => Message::new(
            format!("{} in `{name}` is not a regular expression: {reason}", quoted(&value)),
            "write it as RE2 reads it: it must match the whole value of the label, as in `5..`",
        ),
        SeriesSelectorError::Unclosed { part } => Message::new(
            format!("the text that begins with {} in `{name}` has no closing quote", quoted(&part)),
            "close it with the same quote",
        ),
        SeriesSelectorError::NoName => Message::new(
            format!("`{name}` does not say which metric is meant"),
            "write its name in front of the braces, as in `http_requests_total{$pods}`",
        ),
    })
}

/// Any PromQL text with `$pods` in it.
pub(super) fn query(name: &str, text: &str) -> Result<String, Message> {
    let text = text.trim();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut pods = text.match_indices("$pods").map(|(at, found)| &text[at + found.len()..]);
    if pods.any(|after| !after.starts_with(is_name)) { Ok(text.to_owned()) } else { Err(no_pods(name)) }
}

fn no_pods(name: &str) -> Message {
    Message::new(
        format!("`{name}` has no `$pods`, and would judge the series of every pod"),
        "write `$pods` inside the braces of each selector, as in `http_requests_total{$pods,code=\"500\"}`: it becomes \
         the matchers of the pods that are judged",
    )
}

/// A limit: any number, with `%` for hundredths.
pub(super) fn limit(name: &str, text: &str) -> Result<Limit, Message> {
    let text = text.trim();
    let percent = text.strip_suffix('%');
    let number = percent.map_or_else(|| number(text), hundredths);
    number.map(|number| Limit { number, is_percent: percent.is_some(), text: text.to_owned() }).ok_or_else(|| {
        Message::new(
            format!("`{name}` is {}, which is not a number", quoted(text)),
            "write a plain number, as in `1%`, `0.01` or `250`, in the unit of what is measured",
        )
    })
}

/// The bound on false alarms: a share that is more than nothing, and 50 % at most.
pub(super) fn alpha(name: &str, text: &str) -> Result<Number, Message> {
    let Limit { number, is_percent, text } = limit(name, text)?;
    if number > 0.0 && number <= 0.5 {
        return Ok(Number(number));
    }
    let remedy = if !is_percent && (1.0..=50.0).contains(&number) {
        format!("write `{text}%` or `{}`", number / 100.0)
    } else {
        "write a share over 0 and up to `50%`, as in `5%` or `0.05`".to_owned()
    };
    Err(Message::new(
        format!("`{name}` is {}, and the bound on false alarms is over 0 and at most 50%", quoted(&text)),
        remedy,
    ))
}

/// An odds ratio: `1.5x`, or the number alone; at least 1, for anything less would ask the canary to be better.
pub(super) fn odds(name: &str, text: &str) -> Result<Number, Message> {
    const REMEDY: &str = "write how many times the odds of the stable pods, as in `1.5x`";
    let text = text.trim();
    match number(text.strip_suffix(['x', 'X', '×']).unwrap_or(text).trim_end()) {
        Some(odds) if odds >= 1.0 => Ok(Number(odds)),
        Some(_) => Err(Message::new(
            format!("`{name}` is {}, which is less than the stable pods themselves (`1x`)", quoted(text)),
            REMEDY,
        )),
        None => Err(Message::new(format!("`{name}` is {}, which is not an odds ratio", quoted(text)), REMEDY)),
    }
}

/// What of a histogram is slow: a duration, or a bound as the label `le` of its series has it.
pub(super) fn bound(name: &str, text: &str) -> Result<Bound, Message> {
    match number(text.trim()) {
        Some(bound) if bound > 0.0 => Ok(Bound::Number(bound)),
        Some(_) => Err(Message::new(
            format!("`{name}` is {}, and a bound is more than zero", quoted(text.trim())),
            "write a bucket bound of the histogram, as in `500ms` or `0.5`",
        )),
        None => duration::parse(name, text, Zero::Refused).map(Bound::Time),
    }
}

impl Bound {
    /// The bound in the unit of the series' label `le`: seconds, or milliseconds where the metric's name says so.
    pub(super) fn of_series(self, selector: &SeriesSelector) -> Number {
        const MILLISECONDS: [&str; 4] = ["_milliseconds", "_milliseconds_bucket", "_ms", "_ms_bucket"];
        let metric = selector.metric().unwrap_or_default();
        match self {
            Self::Number(bound) => Number(bound),
            Self::Time(time) => {
                let scale = if MILLISECONDS.iter().any(|unit| metric.ends_with(unit)) { -6 } else { -9 };
                Number(scaled(&time.as_nanos().to_string(), scale).unwrap_or(f64::INFINITY))
            }
        }
    }
}

/// How long a limit must be breached; zero is at once.
pub(super) fn hold(name: &str, text: &str) -> Result<Duration, Message> {
    duration::parse(name, text, Zero::Allowed)
}

/// What a check is compared with. There is but one thing; which pods those are says `stable`.
pub(super) fn versus(name: &str, text: &str) -> Result<bool, Message> {
    if text.trim() == "stable" {
        return Ok(true);
    }
    Err(Message::new(
        format!("`{name}` is {}", quoted(text.trim())),
        "write `stable`; which pods those are says the gate's key `stable`, as in `stable: deployment/checkout-stable`",
    ))
}

/// What a check that is proven neither way means at the end.
pub(super) fn undecided(name: &str, text: &str) -> Result<Undecided, Message> {
    Undecided::ALL.into_iter().find(|undecided| undecided.name() == text.trim()).ok_or_else(|| {
        let names = Undecided::ALL.map(Undecided::name).join(", ");
        Message::new(format!("`{name}` is {}", quoted(text.trim())), format!("write one of {names}"))
    })
}

/// A finite number in decimal digits.
fn number(text: &str) -> Option<f64> {
    let is_decimal = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E'))
        && text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    // Rust reads words such as `inf` too.
    text.parse::<f64>().ok().filter(|number| is_decimal && number.is_finite())
}

/// So many hundredths, as near as a floating-point number comes: `0.1%` is the number that `0.001` is.
fn hundredths(text: &str) -> Option<f64> {
    let text = text.trim_end();
    let number = number(text)?;
    if text.contains(['e', 'E']) { Some(number / 100.0) } else { scaled(text, -2) }
}

/// The number of these decimal digits times a power of ten.
fn scaled(digits: &str, power: i32) -> Option<f64> {
    format!("{digits}e{power}").parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bound, Limit, alpha, bound, check_name, limit, odds, query, selector};
    use crate::gate::model::Number;

    #[test]
    fn a_percentage_is_the_number_that_its_fraction_is() {
        for (percent, number) in
            [("1%", 0.01), ("0.1%", 0.001), ("5 %", 0.05), ("0.7%", 0.007), ("99.9%", 0.999), ("1e1%", 0.1)]
        {
            let text = percent.to_owned();
            assert_eq!(limit("max", percent), Ok(Limit { number, is_percent: true, text }));
        }
    }

    #[test]
    fn what_is_no_finite_decimal_number_is_no_limit() {
        for text in
            ["", "%", "x", "inf", "NaN", "infinity", "1e999", "0x10", "1_000", "1,5", "500ms", "8Gi", "+", "--1"]
        {
            assert!(limit("max", text).unwrap_err().sentence.contains("not a number"), "{text}");
        }
        for (text, number) in [("-3", -3.0), (".5", 0.5), ("1e3", 1000.0), ("2.", 2.0)] {
            assert_eq!(Number(limit("max", text).unwrap().number), Number(number), "{text}");
        }
    }

    #[test]
    fn odds_are_at_least_even() {
        for (text, odds_ratio) in [("1.5x", 1.5), ("1.5", 1.5), ("3 x", 3.0), ("2×", 2.0), ("1x", 1.0)] {
            assert_eq!(odds("tolerate", text), Ok(Number(odds_ratio)), "{text}");
        }
        for text in ["0.5x", "-2", "x", "", "150%", "1.5 times"] {
            assert!(odds("tolerate", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bound_on_false_alarms_is_a_share_up_to_a_half() {
        assert_eq!(alpha("alpha", "5%"), Ok(Number(0.05)));
        assert_eq!(alpha("alpha", "0.5"), Ok(Number(0.5)));
        assert_eq!(alpha("alpha", "5").unwrap_err().remedy, "write `5%` or `0.05`");
        for text in ["0", "0%", "51%", "-1%", "100"] {
            assert!(alpha("alpha", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bound_has_the_unit_of_its_series() {
        let of = |text: &str, metric: &str| {
            bound("slowerThan", text).unwrap().of_series(&format!("{metric}{{$pods}}").parse().unwrap())
        };
        assert_eq!(of("500ms", "http_request_duration_seconds_bucket"), Number(0.5));
        assert_eq!(of("2300ms", "http_request_duration_seconds"), Number(2.3));
        assert_eq!(of("500ms", "istio_request_duration_milliseconds_bucket"), Number(500.0));
        assert_eq!(of("1s", "response_latency_ms_bucket"), Number(1000.0));
        assert_eq!(of("1s 500ms", "latency_ms"), Number(1500.0));
        // Not an end of the name that is a unit.
        assert_eq!(of("1s", "alarms_bucket"), Number(1.0));
        assert_eq!(of("0.25", "latency_ms"), Number(0.25));
        assert_eq!(bound("slowerThan", "1m"), Ok(Bound::Time(Duration::from_mins(1))));
        for text in ["0", "-1", "0s", "slow", "1,5"] {
            assert!(bound("slowerThan", text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_one_word() {
        assert_eq!(check_name("name", " p99.9_latency-eu "), Ok("p99.9_latency-eu".to_owned()));
        for text in ["", "two words", "a/b", "ä", &"x".repeat(64)] {
            assert!(check_name("name", text).is_err(), "{text}");
        }
    }

    #[test]
    fn pods_must_stand_in_selectors_and_queries() {
        assert!(selector("bad", "a_total{$pods,code=~\"5..\"}").is_ok());
        assert!(query("query", "max(a{$pods} / b{ $pods , x=\"1\"})").is_ok());
        for text in ["a_total", "a_total{}", "a_total{code=\"500\"}"] {
            assert!(selector("bad", text).unwrap_err().sentence.contains("`$pods`"), "{text}");
            assert!(query("query", text).unwrap_err().sentence.contains("`$pods`"), "{text}");
        }
        assert!(query("query", "a{pod=~\"$podset\"}").is_err());
        assert!(selector("bad", "rate(a_total{$pods}[1m])").unwrap_err().remedy.contains("takes the differences"));
    }
}
