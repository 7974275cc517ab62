//! `gate/` and `feed/` are pure: they know no client, no runtime, no clock and no I/O. Which other folders they may know
//! is tested beside this.

use std::fs;
use std::path::{Path, PathBuf};

/// What may not be named in `src/gate/` and `src/feed/`.
const FORBIDDEN: [&str; 14] = [
    "kube::",
    "k8s_openapi",
    "tokio",
    "futures",
    "jiff",
    "Instant",
    "SystemTime",
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "println!",
];

#[test]
fn the_gate_and_the_feed_are_pure() {
    let folders = ["src/gate", "src/feed"].map(|folder| rust_files(Path::new(folder)));
    assert!(folders.iter().all(|files| files.len() > 5), "the folders are read: {folders:?}");
    for file in folders.into_iter().flatten() {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for word in FORBIDDEN {
                assert!(!line.contains(word), "{} names `{word}`: {line}", file.display());
            }
        }
    }
}

#[test]
fn there_is_one_tls_provider_and_one_clock() {
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    assert!(lock.contains("name = \"ring\"") && lock.contains("name = \"jiff\""), "the lock file is read");
    // Two TLS providers make the client panic at its first use; two time libraries make two kinds of time.
    for unwanted in ["aws-lc-rs", "openssl", "chrono"] {
        assert!(!lock.contains(&format!("name = \"{unwanted}\"")), "{unwanted}");
    }
}

pub(super) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
