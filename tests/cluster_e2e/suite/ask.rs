//! What is asked of crashgate: its command line, and as whom.

use serde_json::Value;

/// One command line. `{ns}`, `{image}`, `{dir}`, `{gate}` and `{objects}` in it stand for the story's namespace, the image,
/// the folder of the story, and the files with the gate and the objects below.
pub struct Ask {
    pub words: Vec<String>,
    /// A gate, written to the file `{gate}`.
    pub gate: Option<&'static str>,
    /// Kubernetes objects, written to the file `{objects}`.
    pub objects: Vec<Value>,
    /// Variables of the environment.
    pub environment: Vec<(&'static str, &'static str)>,
    /// The service account that asks; the suite's own identity where there is none.
    pub service_account: Option<&'static str>,
}

/// A command line, split at white space.
pub fn ask(line: &str) -> Ask {
    Ask {
        words: line.split_whitespace().map(str::to_owned).collect(),
        gate: None,
        objects: Vec::new(),
        environment: Vec::new(),
        service_account: None,
    }
}

/// `check` of this app and version in the story's namespace.
pub fn check(app: &str, version: &str) -> Ask {
    ask(&format!("check --app {app} --version {version} -n {{ns}} --delay 2s"))
}

impl Ask {
    /// More words, split at white space.
    pub fn and(mut self, line: &str) -> Self {
        self.words.extend(line.split_whitespace().map(str::to_owned));
        self
    }

    /// One more word, as it is.
    pub fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    /// With the usual times of a gate.
    pub fn timed(self) -> Self {
        self.and("--stable-for 8s --wait-period 60s")
    }

    pub fn gate(mut self, yaml: &'static str) -> Self {
        self.gate = Some(yaml);
        self
    }

    pub fn objects(mut self, objects: Vec<Value>) -> Self {
        self.objects = objects;
        self
    }

    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    pub fn acting_as(mut self, service_account: &'static str) -> Self {
        self.service_account = Some(service_account);
        self
    }

    /// The subcommand.
    pub fn command(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Whether stdout is JSON, by `-o json`.
    pub fn is_json(&self) -> bool {
        self.words.windows(2).any(|pair| pair == ["-o", "json"])
    }
}
