//! How each step is taken.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::child::Child;
use super::notes::Notes;
use super::objects::PART_OF;
use super::play::Place;
use super::step::Step;
use super::text::filled;

/// How long the program may take to write, or to name, what a step waits for.
const PATIENCE: Duration = Duration::from_mins(1);
/// The time between two looks at the cluster.
const LOOK: Duration = Duration::from_millis(400);

/// Why a story does not go on.
pub enum Trouble {
    /// Something is wrong, with the cluster or with crashgate.
    Wrong(String),
    /// It cannot be played here.
    Skip(String),
    /// The suite is to end.
    Stopped,
}

/// A story while it is played.
pub struct Stage<'p> {
    pub place: &'p Place,
    pub notes: &'p mut Notes,
    /// The program, while it runs.
    pub program: Option<Child>,
}

impl Stage<'_> {
    /// Takes one step.
    ///
    /// # Errors
    /// Why the story does not go on.
    pub fn take(&mut self, step: &Step) -> Result<(), Trouble> {
        self.notes.say(&step.to_string());
        match step {
            Step::Apply(objects) => {
                let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
                self.apply(&format!("{list:#}"))
            }
            Step::ApplyFile(path) => self.apply_file(path),
            Step::Kubectl(line) => {
                let line = self.with_pods(line)?;
                let words: Vec<&str> = line.split_whitespace().chain(["-n", &self.place.namespace]).collect();
                self.kubectl(&words, None)
            }
            Step::Evict(selector) => {
                let (name, namespace) = (self.pod(selector)?, &self.place.namespace);
                let body = json!({
                    "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace},
                });
                let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction");
                self.kubectl(&["create", "--raw", &path, "-f", "-"], Some(&body.to_string()))
            }
            Step::Resize { pod, resources } => self.resize(pod, resources),
            Step::Until(condition, patience) => {
                let get = condition.get();
                let words: Vec<&str> = ["get"]
                    .into_iter()
                    .chain(get.split_whitespace())
                    .chain(["-n", &self.place.namespace, "-o", "json"])
                    .collect();
                let kubectl = self.place.kubectl.clone();
                self.wait(step, *patience, |_| match kubectl.json(&words) {
                    Ok(answer) if condition.holds(&answer) => Ok(()),
                    Ok(_) => Err(String::new()),
                    Err(said) => Err(said),
                })
            }
            Step::Named(selector) => {
                let words = ["get", "pods", "-l", selector, "-n", &self.place.namespace, "-o", "json"];
                let (kubectl, inventory) = (self.place.kubectl.clone(), self.place.folder.join("inventory.json"));
                self.wait(step, PATIENCE, |program| {
                    let pods = kubectl.json(&words)?;
                    let (stdout, stderr) = program.map(Child::written).unwrap_or_default();
                    let kept = fs::read_to_string(&inventory).unwrap_or_default();
                    let is_named = |name: &str| [&stdout, &stderr, &kept].iter().any(|text| text.contains(name));
                    if names(&pods).any(is_named) { Ok(()) } else { Err(String::new()) }
                })
            }
            Step::Written(text) => self.wait(step, PATIENCE, |program| {
                let (stdout, stderr) = program.map(Child::written).unwrap_or_default();
                if stdout.contains(text) || stderr.contains(text) { Ok(()) } else { Err(String::new()) }
            }),
            Step::Signal(name) => {
                if let Some(program) = &self.program {
                    program.signal(name);
                }
                Ok(())
            }
        }
    }

    /// Waits until something holds; what is said instead is told at the end.
    fn wait(
        &mut self,
        step: &Step,
        patience: Duration,
        mut holds: impl FnMut(Option<&Child>) -> Result<(), String>,
    ) -> Result<(), Trouble> {
        let deadline = Instant::now() + patience;
        loop {
            // Asked before the look: what was written last is seen.
            let has_ended = self.program.as_mut().is_some_and(Child::has_ended);
            let instead = match holds(self.program.as_ref()) {
                Ok(()) => return Ok(()),
                Err(instead) => instead,
            };
            if self.place.stop.is_set() {
                return Err(Trouble::Stopped);
            }
            if has_ended {
                return Err(Trouble::Wrong(format!("crashgate ended before this step was done: {step}. {instead}")));
            }
            if Instant::now() >= deadline {
                return Err(Trouble::Wrong(format!("{step}: not within {} s. {instead}", patience.as_secs())));
            }
            self.place.stop.pause(LOOK);
        }
    }

    /// Runs kubectl; what it says is noted.
    fn kubectl(&mut self, arguments: &[&str], stdin: Option<&str>) -> Result<(), Trouble> {
        let answer = self.place.kubectl.run(arguments, stdin);
        self.notes.say(&format!("{}: {}", answer.line, if answer.is_ok { "done" } else { "FAILED" }));
        if let Some(stdin) = stdin {
            self.notes.quote(&lines_of(stdin));
        }
        self.notes.quote(&answer.said());
        if answer.is_ok {
            Ok(())
        } else if self.place.stop.is_set() {
            Err(Trouble::Stopped)
        } else {
            Err(Trouble::Wrong(format!("{}: {}", answer.line, answer.said().trim_end())))
        }
    }

    fn apply(&mut self, text: &str) -> Result<(), Trouble> {
        let image = &self.place.image;
        let (repository, _) = repository_and_tag(image);
        let values = [("ns", self.place.namespace.as_str()), ("image", image), ("repository", repository)];
        let (text, namespace) = (filled(text, &values), self.place.namespace.clone());
        self.kubectl(&["apply", "-n", &namespace, "-f", "-"], Some(&text))
    }

    /// Applies a file of this repository in the story's namespace, with the suite's label on every object.
    fn apply_file(&mut self, path: &str) -> Result<(), Trouble> {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = fs::read_to_string(&file).map_err(|error| Trouble::Wrong(format!("{path}: {error}")))?;
        self.apply(&placed(&text, &self.place.namespace))
    }

    /// Changes the resources of the container `app`, and waits until the kubelet has done it.
    fn resize(&mut self, selector: &str, resources: &Value) -> Result<(), Trouble> {
        let (name, namespace) = (self.pod(selector)?, self.place.namespace.clone());
        let patch = json!({"spec": {"containers": [{"name": "app", "resources": resources}]}}).to_string();
        let arguments = ["patch", "pod", &name, "-n", &namespace, "--subresource", "resize", "-p", &patch];
        let patched = self.kubectl(&arguments, None);
        if let Err(Trouble::Wrong(why)) = &patched {
            let unknown = ["invalid subresource", "could not find the requested resource", "unknown flag"];
            return Err(if unknown.iter().any(|words| why.contains(words)) {
                Trouble::Skip(format!("kubectl or the cluster knows no resize in place: {why}"))
            } else {
                Trouble::Wrong(why.clone())
            });
        }
        patched?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let pod = self.place.kubectl.json(&["get", "pod", &name, "-n", &namespace, "-o", "json"]);
            let pod = pod.map_err(Trouble::Wrong)?;
            let applied = &pod["status"]["containerStatuses"][0]["resources"]["limits"];
            let asked = resources["limits"].as_object();
            if asked.is_some_and(|asked| asked.iter().all(|(resource, amount)| applied[resource] == *amount)) {
                return Ok(());
            }
            if self.place.stop.is_set() {
                return Err(Trouble::Stopped);
            }
            let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
            let pending = conditions.clone().find(|condition| condition["type"] == "PodResizePending");
            if pending.is_some_and(|condition| condition["reason"] == "Infeasible") || Instant::now() >= deadline {
                let told = conditions.map(Value::to_string).collect::<Vec<_>>().join(" ");
                return Err(Trouble::Skip(format!("the kubelet does not resize the pod in place: {told}")));
            }
            self.place.stop.pause(LOOK);
        }
    }

    /// The first pod with these labels that is not being deleted.
    fn pod(&self, selector: &str) -> Result<String, Trouble> {
        let words = ["get", "pods", "-l", selector, "-n", &self.place.namespace, "-o", "json"];
        let pods = self.place.kubectl.json(&words).map_err(Trouble::Wrong)?;
        let name = names(&pods).next().map(str::to_owned);
        name.ok_or_else(|| Trouble::Wrong(format!("there is no pod with {selector}")))
    }

    /// The line with `{pod:SELECTOR}` replaced.
    fn with_pods(&self, line: &str) -> Result<String, Trouble> {
        let Some((before, rest)) = line.split_once("{pod:") else { return Ok(line.to_owned()) };
        let Some((selector, after)) = rest.split_once('}') else { return Ok(line.to_owned()) };
        Ok(format!("{before}{}{after}", self.pod(selector)?))
    }
}

/// Objects with one line for each, other text as it is.
fn lines_of(text: &str) -> String {
    let list: Option<Value> = serde_json::from_str(text).ok();
    match list.as_ref().and_then(|list| list["items"].as_array()) {
        Some(items) => items.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
        None => text.to_owned(),
    }
}

/// A manifest that is written for the namespace `shop`, for another one, with the suite's label on every object.
pub fn placed(text: &str, namespace: &str) -> String {
    let text = text.replace("namespace: shop", &format!("namespace: {namespace}"));
    text.replace("metadata:\n", &format!("metadata:\n  labels: {{{}: {}}}\n", PART_OF.0, PART_OF.1))
}

fn names(pods: &Value) -> impl Iterator<Item = &str> {
    let pods = pods["items"].as_array().into_iter().flatten();
    let lasting = pods.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    lasting.filter_map(|pod| pod["metadata"]["name"].as_str())
}

/// An image without its tag or digest, and the rest.
pub fn repository_and_tag(image: &str) -> (&str, &str) {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    match image.rsplit_once(':') {
        // A colon before the last slash is that of a port.
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, "latest"),
    }
}
