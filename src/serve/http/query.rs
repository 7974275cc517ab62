//! What stands behind the `?` of a request.

use std::time::Duration;

use http::Uri;

use super::refusal::Refusal;
use crate::manifest::asked;

/// Reads how long a call waits for a verdict: `?wait=8s`. Nothing else may be asked for.
///
/// # Errors
/// Anything else.
pub(super) fn wait(uri: &Uri) -> Result<Duration, Refusal> {
    let mut wait = None;
    for (name, value) in pairs(uri)? {
        if name != "wait" {
            return Err(Refusal::bad_request(&asked::unknown("parameter", &name, &["wait"])));
        }
        let duration = asked::duration("wait", &value).map_err(|words| Refusal::bad_request(&words))?;
        if wait.replace(duration).is_some() {
            return Err(Refusal::bad_request("`wait` is given twice; give it once"));
        }
    }
    Ok(wait.unwrap_or_default())
}

/// Sees that nothing is asked for.
///
/// # Errors
/// Where something is.
pub(super) fn none(uri: &Uri) -> Result<(), Refusal> {
    match pairs(uri)?.first() {
        None => Ok(()),
        Some((name, _)) => {
            let words = format!("this path takes no parameters, and {name:?} is given; leave it out");
            Err(Refusal::bad_request(&words))
        }
    }
}

fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Refusal> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
    let pairs = pairs.map_err(|error| Refusal::bad_request(&format!("the query cannot be read: {error}")))?;
    Ok(pairs.0)
}
