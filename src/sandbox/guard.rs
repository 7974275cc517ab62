//! Who may ask: whoever can reach the port can read the recording.

use http::header::CONTENT_TYPE;
use http::{Method, Request};

use super::prometheus;
use super::same_site::{host, is_loopback, is_of_another_site};
use super::status::Refusal;

/// Refuses what only a page of another site sends.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let Some(host) = host(request.uri(), headers) else {
        return Err(Refusal::bad_request("the request names no host, or more than one"));
    };
    if !is_loopback(&host) {
        return Err(Refusal::forbidden("the sandbox answers to loopback only: ask for localhost or 127.0.0.1"));
    }
    // A query is sent as a form, and changes nothing.
    if matches!(*request.method(), Method::GET | Method::HEAD) || prometheus::is_query(request.uri().path()) {
        return Ok(());
    }
    if is_of_another_site(headers, Some(&host)) {
        return Err(Refusal::forbidden("a page of another site may write nothing here"));
    }
    // What forms can send, and pages without asking first, is neither of these.
    if headers.get_all(CONTENT_TYPE).iter().any(|kind| !kind.to_str().is_ok_and(is_of_the_api)) {
        return Err(Refusal::not_json());
    }
    Ok(())
}

fn is_of_the_api(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/json" | "application/vnd.kubernetes.protobuf")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::check;

    fn refused(method: &str, headers: &[(&str, &str)]) -> Option<u64> {
        let mut request = Request::builder().method(method).uri("/api/v1/pods");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap()).err().map(|refusal| refusal.to_value()["code"].as_u64().unwrap())
    }

    #[test]
    fn only_names_of_loopback_are_answered_to() {
        for host in
            ["127.0.0.1:8001", "127.0.0.1", "localhost:8001", "LOCALHOST", "localhost.", "[::1]:8001", "127.8.9.1:1"]
        {
            assert_eq!(refused("GET", &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8001",
            "localhost.evil.example",
            "127.0.0.1.nip.io:8001",
            "10.0.0.1",
            "0.0.0.0:8001",
            "user@localhost",
            "[::]:8001",
            "127.0.0.1@evil.example",
        ] {
            assert_eq!(refused("GET", &[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(refused("GET", &[]), Some(400));
        assert_eq!(refused("GET", &[("host", "localhost"), ("host", "evil.example")]), Some(400));
        assert_eq!(refused("GET", &[("host", "")]), Some(400));
    }

    #[test]
    fn pages_of_other_sites_write_nothing() {
        let with = |more: &[(&str, &str)]| {
            let headers: Vec<_> = [("host", "127.0.0.1:8001")].into_iter().chain(more.iter().copied()).collect();
            ["POST", "DELETE", "PUT", "PATCH"].map(|method| refused(method, &headers))
        };
        let json = ("content-type", "application/json");
        assert_eq!(with(&[]), [None; 4], "what kubectl sends");
        assert_eq!(with(&[json]), [None; 4]);
        assert_eq!(with(&[("content-type", "application/json; charset=utf-8")]), [None; 4]);
        assert_eq!(with(&[("content-type", "application/vnd.kubernetes.protobuf")]), [None; 4]);
        assert_eq!(with(&[json, ("origin", "http://127.0.0.1:8001"), ("sec-fetch-site", "same-origin")]), [None; 4]);
        for more in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:9999"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert_eq!(with(&[json, more]), [Some(403); 4], "{more:?}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
            assert_eq!(with(&[("content-type", kind)]), [Some(415); 4], "{kind}");
        }
        assert_eq!(
            refused("GET", &[("host", "localhost"), ("origin", "https://evil.example")]),
            None,
            "it cannot be read there"
        );
    }
}
