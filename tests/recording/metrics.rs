//! Answers of a source of metrics: what they mean, and how a recording keeps them.

use std::path::Path;
use std::time::Duration;

use crashgate::gate::model::{Arm, MetricAnswer, MetricData, MetricTrouble, MetricTroubleKind, Number, Sample, Series};
use crashgate::recording::line::{AnsweredAt, Entry, Header, MetricsEntry};
use crashgate::recording::mapping::metrics::{answer, measurement};
use crashgate::recording::reader::Reader;
use crashgate::recording::writer::Writer;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

fn read(body: &Value) -> Result<MetricAnswer, MetricTrouble> {
    answer(None, &raw(body), Some(5))
}

fn success(data: &Value) -> Value {
    json!({"status": "success", "data": data})
}

fn data(data: &Value) -> MetricData {
    read(&success(data)).unwrap().data
}

fn series(name: &str, samples: &[(i64, f64)]) -> Series {
    Series {
        labels: [("__name__".to_owned(), name.to_owned())].into(),
        samples: samples.iter().map(|(at_ms, value)| Sample { at_ms: *at_ms, value: Number(*value) }).collect(),
        native_histogram: false,
    }
}

#[test]
fn every_type_of_result_is_read_as_it_is_told() {
    let values = json!([
        [1_700_000_001.781, "37"],
        [1_700_000_000, "NaN"],
        [1_700_000_000, "+Inf"],
        [1_700_000_002.5, "-Inf"],
        [1_700_000_003, "1e+06"]
    ]);
    // Out of order and repeated, as they came.
    let expected = series(
        "e",
        &[
            (1_700_000_001_781, 37.0),
            (1_700_000_000_000, f64::NAN),
            (1_700_000_000_000, f64::INFINITY),
            (1_700_000_002_500, f64::NEG_INFINITY),
            (1_700_000_003_000, 1e6),
        ],
    );
    let matrix = json!({"resultType": "matrix", "result": [{"metric": {"__name__": "e"}, "values": values}]});
    let MetricData::Matrix(read) = data(&matrix) else { panic!("a matrix") };
    assert_eq!(read, [expected]);
    let vector = json!({"resultType": "vector", "result": [{"metric": {"__name__": "e"}, "value": [2, "0.5"]}, {"metric": {}, "value": [2, "1"]}]});
    let MetricData::Vector(read) = data(&vector) else { panic!("a vector") };
    assert_eq!(read[0], series("e", &[(2_000, 0.5)]));
    assert!(read[1].labels.is_empty());
    assert_eq!(data(&json!({"resultType": "vector", "result": []})), MetricData::Vector(Vec::new()));
    let scalar = Sample { at_ms: 1_500, value: Number(3.0) };
    assert_eq!(data(&json!({"resultType": "scalar", "result": [1.5, "3"]})), MetricData::Scalar(scalar));
    assert_eq!(data(&json!({"resultType": "string", "result": [1, "up"]})), MetricData::Text("up".to_owned()));
}

#[test]
fn native_histograms_are_told_apart() {
    let native = json!({"count": "3", "sum": "1.5", "buckets": [[0, "0.5", "1", "3"]]});
    for (kind, one) in [
        ("matrix", json!({"metric": {}, "histograms": [[1, native]]})),
        ("vector", json!({"metric": {}, "histogram": [1, native]})),
    ] {
        let (MetricData::Matrix(read) | MetricData::Vector(read)) = data(&json!({"resultType": kind, "result": [one]}))
        else {
            panic!("series")
        };
        assert!(read[0].native_histogram && read[0].samples.is_empty(), "{kind}");
    }
}

#[test]
fn warnings_and_parts_are_told_and_infos_are_none() {
    let mut body = success(&json!({"resultType": "vector", "result": []}));
    body["infos"] = json!(["PromQL info: metric might not be a counter"]);
    body["warnings"] = Value::Null;
    assert_eq!(read(&body).unwrap().warnings, Vec::<String>::new());
    body["warnings"] = json!(["store a: unavailable"]);
    assert_eq!(read(&body).unwrap().warnings, ["store a: unavailable"]);
    body["isPartial"] = json!(false);
    assert_eq!(read(&body).unwrap().warnings.len(), 1);
    body["isPartial"] = json!(true);
    assert!(read(&body).unwrap().warnings[1].contains("partial"));
    assert_eq!(read(&body).unwrap().answered_at_ms, Some(5));
}

