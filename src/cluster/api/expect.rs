//! What the cluster must be known by.

use http::Uri;

use super::connect_error::ConnectError;

/// What the cluster must be known by. Nothing is expected of what is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// The URL of its API server.
    pub server: Option<String>,
    /// The UID of its namespace `kube-system`: there is one in every cluster, it cannot be deleted, and no two are alike.
    pub cluster_uid: Option<String>,
}

impl Expect {
    /// Compares the server's URL with the expected one. No request is made.
    ///
    /// # Errors
    ///
    /// Where it is another.
    pub(in crate::cluster) fn check_server(&self, server: &str, origin: &str) -> Result<(), ConnectError> {
        match &self.server {
            Some(expected) if normal(expected) != normal(server) => Err(ConnectError::WrongServer {
                expected: expected.clone(),
                server: server.to_owned(),
                origin: origin.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// The URL in the one form that two spellings of it share: the port written out, no slash at the end.
fn normal(url: &str) -> String {
    let Ok(uri) = url.parse::<Uri>() else { return url.to_owned() };
    let scheme = uri.scheme_str().unwrap_or("https").to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    format!("{scheme}://{host}:{port}{}", uri.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::{Expect, normal};

    #[test]
    fn two_spellings_of_one_server_are_the_same() {
        for (one, other) in [
            ("https://prod.example.com", "https://PROD.example.com:443/"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("https://r.example.com/k8s/clusters/c-1/", "https://r.example.com:443/k8s/clusters/c-1"),
        ] {
            assert_eq!(normal(one), normal(other));
        }
        for other in ["http://prod.example.com:443", "https://prod.example.com:6443", "https://prod.example.com/a"] {
            assert_ne!(normal("https://prod.example.com"), normal(other));
        }
    }

    #[test]
    fn another_server_is_refused_with_both_names() {
        let expect = Expect { server: Some("https://prod.example.com".to_owned()), cluster_uid: None };
        assert!(expect.check_server("https://prod.example.com:443", "k").is_ok());
        let error = expect.check_server("https://staging.example.com", "the file k").unwrap_err();
        assert!(error.is_usage());
        let words = error.to_string();
        for word in ["https://prod.example.com", "https://staging.example.com", "the file k"] {
            assert!(words.contains(word), "{words}");
        }
        assert!(Expect::default().check_server("anything", "k").is_ok());
    }
}
