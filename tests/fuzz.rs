//! Fuzzing on the stable toolchain: real inputs, bent at random, into everything that reads what others wrote. No panic,
//! and no input that takes longer than two seconds.
//!
//! Each reader gets every input of its corpus in `fuzz/corpus`, as it is, and then 3,000 bent ones, or as many as
//! `CRASHGATE_FUZZ_INPUTS` says. What is bent is that corpus and what the other tests use: the recordings and the example
//! manifests. `CRASHGATE_FUZZ_SEED` chooses another sequence; a failure names the seed and the input's number. With a
//! nightly toolchain `cargo fuzz run manifest` (recording, watch, log, call, hook) looks for new inputs by coverage.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

mod targets;

const SLOWEST: Duration = Duration::from_secs(2);

/// Words that readers stumble over.
const WORDS: [&str; 16] = [
    "null",
    "\u{0}",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\n",
    "\\u0000",
    "-1",
    "99999999999999999999",
    "\u{1b}[31m",
    "&a *a",
    "password=hunter2",
    "ä",
    "!!binary",
];

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Numbers that look random and can be had again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (below.max(1) as u64)).unwrap()
    }

    /// An input of the corpus, bent in up to six places.
    fn bent(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus[self.roll(corpus.len())].clone();
        for _ in 0..=self.roll(6) {
            let at = self.roll(input.len() + 1);
            match self.roll(6) {
                0 if at < input.len() => input[at] ^= 1 << self.roll(8),
                1 => input.truncate(at),
                2 => {
                    let word = WORDS[self.roll(WORDS.len())].as_bytes();
                    input.splice(at..at, word.iter().copied());
                }
                3 => {
                    let end = (at + self.roll(40)).min(input.len());
                    input.drain(at..end);
                }
                4 => {
                    let end = (at + self.roll(200)).min(input.len());
                    let piece = input[at..end].to_vec();
                    input.splice(at..at, piece);
                }
                _ => {
                    let other = &corpus[self.roll(corpus.len())];
                    let from = self.roll(other.len());
                    let piece = &other[from..(from + 64).min(other.len())];
                    input.splice(at..at, piece.iter().copied());
                }
            }
        }
        input
    }
}

fn fuzz(name: &str, mut corpus: Vec<Vec<u8>>, mut read: impl FnMut(&[u8])) {
    let found = corpus_of(name);
    let as_they_are = found.len() as u64;
    corpus.splice(0..0, found);

    let (inputs, seed) = (number("CRASHGATE_FUZZ_INPUTS", 3_000), number("CRASHGATE_FUZZ_SEED", 20_261_121));
    let mut dice = Dice(seed | 1);
    let mut slowest = Duration::ZERO;
    for place in 0..as_they_are + inputs {
        let as_it_is = usize::try_from(place).ok().filter(|_| place < as_they_are);
        let input = as_it_is.map_or_else(|| dice.bent(&corpus), |place| corpus[place].clone());
        let began = Instant::now();
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&input)));
        slowest = slowest.max(began.elapsed());
        let told = || format!("{name}, seed {seed}, input {place}: {:?}", String::from_utf8_lossy(&input));
        assert!(ended.is_ok(), "panicked: {}", told());
        assert!(slowest < SLOWEST, "{slowest:?}: {}", told());
    }
    if inputs > 3_000 {
        let _ = writeln!(std::io::stderr(), "{name}: {inputs} inputs, the slowest {slowest:?}");
    }
}

/// What coverage found to be worth keeping, in an order that is always the same.
fn corpus_of(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "the corpus of {name} is gone");
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let wanted = paths.iter().filter(|path| path.extension().is_some_and(|kind| kind == ending));
    wanted.map(|path| std::fs::read(path).unwrap()).collect()
}

/// Lines of real recordings, the short ones: what is bent in a long one is read no differently.
fn lines() -> Vec<Vec<u8>> {
    let recordings = files("tests/recordings", "ndjson");
    let lines = recordings.iter().flat_map(|recording| recording.split(|byte| *byte == b'\n').step_by(7));
    lines.filter(|line| (1..6_000).contains(&line.len())).map(<[u8]>::to_vec).collect()
}

#[test]
fn manifests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.yaml");
    fuzz("manifest", files("manifests", "yaml"), |input| targets::manifest(input, &path));
}

#[test]
fn recordings() {
    let header = br#"{"crashgateRecording":1,"startedAt":"2026-11-21T03:09:56.902Z"}"#;
    let whole = lines().chunks(4).map(|lines| [&header[..], &lines.join(&b'\n')].join(&b'\n')).collect();
    fuzz("recording", whole, targets::recording);
}

#[test]
fn watches() {
    let events = lines().into_iter().filter_map(|line| {
        let line: serde_json::Value = serde_json::from_slice(&line).ok()?;
        let event = line.get("event")?;
        let told = serde_json::json!({"type": event["type"], "object": event["object"]});
        Some(format!("{told}\n").into_bytes())
    });
    fuzz("watch", events.collect(), targets::watch);
}

#[test]
fn logs() {
    fuzz("log", lines(), targets::log);
}

#[test]
fn calls() {
    fuzz("call", Vec::new(), targets::call);
}

#[test]
fn hooks_of_flagger() {
    fuzz("hook", Vec::new(), targets::hook);
}
