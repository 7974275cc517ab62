//! From the text of one value of `metrics.source` to what it means. What may be a secret is never repeated.

use http::{HeaderName, HeaderValue, Uri};

use crate::manifest::diagnostics::{Message, quoted};

const EXAMPLE: &str =
    "write its base URL, as in `http://prometheus.monitoring:9090` or `https://mimir.example.com/prometheus`";

/// The base URL of a source: with a path where there is one, and nothing else.
pub(super) fn url(name: &str, text: &str) -> Result<String, Message> {
    let text = text.trim();
    if text.contains('@') {
        return Err(Message::new(
            format!("`{name}` holds a user or a password, which would show up in logs and reports"),
            "remove what stands before the `@`, and write `user` and `passwordFile` beside `url`",
        ));
    }
    let address = text.parse::<Uri>().ok();
    let is_web = address.as_ref().is_some_and(|address| {
        matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some_and(|host| !host.is_empty())
    });
    if !is_web {
        let sentence = format!("{} in `{name}` is not the URL of a Prometheus server", quoted(text));
        let has_no_scheme = !text.is_empty() && !text.contains("://");
        let guess = format!("http://{text}");
        return Err(Message::new(
            sentence,
            if has_no_scheme && guess.parse::<Uri>().is_ok() {
                format!("write the scheme too, as in `{guess}`")
            } else {
                EXAMPLE.to_owned()
            },
        ));
    }
    if let Some(mark) = text.chars().find(|c| matches!(c, '?' | '#')) {
        return Err(Message::new(
            format!("`{name}` has something after a `{mark}`, which a base URL cannot have"),
            "write the URL up to there; what every request needs can be given as `headers`",
        ));
    }
    if let Some((base, _)) = text.split_once("/api/v1") {
        return Err(Message::new(
            format!("`{name}` names a path of the API, which crashgate adds itself"),
            format!("write `{base}`"),
        ));
    }
    Ok(text.to_owned())
}

/// A header of every request.
pub(super) fn header(name: &str, header: &str, value: &str) -> Result<(String, String), Message> {
    /// What the client says of its own requests.
    const OURS: [&str; 4] = ["connection", "content-length", "content-type", "transfer-encoding"];
    let header = header.trim();
    let Ok(known) = HeaderName::from_bytes(header.as_bytes()) else {
        return Err(Message::new(
            format!("{} in `{name}` cannot be the name of a header", quoted(header)),
            "write letters, digits and `-`, as in `X-Scope-OrgID`",
        ));
    };
    if OURS.contains(&known.as_str()) {
        return Err(Message::new(
            format!("{} in `{name}` is a header that crashgate sets itself", quoted(header)),
            "remove it",
        ));
    }
    let value = value.trim();
    if value.is_empty() {
        return Err(Message::new(
            format!("the header {} in `{name}` is empty", quoted(header)),
            "give it a value, and check the variables in it",
        ));
    }
    if !value.is_ascii() || HeaderValue::from_str(value).is_err() {
        return Err(Message::new(
            format!(
                "the value of the header {} in `{name}` holds what no header can (a line end, or a letter that is not ASCII)",
                quoted(header)
            ),
            "check the variables in it: the secret may have been read with its line end or in another encoding",
        ));
    }
    Ok((header.to_owned(), value.to_owned()))
}

/// A label of series.
pub(super) fn label(name: &str, text: &str) -> Result<String, Message> {
    let text = text.trim();
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    if text.starts_with(is_start) && text.chars().all(|c| is_start(c) || c.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(Message::new(
        format!("{} in `{name}` cannot be a label of series", quoted(text)),
        "write it as the series have it, as in `pod` or `kubernetes_pod_name`",
    ))
}

/// A label of series, or that they carry none: `none`, or nothing between quotes.
pub(super) fn label_or_none(name: &str, text: &str) -> Result<Option<String>, Message> {
    if matches!(text.trim(), "" | "none") { Ok(None) } else { label(name, text).map(Some) }
}

/// `true` or `false`.
pub(super) fn truth(name: &str, text: &str) -> Result<bool, Message> {
    match text.trim() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(Message::new(format!("`{name}` is {}", quoted(other)), "write `true` or `false`")),
    }
}

#[cfg(test)]
mod tests {
    use super::{header, label, label_or_none, truth, url};

    #[test]
    fn a_source_is_a_base_url_of_the_web() {
        for good in [
            "http://prometheus:9090",
            "https://prom.example.com/prometheus",
            "http://vmselect:8481/select/0/prometheus/",
            "http://[::1]:9090",
            "http://127.0.0.1",
        ] {
            assert_eq!(url("url", good), Ok(good.to_owned()));
        }
        for (bad, remedy) in [
            ("", "write its base URL"),
            ("prometheus:9090", "write the scheme too, as in `http://prometheus:9090`"),
            ("prometheus.monitoring", "write the scheme too, as in `http://prometheus.monitoring`"),
            ("ftp://prometheus", "write its base URL"),
            ("http://", "write its base URL"),
            ("http://prom?x=1", "write the URL up to there"),
            ("http://prom/#top", "write the URL up to there"),
            ("http://prom:9090/x/api/v1/query", "write `http://prom:9090/x`"),
        ] {
            assert!(url("url", bad).unwrap_err().remedy.contains(remedy), "{bad}: {:?}", url("url", bad));
        }
    }

    #[test]
    fn neither_passwords_nor_values_of_headers_are_repeated() {
        for bad in ["https://ann:hunter2@prom", "ann:hunter2@prom", "http://hunter2@"] {
            let message = url("url", bad).unwrap_err();
            assert!(!format!("{message:?}").contains("hunter2"), "{message:?}");
            assert!(message.remedy.contains("passwordFile"));
        }
        for (name, value) in
            [("X-Key", "hunter2\n2"), ("X Key", "hunter2"), ("X-Key", "hunter2ü"), ("Content-Type", "hunter2")]
        {
            let message = header("headers", name, value).unwrap_err();
            assert!(!format!("{message:?}").contains("hunter2") && message.sentence.contains(name), "{message:?}");
        }
        assert!(header("headers", "X-Key", " ").is_err());
        assert_eq!(header("headers", "X-Scope-OrgID", "a|b"), Ok(("X-Scope-OrgID".to_owned(), "a|b".to_owned())));
    }

    #[test]
    fn labels_are_those_of_series() {
        assert_eq!(label("pod", "kubernetes_pod_name"), Ok("kubernetes_pod_name".to_owned()));
        assert_eq!(label_or_none("namespace", "none"), Ok(None));
        assert_eq!(label_or_none("namespace", ""), Ok(None));
        for text in ["", "app.kubernetes.io/name", "9", "a-b"] {
            assert!(label("pod", text).is_err(), "{text}");
        }
        assert_eq!((truth("insecure", "true"), truth("insecure", "false")), (Ok(true), Ok(false)));
        assert!(truth("insecure", "yes").is_err());
    }
}
