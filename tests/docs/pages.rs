//! What the README and the pages of docs/ show is what happens: every command is run, every gate is checked, every link
//! leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

const BINARY: &str = env!("CARGO_BIN_EXE_crashgate");

/// A line of a shown output that stands for any number of lines.
const GAP: &str = "…";

/// A page for users.
struct Page {
    path: PathBuf,
    text: String,
}

/// The README, and every page of docs/.
fn pages() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    paths.extend(fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path()));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    paths.into_iter().map(|path| Page { text: fs::read_to_string(&path).unwrap(), path }).collect()
}

impl Page {
    /// The fenced blocks of a language.
    fn blocks(&self, language: &str) -> Vec<&str> {
        let mut blocks = Vec::new();
        let mut rest = self.text.as_str();
        while let Some((_, after)) = rest.split_once("```") {
            let (head, body) = after.split_once('\n').unwrap_or((after, ""));
            let (block, next) = body.split_once("```").unwrap_or((body, ""));
            if head == language {
                blocks.push(block);
            }
            rest = next;
        }
        blocks
    }

    /// The page without its fenced blocks.
    fn prose(&self) -> String {
        self.text.split("```").step_by(2).collect()
    }

    /// The anchors that its headings make, as GitHub writes them.
    fn anchors(&self) -> BTreeSet<String> {
        let prose = self.prose();
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let text = line.trim_start_matches('#').trim().to_lowercase();
                text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
            })
            .collect()
    }
}

/// The arguments of a command for the binary that was built for the tests.
fn arguments(command: &str) -> Vec<&str> {
    let after = ["cargo run --release -- ", "cargo run -q -- ", "cargo run -- ", "crashgate "];
    let arguments = after.iter().find_map(|prefix| command.strip_prefix(prefix));
    arguments.unwrap_or_else(|| panic!("no command of crashgate: {command}")).split_whitespace().collect()
}

