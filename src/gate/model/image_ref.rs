//! Image references, taken apart.

/// An image reference taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Registry and repository: `registry.example:5000/shop/cart`.
    pub name: &'a str,
    /// The tag, if there is one.
    pub tag: Option<&'a str>,
    /// The digest, if there is one: `sha256:…`.
    pub digest: Option<&'a str>,
}

/// Takes an image reference apart. A `:` before the last `/` is that of a registry's port, not of a tag.
#[must_use]
pub fn split(image: &str) -> Reference<'_> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let path_starts = rest.rfind('/').map_or(0, |slash| slash + 1);
    match rest[path_starts..].rfind(':') {
        Some(colon) => {
            let colon = path_starts + colon;
            Reference { name: &rest[..colon], tag: Some(&rest[colon + 1..]), digest }
        }
        None => Reference { name: rest, tag: None, digest },
    }
}

impl<'a> Reference<'a> {
    /// The registry, and the repository in it. A first part without a dot, a port or `localhost` is no host: the image is
    /// Docker Hub's.
    #[must_use]
    pub fn home(&self) -> (&'a str, &'a str) {
        match self.name.split_once('/') {
            Some((host, repository)) if host.contains(['.', ':']) || host == "localhost" => (host, repository),
            _ => ("docker.io", self.name),
        }
    }

    /// What is asked for of the repository: `tag 1.8.4`, `digest sha256:…`, `tag latest` where none is named.
    #[must_use]
    pub fn what(&self) -> String {
        match (self.digest, self.tag) {
            (Some(digest), _) => format!("digest {digest}"),
            (None, Some(tag)) => format!("tag {tag}"),
            (None, None) => "tag latest (the default)".to_owned(),
        }
    }
}
