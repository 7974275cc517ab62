//! Shifting the times in recorded objects to the playback's.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Fields whose text belongs to people or programs: a time in there is left as it was written.
const FOREIGN: [&str; 8] = ["annotations", "labels", "spec", "data", "message", "note", "reason", "name"];

/// The annotation with the state of an update in place, as JSON.
const IN_PLACE: &str = "apps.kruise.io/inplace-update-state";

/// Adds `by` to every time in the object's metadata, status and (of an Event) its own fields.
///
/// A time keeps its precision. All times are moved by the same span, so their order and distances stay.
pub(super) fn shift(value: &mut Value, by: SignedDuration) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if key == "annotations" {
                    shift_state(field, by);
                } else if !FOREIGN.contains(&key.as_str()) {
                    shift(field, by);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::String(text) => {
            if let Some(moved) = shifted(text, by) {
                *text = moved;
            }
        }
        _ => {}
    }
}

/// Shifts the times in what `OpenKruise` writes about an update in place: they are compared with those of the status.
fn shift_state(annotations: &mut Value, by: SignedDuration) {
    let Some(Value::String(text)) = annotations.get_mut(IN_PLACE) else { return };
    if let Ok(mut state) = serde_json::from_str(text) {
        shift(&mut state, by);
        *text = state.to_string();
    }
}

/// The time moved; `None` where the text is no RFC 3339 time in UTC, or stands for "never" (1970).
fn shifted(text: &str, by: SignedDuration) -> Option<String> {
    // `2026-11-21T03:09:57Z` is the shortest: most strings are told apart before anything is parsed.
    let bytes = text.as_bytes();
    if bytes.len() < 20
        || bytes[4] != b'-'
        || bytes[10] != b'T'
        || !text.ends_with('Z')
        || text.starts_with("1970-01-01")
    {
        return None;
    }
    let moved = text.parse::<Timestamp>().ok()?.checked_add(by).ok()?;
    let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len() - 1);
    Some(moved_text(moved, digits))
}

fn moved_text(time: Timestamp, digits: usize) -> String {
    // The printer cuts and never rounds, which keeps the distances of whole seconds whole.
    let precision = u8::try_from(digits.min(9)).unwrap_or(9);
    jiff::fmt::temporal::DateTimePrinter::new().precision(Some(precision)).timestamp_to_string(&time)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use super::shift;

    #[test]
    fn times_of_the_cluster_move_and_texts_of_people_stay() {
        let time = "2026-11-21T03:09:57Z";
        let mut pod = json!({
            "metadata": {"creationTimestamp": time, "annotations": {"at": time}, "labels": {"at": time},
                "managedFields": [{"time": time}]},
            "spec": {"containers": [{"command": [time]}]},
            "status": {"startTime": time, "phase": "Running", "containerStatuses": [{"state": {"terminated": {
                "startedAt": "1970-01-01T00:00:00Z", "finishedAt": time, "message": time}}}]},
        });
        let state = format!(r#"{{"updateTimestamp":"{time}","revision":"web-1"}}"#);
        pod["metadata"]["annotations"]["apps.kruise.io/inplace-update-state"] = state.into();
        shift(&mut pod, SignedDuration::from_millis(60_700));
        let state = &pod["metadata"]["annotations"]["apps.kruise.io/inplace-update-state"];
        assert!(state.as_str().is_some_and(|state| state.contains(r#""updateTimestamp":"2026-11-21T03:10:57Z""#)));
        pod["metadata"]["annotations"].as_object_mut().unwrap().remove("apps.kruise.io/inplace-update-state");
        let moved = "2026-11-21T03:10:57Z";
        assert_eq!(
            pod,
            json!({
                "metadata": {"creationTimestamp": moved, "annotations": {"at": time}, "labels": {"at": time},
                    "managedFields": [{"time": moved}]},
                "spec": {"containers": [{"command": [time]}]},
                "status": {"startTime": moved, "phase": "Running", "containerStatuses": [{"state": {"terminated": {
                    "startedAt": "1970-01-01T00:00:00Z", "finishedAt": moved, "message": time}}}]},
            })
        );
    }

    #[test]
    fn a_time_keeps_its_precision_and_null_stays_null() {
        let mut event = json!({"eventTime": "2026-11-21T03:09:57.120000Z", "firstTimestamp": null, "message": "x"});
        shift(&mut event, SignedDuration::from_millis(-1_500));
        assert_eq!(event["eventTime"], "2026-11-21T03:09:55.620000Z");
        assert!(event["firstTimestamp"].is_null());
        let mut odd = json!(["2026-99-21T03:09:57Z", "2026-11-21T03:09:57.Z", "éééé-éé-ééTéééééééZ"]);
        let before = odd.clone();
        shift(&mut odd, SignedDuration::from_secs(1));
        assert_eq!(odd, before);
    }
}
