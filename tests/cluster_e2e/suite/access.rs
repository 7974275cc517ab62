//! Asking as a service account: a kubeconfig of the same cluster with a token of its own.

use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::NamedTempFile;

use super::notes::Notes;
use super::play::Place;
use super::story::Story;

/// A kubeconfig with a token, in a file that goes with the value. It is never among the files of a story.
pub struct Identity(NamedTempFile);

impl Identity {
    /// The flags of kubectl and crashgate that name it.
    pub fn flags(&self) -> Vec<String> {
        vec!["--kubeconfig".to_owned(), self.0.path().display().to_string()]
    }
}

/// What the identity must be able to do before it is asked: rights take a moment to be known everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Nothing,
    ListPods,
    CreatePods,
}

impl Wanted {
    /// What the story takes for granted.
    pub fn of(story: &Story) -> Self {
        match story.ask.command() {
            _ if story.expect.exit_code == 7 => Self::Nothing,
            "run" => Self::CreatePods,
            _ => Self::ListPods,
        }
    }
}

/// Makes a kubeconfig for a service account of the story's namespace.
///
/// # Errors
/// What kubectl said instead.
pub fn kubeconfig(place: &Place, account: &str, wanted: Wanted, notes: &mut Notes) -> Result<Identity, String> {
    let config = place.kubectl.json(&["config", "view", "--minify", "--raw", "--flatten", "-o", "json"])?;
    let cluster = &config["clusters"][0]["cluster"];
    let token = place.kubectl.run(&["create", "token", account, "-n", &place.namespace], None);
    if !token.is_ok {
        return Err(format!("{}: {}", token.line, token.stderr.trim_end()));
    }
    notes.say(&format!("{}: done", token.line));
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": account,
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": account, "user": {"token": token.stdout.trim()}}],
        "contexts": [{"name": account, "context": {"cluster": "cluster", "user": account, "namespace": place.namespace}}],
    });
    // Readable by nobody else: it is a temporary file.
    let mut file = NamedTempFile::new().map_err(|error| error.to_string())?;
    file.write_all(config.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let identity = Identity(file);
    let verb = match wanted {
        Wanted::Nothing => return Ok(identity),
        Wanted::ListPods => "list",
        Wanted::CreatePods => "create",
    };
    let kubectl = place.kubectl.with_kubeconfig(&identity.0.path().display().to_string());
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = kubectl.run(&["auth", "can-i", verb, "pods", "-n", &place.namespace], None);
        if answer.is_ok {
            return Ok(identity);
        }
        if place.stop.is_set() || Instant::now() >= deadline {
            return Err(format!(
                "service account {account} may not {verb} pods after 20 s: {}",
                answer.said().trim_end()
            ));
        }
        place.stop.pause(Duration::from_millis(300));
    }
}
