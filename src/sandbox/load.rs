//! Reading a recording into a timeline.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::collection::{Change, Collection, Key, Object, What};
use super::kind::{self, Kind, Resource};
use super::log_history::LogHistory;
use super::path::{self, Target};
use super::prometheus::Metrics;
use super::query::Filter;
use super::timeline::Timeline;
use crate::recording::line::{Entry, FORMAT, Header, Line, LogEntry, MetricsEntry};
use crate::recording::reader::{ReadError, Reader};

/// Reads a recording whole. What cannot be understood is passed over, as long as the file is a recording.
/// Each line is told to `hear` too.
pub(super) fn load<R: Read>(mut reader: Reader<R>, hear: &mut dyn FnMut(&Line)) -> Result<Timeline, ReadError> {
    let mut loader = Loader::default();
    while let Some(line) = reader.next_line()? {
        hear(&line);
        loader.take(line.at_ms, line.entry);
    }
    Ok(loader.finish(reader.header().clone(), reader.is_torn()))
}

/// A recording of a namespace in which nothing is and nothing happens.
pub(super) fn nothing(namespace: &str) -> Timeline {
    let header = Header {
        format: FORMAT,
        started_at: jiff::Timestamp::now(),
        server_version: String::new(),
        namespace: namespace.to_owned(),
        recorder: String::new(),
        title: String::new(),
        description: String::new(),
    };
    Loader::default().finish(header, false)
}

#[derive(Default)]
struct Loader {
    drafts: BTreeMap<Resource, Draft>,
    subresources: BTreeMap<Target, Vec<(u64, Arc<Value>)>>,
    logs: Vec<(u64, LogEntry)>,
    metrics: Vec<(u64, MetricsEntry)>,
    end_ms: u64,
}

/// A collection as far as it has been read.
struct Draft {
    kind: Kind,
    /// The paths that have been listed, each with its selector: the first LIST of each tells what was there at the start.
    listed: BTreeSet<String>,
    first_version: Option<u64>,
    initial: BTreeMap<Key, Arc<Object>>,
    current: BTreeMap<Key, Arc<Object>>,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct List {
    kind: Option<String>,
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default)]
    items: Option<Vec<Value>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    resource_version: Option<String>,
    r#continue: Option<String>,
}

impl Loader {
    fn take(&mut self, at_ms: u64, entry: Entry) {
        self.end_ms = at_ms;
        match entry {
            Entry::List { path, selector, body } => {
                if let (Some(target), Ok(list)) = (path::parse(&path), serde_json::from_str::<List>(body.get())) {
                    let filter = Filter {
                        namespace: target.namespace.clone(),
                        labels: selector.as_deref().and_then(|selector| selector.parse().ok()),
                        ..Filter::default()
                    };
                    let asked = format!("{path}?{}", selector.unwrap_or_default());
                    self.draft(target, list.kind.as_deref()).list(at_ms, asked, &filter, list);
                }
            }
            Entry::Event { path, kind, object } => {
                let deleted = match kind.as_str() {
                    "ADDED" | "MODIFIED" => false,
                    "DELETED" => true,
                    // Bookmarks come at the sandbox's own pace, and an error was the connection's.
                    _ => return,
                };
                if let (Some(target), Ok(value)) = (path::parse(&path), serde_json::from_str::<Value>(object.get())) {
                    let kind = value.get("kind").and_then(Value::as_str).map(str::to_owned);
                    self.draft(target, kind.as_deref()).object(at_ms, value, deleted);
                }
            }
            Entry::Get { path, body } => {
                if let (Some(target), Ok(value)) = (path::parse(&path), serde_json::from_str::<Value>(body.get())) {
                    if target.subresource.is_some() {
                        self.subresources.entry(target).or_default().push((at_ms, Arc::new(value)));
                        return;
                    }
                    let kind = value.get("kind").and_then(Value::as_str).map(str::to_owned);
                    self.draft(target, kind.as_deref()).object(at_ms, value, false);
                }
            }
            Entry::Log(entry) => self.logs.push((at_ms, entry)),
            Entry::Metrics(entry) => self.metrics.push((at_ms, *entry)),
            Entry::Fail { .. }
            | Entry::Opened { .. }
            | Entry::Closed { .. }
            | Entry::Note(_)
            | Entry::Gate(_)
            | Entry::Unknown => {}
        }
    }

