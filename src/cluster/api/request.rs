//! The one gateway to the API: every request passes here, is counted, limited in time, and its failure named.
//!
//! Bodies are raw JSON. Nothing is decoded into the API's types, for those fill in what is missing.

mod body;
mod exchange;
mod log;
mod retry;
mod review;
mod watch;
mod write;

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use body::{BIGGEST_BODY, collect, content_type, is_json, starts_like_an_object, unreadable};

use super::budget::{Budget, Urgency};
use super::collection::{Collection, with_query};
use super::connection::Connection;
use super::failure::{Failure, FailureKind, of_foreign_body};
use super::listing::{Listing, ListingError, Named, Pages};
use super::request_counter::RequestCounter;
use crate::gate::model::ResourceVersion;
use crate::recording::line::{Entry, LogEntry};

pub use log::{LogRequest, LogStream};
pub use retry::with_retries;
pub use review::{Reviewed, Wish};
pub use watch::{Watch, WatchLine};

/// Objects on the first page: more than most collections have.
const PAGE: u32 = 500;
/// Objects on every other page. Each page is a request of the budget, and the read that confirms a pass must fit into it:
/// 3,000 pods take two pages, 20,000 take four.
const LARGEST_PAGE: u32 = 8000;
/// A LIST with more pages than this has no end.
const MOST_PAGES: u32 = 32;
/// How often a LIST is begun again because its continue token expired.
const MOST_RESTARTS: u32 = 3;

/// Returns how many requests a LIST of so many objects takes.
#[must_use]
pub(in crate::cluster) fn pages_of(objects: usize) -> u32 {
    let rest = u32::try_from(objects).unwrap_or(u32::MAX).saturating_sub(PAGE);
    1 + rest.div_ceil(LARGEST_PAGE)
}

