//! Answers of LIST requests: what makes one, and how its pages are put together.
//!
//! Each page is read into observations as it comes and then let go: of twenty thousand pods only what rules read is held,
//! and the bytes of one page. The bytes of all are kept only where a recording wants them.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::collection::Collection;
use crate::gate::model::{Object, Pod, Source};
use crate::recording::mapping::{self, MapError};

/// A whole LIST.
#[derive(Debug)]
pub struct Listing {
    /// Every object of all pages, or why one of them cannot be read.
    pub items: Result<Vec<Object>, MapError>,
    /// The answer, the items of all pages in one list, where it was to be kept.
    pub body: Option<Box<RawValue>>,
    /// The collection's version, from which a watch goes on. Empty where the API does not have the collection.
    pub resource_version: String,
    /// UID and version of each object.
    pub objects: Vec<(String, String)>,
}

/// Why an answer is no LIST of a collection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// Not the JSON of a list.
    #[error("{0}")]
    Shape(String),
    /// Another kind.
    #[error("expected a {expected}, got {found}")]
    Kind {
        /// The kind that was asked for.
        expected: &'static str,
        /// The kind that came.
        found: String,
    },
    /// No version, so no watch can go on from it.
    #[error("the list has no resourceVersion")]
    NoVersion,
}

#[derive(Deserialize)]
struct RawList<'a> {
    kind: String,
    metadata: RawListMeta,
    // Without `items` it is no list; `null` is how Go writes an empty one.
    #[serde(borrow, deserialize_with = "null_or_items")]
    items: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawListMeta {
    #[serde(default)]
    resource_version: String,
    #[serde(default, rename = "continue")]
    next: String,
}

/// The part of every object that names it and its version.
#[derive(Deserialize)]
pub(in crate::cluster) struct Named {
    /// `metadata`.
    pub metadata: NamedMeta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cluster) struct NamedMeta {
    #[serde(default)]
    pub uid: String,
    pub resource_version: String,
    pub namespace: Option<String>,
}

impl NamedMeta {
    /// The namespace that the object names, where that is not the one of the collection: it is no part of the answer.
    pub fn elsewhere(&self, collection: &Collection) -> Option<&str> {
        let namespaced = collection.source != Source::Nodes && !collection.namespace.is_empty();
        let named = self.namespace.as_deref().filter(|named| namespaced && !named.is_empty());
        named.filter(|named| *named != collection.namespace)
    }
}

