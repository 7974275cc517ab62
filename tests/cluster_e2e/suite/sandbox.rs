//! A recording in place of the cluster: `crashgate sandbox`, in its own timing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::child::Child;
use super::play::program;
use super::stop::Stop;
use super::story::Rehearsal;

/// The image of the recordings.
pub const IMAGE: &str = "localhost/busybox:1";

/// A sandbox that serves. It ends with the value.
pub struct Sandbox {
    child: Child,
    pub kubeconfig: String,
    pub namespace: String,
}

impl Sandbox {
    /// Starts one for a story; its scripts are written to the folder.
    ///
    /// # Errors
    /// What it said instead of serving.
    pub fn start(rehearsal: &Rehearsal, folder: &Path, stop: &Stop) -> Result<Self, String> {
        let mut command = Command::new(program());
        command.arg("sandbox");
        let mut namespace = "default".to_owned();
        if let Some(name) = rehearsal.recording {
            let path = recording(name);
            namespace = recorded_namespace(&path).ok_or_else(|| format!("{} names no namespace", path.display()))?;
            command.arg(path);
        }
        if let Some(at) = rehearsal.at {
            command.args(["--at", at]);
        }
        for (flag, script) in [("--pods", rehearsal.pods), ("--faults", rehearsal.faults)] {
            if let Some(script) = script {
                let path = folder.join(format!("sandbox{flag}.yaml"));
                fs::write(&path, script).map_err(|error| error.to_string())?;
                command.arg(flag).arg(path);
            }
        }
        let mut child = Child::start(command, None).map_err(|error| error.to_string())?;
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let (stdout, stderr) = child.written();
            let path = stdout.lines().find_map(|line| line.strip_prefix("kubeconfig"));
            // What follows that line was written with it.
            if let Some(path) = path.filter(|_| stdout.contains("export KUBECONFIG")) {
                return Ok(Self { child, kubeconfig: path.trim().to_owned(), namespace });
            }
            if child.has_ended() || stop.is_set() || Instant::now() >= deadline {
                return Err(format!("the sandbox does not serve: {stdout}{stderr}"));
            }
            child.pause();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It removes its kubeconfig.
        self.child.signal("TERM");
        self.child.wait(Duration::from_secs(3), &Stop::default());
    }
}

/// The file of a recording.
pub fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(format!("{name}.ndjson"))
}

fn recorded_namespace(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let header: Value = serde_json::from_str(text.lines().next()?).ok()?;
    Some(header["namespace"].as_str()?.to_owned())
}
