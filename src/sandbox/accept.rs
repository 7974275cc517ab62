//! What a client wants an answer to look like, by its `Accept` header.

use http::{HeaderMap, header};

use super::status::Refusal;

/// The shapes an object or list can be told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it is.
    Whole,
    /// Its metadata only.
    Metadata,
    /// As rows of a table, as kubectl prints them; with the version of `meta.k8s.io` that was asked for.
    Table(&'static str),
}

/// The media types of an `Accept` header in the client's order, each with its parameters.
fn media_types(headers: &HeaderMap) -> impl Iterator<Item = (&str, Vec<(&str, &str)>)> {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|media| {
            let mut parts = media.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            (name, parts.filter_map(|part| part.split_once('=')).collect())
        })
}

fn parameter<'a>(parameters: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
}

/// The first shape that the client asks for and the sandbox can give. Without the header: whole.
pub(super) fn shape(headers: &HeaderMap) -> Result<Shape, Refusal> {
    if !headers.contains_key(header::ACCEPT) {
        return Ok(Shape::Whole);
    }
    media_types(headers)
        .find_map(|(name, parameters)| {
            if !matches!(name, "application/json" | "application/*" | "*/*") {
                return None;
            }
            match (parameter(&parameters, "as"), parameter(&parameters, "v")) {
                (None, _) => Some(Shape::Whole),
                (Some("Table"), Some("v1")) => Some(Shape::Table("v1")),
                (Some("Table"), Some("v1beta1")) => Some(Shape::Table("v1beta1")),
                (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("v1")) => Some(Shape::Metadata),
                _ => None,
            }
        })
        .ok_or_else(Refusal::not_acceptable)
}

/// The version of aggregated discovery that the client asks for before plain JSON.
pub(super) fn aggregated_discovery(headers: &HeaderMap) -> Option<&'static str> {
    let first = media_types(headers).find_map(|(name, parameters)| {
        if name != "application/json" {
            return None;
        }
        match (parameter(&parameters, "as"), parameter(&parameters, "v")) {
            (Some("APIGroupDiscoveryList"), Some("v2")) => Some(Some("v2")),
            (Some("APIGroupDiscoveryList"), Some("v2beta1")) => Some(Some("v2beta1")),
            (None, _) => Some(None),
            _ => None,
        }
    });
    first.flatten()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::{Shape, aggregated_discovery, shape};

    fn accept(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(text))])
    }

    #[test]
    fn the_first_shape_that_can_be_given_is_given() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(shape(&accept(table)), Ok(Shape::Table("v1")));
        assert_eq!(shape(&accept("application/vnd.kubernetes.protobuf, */*")), Ok(Shape::Whole));
        assert_eq!(shape(&HeaderMap::new()), Ok(Shape::Whole));
        assert!(shape(&accept("application/vnd.kubernetes.protobuf")).is_err());
    }

    #[test]
    fn aggregated_discovery_is_given_only_where_it_is_asked_for() {
        let new = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
        assert_eq!(aggregated_discovery(&accept(new)), Some("v2"));
        assert_eq!(aggregated_discovery(&accept("application/json, */*")), None);
        assert_eq!(aggregated_discovery(&HeaderMap::new()), None);
    }
}
