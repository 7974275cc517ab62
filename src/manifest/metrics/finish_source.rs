//! What the keys of `metrics.source` mean together.

use std::collections::BTreeSet;

use crate::gate::spec::MetricsSource;

use crate::manifest::diagnostics::Message;

/// Returns all that the keys of a source say wrongly together, each with the key whose value shows it.
pub(super) fn wrong(source: &MetricsSource) -> Vec<(&'static str, Message)> {
    let authorization = source.headers.keys().find(|name| name.eq_ignore_ascii_case("authorization"));
    let (token, user) = (source.token_file.is_some(), source.user.is_some());
    let pairs = [
        ("user", user, "passwordFile", source.password_file.is_some(), "a file with the password"),
        ("cert", source.cert.is_some(), "key", source.key.is_some(), "a file in PEM"),
    ];
    let mut wrong = Vec::new();
    for (one, has_one, other, has_other, what) in pairs {
        let lacking = match (has_one, has_other) {
            (true, false) => Some((one, other)),
            (false, true) => Some((other, one)),
            _ => None,
        };
        if let Some((key, lacking)) = lacking {
            let what = if lacking == "user" { "the name of the user" } else { what };
            let message = Message::new(
                format!("`{key}` needs `{lacking}` beside it"),
                format!("add `{lacking}` ({what}), or remove `{key}`"),
            );
            wrong.push((key, message));
        }
    }
    if token && user {
        let message = Message::new(
            "`tokenFile` and `user` are both given, and a request can carry one of them",
            "keep the one that the server asks for, and remove the other",
        );
        wrong.push(("tokenFile", message));
    }
    if let Some(name) = authorization.filter(|_| token || user) {
        let other = if token { "tokenFile" } else { "user" };
        let message = Message::new(
            format!("the header `{name}` and `{other}` say the same thing differently"),
            format!("keep one of them; `{other}` keeps the secret in its file"),
        );
        wrong.push(("headers", message));
    }
    if source.insecure && source.ca.is_some() {
        let message = Message::new(
            "`insecure` is `true`, and then nobody looks at `ca`",
            "remove `insecure` to trust the certificates of `ca`",
        );
        wrong.push(("insecure", message));
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = source.headers.keys().find(|name| !names.insert(name.to_ascii_lowercase())) {
        let message =
            Message::new(format!("the header `{twice}` is given twice, in different spellings"), "keep one of them");
        wrong.push(("headers", message));
    }
    wrong
}
