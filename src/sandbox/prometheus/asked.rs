//! What a query asks for: a plain selector, or anything else; and whether two queries differ but in pods and windows.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::gate::model::SeriesSelector;

/// A query as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The query without its pods and its window: what is the same at every look of one check.
    pub key: String,
    /// The pods that it names.
    pub pods: BTreeSet<String>,
    /// The selector, where it is nothing else.
    pub plain: Option<Plain>,
}

/// A plain selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plain {
    /// The selector, the matchers of its pods among the others.
    pub selector: SeriesSelector,
    /// How far back its samples are wanted; `None` for the newest one of each series.
    pub window: Option<Duration>,
}

impl Asked {
    /// Reads a query. `known` are the pods that there are.
    pub fn read(query: &str, known: &BTreeSet<String>) -> Self {
        let query = query.trim();
        let (selector, window) = split(query);
        let plain = plain(selector).filter(|_| window != Window::Unreadable).map(|selector| {
            let window = if let Window::Of(window) = window { Some(window) } else { None };
            Plain { selector, window }
        });
        let (mut key, pods) = without_pods(if plain.is_some() { selector } else { query }, known);
        if plain.as_ref().is_some_and(|plain| plain.window.is_some()) {
            key.push_str("[]");
        }
        Self { key, pods, plain }
    }
}

/// What stands in brackets behind a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    None,
    Of(Duration),
    Unreadable,
}

fn split(query: &str) -> (&str, Window) {
    match query.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((selector, window)) => (selector.trim_end(), duration(window).map_or(Window::Unreadable, Window::Of)),
        None => (query, Window::None),
    }
}

/// A selector by itself. Ours always name their pods; here they are matchers like all others.
fn plain(selector: &str) -> Option<SeriesSelector> {
    match selector.split_once('{') {
        Some((name, rest)) => format!("{name}{{$pods,{rest}").parse().ok(),
        None => format!("{selector}{{$pods}}").parse().ok(),
    }
}

/// A duration as `PromQL` spells it: `15000ms`, `5m`, `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (digits, unit) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(end);
        let number: u64 = digits.parse().ok()?;
        let of_unit = match unit {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            "d" => Duration::from_hours(24),
            "w" => Duration::from_hours(24 * 7),
            "y" => Duration::from_hours(24 * 365),
            _ => return None,
        };
        total = total.checked_add(of_unit.checked_mul(u32::try_from(number).ok()?)?)?;
        rest = after;
    }
    (!total.is_zero()).then_some(total)
}

/// The query with `$pods` in the place of every matcher that names pods and nothing else, and those pods.
fn without_pods(query: &str, known: &BTreeSet<String>) -> (String, BTreeSet<String>) {
    let (mut key, mut pods) = (String::new(), BTreeSet::new());
    let mut rest = query;
    while let Some(start) = rest.find('"') {
        key.push_str(&rest[..start]);
        let text = &rest[start + 1..];
        let mut escaped = false;
        let end = text.find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            rest = &rest[start..];
            break;
        };
        // Names of pods need no escape but for their dots.
        let named: BTreeSet<String> = text[..end].split('|').map(|name| name.replace('\\', "")).collect();
        if named.iter().all(|name| known.contains(name)) && key.ends_with(['=', '~']) {
            let op = key.trim_end_matches(['=', '~']).len();
            key.truncate(op);
            key.push_str("=$pods");
            pods.extend(named);
        } else {
            key.push_str(&rest[start..=start + 1 + end]);
        }
        rest = &text[end + 1..];
    }
    key.push_str(rest);
    (key, pods)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::{Asked, duration};

    fn asked(query: &str) -> Asked {
        let known: BTreeSet<String> = ["web-1", "web-2", "web.3"].map(str::to_owned).into();
        Asked::read(query, &known)
    }

    #[test]
    fn looks_of_one_check_differ_in_pods_and_window_alone() {
        let one = asked(r#"up{namespace="shop",pod=~"web-1|web\\.3",code=~"5.."}[15000ms]"#);
        let other = asked(r#"up{namespace="shop",pod="web-2",code=~"5.."}[1m]"#);
        assert_eq!(one.key, other.key);
        assert_eq!(one.pods, BTreeSet::from(["web-1".to_owned(), "web.3".to_owned()]));
        assert_eq!(one.plain.unwrap().window, Some(Duration::from_secs(15)));
        for query in [
            r#"up{namespace="shop",pod="web-2",code=~"4.."}[1m]"#,
            r#"up{namespace="shop",pod="web-2",code=~"5.."}"#,
            r#"down{namespace="shop",pod="web-2",code=~"5.."}[1m]"#,
        ] {
            assert_ne!(asked(query).key, other.key, "{query}");
        }
        let ratio = |pods: &str| asked(&format!("max(a{{pod={pods}}} / b{{pod={pods}}})"));
        let (one, other) = (ratio("\"web-1\""), ratio("~\"web-1|web-2\""));
        assert_eq!((&one.key, one.key.as_str()), (&other.key, "max(a{pod=$pods} / b{pod=$pods})"));
        assert!(one.plain.is_none() && other.pods.len() == 2);
    }

    #[test]
    fn what_is_more_than_a_selector_is_not_taken_for_one() {
        for plain in ["up", "up{}", r#"up{a="b"}"#, r#"{__name__=~"a|b",pod="x{y"}[5m]"#, "up[1h30m]", "a:b_total [5m]"]
        {
            assert!(asked(plain).plain.is_some(), "{plain}");
        }
        for more in [
            "",
            "1",
            "sum(up)",
            "up offset 5m",
            "up[5m] offset 1m",
            "rate(up[5m])",
            "up[5m:1m]",
            "up[]",
            "up[5]",
            "up + 1",
            r#"{job="x"}"#,
        ] {
            assert!(asked(more).plain.is_none(), "{more}");
        }
        // A quote that never ends is no reason to fail.
        assert_eq!(asked(r#"up{a="b"#).key, r#"up{a="b"#);
    }

    #[test]
    fn durations_are_read_as_promql_spells_them() {
        assert_eq!(duration("1500ms"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("1d2h"), Some(Duration::from_hours(26)));
        for text in ["", "5", "0s", "m", "-5m", "5 m", "99999999999999999999s", "5x"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
