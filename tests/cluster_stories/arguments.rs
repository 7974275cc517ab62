//! When the suite plays, and what its arguments mean.

use crate::suite::options::{Mode, Options, is_asked_for};

fn read(line: &str) -> Options {
    Options::read(line.split_whitespace().map(str::to_owned)).unwrap()
}

#[test]
fn it_plays_only_where_a_cluster_is_named() {
    let asked = |variables: &[(&str, &str)]| {
        is_asked_for(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    };
    assert!(!asked(&[]));
    assert!(!asked(&[("KUBECONFIG", "")]), "an empty variable names nothing");
    assert!(asked(&[("KUBECONFIG", "/somewhere")]));
    assert!(asked(&[("CRASHGATE_E2E", "1")]));
    assert!(!asked(&[("KUBECONFIG", "/somewhere"), ("CRASHGATE_E2E", "0")]), "it can be turned off");
    assert!(!asked(&[("CRASHGATE_E2E", "")]));
}

#[test]
fn its_arguments_are_read_and_those_of_the_usual_harness_do_no_harm() {
    assert_eq!(read(""), Options { mode: Mode::Play, filters: Vec::new(), keep: false, jobs: 4 });
    let all = read("--sandbox --keep --jobs 2 crash oom");
    assert_eq!(all, Options { mode: Mode::Sandbox, filters: vec!["crash".into(), "oom".into()], keep: true, jobs: 2 });
    assert_eq!(read("--jobs=7").jobs, 7);
    assert_eq!(read("--test-threads=1").jobs, 1);
    assert_eq!(read("--nocapture --color always -q crash").filters, ["crash"]);
    for (line, mode) in [
        ("--list", Mode::List),
        ("--clean", Mode::Clean),
        ("--manifests", Mode::Manifests),
        ("--help", Mode::Help),
        ("--ignored kubectl", Mode::Nothing),
    ] {
        assert_eq!(read(line).mode, mode, "{line}");
    }
    for line in ["--jobs 0", "--jobs many", "--job 2", "--skip crash"] {
        assert!(Options::read(line.split(' ').map(str::to_owned)).is_err(), "{line}");
    }
}
