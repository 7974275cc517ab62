//! The requests that came, as far as they are remembered.

use std::collections::VecDeque;
use std::sync::Mutex;

/// How many requests are remembered; of older ones only the number is.
const REMEMBERED_REQUESTS: usize = 10_000;

/// As many bytes of a path, and of a query, are remembered: a client may send hundreds of kilobytes.
const REMEMBERED_BYTES: usize = 2048;

/// One request, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path, the first 2 KiB of it.
    pub path: String,
    /// The query as it was sent, without the `?`, the first 2 KiB of it; empty where there was none.
    pub query: String,
    /// The milliseconds of the recording when it came.
    pub at_ms: u64,
}

/// The requests that came.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    count: u64,
    newest: VecDeque<Request>,
}

impl RequestLog {
    /// How many came.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The newest of them, in their order.
    pub fn newest(&self) -> impl Iterator<Item = &Request> {
        self.newest.iter()
    }

    /// Remembers a request.
    pub fn push(&mut self, request: Request) {
        self.count += 1;
        if self.newest.len() == REMEMBERED_REQUESTS {
            self.newest.pop_front();
        }
        self.newest.push_back(request);
    }
}

/// What is remembered of a part of a request.
pub(super) fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(REMEMBERED_BYTES)].to_owned()
}

/// The requests behind a lock that every connection shares.
pub(super) type Requests = Mutex<RequestLog>;

#[cfg(test)]
mod tests {
    use super::{REMEMBERED_BYTES, REMEMBERED_REQUESTS, Request, RequestLog, shortened};

    #[test]
    fn of_many_and_long_requests_only_so_much_is_remembered() {
        assert_eq!(shortened("/api/v1/pods"), "/api/v1/pods");
        assert!((REMEMBERED_BYTES - 3..=REMEMBERED_BYTES).contains(&shortened(&"€".repeat(100_000)).len()));
        let mut log = RequestLog::default();
        let request = |at_ms| Request { method: "GET".to_owned(), path: String::new(), query: String::new(), at_ms };
        for at_ms in 0..REMEMBERED_REQUESTS as u64 + 5 {
            log.push(request(at_ms));
        }
        assert_eq!((log.newest.len(), log.count), (REMEMBERED_REQUESTS, REMEMBERED_REQUESTS as u64 + 5));
        assert_eq!(log.newest.front(), Some(&request(5)), "the newest ones");
    }
}