impl Connection {
    /// The server's version, as `v1.35.6`.
    ///
    /// # Errors
    ///
    /// Where the request fails or the answer has no version.
    pub async fn version(&self) -> Result<String, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let failed = |kind| Failure { request: "GET the server's version".to_owned(), kind };
        self.unattributed.fetch_add(1, Ordering::Relaxed);
        let body = self.read("/version", &RequestCounter::default()).await.map_err(failed)?;
        let version: Version = serde_json::from_slice(&body).map_err(|error| failed(unreadable(&body, &error)))?;
        Ok(version.git_version)
    }

    /// A quorum read of a whole collection, page by page, outside of any budget. Pages after the first are counted too,
    /// and needed only where there are more than 500 objects.
    ///
    /// # Errors
    ///
    /// Where a page fails, or is none.
    pub async fn list(&self, collection: &Collection, meter: &RequestCounter) -> Result<Listing, Failure> {
        self.list_within(collection, meter, None).await
    }

    /// The same, where the first page is paid for already and each further one takes a token of the budget: a server that
    /// always has one more page cannot make more requests of a LIST than the budget allows.
    ///
    /// # Errors
    ///
    /// As [`Connection::list`].
    pub async fn list_within(
        &self,
        collection: &Collection,
        meter: &RequestCounter,
        paid: Option<(&Budget, Urgency)>,
    ) -> Result<Listing, Failure> {
        let path = collection.path();
        // What is told while the answer is under way may well be newer than it.
        let before = self.newest(&path);
        let answer = self.pages(collection, &path, None, meter, paid).await.and_then(|listing| {
            let version = ResourceVersion::parse(&listing.resource_version);
            if version.is_older_than(before) {
                return Err(FailureKind::Outdated { listed: listing.resource_version });
            }
            self.shown(&path, version);
            Ok(listing)
        });
        answer.map_err(|kind| {
            self.tell_failure(&path, &kind);
            Failure { request: format!("LIST {collection}"), kind }
        })
    }

    /// Lets the tap hear of a LIST. The caller does it once the answer is taken for the state of things: while a watch
    /// goes on, an answer can be older than what the watch has told in the meantime.
    pub(in crate::cluster) fn tell_list(&self, collection: &Collection, listing: &Listing) {
        if let Some(body) = &listing.body {
            self.tell(|| Entry::List {
                path: collection.path(),
                selector: collection.selector.clone(),
                body: body.clone(),
            });
        }
    }

    /// A part of a collection by a field. It is not told as a LIST to a recording, for what is not in it may well be
    /// there.
    ///
    /// # Errors
    ///
    /// As [`Connection::list`].
    pub async fn list_part(
        &self,
        collection: &Collection,
        field: &str,
        meter: &RequestCounter,
    ) -> Result<Listing, Failure> {
        self.pages(collection, &collection.path(), Some(field), meter, None)
            .await
            .map_err(|kind| Failure { request: format!("LIST {collection} with {field}"), kind })
    }

    async fn pages(
        &self,
        collection: &Collection,
        path: &str,
        field: Option<&str>,
        meter: &RequestCounter,
        paid: Option<(&Budget, Urgency)>,
    ) -> Result<Listing, FailureKind> {
        let (mut restarts, mut is_first) = (0, true);
        'anew: loop {
            let mut pages = Pages::new(self.tap.is_some()).trimming(self.trim);
            let mut token: Option<String> = None;
            for page in 0..MOST_PAGES {
                if let Some((budget, urgency)) = paid.filter(|_| !std::mem::take(&mut is_first)) {
                    budget.take(urgency).await;
                }
                let size = if page == 0 { PAGE } else { LARGEST_PAGE }.to_string();
                let mut query = vec![("limit", size.as_str())];
                query.extend(collection.selector.as_deref().map(|selector| ("labelSelector", selector)));
                query.extend(field.map(|field| ("fieldSelector", field)));
                query.extend(token.as_deref().map(|token| ("continue", token)));
                let body = match self.read(&with_query(path, &query), meter).await {
                    Err(FailureKind::Expired(_)) if token.is_some() && restarts < MOST_RESTARTS => {
                        restarts += 1;
                        continue 'anew;
                    }
                    answer => answer?,
                };
                token = pages.add(collection, &body).map_err(|error| not_a_list(&body, &error))?;
                if token.is_none() {
                    return pages.whole(collection).map_err(|error| FailureKind::Undecodable(error.to_string()));
                }
            }
            return Err(FailureKind::Undecodable(format!("the list did not end after {MOST_PAGES} pages")));
        }
    }

    /// A read of one object.
    ///
    /// # Errors
    ///
    /// Where the request fails, or the answer is no such object.
    pub async fn get(
        &self,
        collection: &Collection,
        name: &str,
        meter: &RequestCounter,
    ) -> Result<Box<RawValue>, Failure> {
        #[derive(Deserialize)]
        struct Kind {
            kind: String,
        }
        let path = collection.object_path(name);
        let answer = self.read(&path, meter).await.and_then(|body| {
            let unreadable = |error: serde_json::Error| unreadable(&body, &error);
            let Kind { kind } = serde_json::from_slice(&body).map_err(unreadable)?;
            let named: Named = serde_json::from_slice(&body).map_err(unreadable)?;
            if let Some(namespace) = named.metadata.elsewhere(collection) {
                return Err(FailureKind::Undecodable(format!("it is of namespace {namespace}")));
            }
            if Some(kind.as_str()) != collection.list_kind().strip_suffix("List") {
                return Err(FailureKind::Undecodable(format!("it is a {kind}")));
            }
            serde_json::from_slice::<Box<RawValue>>(&body).map_err(unreadable)
        });
        match &answer {
            Ok(body) => self.tell(|| Entry::Get { path: path.clone(), body: body.clone() }),
            Err(kind) => self.tell_failure(&path, kind),
        }
        answer.map_err(|kind| Failure { request: format!("GET {} {name}", collection.source), kind })
    }

    /// A read of whatever object is at a path.
    ///
    /// # Errors
    ///
    /// Where the request fails, or the answer is no JSON.
    pub async fn get_path(&self, path: &str, meter: &RequestCounter) -> Result<Box<RawValue>, Failure> {
        let answer = self
            .read(path, meter)
            .await
            .and_then(|body| serde_json::from_slice::<Box<RawValue>>(&body).map_err(|error| unreadable(&body, &error)));
        match &answer {
            Ok(body) => self.tell(|| Entry::Get { path: path.to_owned(), body: body.clone() }),
            Err(kind) => self.tell_failure(path, kind),
        }
        answer.map_err(|kind| Failure { request: format!("GET {path}"), kind })
    }

    /// The last words of a container: at most 200 lines and 64 KiB.
    ///
    /// # Errors
    ///
    /// Where there is no log to be had. A text that merely says so is no error here.
    pub async fn log(&self, wanted: &LogRequest<'_>, meter: &RequestCounter) -> Result<Bytes, Failure> {
        let path = Collection::log_path(wanted.namespace, wanted.pod);
        let mut query = vec![("container", wanted.container), ("tailLines", "200"), ("limitBytes", "65536")];
        if wanted.previous {
            query.push(("previous", "true"));
        }
        let deadline = Instant::now() + self.request_timeout;
        let answer = match self.send(&with_query(&path, &query), "*/*", meter).await {
            Ok(response) => {
                let status = response.status();
                let is_page = content_type(&response).contains("html");
                match collect(response.into_body(), 1 << 20, deadline, self.request_timeout).await {
                    Ok(body) if is_page => Err(of_foreign_body(status, &body)),
                    answer => answer,
                }
            }
            Err(kind) => Err(kind),
        };
        self.tell_log(wanted, &answer);
        let previous = if wanted.previous { "previous " } else { "" };
        let request = format!("GET the {previous}log of {}/{}", wanted.pod, wanted.container);
        answer.map_err(|kind| Failure { request, kind })
    }

    /// One request whose answer is one body of JSON.
    pub(in crate::cluster) async fn read(
        &self,
        path_and_query: &str,
        meter: &RequestCounter,
    ) -> Result<Bytes, FailureKind> {
        let deadline = Instant::now() + self.request_timeout;
        let response = self.send(path_and_query, "application/json", meter).await?;
        let (status, json) = (response.status(), is_json(&response));
        let body = collect(response.into_body(), BIGGEST_BODY, deadline, self.request_timeout).await?;
        if json { Ok(body) } else { Err(of_foreign_body(status, &body)) }
    }

    /// Lets the tap hear of an entry.
    pub(in crate::cluster) fn tell(&self, entry: impl FnOnce() -> Entry) {
        if let Some(tap) = &self.tap {
            let mut tap = tap.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            (*tap)(Instant::now(), &entry());
        }
    }

    fn tell_failure(&self, path: &str, kind: &FailureKind) {
        self.tell(|| {
            let status = kind.status();
            let error = status.is_none().then(|| kind.to_string());
            Entry::Fail { path: path.to_owned(), status, error }
        });
    }

    fn tell_log(&self, wanted: &LogRequest<'_>, answer: &Result<Bytes, FailureKind>) {
        let (status, body) = match answer {
            Ok(body) => (200, String::from_utf8_lossy(body).into_owned()),
            Err(kind) => match kind.status() {
                Some(status) => (status, kind.to_string()),
                None => return self.tell_failure(&Collection::log_path(wanted.namespace, wanted.pod), kind),
            },
        };
        self.tell(|| {
            Entry::Log(LogEntry {
                pod: wanted.pod.to_owned(),
                container: wanted.container.to_owned(),
                previous: wanted.previous,
                restart_count: wanted.restarts,
                status,
                body,
                body_base64: None,
            })
        });
    }
}

fn not_a_list(body: &[u8], error: &ListingError) -> FailureKind {
    match error {
        ListingError::Shape(_) if !starts_like_an_object(body) => of_foreign_body(StatusCode::OK, body),
        _ => FailureKind::Undecodable(error.to_string()),
    }
}
