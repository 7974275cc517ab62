//! kubectl as the client of the suite: an opinion that is not crashgate's own.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::child::{Child, End};
use super::stop::Stop;

/// How long one command may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// kubectl on one cluster.
#[derive(Clone)]
pub struct Kubectl {
    /// The program.
    program: String,
    /// Which cluster: `--context` or `--kubeconfig`.
    flags: Vec<String>,
    stop: Stop,
}

/// What one command answered.
pub struct Answer {
    /// The command line, as it would be typed.
    pub line: String,
    pub is_ok: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// What it said, stdout before stderr.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl Kubectl {
    pub fn new(flags: Vec<String>, stop: Stop) -> Self {
        Self { program: "kubectl".to_owned(), flags, stop }
    }

    /// The same, by another program.
    pub fn by(self, program: &str) -> Self {
        Self { program: program.to_owned(), ..self }
    }

    /// The same, whatever signals come: for what removes things.
    pub fn unstoppable(&self) -> Self {
        Self { stop: Stop::default(), ..self.clone() }
    }

    /// The same cluster, as somebody else.
    pub fn with_kubeconfig(&self, path: &str) -> Self {
        Self { flags: vec!["--kubeconfig".to_owned(), path.to_owned()], ..self.clone() }
    }

    /// Whether there is a kubectl at all.
    pub fn is_there(&self) -> bool {
        Command::new(&self.program).args(["version", "--client"]).output().is_ok()
    }

    /// The flags that say which cluster is meant; crashgate understands them too.
    pub fn flags(&self) -> &[String] {
        &self.flags
    }

    /// Runs one command, with this text on its stdin.
    pub fn run(&self, arguments: &[&str], stdin: Option<&str>) -> Answer {
        let mut command = Command::new(&self.program);
        command.args(&self.flags).args(arguments);
        let line = format!("kubectl {}", arguments.join(" "));
        let (end, stdout, stderr) = match Child::start(command, stdin) {
            Ok(mut child) => {
                let end = child.wait(PATIENCE, &self.stop);
                let (stdout, stderr) = child.written();
                (end, stdout, stderr)
            }
            Err(error) => (End::Exited(None), String::new(), format!("kubectl cannot be started: {error}")),
        };
        let stderr = match end {
            End::Exited(_) => stderr,
            End::TimedOut => format!("{stderr}(no end within {} s)", PATIENCE.as_secs()),
            End::Stopped => format!("{stderr}(interrupted)"),
        };
        Answer { line, is_ok: end == End::Exited(Some(0)), stdout, stderr }
    }

    /// Runs one command whose answer is JSON.
    ///
    /// # Errors
    /// What it said instead.
    pub fn json(&self, arguments: &[&str]) -> Result<Value, String> {
        let answer = self.run(arguments, None);
        if !answer.is_ok {
            return Err(format!("{}: {}", answer.line, answer.said().trim_end()));
        }
        serde_json::from_str(&answer.stdout).map_err(|error| format!("{}: no JSON: {error}", answer.line))
    }
}
