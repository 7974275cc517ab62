//! The list of causes on docs/verdicts.md is what `crashgate explain` says of each.

use std::fmt::Write as _;
use std::process::Command;

use crashgate::gate::REASONS;
use crashgate::gate::result::{CATALOGUE, Fault, NOTICES};

const PAGE: &str = "docs/verdicts.md";

/// What follows this line is written by this test.
const MARK: &str = "<!-- Written by `UPDATE_PAGES=1 cargo test causes` from src/gate/result/catalogue.rs. -->\n";

/// What `crashgate explain` says of a name, as a section of the page.
fn section(name: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_crashgate")).args(["explain", name]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let (head, body) = said.split_once("\n\n").unwrap();
    let kind = head.strip_prefix(&format!("{name}: ")).unwrap_or_else(|| panic!("{head}"));
    let mut text = format!("#### {name}\n\n");
    let mut lines = Vec::<String>::new();
    // Kubernetes may have a reason of the same name, which is explained below.
    let of_the_cause = body.lines().take_while(|line| !line.contains(": a reason that Kubernetes gives"));
    for line in of_the_cause {
        match line.split_once(':') {
            // The second line of a value.
            _ if line.starts_with(' ') => {
                let last = lines.last_mut().unwrap();
                *last = format!("{last} {}", line.trim());
            }
            Some((key, value)) if value.starts_with(' ') && key.len() < 14 && !key.contains('.') => {
                lines.push(format!("- {key}: {}", value.trim()));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let verdict = if kind.starts_with("a warning") { String::new() } else { format!("**{kind}**. ") };
    let _ = writeln!(text, "{verdict}{}\n", lines.join("\n").trim());
    // A name in angle brackets would be taken for HTML.
    text.replace('<', "&lt;")
}

fn written() -> String {
    let mut page = String::from("\n## Causes\n\nEach is what `crashgate explain NAME` prints.\n\n");
    for (fault, heading) in [
        (Fault::App, "The app, its image or its configuration"),
        (Fault::Platform, "The cluster that should run it"),
        (Fault::Outcome, "The version is not there, or not wanted"),
        (Fault::Observation, "The cluster could not be observed well enough"),
    ] {
        let _ = writeln!(page, "### {heading}\n");
        for row in CATALOGUE.iter().filter(|row| row.fault == fault) {
            page.push_str(&section(row.name));
        }
    }
    page.push_str("## Warnings\n\nA warning never changes the verdict.\n\n");
    for row in NOTICES {
        page.push_str(&section(row.name));
    }
    page.push_str("## Reasons that Kubernetes gives\n\n| reason | where | it may become |\n|---|---|---|\n");
    for reason in REASONS {
        let codes: Vec<String> = reason.codes.iter().map(|code| format!("`{}`", code.row().name)).collect();
        let codes = if codes.is_empty() { "no cause by itself".to_owned() } else { codes.join(", ") };
        let _ = writeln!(page, "| `{}` | {} | {codes} |", reason.name, reason.told_in.replace('|', "\\|"));
    }
    page
}

#[test]
fn the_causes_on_the_page_are_those_of_the_catalogue() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (by_hand, shown) = page.split_once(MARK).unwrap();
    let written = written();
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(PAGE, format!("{by_hand}{MARK}{written}")).unwrap();
        return;
    }
    assert!(shown == written, "{PAGE} is not current: UPDATE_PAGES=1 cargo test causes");
}