#[test]
fn an_error_says_whether_asking_again_may_help() {
    use MetricTroubleKind::{Rejected, Unreachable};
    let parse = "invalid parameter \"query\": 1:5: parse error";
    for (status, kind, words, expected) in [
        (Some(400), "bad_data", parse, Rejected),
        (None, "bad_data", parse, Rejected),
        (Some(422), "execution", "found duplicate series", Rejected),
        (Some(422), "422", "cannot parse", Rejected),
        (Some(422), "execution", "expanding series: proxy Series(): store is down", Unreachable),
        (Some(503), "timeout", "query timed out", Unreachable),
        (Some(503), "canceled", "query was canceled", Unreachable),
        (None, "unavailable", "starting", Unreachable),
        (Some(500), "internal", "disk", Unreachable),
        (Some(503), "503", "vmstorage", Unreachable),
        (Some(400), "some_new_kind", "what", Rejected),
        (Some(429), "too_many_requests", "slow down", Unreachable),
        (None, "", "", Unreachable),
    ] {
        let body = json!({"status": "error", "errorType": kind, "error": words});
        let trouble = answer(status, &raw(&body), None).unwrap_err();
        assert_eq!(trouble.kind, expected, "{kind}: {trouble:?}");
        assert!(trouble.message.contains(kind) && trouble.message.contains(words), "{trouble:?}");
    }
}

#[test]
fn what_is_not_the_answer_of_the_api_is_no_answer() {
    for body in [
        json!({}),
        json!([]),
        json!("x"),
        json!({"status": "success"}),
        json!({"status": "success", "data": null}),
        json!({"status": "success", "data": {"resultType": "vector"}}),
        json!({"status": "success", "data": {"result": []}}),
        success(&json!({"resultType": "streams", "result": []})),
        success(&json!({"resultType": "vector", "result": null})),
        success(&json!({"resultType": "vector", "result": [{"metric": {}}]})),
        success(&json!({"resultType": "matrix", "result": [{"metric": {}, "values": []}]})),
        success(&json!({"resultType": "vector", "result": [{"metric": {}, "value": [1, "many"]}]})),
        success(&json!({"resultType": "vector", "result": [{"metric": {}, "value": [1, null]}]})),
        success(&json!({"resultType": "scalar", "result": []})),
    ] {
        let trouble = read(&body).unwrap_err();
        assert_eq!(trouble.kind, MetricTroubleKind::Unreachable, "{body}");
        assert!(trouble.message.starts_with("the answer cannot be read: "), "{body}: {trouble:?}");
    }
    let good = success(&json!({"resultType": "vector", "result": []}));
    assert!(answer(Some(500), &raw(&good), None).is_err(), "a status that speaks against the answer wins");
}

#[test]
fn more_series_than_can_be_meant_are_refused_with_a_remedy() {
    let of = |number: usize| {
        let one = json!({"metric": {}, "value": [1, "1"]});
        success(&json!({"resultType": "vector", "result": vec![one; number]}))
    };
    assert!(read(&of(5_000)).is_ok());
    let trouble = read(&of(5_001)).unwrap_err();
    assert_eq!(trouble.kind, MetricTroubleKind::Unreachable);
    assert!(trouble.message.starts_with("too many series: ") && trouble.message.contains("narrow the selector"));
}

const HEADER: &str = r#"{"crashgateRecording":1,"startedAt":"2026-11-21T03:00:00Z"}"#;

fn entry(line: &str) -> MetricsEntry {
    let text = format!("{HEADER}\n{line}\n");
    let mut reader = Reader::new(Path::new("r.ndjson"), text.as_bytes()).unwrap();
    match reader.next_line().unwrap().unwrap().entry {
        Entry::Metrics(entry) => *entry,
        other => panic!("{other:?}"),
    }
}

const BODY: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

