//! A job of a CI system: steps for a shell, one after the other, in the folder of a checkout.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::docs::release_host::BINARY;

#[derive(Debug, Clone)]
pub struct Job {
    pub steps: Vec<Step>,
    /// The files that the system keeps, whatever the gate said.
    pub kept: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Step {
    script: String,
    /// Words for the script, which are not read by the shell.
    words: Vec<String>,
    env: BTreeMap<String, String>,
    /// True where it is executed after a step that failed too.
    always: bool,
    /// The shell that reads it.
    shell: &'static str,
    /// False where the agent has no crashgate of its own.
    has_crashgate: bool,
    /// Folders that earlier steps put in front of the PATH.
    path: Vec<String>,
}

impl Step {
    pub fn new(script: impl Into<String>, env: BTreeMap<String, String>) -> Self {
        Self {
            script: script.into(),
            words: Vec::new(),
            env,
            always: false,
            shell: "bash",
            has_crashgate: true,
            path: Vec::new(),
        }
    }

    /// A command that no shell reads.
    pub fn of_words(words: Vec<String>, env: BTreeMap<String, String>) -> Self {
        Self { words, ..Self::new("exec \"$@\"", env) }
    }

    /// The same, executed after a step that failed too.
    pub fn even_after_failure(self) -> Self {
        Self { always: true, ..self }
    }

    /// The same, read by the plainest shell there is.
    pub fn in_sh(self) -> Self {
        Self { shell: "sh", ..self }
    }

    /// The same on an agent that has no crashgate: it has to install one.
    pub fn without_crashgate(self) -> Self {
        Self { has_crashgate: false, ..self }
    }

    /// The same with these folders in front of the PATH.
    pub fn with_path(self, path: Vec<String>) -> Self {
        Self { path, ..self }
    }

    /// What is executed, to be read.
    pub fn shown(&self) -> String {
        if self.words.is_empty() { self.script.clone() } else { self.words.join(" ") }
    }

    /// Its exit code, and what it said on stdout and stderr.
    pub fn run(&self, folder: &Path) -> (i32, String) {
        let mut path = self.path.clone();
        path.push(stubs(folder));
        if self.has_crashgate {
            path.push(Path::new(BINARY).parent().unwrap().display().to_string());
        }
        path.push(std::env::var("PATH").unwrap());
        let kubeconfig = fs::read(folder.join("kubeconfig")).unwrap();
        let mut command = Command::new(self.shell);
        command.args(["-c", &self.script, self.shell]).args(&self.words).current_dir(folder);
        for name in [
            "GITHUB_ACTIONS",
            "GITLAB_CI",
            "HTTPS_PROXY",
            "https_proxy",
            "http_proxy",
            "CRASHGATE_REPOSITORY",
            "VERSION",
        ] {
            command.env_remove(name);
        }
        command.env("KUBECONFIG", "kubeconfig").env("KUBECONFIG_DATA", base64(&kubeconfig));
        command.envs(&self.env).env("PATH", path.join(":")).stdin(Stdio::null());
        // The example names a host that does not exist; this one does.
        if let Ok(releases) = fs::read_to_string(folder.join("releases")) {
            command.env("CRASHGATE_RELEASES", releases);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), said)
    }
}

impl Job {
    /// The exit code of the first step that failed, or 0, and what all of them said.
    pub fn run(&self, folder: &Path) -> (i32, String) {
        let (mut code, mut said) = (0, String::new());
        for step in self.steps.iter().filter(|step| !step.shown().is_empty()) {
            if code == 0 || step.always {
                let (ended, told) = step.run(folder);
                said += &told;
                code = if code == 0 { ended } else { code };
            }
        }
        (code, said)
    }
}

/// What is beside crashgate on an agent: it says what it was asked, and does nothing. What is there already stays.
fn stubs(folder: &Path) -> String {
    let stubs = folder.join("stubs");
    fs::create_dir_all(&stubs).unwrap();
    for tool in ["kubectl", "buildkite-agent", "cargo"] {
        let path = stubs.join(tool);
        if !path.exists() {
            // Nothing may be installed in a test: crashgate is there.
            let end = if tool == "cargo" { 99 } else { 0 };
            let asked = folder.join("asked");
            fs::write(&path, format!("#!/bin/sh\necho {tool} \"$@\" >> '{}'\nexit {end}\n", asked.display())).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    stubs.display().to_string()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
