//! The suite from its first line to its exit code.

use std::collections::VecDeque;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use super::cluster::Cluster;
use super::kubectl::Kubectl;
use super::notes::Notes;
use super::options::{HELP, Mode, Options, is_asked_for};
use super::play::{Place, play};
use super::report::{Outcome, Report};
use super::sandbox::{IMAGE, Sandbox};
use super::stop::{INTERRUPTED, Stop};
use super::story::Story;
use super::{plan, preflight, stories, table};

/// Plays what the arguments and the environment ask for.
pub fn main() -> ExitCode {
    let options = Options::read(std::env::args().skip(1));
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let is_played = is_asked_for(variable);
    let code = match options {
        // Arguments that are meant for other tests must not break a run that plays nothing.
        Err(_) | Ok(Options { mode: Mode::Play, .. }) if !is_played => nothing(),
        Err(why) => {
            println!("error: {why}\n\n{HELP}");
            2
        }
        Ok(Options { mode: Mode::Nothing, .. }) => {
            println!("cluster_e2e: 0 stories: none of them is an ignored test");
            0
        }
        Ok(Options { mode: Mode::Help, .. }) => {
            println!("{HELP}");
            0
        }
        Ok(options) => {
            let all = stories::all();
            let chosen = chosen(&all, &options.filters);
            match options.mode {
                Mode::List => {
                    println!("{}", plan::plan(&chosen));
                    0
                }
                Mode::Manifests => {
                    println!("{}", plan::manifests(&chosen));
                    0
                }
                Mode::Clean if !is_played => nothing(),
                Mode::Clean => clean(),
                // A filter for tests of Rust: cargo hands it to every test binary.
                _ if chosen.is_empty() && options.filters.iter().any(|filter| filter.contains("::")) => {
                    println!("cluster_e2e: 0 stories: none is called {}", options.filters.join(" or "));
                    0
                }
                _ if chosen.is_empty() => {
                    println!("error: no story is called {}; --list prints them", options.filters.join(" or "));
                    2
                }
                Mode::Sandbox => on_recordings(&chosen, &options),
                _ => on_a_cluster(
                    &chosen,
                    &options,
                    &variable("CRASHGATE_E2E_IMAGE").unwrap_or_else(|| "busybox:1.36".to_owned()),
                ),
            }
        }
    };
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// Says that nothing is played.
fn nothing() -> i32 {
    println!(
        "cluster_e2e: skipped: no story was played, as neither KUBECONFIG nor CRASHGATE_E2E=1 names a cluster \
         (`cargo test --test cluster_e2e -- --list` prints the stories)"
    );
    0
}

/// The stories whose names contain one of the filters; hidden ones only by their whole name.
pub fn chosen<'s>(all: &'s [Story], filters: &[String]) -> Vec<&'s Story> {
    let is_chosen = |story: &&Story| {
        let named =
            |filter: &String| if story.hidden { story.name == filter } else { story.name.contains(filter.as_str()) };
        (filters.is_empty() && !story.hidden) || filters.iter().any(named)
    };
    all.iter().filter(is_chosen).collect()
}

/// A mark that no other run has.
fn mark() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Letters and digits alone: it becomes a part of names in the cluster.
    let mut number = since.as_nanos() ^ (u128::from(std::process::id()) << 20);
    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut mark = String::new();
    for _ in 0..6 {
        let place = usize::try_from(number % letters.len() as u128).unwrap_or_default();
        mark.push(char::from(letters[place]));
        number /= letters.len() as u128;
    }
    mark
}

/// Where the files of a run are kept.
pub fn folder(run: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster_e2e").join(run)
}

/// Removes what earlier runs left.
fn clean() -> i32 {
    let stop = Stop::default();
    let removed = Cluster::find(mark(), &stop).and_then(|cluster| {
        println!("cluster: context {}, server {}", cluster.context, cluster.server);
        cluster.remove(None)
    });
    match removed {
        Ok(count) => {
            println!("{count} namespaces of this suite were removed");
            0
        }
        Err(why) => {
            println!("error: {why}");
            1
        }
    }
}

/// Plays stories on the cluster of the kubeconfig.
fn on_a_cluster(chosen: &[&Story], options: &Options, image: &str) -> i32 {
    let stop = Stop::on_signals();
    let cluster = match Cluster::find(mark(), &stop) {
        Ok(cluster) => cluster,
        Err(why) => {
            println!("error: the cluster cannot be asked: {why}");
            return 1;
        }
    };
    println!("cluster: context {}, server {}, Kubernetes {}", cluster.context, cluster.server, cluster.version);
    println!("run {}: {} stories with image {image}, {} at once", cluster.run, chosen.len(), options.jobs);
    match cluster.namespaces(None) {
        Ok(left) if !left.is_empty() => {
            println!(
                "note: {} namespaces of other runs are there; if none is running, remove them with --clean",
                left.len()
            );
        }
        _ => {}
    }
    let mut notes = Notes::new();
    if let Err(why) = preflight::check(&cluster, image, &mut notes) {
        println!("error: no story can be played: {why}");
        let _ = cluster.remove(Some(&cluster.run));
        return if stop.is_set() { INTERRUPTED } else { 1 };
    }
    let code = all(chosen, options.jobs, &stop, &folder(&cluster.run), |story, folder| {
        on_the_cluster(story, &cluster, image, options.keep, folder)
    });
    if options.keep {
        println!("kept: kubectl get namespaces -l crashgate-e2e/run={}; --clean removes them", cluster.run);
    } else if let Err(why) = cluster.remove(Some(&cluster.run)) {
        println!("note: {why}; --clean removes what is left");
    }
    code
}