#[test]
fn a_line_needs_no_more_than_its_arm_its_check_and_its_body() {
    let measured = measurement(
        &entry(&format!(r#"{{"t":7,"metrics":{{"arm":"stable","check":"errors","body":{BODY}}}}}"#)),
        1_007,
    );
    assert_eq!((measured.check.as_str(), measured.arm), ("errors", Arm::Stable));
    assert_eq!(measured.answer.unwrap().answered_at_ms, Some(1_007), "when it was recorded");
    for (told, expected) in [("5", Some(5)), ("null", None)] {
        let line = format!(r#"{{"t":7,"metrics":{{"arm":"canary","check":"e","answeredAt":{told},"body":{BODY}}}}}"#);
        assert_eq!(measurement(&entry(&line), 1_007).answer.unwrap().answered_at_ms, expected);
    }
}

#[test]
fn a_line_without_an_answer_is_trouble_of_its_kind() {
    use MetricTroubleKind::{Rejected, Unreachable};
    for (rest, kind, words) in [
        (r#""status":503,"error":"no healthy upstream""#, Unreachable, "no healthy upstream"),
        (r#""status":400,"error":"parse error""#, Rejected, "parse error"),
        (r#""status":502"#, Unreachable, "status 502"),
        (r#""error":"connection refused""#, Unreachable, "connection refused"),
        (r#""body":null"#, Unreachable, "did not answer"),
        (r#""error":"rejected","body":{"status":"error","errorType":"bad_data","error":"x"}"#, Rejected, "rejected"),
        (&format!(r#""error":"not to be used","body":{BODY}"#), Unreachable, "not to be used"),
    ] {
        let line = format!(r#"{{"t":7,"metrics":{{"arm":"canary","check":"e",{rest}}}}}"#);
        let trouble = measurement(&entry(&line), 0).answer.unwrap_err();
        assert_eq!(trouble.kind, kind, "{rest}");
        assert!(trouble.message.contains(words), "{rest}: {trouble:?}");
    }
}

#[test]
fn an_arm_of_a_later_version_is_passed_over() {
    let text = format!("{HEADER}\n{{\"t\":1,\"metrics\":{{\"arm\":\"blue\",\"check\":\"e\"}}}}\n");
    let line = Reader::new(Path::new("r.ndjson"), text.as_bytes()).unwrap().next_line().unwrap().unwrap();
    assert!(matches!(line.entry, Entry::Unknown));
}

fn written(entry: MetricsEntry) -> (String, MetricsEntry) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ndjson");
    let mut writer = Writer::create(&path, 1 << 20).unwrap();
    writer.begin(&Header {
        format: 1,
        started_at: "2026-11-21T03:00:00Z".parse().unwrap(),
        server_version: String::new(),
        namespace: "shop".to_owned(),
        recorder: String::new(),
        title: String::new(),
        description: String::new(),
    });
    writer.traffic(Duration::from_millis(7), &Entry::Metrics(Box::new(entry)));
    assert!(writer.failure().is_none());
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(1).unwrap().to_owned();
    let read = self::entry(&line);
    (line, read)
}

fn answered(body: &Value) -> MetricsEntry {
    MetricsEntry {
        app: Some("checkout".to_owned()),
        namespace: Some("shop".to_owned()),
        arm: Arm::Canary,
        check: "errors".to_owned(),
        query: Some(
            r#"e{namespace="shop",pod=~"checkout-7d9f8b6c5d-abcde|checkout-7d9f8b6c5d-x2x2x"}[60000ms]"#.to_owned(),
        ),
        answered_at: AnsweredAt::Told(1_700_000_000_123),
        status: None,
        error: None,
        body: Some(raw(body)),
    }
}

#[test]
fn what_is_written_reads_back_as_the_same_measurement() {
    let labels = json!({"__name__": "http_requests_total", "pod": "checkout-7d9f8b6c5d-abcde", "code": "500", "path": "/v1/orders/{id}",
        "le": "+Inf", "instance": "10.1.2.3:8080", "token_type": "bearer"});
    let body = success(
        &json!({"resultType": "matrix", "result": [{"metric": labels, "values": [[1_700_000_000.5, "37"], [1_700_000_001.5, "NaN"]]}]}),
    );
    let before = answered(&body);
    let (line, after) = written(before.clone());
    assert_eq!(measurement(&before, 0), measurement(&after, 99), "{line}");
    assert_eq!((after.app, after.namespace, after.query), (before.app, before.namespace, before.query));
    for body in [
        json!({"status": "error", "errorType": "bad_data", "error": "1:5: parse error: unexpected <op:->"}),
        json!({"status": "success", "isPartial": true, "data": {"resultType": "scalar", "result": [1, "+Inf"]}}),
        success(&json!({"resultType": "string", "result": [1, "up"]})),
        success(&json!({"resultType": "matrix", "result": [{"metric": {}, "histograms": [[1, {"count": "3"}]]}]})),
    ] {
        let before = answered(&body);
        let (line, after) = written(before.clone());
        assert_eq!(measurement(&before, 0), measurement(&after, 99), "{line}");
    }
    let failed = MetricsEntry {
        status: Some(503),
        error: Some("no healthy upstream".to_owned()),
        body: None,
        answered_at: AnsweredAt::Untold,
        ..answered(&json!({}))
    };
    let (line, after) = written(failed.clone());
    assert_eq!(measurement(&failed, 0), measurement(&after, 99), "{line}");
}

#[test]
fn a_recorded_answer_holds_no_secret_and_its_series_stay_apart() {
    let series =
        |secret: &str| json!({"metric": {"__name__": "e", "password": secret, "pod": "a"}, "values": [[1, "1"]]});
    let mut body = success(
        &json!({"resultType": "matrix", "result": [series("hunter2-one"), series("hunter2-two"), series("hunter2-one")]}),
    );
    body["warnings"] = json!(["GET https://store?token=hunter2-warned failed", "password=hunter2-said"]);
    body["surprise"] = json!("hunter2-unknown");
    let before = MetricsEntry {
        error: Some("password=hunter2-error".to_owned()),
        query: Some("e{password=\"hunter2-query\"}".to_owned()),
        ..answered(&body)
    };
    let (line, after) = written(MetricsEntry { error: None, ..before.clone() });
    assert!(!line.contains("hunter2"), "{line}");
    let MetricData::Matrix(kept) = measurement(&after, 0).answer.unwrap().data else { panic!("a matrix") };
    assert_ne!(kept[0].labels, kept[1].labels);
    assert_eq!(kept[0].labels, kept[2].labels);
    let (line, _) = written(before);
    assert!(!line.contains("hunter2"), "{line}");
}