/// Whether what is printed is what is shown: the beginning, with gaps where the page says so.
fn is_shown(printed: &str, shown: &str) -> bool {
    let mut rest = printed;
    for (place, part) in format!("\n{shown}").split(&format!("\n{GAP}\n")).enumerate() {
        let part = part.strip_prefix('\n').filter(|_| place == 0).unwrap_or(part);
        match rest.find(part) {
            Some(at) if place > 0 || at == 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    true
}

#[test]
fn a_shown_output_is_compared_from_its_beginning_on_and_across_its_gaps() {
    let printed = "one\ntwo\nthree\nfour\n";
    for (shown, expected) in [
        ("one\ntwo\n", true),
        ("two\n", false),
        ("one\n…\nfour\n", true),
        ("one\n…\nfive\n", false),
        ("…\nthree\n", true),
        ("one\n…\ntwo\nfour\n", false),
    ] {
        assert_eq!(is_shown(printed, shown), expected, "{shown:?}");
    }
}

#[test]
fn every_console_block_shows_what_is_printed() {
    let pages = pages();
    let blocks: Vec<(&Path, &str)> =
        pages.iter().flat_map(|page| page.blocks("console").into_iter().map(|block| (&*page.path, block))).collect();
    assert!(blocks.len() >= 6);
    // How long a rehearsal took, the machine decides.
    let time = Regex::new(r"after [0-9.]+ s").unwrap();
    std::thread::scope(|scope| {
        for (page, block) in blocks {
            let time = &time;
            scope.spawn(move || {
                let (command, shown) = block.split_once('\n').unwrap();
                let output =
                    Command::new(BINARY).args(arguments(command.strip_prefix("$ ").unwrap())).output().unwrap();
                let printed = String::from_utf8(output.stdout).unwrap();
                let alike = |text: &str| time.replace_all(text, "after T s").into_owned();
                assert!(
                    is_shown(&alike(&printed), &alike(shown)),
                    "{}: {command}\n{printed}\nis not\n{shown}",
                    page.display()
                );
            });
        }
    });
}

#[test]
fn every_gate_is_valid() {
    let mut checked = 0;
    for page in pages() {
        // Other documents, as plans and parts of a Canary, have tests of their own.
        for block in page.blocks("yaml").into_iter().filter(|block| block.starts_with("app:")) {
            let mut child = Command::new(BINARY)
                .args(["validate", "-f", "-"])
                .env("VERSION", "v2.3.1")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(block.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{:?}: {}", page.path, String::from_utf8_lossy(&output.stderr));
            checked += 1;
        }
    }
    assert!(checked >= 3, "{checked}");
}

#[test]
fn every_other_command_is_understood() {
    let mut checked = 0;
    for page in pages() {
        let lines = page.blocks("sh").into_iter().flat_map(str::lines);
        // In a pipeline of a shell, what is crashgate's.
        let shell = page.blocks("bash").into_iter().flat_map(str::lines);
        let parts = shell.flat_map(|line| line.split(['|', ';'])).map(str::trim);
        let parts = parts.filter(|part| part.starts_with("crashgate "));
        for command in lines.filter(|line| !line.is_empty() && !line.starts_with('#')).chain(parts) {
            if command == "cargo test" {
                let script = fs::read_to_string(".ci/run").unwrap();
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
    assert!(checked >= 12, "{checked}");
}

#[test]
fn every_link_leads_to_a_file_that_is_there_and_to_one_of_its_headings() {
    let link = Regex::new(r#"(?:\]\(|src="|href=")([^)\s"]+)"#).unwrap();
    let mut followed = 0;
    for page in pages() {
        let folder = page.path.parent().unwrap();
        for target in link.captures_iter(&page.prose()).map(|found| found[1].to_owned()) {
            if target.starts_with("http") {
                continue;
            }
            let (file, anchor) = target.split_once('#').map_or((&*target, None), |(file, anchor)| (file, Some(anchor)));
            let path = if file.is_empty() { page.path.clone() } else { folder.join(file) };
            assert!(path.exists(), "{:?} names {target}", page.path);
            if let Some(anchor) = anchor {
                let text = fs::read_to_string(&path).unwrap();
                assert!(Page { path, text }.anchors().contains(anchor), "{:?} names {target}", page.path);
            }
            followed += 1;
        }
    }
    assert!(followed >= 20, "{followed}");
}

#[test]
fn the_pictures_of_the_readme_are_made_by_the_script_and_show_what_crashgate_says_now() {
    let script = fs::read_to_string("docs/pictures/make.sh").unwrap();
    let readme = fs::read_to_string("README.md").unwrap();
    let pictures = Regex::new(r"\]\(docs/pictures/([a-z.]+)\)").unwrap();
    let shown: Vec<String> = pictures.captures_iter(&readme).map(|found| found[1].to_owned()).collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.iter().all(|name| script.contains(&format!("$out/{name}"))), "{shown:?}");

    // Blanks and the marks of styles stand elsewhere in a picture.
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let time = Regex::new(r"after[0-9.]+s").unwrap();
    let picture = fs::read_to_string("docs/pictures/live.svg").unwrap();
    let words = Regex::new("<[^>]*>").unwrap().replace_all(&picture, "").into_owned();
    let words = time.replace_all(&plain(&words), "afterTs").into_owned();
    let output = Command::new(BINARY).args(["demo", "-q"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.lines().count() >= 10, "{said}");
    for line in said.lines() {
        let line = plain(line);
        let line = time.replace_all(&line, "afterTs");
        assert!(words.contains(&*line), "docs/pictures/make.sh makes the pictures anew: {line}");
    }
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let readme = fs::read_to_string("README.md").unwrap();
    for page in pages().iter().filter(|page| page.path.starts_with("docs")) {
        let path = page.path.to_str().unwrap().replace('\\', "/");
        assert!(readme.contains(&format!("({path})")), "README.md does not name {path}");
    }
}
