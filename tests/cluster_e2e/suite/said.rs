//! What crashgate said: its exit code, its output, and its JSON.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::ask::Ask;
use super::child::End;

/// The end of one run of the program.
pub struct Said {
    pub end: End,
    pub stdout: String,
    pub stderr: String,
    /// The result: of `--report json`, or of `-o json`.
    pub result: Option<Value>,
    /// The lines of a feed.
    pub events: Vec<Value>,
    pub took: Duration,
}

/// The file of `--report json` in the folder of a story.
pub const RESULT: &str = "result.json";

impl Said {
    /// Reads what was left behind.
    pub fn read(ask: &Ask, end: End, (stdout, stderr): (String, String), took: Duration, folder: &Path) -> Self {
        let parsed = |text: &str| serde_json::from_str(text).ok();
        let (result, events) = match ask.command() {
            "watch" if ask.is_json() => (None, stdout.lines().filter_map(parsed).collect()),
            _ if ask.is_json() => (parsed(&stdout), Vec::new()),
            _ => (std::fs::read_to_string(folder.join(RESULT)).ok().as_deref().and_then(parsed), Vec::new()),
        };
        Self { end, stdout, stderr, result, events, took }
    }

    /// The exit code, where there is one.
    pub const fn exit_code(&self) -> Option<i32> {
        match self.end {
            End::Exited(code) => code,
            End::TimedOut | End::Stopped => None,
        }
    }

    /// The verdict of the whole run.
    pub fn verdict(&self) -> Option<&str> {
        self.result.as_ref()?["verdict"].as_str()
    }

    /// The gate that made the verdict; the whole result where it has no gates, as that of `run`.
    pub fn gate(&self) -> Option<&Value> {
        let result = self.result.as_ref()?;
        let gates = result["gates"].as_array().map(Vec::as_slice).unwrap_or_default();
        Some(gates.iter().find(|gate| gate["verdict"] == result["verdict"]).or(gates.first()).unwrap_or(result))
    }

    /// The leading finding.
    pub fn finding(&self) -> Option<&Value> {
        self.gate()?["findings"].as_array()?.first()
    }

    /// The code of the leading finding.
    pub fn code(&self) -> Option<&str> {
        self.finding()?["code"].as_str()
    }

    /// In a few words, for the table.
    pub fn words(&self) -> String {
        let code = self.exit_code();
        match (self.end, self.verdict()) {
            (End::TimedOut, _) => "no end in time".to_owned(),
            (End::Stopped, _) => "interrupted".to_owned(),
            (End::Exited(None), _) => "ended by a signal".to_owned(),
            (_, Some(verdict)) => {
                let cause = self.code().map(|cause| format!(" {cause}")).unwrap_or_default();
                let shown = code.filter(|code| !(0..=7).contains(code)).map(|code| format!(" ({code})"));
                format!("{verdict}{cause}{}", shown.unwrap_or_default())
            }
            (End::Exited(Some(code)), None) => format!("exit code {code}"),
        }
    }
}
