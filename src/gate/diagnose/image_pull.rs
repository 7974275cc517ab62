//! Reading why an image could not be pulled, and image references.
//!
//! The kubelet hands on what the container runtime says, which hands on what the registry says: free text. The order of
//! the questions matters: trouble with the registry is asked for first, because its words often hold those of a refusal
//! (`403 … rate limit`, `404 … while proxying`), and a passing trouble must not be blamed on the app.

use crate::gate::model::image_ref::split;
use crate::gate::result::Code;

/// What a container's waiting reason says about its image; `None` where it is about something else.
#[must_use]
pub fn cause_of(reason: &str, message: &str, image: &str, remembered: Option<Code>) -> Option<Code> {
    match reason {
        "InvalidImageName" => Some(Code::ImageNameInvalid),
        "ErrImageNeverPull" => Some(Code::ImageNeverPull),
        "RegistryUnavailable" => Some(Code::RegistryUnavailable),
        "SignatureValidationFailed" => Some(Code::ImagePullDenied),
        "ErrImagePull" | "ImagePullBackOff" | "ImageInspectError" => {
            // Before 1.31 the back-off does not quote the cause: what was said before it still holds. With no word at
            // all it is not the image that is proven guilty.
            Some(read_pull_error(message, image).or(remembered).unwrap_or(Code::RegistryUnavailable))
        }
        _ => None,
    }
}

/// What the message of a failed pull says; `None` where it says nothing that is known.
#[must_use]
pub fn read_pull_error(message: &str, image: &str) -> Option<Code> {
    // The reference itself may hold any word (`shop/timeout:503`): it is no part of the answer.
    let mut text = message.to_owned();
    for part in [image, split(image).name] {
        if part.len() > 3 {
            text = text.replace(part, "…");
        }
    }
    let text = text.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    if says(REGISTRY_TROUBLE) || says_server_error(&text) {
        Some(Code::RegistryUnavailable)
    } else if says(NO_PLATFORM) {
        Some(Code::ImageNotFound)
    } else if says(DENIED) {
        Some(Code::ImagePullDenied)
    } else if says(NOT_FOUND) {
        Some(Code::ImageNotFound)
    } else {
        None
    }
}

const REGISTRY_TROUBLE: &[&str] = &[
    "toomanyrequests",
    "too many requests",
    "rate limit",
    "status code 429",
    "status: 429",
    ": 429",
    "i/o timeout",
    "timeout exceeded",
    "tls handshake timeout",
    "deadline exceeded",
    "client.timeout",
    "request canceled",
    "context canceled",
    "connection refused",
    "connection reset",
    "connection timed out",
    "broken pipe",
    "network is unreachable",
    "no route to host",
    "no such host",
    "server misbehaving",
    "temporary failure in name resolution",
    "lookup ",
    "x509:",
    "tls:",
    "certificate",
    "server gave http response to https client",
    "unexpected eof",
    ": eof",
    "service unavailable",
    "bad gateway",
    "gateway timeout",
    "gateway time-out",
    "internal server error",
    "proxyconnect",
    "no space left on device",
    "failed to copy",
    "short read",
    "unexpected commit digest",
    "qps exceeded",
];

const NO_PLATFORM: &[&str] = &["no match for platform", "no matching manifest for", "image operating system"];

const DENIED: &[&str] = &[
    "pull access denied",
    "unauthorized",
    "authentication required",
    "authorization failed",
    "authorization required",
    "insufficient_scope",
    "no basic auth credentials",
    "access denied",
    "permission denied",
    "permission_denied",
    "permissiondenied",
    "denied:",
    "forbidden",
    "status code 401",
    "status code 403",
];

const NOT_FOUND: &[&str] = &[
    "not found",
    "notfound",
    "manifest unknown",
    "manifest_unknown",
    "name unknown",
    "name_unknown",
    "repository does not exist",
    "does not exist",
    "status code 404",
];

