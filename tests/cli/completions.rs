//! Completion as a shell asks for it: the script is read by a real bash, and its function is called.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// What a TAB behind these words offers, in this folder.
fn completed(folder: &Path, words: &[&str]) -> Vec<String> {
    const SCRIPT: &str = r#"
        source <(crashgate completions bash) || exit 9
        function=$(complete -p crashgate | sed 's/.*-F \([^ ]*\).*/\1/')
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        "$function" crashgate "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let binaries = Path::new(env!("CARGO_BIN_EXE_crashgate")).parent().unwrap();
    let mut path = OsString::from(binaries);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["-c", SCRIPT, "bash", "crashgate"])
        .args(words)
        .current_dir(folder)
        .env("PATH", path)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{words:?}: {stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    stdout.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn bash_completes_commands_codes_kinds_recordings_and_contexts() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["a.ndjson", "gate.yaml", "notes.txt"] {
        std::fs::write(folder.path().join(file), "").unwrap();
    }
    std::fs::create_dir(folder.path().join("more")).unwrap();
    let contexts = "contexts: [{name: prod, context: {cluster: c}}, {name: staging, context: {cluster: c}}]\n";
    std::fs::write(folder.path().join("kubeconfig"), contexts).unwrap();
    for (words, offered) in [
        (&["ch"][..], &["check"][..]),
        (&["check", "--wait"], &["--wait-period"]),
        (&["explain", "crashl"], &["CrashLoop", "CrashLoopBackOff"]),
        (&["explain", "timed"], &["timed-out"]),
        (&["check", "--report", "ju"], &["junit="]),
        (&["check", "--report", ""], &["json=", "junit=", "markdown=", "html=", "github=", "gitlab="]),
        (&["check", "--rehearse", ""], &["a.ndjson", "more/"]),
        (&["replay", ""], &["a.ndjson", "more/"]),
        (&["check", "-f", "g"], &["gate.yaml"]),
        (&["check", "--grace", "Im"], &["ImagePull="]),
        (&["check", "dep"], &["deployment/"]),
        (&["pods", "sta"], &["statefulset/"]),
        (&["check", "--context", ""], &["prod", "staging"]),
        (&["check", "--color", ""], &["auto", "always", "never"]),
        (&["check", "-o", ""], &["human", "json", "yaml", "name"]),
        (&["completions", "z"], &["zsh"]),
    ] {
        let told = completed(folder.path(), words);
        // Flags may always follow.
        let is_flag = words.last().is_some_and(|word| word.starts_with('-'));
        let told: Vec<String> = told.into_iter().filter(|word| is_flag || !word.starts_with('-')).collect();
        for word in offered {
            assert!(told.iter().any(|candidate| candidate == word), "{words:?}: {word} in {told:?}");
        }
        if !words.last().unwrap().is_empty() || offered.len() == 2 {
            assert_eq!(told.len(), offered.len(), "{words:?}: and nothing else: {told:?}");
        }
    }
}

#[test]
fn no_variable_keeps_a_command_from_being_run() {
    let judged = ["replay", "tests/recordings/crash-loop.ndjson", "--app", "payments", "--version", "v1"];
    for (words, expected) in [(judged.as_slice(), 1), (&["run", "--namespace", "Not/A/Name", "image", "--", "true"], 2)]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_crashgate"))
            .args(words)
            .env("CRASHGATE_COMPLETE", "bash")
            .env("KUBECONFIG", "Cargo.toml/none")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(expected), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
