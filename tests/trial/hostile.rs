//! Names that a recording carries, and its own file's, are inert in every form of the grid.

use crashgate::manifest::Key;
use crashgate::report::grid::{self, Layout};
use crashgate::report::printer::Look;
use crashgate::report::{html, json};
use crashgate::text::Redaction;
use crashgate::trial::play::play;

use super::{asked, recording};

const HOSTILE: &str = "a\u{1b}[2J##[error]x\u{202e}<script>alert(1)</script>";

#[test]
fn nothing_in_a_name_acts_on_a_terminal_a_browser_or_a_ci_system() {
    let folder = tempfile::tempdir().unwrap();
    // A slash cannot stand in the name of a file.
    let path = folder.path().join(format!("{}.ndjson", HOSTILE.replace('/', "")));
    std::fs::copy(recording("crash-loop"), &path).unwrap();
    let broken = folder.path().join("##[error]broken\u{1b}[2J");
    std::fs::write(&broken, "\u{1b}[2J<img src=x>").unwrap();
    let flags = [(Key::App, "payments"), (Key::Version, "v1")];
    let grid = play(&[path, broken], &asked(&["stableFor=1s"], &flags), 1).unwrap();
    assert_eq!((grid.rows.len(), grid.unjudged.len()), (1, 1));
    let layout = Layout { look: Look::PLAIN, whole: true, redaction: Redaction::On };
    let text = grid::text(&grid, layout).to_string();
    let page = html::grid::render(&grid, Redaction::On).to_string();
    let json = json::grid::render(&grid, 2, Redaction::On).to_string();
    for told in [&text, &page, &json] {
        for part in ["\u{1b}", "\u{202e}", "##[error]"] {
            assert!(!told.contains(part), "{part:?} in {told}");
        }
    }
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(text.contains("broken") && page.contains("broken"));
}

#[test]
fn a_recorded_plan_cannot_read_the_environment_nor_leave_the_grid_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ndjson");
    let story = std::fs::read_to_string(recording("crash-loop")).unwrap();
    let line = |gate: &str| {
        format!(
            "{story}{{\"gate\":{{\"gates\":[{{\"app\":\"payments\",\"version\":\"v1\",\"namespace\":\"rec-crash-loop\",\
             \"exitCode\":0,\"decidedAfterMs\":5}}],\"plans\":[{gate}]}},\"t\":999999}}\n"
        )
    };
    let gate = |keys: &str| {
        format!("{{\"gate\":{{\"app\":\"payments\",\"version\":\"v1\",\"namespace\":\"rec-crash-loop\"{keys}}}}}")
    };
    for (kept, part) in [
        (gate(",\"delay\":\"${PATH}\""), "`PATH` is not set"),
        (gate(",\"stableFor\":\"soon\""), "`stableFor` is `soon`"),
    ] {
        std::fs::write(&path, line(&kept)).unwrap();
        let grid = play(std::slice::from_ref(&path), &asked(&["maxRestarts=0"], &[]), 1).unwrap();
        let crashgate::trial::grid::Cell::Refused(why) = &grid.rows[0].cells[0] else { panic!("{grid:?}") };
        assert!(why.contains(part), "{why}");
    }
    let metrics = gate("").replace("}}", "},\"metrics\":true}");
    std::fs::write(&path, line(&metrics)).unwrap();
    let grid = play(&[path], &asked(&["maxRestarts=0"], &[]), 1).unwrap();
    assert!(grid.unjudged[0].why.contains("its gate judged metrics"), "{grid:?}");
}