    fn draft(&mut self, target: Target, kind: Option<&str>) -> &mut Draft {
        let namespaced = target.namespace.is_some();
        self.drafts.entry(target.resource).or_insert_with_key(|resource| {
            let kind = kind.map(|kind| kind.strip_suffix("List").unwrap_or(kind));
            Draft::new(Kind::recorded(resource.clone(), kind, namespaced))
        })
    }

    fn finish(mut self, header: Header, torn: bool) -> Timeline {
        // An object that was only asked for its scale is there all the same.
        for target in self.subresources.keys().cloned().collect::<Vec<_>>() {
            self.draft(target, None);
        }
        let first_version = self.drafts.values().filter_map(|draft| draft.first_version).max().unwrap_or(1).max(1);
        for kind in kind::served() {
            self.drafts.entry(kind.resource.clone()).or_insert_with(|| Draft::new(kind));
        }
        self.synthesise_namespaces(&header, first_version);
        let pods = self.drafts.values().find(|draft| draft.kind.resource.is_core("pods"));
        let logs = pods.map(|pods| LogHistory::new(self.logs, &pods.initial, &pods.changes)).unwrap_or_default();
        let changed = |pods: &Draft| pods.changes.iter().map(|change| change.object.name.clone()).collect::<Vec<_>>();
        let names = pods.map(|pods| pods.initial.keys().map(|(_, name)| name.clone()).chain(changed(pods)).collect());
        let metrics = Arc::new(Metrics::new(self.metrics, names.unwrap_or_default()));
        let collections: BTreeMap<Resource, Collection> =
            self.drafts.into_iter().map(|(resource, draft)| (resource, draft.finish(first_version))).collect();
        let newest_version =
            collections.values().map(|collection| collection.version_at(collection.changes.len())).max().unwrap_or(1);
        let (logs, written) = (Arc::new(logs), BTreeMap::new());
        let subresources = self.subresources;
        Timeline {
            header,
            end_ms: self.end_ms,
            torn,
            newest_version,
            collections,
            subresources,
            logs,
            metrics,
            written,
        }
    }

    /// Namespaces are not recorded, but whoever asks should find those that the objects are in.
    fn synthesise_namespaces(&mut self, header: &Header, version: u64) {
        let mut names: BTreeSet<String> = self
            .drafts
            .values()
            .flat_map(|draft| {
                draft.initial.keys().cloned().chain(draft.changes.iter().map(|change| change.object.key()))
            })
            .map(|(namespace, _)| namespace)
            .collect();
        names.insert(header.namespace.clone());
        names.remove("");
        let Some(draft) = self.drafts.values_mut().find(|draft| draft.kind.resource.is_core("namespaces")) else {
            return;
        };
        for name in names {
            let value = json!({
                "kind": "Namespace", "apiVersion": "v1",
                "metadata": {"name": name, "uid": format!("namespace-{name}"), "resourceVersion": version.to_string(),
                    "creationTimestamp": format!("{:.0}", header.started_at), "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]},
                "status": {"phase": "Active"},
            });
            let object = Arc::new(Object { namespace: String::new(), name, value });
            draft.initial.entry(object.key()).or_insert(object);
        }
    }
}

impl Draft {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            listed: BTreeSet::new(),
            first_version: None,
            initial: BTreeMap::new(),
            current: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Takes in a LIST. It speaks of what its filter takes and of nothing else.
    fn list(&mut self, at_ms: u64, asked: String, filter: &Filter, list: List) {
        let version: Option<u64> = list.metadata.resource_version.and_then(|version| version.parse().ok());
        let is_whole = list.metadata.r#continue.is_none_or(|token| token.is_empty());
        let objects: Vec<Object> =
            list.items.unwrap_or_default().into_iter().filter_map(|value| self.dress(value)).collect();
        if self.listed.insert(asked) {
            self.first_version = self.first_version.max(version);
            for object in objects.into_iter().map(Arc::new) {
                // Another selection's watch may have told of it already.
                if self.current.contains_key(&object.key()) {
                    continue;
                }
                self.current.insert(object.key(), Arc::clone(&object));
                self.initial.insert(object.key(), object);
            }
            return;
        }
        // A later LIST is news where it differs from what was known: the watch in between was broken.
        if is_whole {
            let listed: BTreeSet<Key> = objects.iter().map(Object::key).collect();
            let missing = self.current.iter().filter(|(key, object)| !listed.contains(key) && filter.takes(object));
            let gone: Vec<Arc<Object>> = missing.map(|(_, object)| Arc::clone(object)).collect();
            for object in gone {
                self.current.remove(&object.key());
                let before = Some(Arc::clone(&object));
                self.changes.push(Change { at_ms, version: 0, what: What::Deleted, object, before });
            }
        }
        for object in objects {
            self.put(at_ms, object, false);
        }
    }

