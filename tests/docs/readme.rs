//! What the README shows is what happens: every command in it is run, every gate in it is checked.

use std::io::Write as _;
use std::process::{Command, Stdio};

const README: &str = include_str!("../../README.md");
const BINARY: &str = env!("CARGO_BIN_EXE_crashgate");

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut rest = README;
    while let Some((_, after)) = rest.split_once("```") {
        let (head, body) = after.split_once('\n').unwrap();
        let (block, next) = body.split_once("```").unwrap();
        if head == language {
            blocks.push(block.to_owned());
        }
        rest = next;
    }
    blocks
}

/// The command with the binary that was built for the tests.
fn arguments(command: &str) -> Vec<&str> {
    let command =
        command.strip_prefix("cargo run --release -- ").or_else(|| command.strip_prefix("crashgate ")).unwrap();
    command.split_whitespace().collect()
}

#[test]
fn every_console_block_shows_what_is_printed() {
    let blocks = blocks("console");
    assert!(blocks.len() >= 3);
    // How long a rehearsal took, the machine decides.
    let time = regex::Regex::new(r"after [0-9.]+ s").unwrap();
    for block in blocks {
        let (command, shown) = block.split_once('\n').unwrap();
        let output = Command::new(BINARY).args(arguments(command.strip_prefix("$ ").unwrap())).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        // The README shows the beginning.
        let alike = |text: &str| time.replace_all(text, "after T s").into_owned();
        assert!(alike(&printed).starts_with(&alike(shown)), "{command}\n{printed}\nis not\n{shown}");
    }
}

#[test]
fn every_gate_is_valid() {
    let blocks = blocks("yaml");
    assert!(!blocks.is_empty());
    for block in blocks {
        let mut child = Command::new(BINARY)
            .args(["validate", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(block.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_other_command_is_understood() {
    let mut checked = 0;
    for block in blocks("sh") {
        for command in block.lines().filter(|line| !line.is_empty()) {
            if command == "cargo test" {
                let script = std::fs::read_to_string(".ci/run").unwrap();
                assert!(script.contains("cargo test"), "the README's test command is what CI runs");
                continue;
            }
            // Flags and subcommands exist, and nothing is asked of any cluster: the help is printed instead.
            let mut arguments = arguments(command);
            // Before what a command hands on to somebody else.
            arguments.insert(1, "--help");
            let output = Command::new(BINARY).args(&arguments).output().unwrap();
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
            checked += 1;
        }
    }
    assert!(checked >= 3);
}

#[test]
fn the_files_that_the_readme_names_are_there() {
    let mut named = 0;
    for part in README.split("](").skip(1) {
        let target = part.split(')').next().unwrap();
        if !target.starts_with("http") {
            assert!(std::path::Path::new(target).exists(), "{target}");
            named += 1;
        }
    }
    assert!(named >= 4);
}