pub fn on_the_cluster(story: &Story, cluster: &Cluster, image: &str, keep: bool, folder: &Path) -> Report {
    let mut notes = Notes::new();
    let ended = |outcome, seconds| Report {
        name: story.name,
        expected: story.expect.to_string(),
        said: String::new(),
        seconds,
        outcome,
        explanation: String::new(),
    };
    if let Some(minor) = story.since_minor.filter(|minor| cluster.minor < *minor) {
        let why = format!("it needs Kubernetes 1.{minor}, and this is {}", cluster.version);
        return ended(Outcome::Skipped(why), notes.seconds());
    }
    let namespace = match cluster.create(story.name, story.pod_security, keep, &mut notes) {
        Ok(namespace) => namespace,
        Err(_) if cluster.stop.is_set() => return ended(Outcome::Interrupted, notes.seconds()),
        Err(why) => {
            let failed = ended(Outcome::Failed(vec![why]), notes.seconds());
            let explanation =
                format!("FAILED {}\n  what was done\n{}", story.name, super::text::block(notes.text(), "steps.txt"));
            return Report { explanation, ..failed };
        }
    };
    let place = Place {
        kubectl: cluster.kubectl.clone(),
        namespace: namespace.name.clone(),
        image: image.to_owned(),
        folder: folder.to_owned(),
        is_real: true,
        stop: cluster.stop.clone(),
    };
    play(story, &place, notes)
}

/// Plays those stories that have a recording.
fn on_recordings(chosen: &[&Story], options: &Options) -> i32 {
    let stop = Stop::on_signals();
    let run = format!("sandbox-{}", mark());
    println!("sandbox: {} stories, {} at once; no cluster is touched", chosen.len(), options.jobs);
    all(chosen, options.jobs, &stop, &folder(&run), |story, folder| on_a_recording(story, folder, &stop))
}

/// Plays a story on its recording.
pub fn on_a_recording(story: &Story, folder: &Path, stop: &Stop) -> Report {
    let notes = Notes::new();
    let ended = |outcome| Report {
        name: story.name,
        expected: story.expect.to_string(),
        said: String::new(),
        seconds: 0.0,
        outcome,
        explanation: String::new(),
    };
    let Some(rehearsal) = &story.rehearsal else {
        return ended(Outcome::Skipped("there is no recording of it".to_owned()));
    };
    let sandbox = match Sandbox::start(rehearsal, folder, stop) {
        Ok(sandbox) => sandbox,
        Err(why) => return ended(Outcome::Failed(vec![why])),
    };
    let place = Place {
        kubectl: Kubectl::new(vec!["--kubeconfig".to_owned(), sandbox.kubeconfig.clone()], stop.clone()),
        namespace: sandbox.namespace.clone(),
        image: IMAGE.to_owned(),
        folder: folder.to_owned(),
        is_real: false,
        stop: stop.clone(),
    };
    play(story, &place, notes)
}

/// Plays stories, so many at once; tells of each as it ends, then explains failures, then the table.
fn all(
    chosen: &[&Story],
    jobs: usize,
    stop: &Stop,
    folder: &Path,
    play: impl Fn(&Story, &Path) -> Report + Sync,
) -> i32 {
    let queue: Mutex<VecDeque<usize>> = Mutex::new((0..chosen.len()).collect());
    let mut reports: Vec<(usize, Report)> = Vec::new();
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for _ in 0..jobs.min(chosen.len()) {
            let (tell, queue, play) = (tell.clone(), &queue, &play);
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(place) = next.filter(|_| !stop.is_set()) else { return };
                    let report = guarded(chosen[place], folder, play);
                    if tell.send((place, report)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for (place, report) in told {
            let why = report.outcome.why();
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            println!("{:>7}  {} ({:.1} s){why}", report.outcome.word(), report.name, report.seconds);
            reports.push((place, report));
        }
    });
    reports.sort_by_key(|(place, _)| *place);
    let reports: Vec<Report> = reports.into_iter().map(|(_, report)| report).collect();
    for report in &reports {
        if !report.explanation.is_empty() {
            println!("\n{}", report.explanation);
        }
    }
    println!("\n{}", table::table(&reports));
    println!("files: {}", folder.display());
    println!("cluster_e2e: {}", table::summary(&reports));
    if stop.is_set() {
        return INTERRUPTED;
    }
    i32::from(reports.iter().any(|report| matches!(report.outcome, Outcome::Failed(_))))
}

/// Plays a story, and ends even where the suite itself is wrong.
fn guarded(story: &Story, folder: &Path, play: &(impl Fn(&Story, &Path) -> Report + Sync)) -> Report {
    let folder = folder.join(story.name);
    let made = fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()));
    let played = made.and_then(|()| {
        catch_unwind(AssertUnwindSafe(|| play(story, &folder)))
            .map_err(|_| "the suite itself failed: see above".to_owned())
    });
    played.unwrap_or_else(|why| Report {
        name: story.name,
        expected: story.expect.to_string(),
        said: String::new(),
        seconds: 0.0,
        outcome: Outcome::Failed(vec![why]),
        explanation: String::new(),
    })
}
