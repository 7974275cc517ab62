//! Paths of the API: which collection, object or subresource a request is about.

use super::kind::Resource;

/// What a path points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// The collection.
    pub resource: Resource,
    /// The namespace, where the path names one.
    pub namespace: Option<String>,
    /// The object's name, where the path names one.
    pub name: Option<String>,
    /// What stands behind the name, as `log` or `status`.
    pub subresource: Option<String>,
}

/// Reads `/api/v1/…` and `/apis/GROUP/VERSION/…`. `None` where the path ends before it names a resource, or is none
/// of the API's.
pub(super) fn parse(path: &str) -> Option<Target> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let (group, version) = match segments.next()? {
        "api" => ("", segments.next()?),
        "apis" => (segments.next()?, segments.next()?),
        _ => return None,
    };
    let rest: Vec<&str> = segments.collect();
    // `namespaces/NS` and `namespaces/NS/status` are about the namespace itself.
    let (namespace, rest) = match rest.as_slice() {
        ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, rest.as_slice()),
        ["namespaces", namespace, inner @ ..] if !inner.is_empty() => (Some(*namespace), inner),
        _ => (None, rest.as_slice()),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (plural, None, None),
        [plural, name] => (plural, Some(*name), None),
        [plural, name, subresource @ ..] if !subresource.is_empty() => {
            (plural, Some(*name), Some(subresource.join("/")))
        }
        _ => return None,
    };
    Some(Target {
        resource: Resource { group: group.to_owned(), version: version.to_owned(), plural: (*plural).to_owned() },
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        subresource,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn told(path: &str) -> Option<String> {
        parse(path).map(|target| {
            let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
            format!(
                "{} {} {} {} {}",
                target.resource.api_version(),
                target.resource.plural,
                part(target.namespace),
                part(target.name),
                part(target.subresource)
            )
        })
    }

    #[test]
    fn paths_say_what_they_are_about() {
        assert_eq!(told("/api/v1/pods").unwrap(), "v1 pods - - -");
        assert_eq!(told("/api/v1/namespaces/a/pods").unwrap(), "v1 pods a - -");
        assert_eq!(told("/api/v1/namespaces/a/pods/p/log").unwrap(), "v1 pods a p log");
        assert_eq!(told("/api/v1/namespaces/a").unwrap(), "v1 namespaces - a -");
        assert_eq!(told("/api/v1/namespaces").unwrap(), "v1 namespaces - - -");
        assert_eq!(told("/apis/apps/v1/namespaces/a/deployments/d").unwrap(), "apps/v1 deployments a d -");
        assert_eq!(told("/api/v1/nodes/n/status").unwrap(), "v1 nodes - n status");
        for path in ["/", "/api", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version"] {
            assert!(told(path).is_none(), "{path}");
        }
    }
}