    fn object(&mut self, at_ms: u64, value: Value, deleted: bool) {
        if let Some(object) = self.dress(value) {
            self.put(at_ms, object, deleted);
        }
    }

    fn put(&mut self, at_ms: u64, object: Object, deleted: bool) {
        let before = self.current.get(&object.key()).cloned();
        if let Some(before) = &before {
            let is_same = before.uid() == object.uid();
            // Two streams may tell the same change, and the slower one may tell what is over.
            let is_old = match (object.version(), before.version()) {
                (Some(new), Some(old)) => is_same && (new < old || (new == old && !deleted)),
                _ => false,
            };
            if is_old {
                return;
            }
        } else if deleted {
            return;
        }
        let object = Arc::new(object);
        let what = match (deleted, &before) {
            (true, _) => What::Deleted,
            (false, Some(_)) => What::Modified,
            (false, None) => What::Added,
        };
        if deleted {
            self.current.remove(&object.key());
        } else {
            self.current.insert(object.key(), Arc::clone(&object));
        }
        self.changes.push(Change { at_ms, version: 0, what, object, before });
    }

    /// Items of a list carry no kind and no version of their API; nothing without a name is an object.
    fn dress(&self, mut value: Value) -> Option<Object> {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (name, namespace) = (text("/metadata/name")?, text("/metadata/namespace").unwrap_or_default());
        let fields = value.as_object_mut()?;
        fields.entry("kind").or_insert_with(|| self.kind.name.clone().into());
        fields.entry("apiVersion").or_insert_with(|| self.kind.resource.api_version().into());
        Some(Object { namespace, name, value })
    }

