//! The table of outcomes, and the tests that hold it.

use std::fmt::Write as _;
use std::io::Write as _;

use super::faults::{Moment, all};
use super::matrix::{STORIES, cells, run};

#[test]
fn no_fault_makes_a_false_pass_or_a_wrong_cause() {
    let cells = cells();
    let began = std::time::Instant::now();
    let results = run(&cells);
    let wrong: Vec<&String> = results.values().filter_map(|result| result.as_ref().err()).collect();
    let _ = writeln!(std::io::stderr(), "{} cells in {:?}", cells.len(), began.elapsed());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cells.len(), wrong.iter().map(|w| w.as_str()).collect::<Vec<_>>().join("\n"));
    let mut page = String::new();
    for (place, story) in STORIES.iter().enumerate() {
        let _ = writeln!(page, "\n## {}\n", story.name);
        for (fault_place, fault) in all().enumerate() {
            let row: Vec<_> = (0..Moment::ALL.len()).map(|moment| results[&(place, fault_place, moment)].clone().unwrap()).collect();
            let _ = writeln!(page, "| {} | {} |", fault.words, row.join(" | "));
        }
    }
    std::fs::write(std::env::temp_dir().join("chaos.md"), page).unwrap();
}
