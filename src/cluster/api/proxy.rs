//! Whether a cluster is reached through a proxy, decided as Go's clients and curl do: the cluster's host is compared
//! with `NO_PROXY`, never the proxy's. The client library compares the proxy's, so it is not left to decide.

use std::net::IpAddr;

use http::Uri;

/// The variables that decide, as the environment has them. The upper-case spelling wins, an empty one is as good as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyVariables {
    /// `HTTPS_PROXY`: for clusters at `https://`.
    pub https: Option<String>,
    /// `HTTP_PROXY`: for clusters at `http://`.
    pub http: Option<String>,
    /// `NO_PROXY`.
    pub except: Option<String>,
}

/// A proxy setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not a URL.
    #[error("the proxy `{0}` is not a URL; write http://HOST:PORT")]
    Url(String),
    /// A kind of proxy that cannot be spoken to.
    #[error("a proxy at {0}:// is not supported; use http, https or socks5")]
    Scheme(String),
}

impl ProxyVariables {
    /// Reads the environment through `variable`.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |upper: &str, lower: &str| {
            let set =
                |name: &str| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
            set(upper).or_else(|| set(lower))
        };
        Self {
            https: either("HTTPS_PROXY", "https_proxy"),
            http: either("HTTP_PROXY", "http_proxy"),
            except: either("NO_PROXY", "no_proxy"),
        }
    }

    /// The proxy for this cluster; `None` for a direct connection. A `proxy-url` of the kubeconfig is used whatever
    /// `NO_PROXY` says, as kubectl does.
    ///
    /// # Errors
    ///
    /// Where the proxy that would be used is not usable.
    pub fn decide(&self, cluster: &Uri, from_kubeconfig: Option<&str>) -> Result<Option<Uri>, ProxyError> {
        if let Some(proxy) = from_kubeconfig.map(str::trim).filter(|proxy| !proxy.is_empty()) {
            return parse(proxy).map(Some);
        }
        let is_https = cluster.scheme_str() != Some("http");
        let Some(proxy) = (if is_https { self.https.as_deref() } else { self.http.as_deref() }) else {
            return Ok(None);
        };
        let host = cluster.host().unwrap_or_default();
        let port = cluster.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        if is_direct(host, port, self.except.as_deref().unwrap_or_default()) {
            return Ok(None);
        }
        parse(proxy).map(Some)
    }
}

fn parse(proxy: &str) -> Result<Uri, ProxyError> {
    let with_scheme = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    // The client gives names to a SOCKS proxy unresolved, which is what the `h` asks for.
    let with_scheme = match with_scheme.strip_prefix("socks5h://") {
        Some(rest) => format!("socks5://{rest}"),
        None => with_scheme,
    };
    let uri: Uri = with_scheme.parse().map_err(|_| ProxyError::Url(without_credentials(proxy)))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
        Some("http" | "https" | "socks5") | None => Err(ProxyError::Url(without_credentials(proxy))),
        Some(other) => Err(ProxyError::Scheme(other.to_owned())),
    }
}

/// A URL without the name and password in it, for messages.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}{host}{path}")
}

/// True where no proxy stands between us and this host, whatever is set.
fn is_direct(host: &str, port: u16, except: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    except
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| entry == "*" || takes(&entry.to_ascii_lowercase(), &host, address, port))
}

/// True where one entry of `NO_PROXY` takes the host.
fn takes(entry: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if let Some((network, bits)) = entry.split_once('/') {
        let (Ok(network), Ok(bits), Some(address)) = (network.parse(), bits.parse(), address) else { return false };
        return is_in_network(address, network, bits);
    }
    if let Ok(wanted) = entry.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return address == Some(wanted);
    }
    let name = match entry.rsplit_once(':') {
        Some((name, wanted)) => {
            if wanted.parse() != Ok(port) {
                return false;
            }
            name
        }
        None => entry,
    };
    if let Some(address) = address {
        return name.trim_start_matches('[').trim_end_matches(']').parse() == Ok(address);
    }
    let name = name.strip_prefix('*').unwrap_or(name);
    match name.strip_prefix('.') {
        // With a dot in front only what is below it.
        Some(below) => host.strip_suffix(below).is_some_and(|front| front.ends_with('.')),
        None => host == name || host.strip_suffix(name).is_some_and(|front| front.ends_with('.')),
    }
}

