//! The output of a run: whole, once, unchanged or made inert.

use serde_json::Value;

use super::{Cluster, told};

/// What the sandbox writes for `bytes: COUNT`.
fn numbered(count: usize) -> Vec<u8> {
    let lines = (0..).map(|line| format!("line {line:>8} of the output, and some more words to fill it\n"));
    lines.flat_map(String::into_bytes).take(count).collect()
}

#[test]
fn five_megabytes_arrive_once_and_whole_over_connections_that_break() {
    let cluster = Cluster::with(
        "- {image: loud, after: 200ms, lasts: 1s, exitCode: 5, log: [{bytes: 3000000}, {at: 900ms, bytes: 2000000}]}",
        "- {verb: log, request: 1, fault: cut, after: 1000003}\n- {verb: log, request: 2, fault: truncate, after: 700001}\n\
         - {verb: log, request: 3, fault: status, code: 500}\n- {verb: log, request: 4, fault: drop}\n\
         - {verb: log, request: 5, fault: cut, after: 4100000}",
    );
    let output = cluster.command(&["run", "loud"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    let expected = [numbered(3_000_000), numbered(2_000_000)].concat();
    assert_eq!(output.stdout.len(), expected.len(), "{stderr}");
    assert!(output.stdout == expected, "the bytes differ");
    cluster.wait_for("GET", "sinceTime=");
}

#[test]
fn a_log_that_cannot_be_read_is_no_success() {
    let cluster = Cluster::with("- {image: tool, log: [{text: x}]}", "- {verb: log, fault: status, code: 403}");
    let (code, stdout, stderr) = told(&cluster.command(&["run", "tool", "-o", "json"]).output().unwrap());
    assert_eq!(code, Some(125), "{stdout}{stderr}");
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(result["verdict"], "inconclusive");
    assert_eq!((&result["containerExitCode"], &result["outputIncomplete"]), (&0.into(), &true.into()));
    assert!(stderr.contains("pods/log"), "the rule to add: {stderr}");
}

/// `a`, a byte that is no UTF-8, an escape, a workflow command, and no line end.
const ODD: &str =
    "- {image: odd, log: [{base64: Yf9iCg==}, {text: \"\\e[2Jgone\\n::error::x\\n##[group]y\\nno end\"}]}";
const ODD_BYTES: &[u8] = b"a\xffb\n\x1b[2Jgone\n::error::x\n##[group]y\nno end";
const ODD_TEXT: &str = "a\u{fffd}b\n\\x1b[2Jgone\n:\\:error::x\n##\\[group]y\nno end";

#[test]
fn bytes_pass_unchanged_where_files_and_programs_read_them() {
    let cluster = Cluster::with(ODD, "");
    for flags in [&["run", "odd"][..], &["run", "odd", "-o", "raw"]] {
        let output = cluster.command(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout, ODD_BYTES, "{flags:?}");
        assert!(!output.stderr.contains(&0x1b), "the run's own words are not the pod's");
    }
    let output = cluster.command(&["run", "odd", "-o", "raw"]).env("GITHUB_ACTIONS", "true").output().unwrap();
    assert_eq!(output.stdout, ODD_BYTES, "raw is raw");
}

/// Every CI system that is known, by its own variable and without `CI`, and one that sets nothing but `CI`.
const SYSTEMS: [(&str, &str); 12] = [
    ("CI", "true"),
    ("CI", "woodpecker"),
    ("GITHUB_ACTIONS", "true"),
    ("GITLAB_CI", "true"),
    ("JENKINS_URL", "https://jenkins.example.com/"),
    ("BUILDKITE", "true"),
    ("CIRCLECI", "true"),
    ("TF_BUILD", "True"),
    ("TEAMCITY_VERSION", "2025.1"),
    ("TRAVIS", "true"),
    ("CODEBUILD_BUILD_ID", "p:1"),
    ("bamboo_buildKey", "A-B"),
];

#[test]
fn no_ci_system_obeys_the_output_or_shows_its_secrets() {
    let odd = "- {image: odd, log: [{text: \"::error::x\\n##vso[task.complete]\\n##teamcity[buildStop]\\n\\e[0Ksection_start:1:a\\r\\npassword=hunter2secret\\nend\\n\"}]}";
    let cluster = Cluster::with(odd, "");
    let running =
        SYSTEMS.map(|(name, value)| (name, cluster.command(&["run", "odd"]).env(name, value).spawn().unwrap()));
    for (name, child) in running {
        let (code, stdout, stderr) = told(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(0), "{name}: {stderr}");
        for word in ["\n::error", "hunter2secret", "##vso[", "##teamcity[", "\u{1b}", "\r"] {
            assert!(!stdout.contains(word) && !stdout.starts_with("::error"), "{name}: {word:?}: {stdout}");
        }
        assert!(stdout.contains("password=***\nend\n"), "{name}: {stdout}");
    }
    let shown = cluster.command(&["run", "odd", "--no-redact"]).env("CI", "true").output().unwrap();
    let (_, stdout, _) = told(&shown);
    assert!(stdout.contains("hunter2secret") && !stdout.contains("##vso["), "shown, and inert all the same: {stdout}");
}

#[test]
fn github_obeys_nothing_between_the_two_lines() {
    let cluster = Cluster::with(ODD, "");
    let output = cluster.command(&["run", "odd"]).env("GITHUB_ACTIONS", "true").output().unwrap();
    let (_, stdout, _) = told(&output);
    let (first, rest) = stdout.split_once('\n').unwrap();
    let word = first.strip_prefix("::stop-commands::").unwrap();
    assert_eq!(rest, format!("{ODD_TEXT}\n::{word}::\n"));
}

#[test]
fn text_acts_on_nothing_and_masks_secrets() {
    let cluster = Cluster::with(
        &format!("{ODD}\n- {{image: leaky, log: [{{text: \"postgres://app:hunter2secret@db/orders\\n\"}}]}}"),
        "",
    );
    let (code, stdout, _) = told(&cluster.command(&["run", "odd", "-o", "text"]).output().unwrap());
    assert_eq!(code, Some(0));
    assert_eq!(stdout, ODD_TEXT);
    let (_, stdout, _) = told(&cluster.command(&["run", "leaky", "-o", "text"]).output().unwrap());
    assert!(stdout.contains("***") && !stdout.contains("hunter2secret"), "{stdout}");
}

#[test]
fn json_tells_all_of_it() {
    let cluster = Cluster::with("- {image: tool, lasts: 100ms, exitCode: 42, log: [{text: \"one\\ntwo\\n\"}]}", "");
    let (code, stdout, _) = told(&cluster.command(&["run", "tool", "-o", "json"]).output().unwrap());
    assert_eq!(code, Some(42));
    let result: Value = serde_json::from_str(&stdout).unwrap();
    let told =
        ["schema", "verdict", "exitCode", "containerExitCode", "reason", "output", "outputBytes", "namespace", "image"];
    let told = told.map(|key| result[key].clone());
    let expected = serde_json::json!([1, "failed", 42, 42, "Error", "one\ntwo\n", 8, "shop", "tool"]);
    assert_eq!(Value::from(told.to_vec()), expected);
    assert!(result["pod"].as_str().unwrap().starts_with("crashgate-run-"));
}

#[test]
fn a_recorded_run_tells_its_end_and_no_secret() {
    let cluster = Cluster::with("- {image: tool, exitCode: 4, log: [{text: \"one\\n\"}]}", "");
    let file = tempfile::NamedTempFile::new().unwrap();
    let record = file.path().to_str().unwrap();
    let arguments = ["run", "tool", "--env", "DB_PASSWORD=hunter2secret", "--record", record];
    let (code, _, stderr) = told(&cluster.command(&arguments).output().unwrap());
    assert_eq!(code, Some(4), "{stderr}");
    let recorded = std::fs::read_to_string(record).unwrap();
    assert!(!recorded.contains("hunter2secret"));
    let last: Value = serde_json::from_str(recorded.lines().last().unwrap()).unwrap();
    let result = &last["gate"];
    assert_eq!(
        (&result["exitCode"], &result["output"], &result["outputBytes"]),
        (&4.into(), &"one\n".into(), &4.into())
    );
}

/// The committed schema is the one that the types make. `UPDATE_SCHEMA=1 cargo test --test it run::output` writes it.
#[test]
fn the_schema_has_not_drifted() {
    use crashgate::report::json::pod_run::schema;
    let path = "manifests/run.schema.json";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, schema()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), schema(), "run with UPDATE_SCHEMA=1 and commit {path}");
}
