//! The grid is nothing but the replays of each recording, side by side.

use std::time::Duration;

use crashgate::gate::result::Verdict::{self, Failed, Healthy, TimedOut};
use crashgate::manifest::{Key, Source, Text};
use crashgate::trial::asked::Asked;
use crashgate::trial::grid::Cell;
use crashgate::trial::play::play;
use crashgate::trial::truth::Truth;

use super::{all_recordings, asked, grid, judgement, recording, verdicts, with_table};
use crate::recording::replay::{self, rows};

const FLAGS: [(Key, &str); 2] = [(Key::Delay, "2s"), (Key::StableFor, "10s")];

#[test]
fn the_grid_over_all_recordings_is_what_single_replays_say() {
    let grid = play(&all_recordings(), &with_table(&["maxRestarts=0,2"], &FLAGS), 2).unwrap();
    assert_eq!(grid.unjudged, []);
    let mut seen = 0;
    for row in rows() {
        let own = |other: &&crashgate::trial::grid::Row| {
            (&other.recording, &other.app, &other.version) == (&row.recording, &row.plan.app, &row.plan.version)
        };
        let of_grid = grid.rows.iter().find(own).unwrap();
        for (cell, restarts) in of_grid.cells.iter().zip([0, 2]) {
            let mut plan = row.plan.clone();
            plan.max_restarts = restarts;
            // Of several rows of one gate the grid has the flags of the first.
            let first = rows()
                .into_iter()
                .find(|other| other.recording == row.recording && other.plan.version == plan.version)
                .unwrap();
            if first.plan != row.plan {
                continue;
            }
            let outcome = replay::outcome(&row.recording, plan);
            let told = judgement(cell);
            assert_eq!(
                (told.verdict, told.decided_after, told.code),
                (outcome.verdict, outcome.decided_after, outcome.findings.first().map(|finding| finding.code)),
                "{} {} with {restarts}",
                row.recording,
                row.plan.version
            );
            seen += 1;
        }
    }
    assert!(seen >= 120, "{seen} cells were compared");
}

#[test]
fn no_bad_deployment_passes_where_the_table_has_its_own_numbers() {
    let grid = play(&all_recordings(), &with_table(&[], &FLAGS), 2).unwrap();
    let sums = grid.sums().remove(0);
    assert!(sums.bad >= 41 && sums.good >= 20, "{sums:?}");
    assert_eq!((sums.bad_passed, sums.good_refused, sums.inconclusive), (0, 0, 0));
    assert!(sums.median_no.unwrap() < Duration::from_secs(15), "{sums:?}");
}

#[test]
fn a_window_that_is_too_short_passes_what_crashes_late_and_the_row_says_so() {
    let grid = grid(&["late-crash", "healthy", "slow-start"], &with_table(&["stableFor=5s,15s"], &FLAGS));
    assert_eq!(verdicts(&grid.rows[0]), [Healthy, Failed]);
    assert_eq!(grid.rows[0].truth, Some(Truth::Bad));
    assert!(grid.rows[0].is_telling() && !grid.rows[1].is_telling());
    let sums = grid.sums();
    assert_eq!((sums[0].bad_passed, sums[1].bad_passed, sums[1].changed), (1, 0, 1));
}

#[test]
fn a_grace_and_a_wait_period_can_be_tried_too() {
    let grid =
        grid(&["image-fixed", "quota-raised"], &with_table(&["grace.ImagePull=0s,30s", "waitPeriod=15s,50s"], &FLAGS));
    assert_eq!(verdicts(&grid.rows[0]), [Failed, Failed, Failed, Healthy]);
    assert_eq!(verdicts(&grid.rows[1]), [Verdict::Platform, Healthy, Verdict::Platform, Healthy]);
    assert_eq!(
        grid.rows[0].truth,
        Some(Truth::Depends),
        "the table passes it under one setting, and not under another"
    );
}

#[test]
fn a_recording_too_short_for_the_setting_is_inconclusive_and_not_a_no() {
    let grid = grid(&["healthy"], &with_table(&["stableFor=1m"], &FLAGS));
    assert!(judgement(&grid.rows[0].cells[0]).is_cut_short());
    let sums = grid.sums().remove(0);
    assert_eq!((sums.good, sums.good_refused, sums.inconclusive, sums.cut_short), (1, 0, 1, 1));
}