    /// Gives every change its resource version. Where several streams were recorded into one collection the recorded
    /// ones may not grow.
    fn finish(self, of_the_recording: u64) -> Collection {
        let oldest_change = self.changes.first().and_then(|change| change.object.version());
        let first_version = self
            .first_version
            .or_else(|| oldest_change.map(|version| version.saturating_sub(1)))
            .unwrap_or(of_the_recording)
            .max(1);
        let mut collection =
            Collection { kind: self.kind, first_version, initial: self.initial, changes: self.changes };
        collection.number_from(0);
        collection
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::load;
    use crate::recording::reader::Reader;
    use crate::sandbox::collection::What;
    use crate::sandbox::kind::Resource;
    use crate::sandbox::timeline::Timeline;

    const HEADER: &str = r#"{"crashgateRecording":1,"startedAt":"2026-11-21T03:09:56.902Z","namespace":"a"}"#;

    fn timeline(lines: &[&str]) -> Timeline {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{HEADER}\n{}", lines.join("\n")).unwrap();
        load(Reader::open(file.path()).unwrap(), &mut |_| {}).unwrap()
    }

    fn resource(group: &str, plural: &str) -> Resource {
        Resource { group: group.to_owned(), version: "v1".to_owned(), plural: plural.to_owned() }
    }

    fn event(at_ms: u64, kind: &str, name: &str, version: u64) -> String {
        format!(
            r#"{{"t":{at_ms},"event":{{"path":"/api/v1/namespaces/a/pods","type":"{kind}","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{name}","namespace":"a","resourceVersion":"{version}"}}}}}}}}"#
        )
    }

    #[test]
    fn versions_grow_even_where_two_streams_cross() {
        let lines = [
            event(1, "ADDED", "p", 9),
            event(2, "ADDED", "q", 7),
            event(3, "MODIFIED", "p", 10),
            event(3, "MODIFIED", "p", 10),
        ];
        let timeline = timeline(&lines.each_ref().map(String::as_str));
        let pods = timeline.pods().unwrap();
        let told: Vec<_> =
            pods.changes.iter().map(|change| (change.version, change.object.version().unwrap())).collect();
        assert_eq!(told, [(9, 9), (10, 10), (11, 11)], "and a change told twice is one");
        assert_eq!(pods.first_version, 8);
    }

    #[test]
    fn a_later_list_tells_what_the_watch_missed() {
        let list = |at_ms: u64, items: &str| {
            format!(
                r#"{{"t":{at_ms},"list":{{"path":"/api/v1/namespaces/a/pods","body":{{"kind":"PodList","metadata":{{"resourceVersion":"5"}},"items":[{items}]}}}}}}"#
            )
        };
        let pod = |name: &str, version: u64| {
            format!(r#"{{"metadata":{{"name":"{name}","namespace":"a","resourceVersion":"{version}"}}}}"#)
        };
        let first = list(1, &format!("{},{}", pod("p", 3), pod("q", 4)));
        let second = list(9, &format!("{},{}", pod("p", 6), pod("r", 7)));
        let timeline = timeline(&[&first, &second]);
        let pods = timeline.pods().unwrap();
        let told: Vec<_> = pods.changes.iter().map(|change| (change.what, change.object.name.as_str())).collect();
        assert_eq!(told, [(What::Deleted, "q"), (What::Modified, "p"), (What::Added, "r")]);
        assert_eq!(pods.at(0).objects.len(), 2, "what the first list says was there from the start");
        assert_eq!(pods.at(9).objects.len(), 2);
        assert_eq!(pods.at(0).objects.values().next().unwrap().value["kind"], "Pod");
    }

    #[test]
    fn odd_lines_are_passed_over() {
        let timeline = timeline(&[
            r#"{"t":1,"list":{"path":"nonsense","body":[]}}"#,
            r#"{"t":1,"list":{"path":"/apis/x.io/v1/namespaces/a/widgets","body":{"kind":"WidgetList","items":[{"no":"name"},7]}}}"#,
            r#"{"t":1,"list":{"path":"/api/v1/nodes","body":{"items":null}}}"#,
            r#"{"t":2,"event":{"path":"/api/v1/nodes","type":"ADDED","object":"text"}}"#,
            r#"{"t":3,"event":{"path":"/api/v1/nodes","type":"DELETED","object":{"metadata":{"name":"never-seen"}}}}"#,
            r#"{"t":4,"event":{"path":"/api/v1/nodes","type":"ADDED","object":{"metadata":{"name":"n"}}}}"#,
            r#"{"t":5,"no"#,
        ]);
        assert!(timeline.torn);
        assert_eq!(timeline.end_ms, 4);
        assert_eq!(timeline.collection(&resource("x.io", "widgets")).unwrap().kind.name, "Widget");
        assert_eq!(timeline.collection(&resource("", "nodes")).unwrap().at(4).objects.len(), 1);
        let namespaces = timeline.collection(&resource("", "namespaces")).unwrap();
        assert_eq!(namespaces.at(0).objects.len(), 1, "the recorded namespace is there");
    }
}