/// True where an HTTP status of 500 to 599 is told as one: `status code 503`, `status: 502 …`, `: 500 …`.
fn says_server_error(text: &str) -> bool {
    ["status code ", "status: ", "status ", ": ", "http code "].iter().any(|before| {
        text.match_indices(before).any(|(place, _)| {
            let mut rest = text[place + before.len()..].chars();
            rest.next() == Some('5')
                && rest.by_ref().take(2).filter(char::is_ascii_digit).count() == 2
                && rest.next().is_none_or(|c| !c.is_alphanumeric())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{cause_of, read_pull_error};
    use crate::gate::model::{Reference, split};
    use crate::gate::result::Code;

    const IMAGE: &str = "registry.shop.example/shop/cart:1.8.4";

    #[test]
    fn every_waiting_reason_of_the_kubelet_about_images_is_known() {
        let of = |reason| cause_of(reason, "no word that is known", IMAGE, None);
        assert_eq!(of("SignatureValidationFailed"), Some(Code::ImagePullDenied));
        assert_eq!(of("RegistryUnavailable"), Some(Code::RegistryUnavailable));
        assert_eq!(of("ImageInspectError"), Some(Code::RegistryUnavailable), "nothing proves the image guilty");
        assert_eq!(of("CrashLoopBackOff"), None);
    }

    #[test]
    fn the_words_of_a_reference_are_no_part_of_the_answer() {
        let said = |image: &str| format!("failed to pull \"{image}\": not found");
        for image in ["r.example/shop/unauthorized:1", "r.example/rate limit:2", "forbidden"] {
            assert_eq!(read_pull_error(&said(image), image), Some(Code::ImageNotFound), "{image}");
        }
        // One this short would take words apart.
        assert_eq!(read_pull_error("not found", "not"), Some(Code::ImageNotFound));
    }

    #[test]
    fn a_port_is_no_tag() {
        let apart = |image| {
            let Reference { name, tag, digest } = split(image);
            (name, tag, digest)
        };
        assert_eq!(apart("r:5000/cart"), ("r:5000/cart", None, None));
        assert_eq!(apart("r:5000/cart:v2"), ("r:5000/cart", Some("v2"), None));
        assert_eq!(apart("a:b"), ("a", Some("b"), None));
        assert_eq!(apart("/a:b"), ("/a", Some("b"), None));
        assert_eq!(apart("cart@sha256:0"), ("cart", None, Some("sha256:0")));
    }

    #[test]
    fn the_registry_is_asked_about_first() {
        let table = [
            (
                "429 Too Many Requests - toomanyrequests: You have reached your pull rate limit",
                Code::RegistryUnavailable,
            ),
            (
                "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 503 Service Unavailable",
                Code::RegistryUnavailable,
            ),
            ("received unexpected HTTP status: 502 Bad Gateway", Code::RegistryUnavailable),
            (
                "failed to do request: Head \"https://r.example/v2/\": dial tcp 10.0.0.1:443: i/o timeout",
                Code::RegistryUnavailable,
            ),
            (
                "failed to do request: Head \"https://r.example/v2/\": dial tcp: lookup r.example on 10.0.0.10:53: no such host",
                Code::RegistryUnavailable,
            ),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Code::RegistryUnavailable,
            ),
            ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", Code::RegistryUnavailable),
            ("unexpected status code 500", Code::RegistryUnavailable),
            (
                "rpc error: code = NotFound desc = failed to resolve image: registry.shop.example/shop/cart:1.8.4: not found",
                Code::ImageNotFound,
            ),
            ("manifest for x not found: manifest unknown: manifest unknown", Code::ImageNotFound),
            ("no match for platform in manifest: not found", Code::ImageNotFound),
            ("no matching manifest for linux/arm64/v8 in the manifest list entries", Code::ImageNotFound),
            (
                "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
                Code::ImagePullDenied,
            ),
            ("unauthorized: authentication required", Code::ImagePullDenied),
            ("unexpected status from HEAD request to https://r.example/v2/: 403 Forbidden", Code::ImagePullDenied),
        ];
        for (message, code) in table {
            assert_eq!(read_pull_error(message, IMAGE), Some(code), "{message}");
        }
        assert_eq!(read_pull_error("something new", IMAGE), None);
        assert_eq!(read_pull_error("unexpected status: 5000 retries", IMAGE), None, "no HTTP status");
        assert_eq!(read_pull_error("unexpected status: 500", IMAGE), Some(Code::RegistryUnavailable));
        // A short name is part of other words.
        assert_eq!(read_pull_error("manifest not found", "not"), Some(Code::ImageNotFound));
    }

    #[test]
    fn the_name_of_the_image_is_no_answer() {
        let image = "registry.example/shop/timeout-503:404";
        let message = "failed to resolve image: registry.example/shop/timeout-503:404: not found";
        assert_eq!(read_pull_error(message, image), Some(Code::ImageNotFound));
        assert_eq!(read_pull_error("Back-off pulling image \"registry.example/shop/timeout-503:404\"", image), None);
    }

    #[test]
    fn a_back_off_without_a_cause_means_what_was_said_before_it() {
        let back_off = "Back-off pulling image \"a/b:1\"";
        assert_eq!(
            cause_of("ImagePullBackOff", back_off, "a/b:1", Some(Code::ImageNotFound)),
            Some(Code::ImageNotFound)
        );
        assert_eq!(cause_of("ImagePullBackOff", back_off, "a/b:1", None), Some(Code::RegistryUnavailable));
        assert_eq!(cause_of("ContainerCreating", "", "a/b:1", Some(Code::ImageNotFound)), None);
    }

    #[test]
    fn references_are_taken_apart_at_the_right_colon() {
        let table = [
            ("app", ("app", None, None)),
            ("app:1", ("app", Some("1"), None)),
            ("registry:5000/app", ("registry:5000/app", None, None)),
            ("registry:5000/shop/app:v1", ("registry:5000/shop/app", Some("v1"), None)),
            ("a/b@sha256:0a", ("a/b", None, Some("sha256:0a"))),
            ("r:5/a:2@sha256:0a", ("r:5/a", Some("2"), Some("sha256:0a"))),
        ];
        for (image, (name, tag, digest)) in table {
            assert_eq!(split(image), Reference { name, tag, digest }, "{image}");
        }
    }

    #[test]
    fn a_registry_is_told_from_a_repository() {
        let table = [
            ("app:1", ("docker.io", "app"), "tag 1"),
            ("shop/app", ("docker.io", "shop/app"), "tag latest (the default)"),
            ("registry:5000/app:1", ("registry:5000", "app"), "tag 1"),
            ("localhost/app:1", ("localhost", "app"), "tag 1"),
            ("r.example/shop/app@sha256:0a", ("r.example", "shop/app"), "digest sha256:0a"),
        ];
        for (image, home, what) in table {
            assert_eq!((split(image).home(), split(image).what().as_str()), (home, what), "{image}");
        }
    }
}
