//! How one story is played: what is done first, what is asked, what is done meanwhile, and what holds afterwards.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::act::{Stage, Trouble};
use super::child::{Child, End};
use super::judge::{RECORDING, complaints};
use super::kubectl::Kubectl;
use super::notes::Notes;
use super::report::{Outcome, Report};
use super::said::{RESULT, Said};
use super::stop::Stop;
use super::story::Story;
use super::text::filled;
use super::{access, explain};

/// The program that is judged.
pub const fn program() -> &'static str {
    env!("CARGO_BIN_EXE_crashgate")
}

/// Where a story is played.
pub struct Place {
    pub kubectl: Kubectl,
    pub namespace: String,
    pub image: String,
    /// The folder of its files.
    pub folder: PathBuf,
    /// Whether it is a cluster in which things can be made.
    pub is_real: bool,
    pub stop: Stop,
}

/// Plays a story to its end, whatever happens.
pub fn play(story: &Story, place: &Place, mut notes: Notes) -> Report {
    let mut said = None;
    let played = act_and_ask(story, place, &mut notes, &mut said);
    let outcome = match played {
        Ok(wrong) => judged(story, said.as_ref(), wrong),
        Err(Trouble::Stopped) => Outcome::Interrupted,
        Err(Trouble::Skip(why)) => Outcome::Skipped(why),
        Err(Trouble::Wrong(why)) => Outcome::Failed(vec![why]),
    };
    let _ = fs::write(place.folder.join("steps.txt"), notes.text());
    let explanation = match &outcome {
        Outcome::Failed(wrong) => explain::explain(story, place, &notes, said.as_ref(), wrong),
        _ => String::new(),
    };
    Report {
        name: story.name,
        expected: story.expect.to_string(),
        said: said.map(|said| said.words()).unwrap_or_default(),
        seconds: notes.seconds(),
        outcome,
        explanation,
    }
}

/// What follows from what was wrong.
fn judged(story: &Story, said: Option<&Said>, wrong: Vec<String>) -> Outcome {
    if said.is_some_and(|said| said.end == End::Stopped) {
        return Outcome::Interrupted;
    }
    if let (Some((code, why)), Some(told)) = (story.expect.skip_on, said)
        && told.code() == Some(code)
    {
        let message = told.finding().and_then(|finding| finding["message"].as_str()).unwrap_or_default();
        return Outcome::Skipped(format!("{why}: {message}"));
    }
    if wrong.is_empty() { Outcome::Passed } else { Outcome::Failed(wrong) }
}

/// Takes every step and asks; returns what was wrong.
fn act_and_ask(
    story: &Story,
    place: &Place,
    notes: &mut Notes,
    said: &mut Option<Said>,
) -> Result<Vec<String>, Trouble> {
    let mut stage = Stage { place, notes, program: None };
    if place.is_real {
        for step in &story.before {
            stage.take(step)?;
        }
    }
    let identity = match story.ask.service_account {
        Some(account) if place.is_real => {
            let wanted = access::Wanted::of(story);
            Some(access::kubeconfig(place, account, wanted, stage.notes).map_err(Trouble::Wrong)?)
        }
        _ => None,
    };
    let flags = identity.as_ref().map_or_else(|| place.kubectl.flags().to_vec(), access::Identity::flags);
    let words = words(story, place, &flags)?;
    stage.notes.say(&format!("crashgate {}", words.join(" ")));
    let began = Instant::now();
    let mut command = Command::new(program());
    command.args(&words);
    clear(&mut command);
    command.envs(story.ask.environment.iter().copied());
    let child =
        Child::start(command, None).map_err(|error| Trouble::Wrong(format!("crashgate cannot be started: {error}")))?;
    stage.program = Some(child);
    let acting = place.is_real || story.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.acting);
    let mut wrong = Vec::new();
    for step in story.during.iter().filter(|step| acting && (place.is_real || step.is_about_the_program())) {
        match stage.take(step) {
            Ok(()) => {}
            // What was said so far explains more than the step alone.
            Err(Trouble::Wrong(why)) => {
                wrong.push(why);
                break;
            }
            Err(other) => return Err(other),
        }
    }
    let Some(mut child) = stage.program.take() else { return Ok(wrong) };
    let limit = story.expect.within.saturating_sub(began.elapsed()).max(Duration::from_secs(1));
    let end = child.wait(limit, &place.stop);
    let told = Said::read(&story.ask, end, child.written(), began.elapsed(), &place.folder);
    let _ = fs::write(place.folder.join("stdout.txt"), &told.stdout);
    let _ = fs::write(place.folder.join("stderr.txt"), &told.stderr);
    stage.notes.say(&format!("crashgate ended after {:.1} s: {}", told.took.as_secs_f64(), told.words()));
    wrong.splice(0..0, complaints(&story.expect, &told, &place.folder));
    *said = Some(told);
    // Recordings are played where there may be no kubectl.
    let is_looked_at = place.is_real || story.after.is_empty() || place.kubectl.is_there();
    if !is_looked_at {
        stage.notes.say("not looked at afterwards: there is no kubectl");
    }
    for step in story.after.iter().filter(|_| is_looked_at) {
        match stage.take(step) {
            Ok(()) => {}
            Err(Trouble::Wrong(why)) => wrong.push(format!("afterwards: {why}")),
            Err(other) => return Err(other),
        }
    }
    Ok(wrong)
}

/// The command line, with files for what it reads and flags for what it is to write.
fn words(story: &Story, place: &Place, flags: &[String]) -> Result<Vec<String>, Trouble> {
    let ask = &story.ask;
    let path = |name: &str| place.folder.join(name).display().to_string();
    let (folder, gate, objects) = (place.folder.display().to_string(), path("gate.yaml"), path("objects.yaml"));
    let values = [
        ("ns", place.namespace.as_str()),
        ("image", &place.image),
        ("dir", &folder),
        ("gate", &gate),
        ("objects", &objects),
    ];
    let write = |file: &str, text: String| {
        fs::write(file, filled(&text, &values)).map_err(|error| Trouble::Wrong(format!("{file}: {error}")))
    };
    if let Some(text) = ask.gate {
        write(&gate, text.to_owned())?;
    }
    if !ask.objects.is_empty() {
        let documents: Vec<String> = ask.objects.iter().map(|object| format!("{object:#}")).collect();
        write(&objects, documents.join("\n---\n"))?;
    }
    let mut words: Vec<String> = ask.words.iter().map(|word| filled(word, &values)).collect();
    let mut more = flags.to_vec();
    if ask.command() == "check" {
        for (kind, file) in [("json", RESULT), ("html", "report.html")] {
            more.extend(["--report".to_owned(), format!("{kind}={}", path(file))]);
        }
    }
    if ask.command() != "pods" {
        more.extend(["--record".to_owned(), path(RECORDING)]);
    }
    words.splice(1..1, more);
    Ok(words)
}

/// Takes away what a CI system says of itself: the program is to write as on a laptop.
fn clear(command: &mut Command) {
    const SYSTEMS: [&str; 10] = [
        "GITHUB_",
        "GITLAB_",
        "BUILDKITE",
        "CIRCLE",
        "TF_BUILD",
        "JENKINS_",
        "TEAMCITY_",
        "TRAVIS",
        "CODEBUILD_",
        "BITBUCKET_",
    ];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text == "CI" || text.starts_with("bamboo_") || SYSTEMS.iter().any(|system| text.starts_with(system)) {
            command.env_remove(&name);
        }
    }
    for name in ["RUST_LOG", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
}
