//! Recordings with answers of a metrics source: a recorded rollout, and traffic that is made up for its pods.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// The requests that the pods of one version get, from their first moment on.
#[derive(Debug, Clone, Copy)]
pub struct Traffic {
    /// What the names of its pods begin with.
    pub pods: &'static str,
    /// Whose pods they are: `canary` or `stable`.
    pub arm: &'static str,
    /// Requests a second and pod.
    pub requests: u64,
    /// How many of a thousand are bad, by the second of the recording.
    pub bad: fn(u64) -> u64,
}

/// A scrape comes so often.
const SCRAPE_MS: u64 = 1_000;
/// So many scrapes are in an answer.
const SCRAPES: usize = 15;

/// Writes a recorded rollout with this traffic, until `until_ms` of the recording; more lines are put in at their moments.
pub fn write(folder: &Path, base: &str, traffic: &[Traffic], until_ms: u64, more: &[Value]) -> PathBuf {
    let text = fs::read_to_string(format!("tests/recordings/{base}.ndjson")).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let header = lines.remove(0);
    let start: jiff::Timestamp = header["startedAt"].as_str().unwrap().parse().unwrap();
    let (start, namespace) = (start.as_millisecond(), header["namespace"].as_str().unwrap().to_owned());
    let pods = pods(&lines);
    for traffic in traffic {
        let of_it = pods.iter().filter(|(name, _)| name.starts_with(traffic.pods));
        let mut series: Vec<Series> = of_it
            .flat_map(|(pod, born)| ["200", "500"].map(|code| Series { pod, code, born: *born, ..Series::default() }))
            .collect();
        assert!(!series.is_empty(), "no pod of {traffic:?}");
        let names: Vec<&str> = series.iter().step_by(2).map(|series| series.pod).collect();
        let matcher =
            if names.len() == 1 { format!("pod={:?}", names[0]) } else { format!("pod=~{:?}", names.join("|")) };
        let query =
            format!("http_requests_total{{namespace={namespace:?},{matcher}}}[{}ms]", SCRAPE_MS * SCRAPES as u64);
        for at in (SCRAPE_MS..=until_ms).step_by(usize::try_from(SCRAPE_MS).unwrap()) {
            let told = i64::try_from(at).unwrap() + start;
            for series in &mut series {
                series.scrape(at, told, *traffic);
            }
            let result: Vec<Value> = series.iter().filter_map(|series| series.told(&namespace)).collect();
            if result.is_empty() {
                continue;
            }
            lines.push(json!({"t": at, "metrics": {
                "arm": traffic.arm, "check": "errors", "query": query, "answeredAt": told,
                "body": {"status": "success", "data": {"resultType": "matrix", "result": result}},
            }}));
        }
    }
    lines.extend_from_slice(more);
    lines.sort_by_key(|line| line["t"].as_u64());
    let path = folder.join("metrics.ndjson");
    let mut text = format!("{header}\n");
    for line in lines {
        writeln!(text, "{line}").unwrap();
    }
    fs::write(&path, text).unwrap();
    path
}

/// A counter of requests with one code.
#[derive(Debug, Default)]
struct Series<'r> {
    pod: &'r str,
    code: &'static str,
    born: u64,
    count: u64,
    samples: Vec<Value>,
}

impl Series<'_> {
    /// `at` in milliseconds of the recording, `told` the same since 1970.
    fn scrape(&mut self, at: u64, told: i64, traffic: Traffic) {
        if at < self.born {
            return;
        }
        let bad = traffic.requests * (traffic.bad)(at / 1_000) / 1_000;
        self.count += if self.code == "500" { bad } else { traffic.requests - bad };
        let seconds = format!("{}.{:03}", told / 1_000, told % 1_000);
        self.samples.push(json!([serde_json::from_str::<Value>(&seconds).unwrap(), self.count.to_string()]));
    }

    fn told(&self, namespace: &str) -> Option<Value> {
        let newest = &self.samples[self.samples.len().saturating_sub(SCRAPES)..];
        let metric =
            json!({"__name__": "http_requests_total", "namespace": namespace, "pod": self.pod, "code": self.code});
        (!newest.is_empty()).then(|| json!({"metric": metric, "values": newest}))
    }
}

/// Every pod of the recording with its first moment.
fn pods(lines: &[Value]) -> BTreeMap<String, u64> {
    let mut pods = BTreeMap::new();
    for line in lines {
        let listed = line["list"]["body"]["items"].as_array().into_iter().flatten();
        let is_pods = [&line["list"]["path"], &line["event"]["path"]]
            .iter()
            .any(|path| path.as_str().is_some_and(|path| path.ends_with("/pods")));
        for object in listed.chain([&line["event"]["object"]]).filter(|_| is_pods) {
            if let Some(name) = object["metadata"]["name"].as_str() {
                pods.entry(name.to_owned()).or_insert(line["t"].as_u64().unwrap());
            }
        }
    }
    pods
}
