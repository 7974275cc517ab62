//! How the API is reached: configuration, credentials, connection, one request, and the names of its failures.
//!
//! What may live here: requests and answers. What may not: what is kept of a collection over time (`watch/`).

pub mod backoff;
pub mod budget;
pub mod client;
pub mod collection;
pub mod connect_error;
pub mod connect_options;
pub mod connection;
pub mod credential;
pub mod evidence;
pub mod expect;
pub mod failure;
pub mod identity;
pub mod kubeconfig;
pub mod lines;
pub mod listing;
pub mod open;
pub mod proxy;
pub mod reachable;
pub mod request;
pub mod request_counter;
pub mod target;

pub use backoff::{Backoff, LONGEST, random_fraction};
pub use budget::{Budget, Urgency};
pub use collection::{Collection, with_query};
pub use connect_error::ConnectError;
pub use connect_options::{ConnectOptions, KubeconfigOverrides, PLUGIN_TIMEOUT, REQUEST_TIMEOUT, TokenSource};
pub use connection::Connection;
pub use expect::Expect;
pub use failure::{Failure, FailureKind, of_connection, of_foreign_body, of_status, of_watch_error};
pub use lines::{LONGEST_LINE, Lines};
pub use listing::Listing;
pub use proxy::{ProxyError, ProxyVariables};
pub use reachable::Reachable;
pub use request::{LogRequest, Reviewed, Watch, WatchLine, Wish, with_retries};
pub use request_counter::RequestCounter;
pub use target::Target;