#[test]
fn globs_say_what_was_bad_and_win_over_the_table() {
    let glob = |text: &str| text.parse().unwrap();
    let asked = Asked {
        bad: vec![glob("*crash*"), glob("canary-*/checkout/v2")],
        good: vec![glob("canary-crash/checkout/v1"), glob("healthy*")],
        ..with_table(&[], &FLAGS)
    };
    let grid = grid(&["late-crash", "healthy", "canary-crash", "canary-healthy", "slow-start"], &asked);
    let truths: Vec<_> = grid.rows.iter().map(|row| row.truth.unwrap()).collect();
    // canary-crash has two gates, one of which both patterns name: then nobody knows.
    assert_eq!(truths, [Truth::Bad, Truth::Good, Truth::Bad, Truth::Depends, Truth::Bad, Truth::Good]);
}

#[test]
fn a_broken_recording_costs_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.ndjson");
    let good = std::fs::read_to_string(recording("crash-loop")).unwrap();
    std::fs::write(&broken, good.replacen("\"t\":", "\"u\":", 3)).unwrap();
    let torn = folder.path().join("torn.ndjson");
    std::fs::write(&torn, &good[..good.len() - 40]).unwrap();
    let flags = [(Key::App, "payments"), (Key::Version, "v1")];
    let paths = [broken, folder.path().join("missing.ndjson"), torn, recording("crash-loop")];
    let grid = play(&paths, &asked(&["stableFor=5s,10s"], &flags), 2).unwrap();
    let unjudged: Vec<_> = grid.unjudged.iter().map(|one| one.recording.as_str()).collect();
    assert_eq!(unjudged, ["broken", "missing"]);
    assert!(grid.unjudged[0].why.contains("line 2"), "{}", grid.unjudged[0].why);
    assert_eq!(grid.rows.iter().map(|row| row.recording.as_str()).collect::<Vec<_>>(), ["torn", "crash-loop"]);
    assert_eq!(grid.torn, [] as [&str; 0], "the gate had decided long before");
}

#[test]
fn gates_of_files_are_judged_and_a_wrong_file_is_a_mistake_of_the_user_whatever_is_recorded() {
    let source = |content: &str| vec![Source::Text(Text { name: "gate.yaml".to_owned(), content: content.to_owned() })];
    let gate = "app: payments\nversion: v1\nnamespace: rec-crash-loop\ndelay: 2s\n";
    let asked_of = |content: &str| Asked { sources: source(content), ..asked(&["maxRestarts=0,5"], &[]) };
    let judged = grid(&["crash-loop"], &asked_of(gate));
    assert_eq!(verdicts(&judged.rows[0]), [Failed, TimedOut]);
    let problems = play(&[recording("crash-loop")], &asked_of("app: payments\nstabelFor: 3s\n"), 1).unwrap_err();
    assert!(problems.to_string().contains("did you mean `stableFor`"), "{problems}");
}

#[test]
fn where_nothing_names_a_gate_the_recording_says_what_it_is_about() {
    let names = ["crash-loop", "canary-crash", "nothing-matches"];
    let judged = grid(&names, &asked(&["stableFor=5s"], &[(Key::Delay, "2s")]));
    let said: Vec<_> = judged.rows.iter().map(|row| (&*row.app, &*row.version, verdicts(row)[0])).collect();
    assert_eq!(said, [("payments", "v1", Failed), ("checkout", "v2", Failed)]);
    assert_eq!(judged.unjudged.len(), 1);
    assert!(judged.unjudged[0].why.contains("`--app` and `--version`"), "{}", judged.unjudged[0].why);
    // What is said wins over what is shown.
    let old = grid(&["canary-crash"], &asked(&["stableFor=5s"], &[(Key::Version, "v1"), (Key::Delay, "2s")]));
    assert_eq!((&*old.rows[0].app, verdicts(&old.rows[0])[0]), ("checkout", Healthy));
    let pinned = asked(&["stableFor=5s"], &[(Key::Workload, "deployment/checkout-v2")]);
    let problems = play(&[recording("canary-crash")], &pinned, 1).unwrap_err().to_string();
    assert!(problems.contains("the gate has no `app`") && problems.contains("the gate has no `version`"), "{problems}");
}

