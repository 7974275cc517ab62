//! `${VAR}` and `${VAR:-default}` in the values of a gate, read from the environment.
//!
//! Expansion happens after parsing, on the text of one value: what a variable holds can never become YAML, nor be
//! expanded again.

use super::diagnostics::{Message, quoted};

/// Reads an environment variable. `None` where it is not set.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Expands every `${…}` of a value. A `$` without a brace stays as it is.
///
/// # Errors
/// A variable that is not set and has no default, and a `${…}` that cannot be read.
pub(super) fn expand(value: &str, env: Env<'_>) -> Result<String, Message> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((inner, remaining)) = after.split_once('}') else {
            return Err(Message::new(
                // The value may be a secret, and is not repeated.
                "a `${` is never closed",
                "close it with `}`, as in `${VERSION}`",
            ));
        };
        out.push_str(&variable(inner, env)?);
        rest = remaining;
    }
    out.push_str(rest);
    Ok(out)
}

fn variable(inner: &str, env: Env<'_>) -> Result<String, Message> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name || default.is_some_and(|default| default.contains("${")) {
        return Err(Message::new(
            format!("{} cannot be read as a variable", quoted(&format!("${{{inner}}}"))),
            "write `${NAME}` or `${NAME:-default}`, where the name is made of letters, digits and `_`",
        ));
    }
    match (env(name), default) {
        // As in a shell, `:-` also stands in for a variable that is set to nothing.
        (Some(value), Some(default)) if value.is_empty() => Ok(default.to_owned()),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(Message::new(
            format!("the environment variable {} is not set", quoted(name)),
            format!("set it before the gate runs, or give a default: `${{{name}:-default}}`"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    fn expanded(value: &str) -> Result<String, String> {
        let env = |name: &str| match name {
            "TAG" => Some("v2".to_owned()),
            "YAML" => Some("a: b\n${TAG}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        expand(value, &env).map_err(|message| message.sentence)
    }

    #[test]
    fn variables_and_defaults_are_filled_in() {
        assert_eq!(expanded("${TAG}").unwrap(), "v2");
        assert_eq!(expanded("release-${TAG}-${NO:-x}").unwrap(), "release-v2-x");
        assert_eq!(expanded("${TAG:-v1}").unwrap(), "v2");
        assert_eq!(expanded("${EMPTY}").unwrap(), "");
        assert_eq!(expanded("${EMPTY:-v1}").unwrap(), "v1");
        assert_eq!(expanded("${NO:-}").unwrap(), "");
    }

    #[test]
    fn a_dollar_without_a_brace_stays() {
        for value in ["$", "$$", "$TAG", "a$", "5$ and }", "$(TAG)"] {
            assert_eq!(expanded(value).unwrap(), value);
        }
    }

    #[test]
    fn what_a_variable_holds_is_not_read_again() {
        assert_eq!(expanded("${YAML}").unwrap(), "a: b\n${TAG}");
    }

    #[test]
    fn an_unset_variable_is_named() {
        assert_eq!(expanded("x-${NO}").unwrap_err(), "the environment variable `NO` is not set");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for value in ["${", "${TAG", "${}", "${1}", "${A B}", "${TAG:?no}", "${A:-${TAG}}", "${TAG-x}"] {
            assert!(expanded(value).is_err(), "{value}");
        }
    }
}
