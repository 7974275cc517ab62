//! The tables of docs/comparison.md.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use super::story::{End, Said, Story, stories};
use super::tools::{RULES, crashgate};

const PAGE: &str = "docs/comparison.md";
const BEGIN: &str = "<!-- begin: computed by `cargo test comparison` -->\n";
const END: &str = "<!-- end: computed -->\n";
/// What a table has room for that stands among other things.
const SHORT: [&str; 6] = [
    "`kubectl rollout status`",
    "Helm 3 `--wait`",
    "kstatus (Flux, Helm 4 `--wait`)",
    "krane",
    "skaffold",
    "crashgate, `stableFor: 10s`",
];

/// What one tool said of each story, in their order.
struct Column {
    name: &'static str,
    said: Vec<Option<Said>>,
}

fn columns(stories: &[Story]) -> Vec<Column> {
    let rule = |rule: &super::story::Rule| Column {
        name: rule.name,
        said: stories.iter().map(|story| Some(story.told_by(rule))).collect(),
    };
    let own = |name, stable_for: Option<u64>| Column {
        name,
        said: (stories.iter())
            .map(|story| {
                let mut plan = story.row.plan.clone();
                plan.stable_for = stable_for.map_or(plan.stable_for, Duration::from_secs);
                crashgate(story, plan)
            })
            .collect(),
    };
    let mut columns: Vec<Column> = RULES.iter().map(rule).collect();
    columns.push(own("crashgate, `stableFor: 10s`", Some(10)));
    columns.push(own("crashgate, its default of 30s", Some(30)));
    columns.push(own("crashgate, tuned to these incidents", None));
    columns
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    Some((*times.get(times.len() / 2)? + *times.get((times.len() - 1) / 2)?) / 2)
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.0} s", time.as_secs_f64()))
}

fn summary<'c>(stories: &[Story], columns: impl Iterator<Item = &'c Column>) -> String {
    let mut table =
        "| tool | bad ones passed | good ones refused | names a cause | median time to a no |\n|---|---|---|---|---|\n"
            .to_owned();
    for column in columns {
        let of = |is_bad: bool| stories.iter().zip(&column.said).filter(move |(story, _)| story.is_bad == is_bad);
        let told = |is_bad: bool| of(is_bad).filter_map(|(_, said)| *said);
        let passed = told(true).filter(|said| said.end == End::Pass).count();
        let noes: Vec<Said> = told(true).filter(|said| said.end != End::Pass).collect();
        let refused = told(false).filter(|said| said.end != End::Pass).count();
        let open = of(false).filter(|(_, said)| said.is_none()).count();
        let open = if open == 0 { String::new() } else { format!(" ({open} recorded too short to tell)") };
        let named = noes.iter().filter(|said| said.names_cause).count();
        let times = noes.iter().map(|said| said.after).collect();
        let _ = writeln!(
            table,
            "| {} | {passed} of {} | {refused} of {}{open} | {named} of {} | {} |",
            column.name,
            of(true).count(),
            of(false).count(),
            noes.len(),
            seconds(median(times)),
        );
    }
    table
}

fn one_by_one(stories: &[Story], columns: &[Column]) -> String {
    let mut table = "| what was deployed |".to_owned();
    let shown: Vec<&Column> = columns.iter().filter(|column| !column.name.contains("30s")).collect();
    for column in &shown {
        let _ = write!(table, " {} |", column.name);
    }
    let _ = writeln!(table, "\n|---|{}", "---|".repeat(shown.len()));
    for is_bad in [true, false] {
        let _ = writeln!(table, "| **{}** |{}", if is_bad { "bad" } else { "good" }, " |".repeat(shown.len()));
        for (place, story) in stories.iter().enumerate().filter(|(_, story)| story.is_bad == is_bad) {
            let _ = write!(table, "| {} {} |", story.recording, story.target.version);
            for column in &shown {
                let cell = match column.said[place] {
                    None => "recorded too short".to_owned(),
                    Some(said) => {
                        let how = match said.end {
                            End::Pass => "passes",
                            End::No => "refuses",
                            End::TimedOut => "times out",
                        };
                        let is_wrong = (said.end == End::Pass) == is_bad;
                        let told = format!("{how} {}", seconds(Some(said.after)));
                        if is_wrong { format!("**{told}**") } else { told }
                    }
                };
                let _ = write!(table, " {cell} |");
            }
            table.push('\n');
        }
    }
    table
}

/// The page with these lines in the place that is computed; `None` where it has no such place.
fn with(page: &str, lines: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{lines}\n{END}{after}"))
}

#[test]
fn the_tables_of_the_page_are_what_the_recordings_say() {
    let stories = stories();
    let columns = columns(&stories);
    let count = |is_bad: bool| stories.iter().filter(|story| story.is_bad == is_bad).count();
    let (bad, good) = (count(true), count(false));
    let heading =
        format!("{bad} bad and {good} good deployments; each tool had 60 seconds from the moment of the apply.\n");
    let one_by_one = format!("## One by one\n\nWhat is wrong is bold.\n\n{}", one_by_one(&stories, &columns));
    let whole = [heading, summary(&stories, columns.iter()), one_by_one].join("\n");
    println!("{whole}");
    let short = summary(&stories, columns.iter().filter(|column| SHORT.contains(&column.name)));
    let mut held = 0;
    for (path, lines) in [(PAGE, whole), ("README.md", short)] {
        let page = fs::read_to_string(path).unwrap();
        // The README may do without.
        let Some(computed) = with(&page, &lines) else { continue };
        held += 1;
        if std::env::var_os("UPDATE_PAGES").is_some() {
            fs::write(path, &computed).unwrap();
        } else {
            assert!(page == computed, "run UPDATE_PAGES=1 cargo test comparison, and read what changed in {path}");
        }
    }
    assert!(held >= 1, "{PAGE} has a place for its tables");
}

#[test]
fn the_stories_are_those_whose_truth_is_plain() {
    let stories = stories();
    let count = |is_bad: bool| stories.iter().filter(|story| story.is_bad == is_bad).count();
    assert!(count(true) >= 37 && count(false) >= 14, "{} bad, {} good", count(true), count(false));
    // What the settings decide, what no workload of Kubernetes' own has, and Jobs are left out.
    for left_out in ["one-crash-then-healthy", "image-fixed", "rollout-promoted", "flagger-canary-ok", "job-fails"] {
        assert!(!stories.iter().any(|story| story.recording == left_out), "{left_out}");
    }
    let stuck = stories.iter().find(|story| story.recording == "rolling-update-stuck").unwrap();
    assert_eq!((stuck.target.plural.as_str(), stuck.applied_ms / 1000), ("deployments", 11), "when v2 was applied");
}

#[test]
fn crashgate_passes_no_bad_one_with_its_tuned_numbers_and_refuses_no_good_one() {
    let stories = stories();
    for story in &stories {
        let said = crashgate(story, story.row.plan.clone()).unwrap();
        assert_eq!(said.end != End::Pass, story.is_bad, "{}", story.recording);
        assert!(said.names_cause || !story.is_bad, "{}", story.recording);
    }
}
