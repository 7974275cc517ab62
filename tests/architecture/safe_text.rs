//! Text of somebody else cannot reach a sink unescaped: the compiler holds that (see the examples of `SafeText`, which
//! must not compile), but for the few doors that are named here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::purity::rust_files;

/// Who makes safe text out of safe text by hand: layouts, the escapes of one more format, words of the program's own.
const REARRANGE: [&str; 21] = [
    "src/cli/completions.rs",
    "src/cli/explain.rs",
    "src/cli/man.rs",
    "src/cli/mod.rs",
    "src/cli/schema.rs",
    "src/report/emphasis.rs",
    "src/report/github/command.rs",
    "src/report/gitlab.rs",
    "src/report/headline.rs",
    "src/report/html.rs",
    "src/report/html/grid.rs",
    "src/report/layout.rs",
    "src/report/live/bar.rs",
    "src/report/live/row.rs",
    "src/report/markdown.rs",
    "src/report/markdown/escape.rs",
    "src/report/markdown/gantt.rs",
    "src/report/words.rs",
    "src/report/xml.rs",
    "src/serve/http/line.rs",
    "src/text/safe.rs",
];

/// Who may name this in its code, tests apart.
fn users(word: &str) -> BTreeSet<String> {
    let mut users = BTreeSet::new();
    for file in rust_files(Path::new("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        if code.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word)) {
            users.insert(file.to_str().unwrap().to_owned());
        }
    }
    users
}

fn expected(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(|file| (*file).to_owned()).collect()
}

#[test]
fn safe_text_is_rearranged_by_layouts_and_formats_alone() {
    assert_eq!(users("rearranged("), expected(&REARRANGE));
    assert_eq!(users("of_checked_parts("), expected(&["src/text/safe.rs"]));
    assert_eq!(users("SafeText::escaped("), expected(&["src/text/untrusted.rs"]));
}

#[test]
fn bytes_of_a_container_pass_through_one_door() {
    assert_eq!(users("result_bytes("), expected(&["src/report/pod_run.rs", "src/report/printer.rs"]));
}

#[test]
fn nothing_but_the_printer_writes_to_a_stream_of_the_process() {
    let writers: BTreeSet<String> = ["io::stdout()", "io::stderr()"].iter().flat_map(|word| users(word)).collect();
    assert_eq!(writers, expected(&["src/report/printer.rs"]));
}
