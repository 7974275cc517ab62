//! Pages of other sites. Whoever can reach a port of this machine is served there, and pages in a browser on it reach it too:
//! under a name of theirs that leads to 127.0.0.1, or by sending a form.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

/// The host that a request asks for; `None` where there is not exactly one.
pub(crate) fn host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut named = headers.get_all(HOST).iter();
    let header = match (named.next(), named.next()) {
        (Some(host), None) => Some(host.to_str().ok()?.parse::<Authority>().ok()?),
        (None, None) => None,
        _ => return None,
    };
    match (uri.authority(), header) {
        (Some(asked), Some(header)) if *asked != header => None,
        (Some(asked), _) => Some(asked.clone()),
        (None, header) => header,
    }
}

/// True for a name of this machine alone. A page under a name that was pointed here (DNS rebinding) is of the same origin for
/// the browser; its name tells.
pub(crate) fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_end_matches('.');
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // User names have no place in the name of a host.
    let has_user = authority.as_str().contains('@');
    let is_address = address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    !has_user && (is_address || host.eq_ignore_ascii_case("localhost"))
}

/// True where a browser says that a page of another site sends this. It lets no such page read the answer, but sends what it
/// asks for.
pub(crate) fn is_of_another_site(headers: &HeaderMap, host: Option<&Authority>) -> bool {
    let is_other = |site: &HeaderValue| site != "same-origin" && site != "none";
    let is_here = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        origin.is_some_and(|uri| uri.authority().is_some() && uri.authority() == host)
    };
    headers.get_all("sec-fetch-site").iter().any(is_other) || !headers.get_all(ORIGIN).iter().all(is_here)
}
