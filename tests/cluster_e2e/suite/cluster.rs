//! The real cluster: which one it is, and the namespaces of the suite in it.

use std::time::{Duration, Instant};

use super::kubectl::Kubectl;
use super::notes::Notes;
use super::objects::{PART_OF, namespace};
use super::stop::Stop;

/// How every namespace of the suite is called. Nothing else is touched.
pub const PREFIX: &str = "crashgate-e2e-";

/// A cluster that was asked who it is.
pub struct Cluster {
    pub kubectl: Kubectl,
    pub context: String,
    pub server: String,
    pub version: String,
    /// The minor of Kubernetes 1.
    pub minor: u32,
    /// The mark of this run, in the names and on the labels of what it makes.
    pub run: String,
    pub stop: Stop,
}

impl Cluster {
    /// Asks kubectl for the current context, which stays the one of this run whatever becomes of the kubeconfig.
    ///
    /// # Errors
    /// What kubectl said instead.
    pub fn find(run: String, stop: &Stop) -> Result<Self, String> {
        let program = std::env::var("KUBECTL").unwrap_or_else(|_| "kubectl".to_owned());
        let plain = Kubectl::new(Vec::new(), stop.clone()).by(&program);
        let context = plain.run(&["config", "current-context"], None);
        if !context.is_ok {
            return Err(format!("{}: {}", context.line, context.said().trim_end()));
        }
        let context = context.stdout.trim().to_owned();
        let kubectl = Kubectl::new(vec!["--context".to_owned(), context.clone()], stop.clone()).by(&program);
        let config = kubectl.json(&["config", "view", "--minify", "-o", "json"])?;
        let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap_or("(no server)").to_owned();
        let answer = kubectl.json(&["version", "-o", "json", "--request-timeout", "15s"])?;
        let text = |field: &str| answer["serverVersion"][field].as_str().unwrap_or_default().to_owned();
        let minor = text("minor").trim_end_matches(|end: char| !end.is_ascii_digit()).parse();
        let minor = minor.map_err(|_| format!("the server {server} tells no version: {answer}"))?;
        Ok(Self { kubectl, context, server, version: text("gitVersion"), minor, run, stop: stop.clone() })
    }

    /// The namespace of a story.
    pub fn name_for(&self, story: &str) -> String {
        format!("{PREFIX}{}-{story}", self.run)
    }

    /// Makes a namespace and waits until pods can be made in it.
    ///
    /// # Errors
    /// What kubectl said instead.
    pub fn create(&self, story: &str, pod_security: &str, keep: bool, notes: &mut Notes) -> Result<Namespace, String> {
        let name = self.name_for(story);
        let object = namespace(&name, &self.run, pod_security).to_string();
        let created = self.kubectl.run(&["create", "-f", "-"], Some(&object));
        // Where the answer was lost it may be there all the same: from here on it is removed on every way out.
        let guard = Namespace { kubectl: self.kubectl.unstoppable(), name: name.clone(), keep };
        notes.say(&format!("create namespace {name}: {}", created.said().trim_end()));
        if !created.is_ok {
            return Err(format!("the namespace cannot be made: {}", created.said().trim_end()));
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            // Its controller makes the account a moment later, and without it no pod is admitted.
            let account = self.kubectl.run(&["get", "serviceaccount", "default", "-n", &name], None);
            if account.is_ok {
                return Ok(guard);
            }
            if self.stop.is_set() || Instant::now() >= deadline {
                return Err(format!("no default service account after 30 s: {}", account.said().trim_end()));
            }
            self.stop.pause(Duration::from_millis(200));
        }
    }

    /// The namespaces of this suite, of this run alone or of all runs.
    ///
    /// # Errors
    /// What kubectl said instead.
    pub fn namespaces(&self, run: Option<&str>) -> Result<Vec<String>, String> {
        let mut selector = format!("{}={}", PART_OF.0, PART_OF.1);
        if let Some(run) = run {
            selector = format!("{selector},crashgate-e2e/run={run}");
        }
        let list = self.kubectl.unstoppable().json(&["get", "namespaces", "-l", &selector, "-o", "json"])?;
        let items = list["items"].as_array().into_iter().flatten();
        let names = items.filter_map(|item| item["metadata"]["name"].as_str());
        // Both must be true of what is removed: the label and the name.
        Ok(names.filter(|name| name.starts_with(PREFIX)).map(str::to_owned).collect())
    }

    /// Removes namespaces, and waits until they are gone.
    ///
    /// # Errors
    /// What is left, or what kubectl said.
    pub fn remove(&self, run: Option<&str>) -> Result<usize, String> {
        let names = self.namespaces(run)?;
        if names.is_empty() {
            return Ok(0);
        }
        let kubectl = self.kubectl.unstoppable();
        let mut arguments = vec!["delete", "namespace", "--ignore-not-found", "--wait=false"];
        arguments.extend(names.iter().map(String::as_str));
        let deleted = kubectl.run(&arguments, None);
        if !deleted.is_ok {
            return Err(format!("{}: {}", deleted.line, deleted.said().trim_end()));
        }
        let deadline = Instant::now() + Duration::from_mins(2);
        loop {
            let left: Vec<String> = self.namespaces(run)?.into_iter().filter(|name| names.contains(name)).collect();
            if left.is_empty() {
                return Ok(names.len());
            }
            if Instant::now() >= deadline {
                return Err(format!("still being removed by the cluster: {}", left.join(", ")));
            }
            Stop::default().pause(Duration::from_millis(500));
        }
    }
}

/// A namespace of the suite. It is removed with the value, also where a story panics.
pub struct Namespace {
    kubectl: Kubectl,
    pub name: String,
    keep: bool,
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if !self.keep {
            self.kubectl.run(&["delete", "namespace", &self.name, "--ignore-not-found", "--wait=false"], None);
        }
    }
}