fn null_or_items<'de: 'a, 'a, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<&'a RawValue>, D::Error> {
    Ok(Option::<Vec<&'a RawValue>>::deserialize(deserializer)?.unwrap_or_default())
}

/// The pages of a LIST so far.
#[derive(Debug)]
pub struct Pages {
    items: Result<Vec<Object>, MapError>,
    keeps: bool,
    trim: Option<fn(&mut Pod)>,
    kept: Vec<Box<RawValue>>,
    objects: Vec<(String, String)>,
    resource_version: String,
    only: Option<Box<RawValue>>,
    count: u32,
}

impl Pages {
    /// No page yet. `keeps` says whether the bytes are kept too.
    #[must_use]
    pub const fn new(keeps: bool) -> Self {
        Self {
            items: Ok(Vec::new()),
            keeps,
            trim: None,
            kept: Vec::new(),
            objects: Vec::new(),
            resource_version: String::new(),
            only: None,
            count: 0,
        }
    }

    /// The same, with only that of each pod that `trim` leaves.
    #[must_use]
    pub const fn trimming(mut self, trim: Option<fn(&mut Pod)>) -> Self {
        self.trim = trim;
        self
    }

    /// Takes in a page; gives the token of the next one, if there is one.
    ///
    /// # Errors
    ///
    /// Where it is no page of this collection.
    pub fn add(&mut self, collection: &Collection, body: &[u8]) -> Result<Option<String>, ListingError> {
        let shape = |error: serde_json::Error| ListingError::Shape(error.to_string());
        let page: RawList<'_> = serde_json::from_slice(body).map_err(shape)?;
        let expected = collection.list_kind();
        if page.kind != expected {
            return Err(ListingError::Kind { expected, found: page.kind });
        }
        if page.metadata.resource_version.is_empty() {
            return Err(ListingError::NoVersion);
        }
        let next = Some(page.metadata.next).filter(|token| !token.is_empty());
        for item in &page.items {
            let named: Named = serde_json::from_str(item.get()).map_err(shape)?;
            if named.metadata.elsewhere(collection).is_some() {
                continue;
            }
            self.objects.push((named.metadata.uid, named.metadata.resource_version));
            if let Ok(items) = &mut self.items {
                match mapping::object(collection.source, item) {
                    Ok(mut object) => {
                        if let (Some(trim), Object::Pod(pod)) = (self.trim, &mut object) {
                            trim(Arc::make_mut(pod));
                        }
                        items.push(object);
                    }
                    Err(error) => self.items = Err(error),
                }
            }
        }
        self.resource_version = page.metadata.resource_version;
        self.count += 1;
        if !self.keeps {
            return Ok(next);
        }
        if self.count == 1 && next.is_none() {
            self.only = Some(serde_json::from_slice(body).map_err(shape)?);
        } else {
            self.kept.extend(page.items.into_iter().map(ToOwned::to_owned));
        }
        Ok(next)
    }

    /// The whole list. The version is that of the last page; the API server gives all pages the same.
    ///
    /// # Errors
    ///
    /// Where the pages cannot be put together.
    pub fn whole(self, collection: &Collection) -> Result<Listing, ListingError> {
        let body = match self.only {
            Some(body) => Some(body),
            None if self.keeps => Some(assemble(collection, &self.resource_version, &self.kept)?),
            None => None,
        };
        let Self { items, resource_version, objects, .. } = self;
        Ok(Listing { items, body, resource_version, objects })
    }
}

impl Listing {
    /// The list of a collection that this API does not have: nothing is in it, and nothing can be watched.
    ///
    /// # Errors
    ///
    /// Never in practice: the text is made here.
    pub fn of_nothing(collection: &Collection) -> Result<Self, ListingError> {
        let body = Some(assemble(collection, "", &[])?);
        Ok(Self { items: Ok(Vec::new()), body, resource_version: String::new(), objects: Vec::new() })
    }
}

fn assemble(collection: &Collection, version: &str, items: &[Box<RawValue>]) -> Result<Box<RawValue>, ListingError> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Whole<'a> {
        kind: &'a str,
        api_version: &'a str,
        metadata: Version<'a>,
        items: &'a [Box<RawValue>],
    }
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Version<'a> {
        resource_version: &'a str,
    }
    let api_version = match collection.source.group() {
        "" => "v1",
        "batch" => "batch/v1",
        _ => "apps/v1",
    };
    let whole =
        Whole { kind: collection.list_kind(), api_version, metadata: Version { resource_version: version }, items };
    serde_json::value::to_raw_value(&whole).map_err(|error| ListingError::Shape(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{ListingError, Pages};
    use crate::cluster::api::Collection;
    use crate::gate::model::Source;

    fn pods() -> Collection {
        Collection::whole(Source::Pods, "shop")
    }

    #[test]
    fn pages_become_one_list() {
        let mut pages = Pages::new(true);
        let first = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"T"},"items":[{"metadata":{"uid":"a","resourceVersion":"1"}}]}"#;
        let second = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"uid":"b","resourceVersion":"2"},"x": 1}]}"#;
        assert_eq!(pages.add(&pods(), first.as_bytes()), Ok(Some("T".to_owned())));
        assert_eq!(pages.add(&pods(), second.as_bytes()), Ok(None));
        let whole = pages.whole(&pods()).unwrap();
        assert_eq!(whole.objects, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        assert_eq!(
            whole.body.unwrap().get(),
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"uid":"a","resourceVersion":"1"}},{"metadata":{"uid":"b","resourceVersion":"2"},"x": 1}]}"#
        );
    }

    #[test]
    fn pages_are_read_as_they_come_and_their_bytes_let_go() {
        let pod = |name: &str| {
            format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}","resourceVersion":"1"}},"spec":{{"containers":[]}}}}"#
            )
        };
        let page = |next: &str, pod: &str| {
            format!(r#"{{"kind":"PodList","metadata":{{"resourceVersion":"7","continue":"{next}"}},"items":[{pod}]}}"#)
        };
        let mut pages = Pages::new(false);
        pages.add(&pods(), page("T", &pod("a")).as_bytes()).unwrap();
        pages.add(&pods(), page("", &pod("b")).as_bytes()).unwrap();
        let whole = pages.whole(&pods()).unwrap();
        assert_eq!((whole.items.unwrap().len(), whole.body.is_none()), (2, true));
        let mut pages = Pages::new(false);
        pages.add(&pods(), page("T", &pod("a")).as_bytes()).unwrap();
        pages.add(&pods(), page("", r#"{"metadata":{"uid":"b","resourceVersion":"2"}}"#).as_bytes()).unwrap();
        assert!(pages.whole(&pods()).unwrap().items.is_err(), "one that cannot be read spoils the list");
    }

    #[test]
    fn what_names_another_namespace_is_no_part_of_the_answer() {
        let pod = |name: &str, namespace: &str| {
            format!(
                r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}","uid":"{name}","resourceVersion":"1"}},"spec":{{"containers":[]}}}}"#
            )
        };
        let page = format!(
            r#"{{"kind":"PodList","metadata":{{"resourceVersion":"7"}},"items":[{},{}]}}"#,
            pod("a", "other"),
            pod("b", "shop")
        );
        let listed = |collection: &Collection| {
            let mut pages = Pages::new(false);
            pages.add(collection, page.as_bytes()).unwrap();
            let whole = pages.whole(collection).unwrap();
            (whole.items.unwrap().len(), whole.objects.len())
        };
        assert_eq!(listed(&pods()), (1, 1));
        assert_eq!(listed(&Collection::whole(Source::Pods, "")), (2, 2), "all namespaces were asked for");
    }

    #[test]
    fn what_is_no_list_is_never_an_empty_one() {
        let add = |body: &str| Pages::new(true).add(&pods(), body.as_bytes());
        assert!(matches!(add("{}"), Err(ListingError::Shape(_))));
        assert!(matches!(add(r#"{"kind":"PodList","metadata":{"resourceVersion":"1"}}"#), Err(ListingError::Shape(_))));
        assert!(matches!(
            add(r#"{"kind":"NodeList","metadata":{"resourceVersion":"1"},"items":[]}"#),
            Err(ListingError::Kind { .. })
        ));
        assert_eq!(add(r#"{"kind":"PodList","metadata":{},"items":[]}"#), Err(ListingError::NoVersion));
        assert_eq!(add(r#"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":null}"#), Ok(None));
    }
}
