//! The log as one JSON object a line: `time`, `level`, `target`, `message`, the fields of the event, and those of the calls that
//! it belongs to. Each value is masked and made inert by itself, so that a line is always whole.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::report::printer::Printer;
use crate::report::words;
use crate::text::{Redaction, SafeText};

/// What no field can be called: it is said of every line.
const OF_LINE: [&str; 4] = ["time", "level", "target", "message"];

/// Writes each event as one line of JSON.
pub(super) struct JsonLines(Mutex<Printer>);

impl JsonLines {
    pub(super) fn to(printer: Printer) -> Self {
        Self(Mutex::new(printer))
    }
}

/// Fields as they were told, masked.
#[derive(Debug, Default, Clone)]
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&mut self, field: &Field, said: &str) {
        // A secret may be told by the name of its field alone.
        let before = format!("{}=", field.name());
        let shown = Redaction::On.continued(&before, said).one_line();
        self.put(field, Value::String(shown.to_string()));
    }

    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let metadata = event.metadata();
        let mut line = Map::new();
        line.insert("time".to_owned(), Value::String(words::exact(jiff::Timestamp::now()).to_string()));
        line.insert("level".to_owned(), Value::String(metadata.level().to_string()));
        line.insert("target".to_owned(), Value::String(metadata.target().to_owned()));
        line.insert("message".to_owned(), own.0.remove("message").unwrap_or_default());
        // The innermost call says last what it is called.
        for span in context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.extend(fields.0.clone().into_iter().filter(|(name, _)| !OF_LINE.contains(&name.as_str())));
            }
        }
        line.extend(own.0.into_iter().filter(|(name, _)| !OF_LINE.contains(&name.as_str())));
        let line = SafeText::json(&Value::Object(line), false);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).say(&line.trimmed_end());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::JsonLines;
    use crate::report::printer::Printer;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> Vec<serde_json::Value> {
        let kept = Kept::default();
        let printer = Printer::to(Box::new(std::io::sink()), Box::new(kept.clone()));
        let subscriber = tracing_subscriber::registry().with(JsonLines::to(printer));
        tracing::subscriber::with_default(subscriber, log);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains('\u{1b}') && !text.contains("hunter2"), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    #[test]
    fn a_line_is_one_object_with_its_fields_and_those_of_its_call() {
        let lines = logged(|| {
            let call = tracing::info_span!("call", trace_id = "abc", place = 1, later = tracing::field::Empty);
            call.record("later", "known");
            call.in_scope(|| tracing::info!(status = 200, took = 0.5, slow = false, place = 2, "answered"));
            tracing::warn!("alone");
        });
        assert_eq!(lines.len(), 2);
        let told = &lines[0];
        assert_eq!((told["level"].as_str(), told["message"].as_str()), (Some("INFO"), Some("answered")));
        assert_eq!((told["trace_id"].as_str(), told["later"].as_str()), (Some("abc"), Some("known")));
        assert_eq!(
            (told["status"].as_i64(), told["slow"].as_bool(), told["place"].as_i64()),
            (Some(200), Some(false), Some(2))
        );
        assert!(
            told["target"].as_str().unwrap().starts_with("crashgate::")
                && told["time"].as_str().unwrap().ends_with('Z')
        );
        assert_eq!((lines[1].get("trace_id"), lines[1]["message"].as_str()), (None, Some("alone")));
    }

    #[test]
    fn what_others_say_breaks_no_line_and_gives_no_secret_away() {
        let hostile = "\"}\n{\"level\":\"INFO\"}\u{1b}[2J\u{202e} ::error:: ##vso[x]";
        let lines = logged(|| {
            tracing::info!(said = hostile, password = "hunter2secret", "{hostile} password=hunter2secret");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["password"], "***");
        assert!(lines[0]["message"].as_str().unwrap().contains("password=***"));
    }
}