fn is_in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{ProxyError, ProxyVariables, without_credentials};

    fn proxy(cluster: &str, except: &str) -> Option<String> {
        let variables = ProxyVariables {
            https: Some("http://proxy.example:3128".to_owned()),
            http: None,
            except: Some(except.to_owned()),
        };
        variables.decide(&cluster.parse().unwrap(), None).unwrap().map(|uri| uri.to_string())
    }

    #[test]
    fn the_clusters_host_is_compared_and_never_the_proxys() {
        assert!(proxy("https://api.internal.example:6443", "").is_some());
        assert!(proxy("https://api.internal.example:6443", "proxy.example,proxy.example:3128").is_some());
        assert!(proxy("https://api.internal.example:6443", ".internal.example").is_none());
        assert!(proxy("https://api.internal.example:6443", "internal.example").is_none());
        assert!(proxy("https://api.internal.example:6443", "*.internal.example").is_none());
        assert!(proxy("https://api.internal.example:6443", "a.b, INTERNAL.example ,").is_none());
        assert!(proxy("https://internal.example", ".internal.example").is_some());
        assert!(proxy("https://internal.example", "internal.example").is_none());
        assert!(proxy("https://notinternal.example", "internal.example").is_some());
        assert!(proxy("https://api.example", "*").is_none());
    }

    #[test]
    fn ports_addresses_and_networks_count() {
        assert!(proxy("https://api.example:6443", "api.example:6443").is_none());
        assert!(proxy("https://api.example:6443", "api.example:443").is_some());
        assert!(proxy("https://api.example", "api.example:443").is_none());
        assert!(proxy("https://10.1.2.3:6443", "10.0.0.0/8").is_none());
        assert!(proxy("https://10.1.2.3:6443", "10.1.2.3").is_none());
        assert!(proxy("https://10.1.2.3:6443", "10.1.2.3:6443").is_none());
        assert!(proxy("https://11.1.2.3:6443", "10.0.0.0/8,10.1.2.3").is_some());
        assert!(proxy("https://11.1.2.3:6443", "0.0.0.0/0").is_none());
        assert!(proxy("https://[fd00::5]:6443", "fd00::/8").is_none());
        assert!(proxy("https://[fd00::5]:6443", "fd00::5").is_none());
        assert!(proxy("https://10.1.2.3:6443", "2.3,1.2.3").is_some());
        assert!(proxy("https://10.1.2.3:6443", "10.0.0.0/99,nonsense/x,:::").is_some());
    }

    #[test]
    fn loopback_is_never_proxied() {
        for cluster in ["https://127.0.0.1:6443", "https://localhost:6443", "https://[::1]:6443", "https://127.8.0.1"] {
            assert!(proxy(cluster, "").is_none(), "{cluster}");
        }
    }

    #[test]
    fn the_kubeconfigs_proxy_comes_first_and_the_scheme_chooses_the_variable() {
        let variables = ProxyVariables::read(|name| match name {
            "https_proxy" => Some("lower.example:1".to_owned()),
            "HTTPS_PROXY" => Some("  ".to_owned()),
            "NO_PROXY" => Some("*".to_owned()),
            _ => None,
        });
        let cluster = "https://api.example".parse().unwrap();
        assert_eq!(variables.decide(&cluster, None), Ok(None));
        let chosen = variables.decide(&cluster, Some("socks5h://own.example:1080")).unwrap().unwrap();
        assert_eq!(chosen.to_string(), "socks5://own.example:1080/");
        let without_exceptions = ProxyVariables { except: None, ..variables };
        assert_eq!(without_exceptions.decide(&cluster, None).unwrap().unwrap().to_string(), "http://lower.example:1/");
        assert_eq!(without_exceptions.decide(&"http://api.example".parse().unwrap(), None), Ok(None));
    }

    #[test]
    fn what_cannot_be_used_is_named_without_its_password() {
        let cluster = "https://api.example".parse().unwrap();
        let decide = |proxy: &str| ProxyVariables::default().decide(&cluster, Some(proxy));
        assert_eq!(decide("ftp://x"), Err(ProxyError::Scheme("ftp".to_owned())));
        assert_eq!(decide("http://u:secret@bad host"), Err(ProxyError::Url("http://bad host".to_owned())));
        assert_eq!(without_credentials("https://u:p@host:1/a@b"), "https://host:1/a@b");
    }
}
