//! What contributors read is true and complete: every environment variable, every command, every path.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

const GUIDE: &str = include_str!("../../CONTRIBUTING.md");

/// Every Rust file below these folders but this one, with its text.
fn rust_files(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut open: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with(file!()) {
            let text = fs::read_to_string(&path).unwrap();
            files.push((path, text));
        }
    }
    files
}

/// What the first group of a pattern matches.
fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_environment_variable_that_steers_crashgate_or_its_tests_is_listed_and_no_other() {
    let steers = r#""((?:CRASHGATE|UPDATE|INSTA)_[A-Z0-9_]+)""#;
    // These are written for the jobs after a gate, or name where the examples get crashgate from; docs/ tells of them.
    let of_users = ["VERDICT", "EXIT_CODE", "CAUSE", "MESSAGE", "REPOSITORY", "RELEASES"];
    let of_users = of_users.map(|name| format!("CRASHGATE_{name}"));
    let code: String = rust_files(&["src", "tests", "benches"]).into_iter().map(|(_, text)| text).collect();
    let read: BTreeSet<String> = all(steers, &code).into_iter().filter(|name| !of_users.contains(name)).collect();
    assert!(read.len() >= 7, "the sources are read: {read:?}");
    let mut listed = all(r"`((?:CRASHGATE|UPDATE|INSTA)_[A-Z0-9_]+)=", GUIDE);
    assert!(listed.remove("INSTA_UPDATE"), "insta reads it");
    assert_eq!(listed, read, "left: listed in CONTRIBUTING.md, right: read by the code");
}

#[test]
fn every_ignored_test_names_its_command_which_the_guide_lists_and_ci_calls() {
    let marked = Regex::new(r"#\[ignore(.*)\]").unwrap();
    let ci = fs::read_to_string(".ci/run").unwrap();
    let nightly = fs::read_to_string(".github/workflows/nightly.yml").unwrap();
    let mut commands = BTreeSet::new();
    for (path, text) in rust_files(&["tests", "src"]) {
        for found in marked.captures_iter(&text) {
            let reason = found[1].strip_prefix(" = \"needs ").unwrap_or_else(|| panic!("{path:?}: say what it needs"));
            let (_, command) = reason.trim_end_matches('"').split_once(": ").unwrap();
            let word = command.strip_prefix("cargo test --test it -- --ignored ").unwrap();
            let module = format!("{}/", path.with_extension("").display());
            assert!(module.contains(&format!("/{word}/")), "{command} does not run what is in {path:?}");
            commands.insert(command.to_owned());
        }
    }
    assert_eq!(commands.len(), 7, "{commands:?}");
    for command in &commands {
        assert!(GUIDE.contains(&format!("| `{command}` |")), "{command} is not in CONTRIBUTING.md");
        let called = command.replace("cargo test", "cargo test --locked");
        assert!(ci.contains(&called) || nightly.contains(&called), "{command} is called by nothing");
    }
    assert!(ci.lines().any(|line| line == "cargo test --locked"), "the README's test command is what CI runs");
}

#[test]
fn every_path_that_is_named_for_contributors_is_there() {
    for (name, least) in [("CONTRIBUTING.md", 20), ("ARCHITECTURE.md", 25), ("SECURITY.md", 3)] {
        let text = fs::read_to_string(name).unwrap();
        let mut paths = all(r"\]\(([^)#:]+)\)", &text);
        paths.extend(all(
            r"(?:^|[\s`|(])((?:src|tests|manifests|benches|fuzz|ci-examples|\.ci|\.github)/[\w./-]*\w)",
            &text,
        ));
        // What a reader is to make.
        paths.remove("tests/recordings/NAME.ndjson");
        let missing: Vec<&String> = paths.iter().filter(|path| !Path::new(path).exists()).collect();
        assert!(missing.is_empty(), "{name} names {missing:?}");
        assert!(paths.len() >= least, "{name} is read: {paths:?}");
    }
}

#[test]
fn every_folder_of_the_sources_is_on_the_map() {
    let map = fs::read_to_string("ARCHITECTURE.md").unwrap();
    for parent in ["src", "src/gate", "src/cluster"] {
        for entry in fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
            let name = entry.to_str().unwrap().replace('\\', "/");
            let is_listed = map.contains(&format!("| {name} |")) || map.contains(&format!("| {name}/"));
            assert!(is_listed || name == "src/gate" || name == "src/cluster", "{name} is not on the map");
        }
    }
}

#[test]
fn the_projects_own_workflows_run_what_contributors_run_with_few_rights() {
    let pinned = Regex::new(r"^v\d+\.\d+\.\d+$").unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(".github/workflows").unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("permissions:\n  contents: read\n"), "{path:?}");
        // What the jobs of a release may write is listed in release.rs.
        assert!(path.ends_with("release.yml") || !text.contains("write"), "{path:?}");
        for action in all(r"uses: (\S+)", &text) {
            let version = action.split_once('@').unwrap().1;
            assert!(pinned.is_match(version), "{action} is not pinned");
        }
        seen += usize::from(text.contains("run: .ci/run"));
    }
    assert_eq!(seen, 1);
}
