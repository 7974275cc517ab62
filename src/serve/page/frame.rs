//! What every page has around it: head, policy, style and script.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use maud::{Markup, PreEscaped, html};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::report::html::STYLE;
use crate::text::SafeText;

const OWN_STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// How often a page without script is reloaded, in seconds.
const RELOAD: u32 = 15;

/// A value that nobody can guess: only the style and the script that carry it are heeded.
pub(super) struct Nonce(String);

/// What a page is made of.
pub(super) struct Parts {
    /// The title of the window.
    pub title: SafeText,
    /// Where changes of what is shown can be followed.
    pub events: Option<String>,
    /// Everything between header and footer.
    pub main: Markup,
}

impl Nonce {
    fn new() -> Option<Self> {
        let mut bytes = [0; 16];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    fn policy(&self) -> String {
        format!(
            "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; connect-src 'self'; img-src data:; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            self.0
        )
    }
}

/// Answers with a page.
pub(super) fn answer(render: impl FnOnce(&Nonce) -> Parts) -> Response {
    page(StatusCode::OK, render)
}

/// Answers that there is no such page.
pub(super) fn not_found(render: impl FnOnce(&Nonce) -> Parts) -> Response {
    page(StatusCode::NOT_FOUND, render)
}

fn page(status: StatusCode, render: impl FnOnce(&Nonce) -> Parts) -> Response {
    // Without randomness from the system neither style nor script is allowed, and the words are still there.
    let nonce = Nonce::new().unwrap_or_else(|| Nonce(String::new()));
    let parts = render(&nonce);
    sent(status, &document(&parts, &nonce), &nonce)
}

/// Answers with a part of a page, which is put into the page of the one who asks.
pub(super) fn part(part: &Markup) -> Response {
    sent(StatusCode::OK, part, &Nonce(String::new()))
}

fn sent(status: StatusCode, markup: &Markup, nonce: &Nonce) -> Response {
    let mut response = Response::new(Body::from(markup.0.clone()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = HeaderValue::from_str(&nonce.policy());
    headers.insert(CONTENT_SECURITY_POLICY, policy.unwrap_or(HeaderValue::from_static("default-src 'none'")));
    response
}

fn document(parts: &Parts, nonce: &Nonce) -> Markup {
    html! {
        (PreEscaped("<!doctype html>\n"))
        html lang="en" { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                link rel="icon" href="data:,"; "\n"
                title { (parts.title) " · crashgate" } "\n"
                noscript { meta http-equiv="refresh" content=(RELOAD); } "\n"
                style nonce=(nonce.0) { "\n" (PreEscaped(STYLE)) (PreEscaped(OWN_STYLE)) } "\n"
            } "\n"
            body data-events=[parts.events.as_deref()] { "\n"
                a.skip href="#main" { "Skip to the content" } "\n"
                header.top {
                    a.brand href="/" { "crashgate" }
                    span.live #connection hidden { "live" }
                } "\n"
                main #main tabindex="-1" { "\n" (parts.main) } "\n"
                p.unseen #told role="status" aria-live="polite" {} "\n"
                footer.foot { "crashgate " (env!("CARGO_PKG_VERSION")) " · " a href="/openapi.json" { "API" } " · " a href="/metrics" { "Metrics" } } "\n"
                script nonce=(nonce.0) { (PreEscaped(SCRIPT)) } "\n"
            } "\n"
        } "\n"
    }
}