/// A recording with a last line that tells which gates were judged.
fn judged_as(name: &str, gates: &[(&str, &str, &str)]) -> tempfile::NamedTempFile {
    let mut story = std::fs::read_to_string(recording(name)).unwrap();
    let gate = |(app, version, namespace): &(&str, &str, &str)| serde_json::json!({"app": app, "version": version, "namespace": namespace, "exitCode": 0, "decidedAfterMs": 9});
    let gates: Vec<_> = gates.iter().map(gate).collect();
    story.push_str(&serde_json::json!({"gate": {"gates": gates}, "t": 9_999_999}).to_string());
    story.push('\n');
    let mut file = tempfile::Builder::new().suffix(".ndjson").tempfile().unwrap();
    std::io::Write::write_all(&mut file, story.as_bytes()).unwrap();
    file
}

#[test]
fn a_file_judges_each_recording_by_the_version_that_was_recorded_and_only_the_gates_that_were() {
    let source = |content: &str| vec![Source::Text(Text { name: "gate.yaml".to_owned(), content: content.to_owned() })];
    let gates = "app: payments\nversion: ${VERSION}\nnamespace: rec-crash-loop\ndelay: 2s\n---\n\
                 app: other\nversion: ${VERSION}\nnamespace: rec-crash-loop\n";
    let file = judged_as("crash-loop", &[("payments", "v1", "rec-crash-loop")]);
    let asked_of = Asked { sources: source(gates), ..asked(&["maxRestarts=0"], &[]) };
    let judged = play(&[file.path().to_owned()], &asked_of, 1).unwrap_or_else(|problems| panic!("{problems}"));
    let said: Vec<_> = judged.rows.iter().map(|row| (&*row.app, &*row.version, verdicts(row)[0])).collect();
    assert_eq!(said, [("payments", "v1", Failed)]);
    // It passed when it was recorded, so that is what it was, as far as anybody says.
    assert_eq!((judged.rows[0].truth, judged.sums()[0].good_refused), (Some(Truth::Good), 1));
    let elsewhere = judged_as("crash-loop", &[("cart", "v1", "shop")]);
    let none = play(&[elsewhere.path().to_owned()], &asked_of, 1).unwrap();
    assert!(none.unjudged[0].why.contains("no gate for what was recorded: cart in namespace shop"), "{none:?}");
}

#[test]
fn several_gates_of_one_run_are_rows_of_their_own() {
    let namespace = "rec-canary-crash";
    let file = judged_as("canary-crash", &[("checkout", "v1", namespace), ("checkout", "v2", namespace)]);
    let flags = [(Key::Delay, "2s"), (Key::StableFor, "10s")];
    let judged = play(&[file.path().to_owned()], &asked(&["maxRestarts=0"], &flags), 1).unwrap();
    let said: Vec<_> = judged.rows.iter().map(|row| (&*row.version, verdicts(row)[0], row.is_telling())).collect();
    assert_eq!(said, [("v1", Healthy, false), ("v2", Failed, true)]);
}

#[test]
fn a_setting_that_does_not_fit_a_gate_of_the_table_leaves_the_others() {
    // `smoke: none` is fine; a promotion of a Deployment is none.
    let grid = grid(&["rollout-promoted"], &with_table(&["until=step,promoted"], &FLAGS));
    assert_eq!(verdicts(&grid.rows[0]), [Healthy, Healthy]);
    let pinned = [(Key::Workload, "deployment/payments"), FLAGS[0], FLAGS[1]];
    let grid = super::grid(&["crash-loop"], &with_table(&["until=step,promoted"], &pinned));
    assert_eq!(judgement(&grid.rows[0].cells[0]).verdict, Failed);
    let Cell::Refused(why) = &grid.rows[0].cells[1] else { panic!("{:?}", grid.rows[0]) };
    assert!(why.contains("promoted"), "{why}");
}
