//! Watches whose lines do not come as they should.

use std::io;
use std::sync::Arc;

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use serde_json::json;

use super::body::closed;
use super::rule::Fault;
use crate::sandbox::shared::Shared;
use crate::sandbox::status::Refusal;

/// Half of a line, as a connection that breaks leaves it behind.
const HALF_A_LINE: &[u8] = br#"{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"na"#;

/// The body of a watch, its lines disturbed by the rules at these places of the script.
pub(super) fn disturbed(body: Body, shared: Arc<Shared>, rules: Vec<usize>) -> Body {
    let lines = Lines {
        body: body.into_data_stream(),
        shared,
        rules,
        buffer: BytesMut::new(),
        held: None,
        ready: Vec::new(),
        last: None,
        has_ended: false,
    };
    Body::from_stream(stream::unfold(Some(lines), |lines| async move {
        let mut lines = lines?;
        let item = lines.next().await?;
        let goes_on = item.is_ok();
        Some((item, goes_on.then_some(lines)))
    }))
}

/// How a watch ends that does not end by itself.
enum End {
    Orderly,
    Closed,
    Frozen,
}

struct Lines {
    body: BodyDataStream,
    shared: Arc<Shared>,
    /// The places of the rules that can still strike this watch.
    rules: Vec<usize>,
    /// Bytes that are no whole line yet.
    buffer: BytesMut,
    /// A line that comes after the next one.
    held: Option<Bytes>,
    /// Lines to be sent, the next one last.
    ready: Vec<Bytes>,
    /// How it ends once all that is ready was sent.
    last: Option<End>,
    has_ended: bool,
}

impl Lines {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let Some(line) = self.ready.pop() {
                return Some(Ok(line));
            }
            match self.last {
                None => {}
                Some(End::Orderly) => return None,
                Some(End::Closed) => return Some(Err(closed())),
                Some(End::Frozen) => {
                    self.shared.stop.cancelled().await;
                    return None;
                }
            }
            if self.strike() || self.take_line() {
                continue;
            }
            if self.has_ended {
                self.ready.extend(self.held.take());
                self.last = Some(End::Orderly);
                continue;
            }
            self.wait().await;
        }
    }

    /// Lets the rules strike that need no line for it. True where one did.
    fn strike(&mut self) -> bool {
        let now_ms = self.shared.clock.now_ms();
        let due = self.rules.iter().position(|place| {
            let counted = &self.shared.faults.rules[*place];
            strikes_alone(&counted.rule.fault) && counted.rule.is_on(now_ms) && counted.strikes()
        });
        let Some(due) = due else { return false };
        // Once a watch: what is left of it goes on.
        let place = self.rules.remove(due);
        let half = |after: usize| Bytes::from_static(&HALF_A_LINE[..after.min(HALF_A_LINE.len())]);
        match &self.shared.faults.rules[place].rule.fault {
            Fault::Cut { after } => {
                self.ready.push(half(*after));
                self.last = Some(End::Closed);
            }
            Fault::Freeze { after } => {
                self.ready.push(half(*after));
                self.last = Some(End::Frozen);
            }
            Fault::Gone => self.end_with(&Refusal::expired("too old resource version: a fault of the script")),
            Fault::Error => self.end_with(&Refusal::internal("etcdserver: leader changed")),
            Fault::Garbage => self.ready.push(Bytes::from_static(b"\x00\xff{]not a line\n")),
            _ => {}
        }
        true
    }

    fn end_with(&mut self, refusal: &Refusal) {
        let line = json!({"type": "ERROR", "object": refusal.to_value()});
        self.ready.push(format!("{line}\n").into());
        self.last = Some(End::Orderly);
    }

    /// Takes the next whole line, as the rules leave it. False where there is none.
    fn take_line(&mut self) -> bool {
        let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else { return false };
        let line = self.buffer.split_to(end + 1).freeze();
        if !is_event(&line) {
            self.ready.push(line);
            return true;
        }
        let now_ms = self.shared.clock.now_ms();
        let rules = self.rules.iter().map(|place| &self.shared.faults.rules[*place]);
        let mut acting = rules.filter(|counted| !strikes_alone(&counted.rule.fault) && counted.rule.is_on(now_ms));
        match acting.find(|counted| counted.strikes()).map(|counted| &counted.rule.fault) {
            Some(Fault::Skip) => {}
            Some(Fault::Duplicate) => self.ready.extend([line.clone(), line]),
            Some(Fault::Reorder) if self.held.is_none() => {
                self.held = Some(line);
                return true;
            }
            _ => self.ready.push(line),
        }
        // The held one comes after it.
        if let Some(held) = self.held.take() {
            self.ready.insert(0, held);
        }
        true
    }

    /// Waits for more bytes, or for the moment of a rule.
    async fn wait(&mut self) {
        let clock = &self.shared.clock;
        let now_ms = clock.now_ms();
        let coming = self.rules.iter().map(|place| &self.shared.faults.rules[*place].rule);
        let coming = coming.filter(|rule| strikes_alone(&rule.fault) && rule.at_ms > now_ms).map(|rule| rule.at_ms);
        let at = coming.min().map(|at_ms| (at_ms, clock.instant_of(at_ms)));
        let moment = async {
            match at {
                None => std::future::pending().await,
                Some((_, Some(at))) => tokio::time::sleep_until(at).await,
                Some((_, None)) => clock.wait_for_start().await,
            }
        };
        tokio::select! {
            chunk = self.body.next() => match chunk {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(_)) | None => self.has_ended = true,
            },
            () = moment => {}
        }
    }
}

/// True for what happens to the stream, not to an event.
fn strikes_alone(fault: &Fault) -> bool {
    !matches!(fault, Fault::Skip | Fault::Duplicate | Fault::Reorder)
}

fn is_event(line: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Kind<'a> {
        r#type: &'a str,
    }
    serde_json::from_slice::<Kind<'_>>(line).is_ok_and(|line| matches!(line.r#type, "ADDED" | "MODIFIED" | "DELETED"))
}
