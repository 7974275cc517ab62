//! `traceparent`: the trace that a caller's request belongs to, taken into the lines of the log that are about it.
//!
//! The header is that of W3C Trace Context, level 1: `00-TRACE-PARENT-FLAGS`, all in lower-case hexadecimal. What cannot be read is
//! as if it were not there.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use tracing::Instrument as _;

/// The trace of a request, and the span that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace<'h> {
    /// 32 digits in hexadecimal.
    pub trace_id: &'h str,
    /// 16 digits in hexadecimal.
    pub parent: &'h str,
}

impl<'h> Trace<'h> {
    /// Reads the header of a request. `None` where there is none, several, or one that breaks the rules.
    #[must_use]
    pub fn of(headers: &'h HeaderMap) -> Option<Self> {
        let mut all = headers.get_all("traceparent").iter();
        let (Some(header), None) = (all.next(), all.next()) else { return None };
        Self::read(header.to_str().ok()?)
    }

    fn read(text: &'h str) -> Option<Self> {
        let (version, rest) = text.split_once('-')?;
        let (trace_id, rest) = rest.split_once('-')?;
        let (parent, rest) = rest.split_once('-')?;
        // Later versions may go on after the flags; this one may not.
        let (flags, more) = rest.split_once('-').map_or((rest, None), |(flags, more)| (flags, Some(more)));
        let is_id = |id: &str, digits: usize| is_hex(id, digits) && id.bytes().any(|digit| digit != b'0');
        let is_sound = is_hex(version, 2)
            && version != "ff"
            && is_id(trace_id, 32)
            && is_id(parent, 16)
            && is_hex(flags, 2)
            && (version != "00" || more.is_none());
        is_sound.then_some(Self { trace_id, parent })
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Has every line of the log that is written while a request is answered carry its trace. A layer for a router:
/// `router.layer(axum::middleware::from_fn(trace::follow))`.
pub async fn follow(request: Request, next: Next) -> Response {
    let span = match Trace::of(request.headers()) {
        Some(Trace { trace_id, parent }) => tracing::info_span!(target: "crashgate::serve", "call", trace_id, parent),
        None => tracing::Span::none(),
    };
    next.run(request).instrument(span).await
}

#[cfg(test)]
mod tests {
    use super::Trace;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    #[test]
    fn a_trace_is_read_by_the_letter_and_garbage_is_none() {
        let good = [
            format!("00-{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}-00"),
            format!("cc-{TRACE}-{PARENT}-01"),
            format!("01-{TRACE}-{PARENT}-01-what-the-future-will-be-like"),
        ];
        for text in &good {
            assert_eq!(Trace::read(text), Some(Trace { trace_id: TRACE, parent: PARENT }), "{text}");
        }
        let zeros = "0".repeat(32);
        let bad = [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{TRACE}-{PARENT}-01-"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("00-{TRACE}-{PARENT}-0x"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("0-{TRACE}-{PARENT}-01"),
            format!("00-{zeros}-{PARENT}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{}-{PARENT}-01", &TRACE[1..]),
            format!(" 00-{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}-01 "),
            format!("00-{TRACE}\n-{PARENT}-01"),
        ];
        for text in &bad {
            assert_eq!(Trace::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn two_headers_are_none() {
        let one: http::HeaderValue = format!("00-{TRACE}-{PARENT}-01").parse().unwrap();
        let mut headers = http::HeaderMap::new();
        assert_eq!(Trace::of(&headers), None);
        headers.append("traceparent", one.clone());
        assert!(Trace::of(&headers).is_some());
        headers.append("traceparent", one);
        assert_eq!(Trace::of(&headers), None);
    }
}
