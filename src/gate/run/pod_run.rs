//! One pod that is run to its end: what its life means, told by the same causes as a gate's pods.

use std::sync::Arc;
use std::time::Duration;

use crate::gate::Fact;
use crate::gate::diagnose::{admission, exit_code};
use crate::gate::evaluate::{ranking, timeout};
use crate::gate::memory::EventIndex;
use crate::gate::model::{ContainerState, Ended, Object, Phase, Pod, Source, Trouble};
use crate::gate::result::{CONTAINER, Cause, Code, Evidence, EvidenceKind, Finding, Place, PodEnd, Verdict};
use crate::gate::spec::{Plan, PodOrder, Security};
use crate::gate::state::{PodHistory, RuleContext, pod_summary};

/// How far the container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It has not started.
    Waiting,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
}

/// The run of one pod: a state machine over observations, with time passed in. All times are since its creation.
#[derive(Debug)]
pub struct PodRun {
    plan: Plan,
    security: Security,
    uid: String,
    now: Duration,
    history: Option<PodHistory>,
    event_index: EventIndex,
    trouble: Option<Trouble>,
    end: Option<PodEnd>,
    told: Option<String>,
}

impl PodRun {
    /// The pod with this UID was created just now.
    #[must_use]
    pub fn new(order: &PodOrder, namespace: &str, uid: &str) -> Self {
        Self {
            plan: plan_of(order, namespace),
            security: order.security,
            uid: uid.to_owned(),
            now: Duration::ZERO,
            history: None,
            event_index: EventIndex::default(),
            trouble: None,
            end: None,
            told: None,
        }
    }

    /// Takes in a fact that was observed at this time. After the end nothing changes any more.
    pub fn observe(&mut self, at: Duration, fact: Fact) {
        self.advance(at);
        if self.end.is_some() {
            return;
        }
        match fact {
            Fact::Listed { source: Source::Pods, objects } => {
                self.trouble = None;
                let own = objects.into_iter().find_map(|object| match object {
                    Object::Pod(pod) if pod.uid == self.uid => Some(pod),
                    _ => None,
                });
                match own {
                    Some(pod) => self.apply(pod),
                    None => self.gone(),
                }
            }
            Fact::Seen(object) => match *object {
                Object::Pod(pod) if pod.uid == self.uid => self.apply(pod),
                Object::Event(event) if self.event_index.observe(&event) => self.rederive_causes(),
                _ => {}
            },
            Fact::Gone { source: Source::Pods, uid } if uid == self.uid => self.gone(),
            Fact::Lost { source: Source::Pods, trouble } if trouble.hopeless => {
                self.finish(Verdict::Inconclusive, vec![timeout::observation_cause(Source::Pods, Some(&trouble), at)]);
            }
            Fact::Lost { source: Source::Pods, trouble } => self.trouble = Some(trouble),
            Fact::Resumed { source: Source::Pods } => self.trouble = None,
            Fact::Denied { source: Source::Pods, message } => {
                let message = format!("the pod was created, but may not be watched: {message}");
                self.finish(Verdict::Inconclusive, vec![Cause::new(Code::Forbidden, Place::default(), message, at)]);
            }
            _ => {}
        }
        self.decide();
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Duration) {
        while let Some(due) = self.wake_at().filter(|due| *due <= now) {
            self.now = due;
            self.decide();
        }
        self.now = self.now.max(now);
    }

    /// When [`PodRun::advance`] will matter next, if nothing is observed before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        if self.end.is_some() {
            return None;
        }
        let causes = self.history.iter().flat_map(PodHistory::causes).filter_map(|cause| cause.counts_at(&self.plan));
        causes.chain([self.plan.wait_period]).filter(|at| *at > self.now).min()
    }

    /// How it ended, once it did.
    #[must_use]
    pub fn end(&self) -> Option<&PodEnd> {
        self.end.as_ref()
    }

    /// How far the container is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.state() {
            Some(ContainerState::Terminated(_)) => Stage::Ended,
            Some(ContainerState::Running) => Stage::Running,
            _ => Stage::Waiting,
        }
    }

    /// What the pod is doing, where that is news. Parts of it are the cluster's words: hostile text.
    pub fn news(&mut self) -> Option<String> {
        let words = match self.stage() {
            Stage::Running => "running".to_owned(),
            Stage::Ended | Stage::Waiting => pod_summary::state(self.history.as_ref()?).to_string(),
        };
        (self.told.as_ref() != Some(&words)).then(|| {
            self.told = Some(words.clone());
            words
        })
    }

    /// Adds what events say of the pod to findings about it.
    pub fn add_events(&mut self, findings: &mut [Finding], facts: Vec<Fact>) {
        let Some(uid) = self.history.as_ref().map(|history| history.pod.uid.clone()) else { return };
        for fact in facts {
            let Fact::Seen(object) = fact else { continue };
            let Object::Event(event) = *object else { continue };
            let is_news = event.object_uid == uid && event.warning && self.event_index.observe(&event);
            if let Some(finding) = findings.first_mut().filter(|_| is_news) {
                let text = format!("{}: {}", event.reason, event.message);
                if finding.evidence.iter().all(|known| known.text != text) {
                    finding.evidence.push(Evidence { kind: EvidenceKind::Event, text });
                }
            }
        }
    }

    fn state(&self) -> Option<&ContainerState> {
        let pod = &self.history.as_ref()?.pod;
        let container = pod.containers.iter().find(|container| container.name == CONTAINER)?;
        Some(&container.status.as_ref()?.state)
    }

    fn around(&self) -> RuleContext<'_> {
        RuleContext { event_index: &self.event_index, plan: &self.plan, node_ready: None, now: self.now }
    }

    fn apply(&mut self, pod: Arc<Pod>) {
        let history = match self.history.take() {
            Some(mut history) => {
                history.observe(pod, self.around());
                history
            }
            None => PodHistory::new(pod, self.around()),
        };
        self.history = Some(history);
    }

    fn rederive_causes(&mut self) {
        if let Some(mut history) = self.history.take() {
            history.rederive_causes(self.around());
            self.history = Some(history);
        }
    }

    fn gone(&mut self) {
        let words = "somebody else deleted the pod before it finished".to_owned();
        self.finish(Verdict::Platform, vec![Cause::new(Code::PodDisrupted, self.place(), words, self.now)]);
    }

    fn place(&self) -> Place {
        self.history.as_ref().map_or_else(Place::default, |history| Place::of_pod(&history.pod))
    }

    fn decide(&mut self) {
        let Some(history) = self.history.as_ref().filter(|_| self.end.is_none()) else { return self.is_late() };
        let pod = &history.pod;
        if let Some(why) = history.disturbed() {
            let cause = Cause::new(Code::PodDisrupted, self.place(), format!("the pod was {why}"), self.now);
            return self.finish(Verdict::Platform, vec![cause]);
        }
        if pod.reason.as_deref() == Some("DeadlineExceeded") {
            return self.late("its activeDeadlineSeconds ran out");
        }
        if let Some(cause) = history.failure().filter(|cause| cause.code == Code::DiskLimitExceeded) {
            return self.finish(Verdict::Failed, vec![cause.clone()]);
        }
        if let Some(ContainerState::Terminated(ended)) = self.state() {
            return self.ended(ended.clone());
        }
        if pod.deleting {
            return self.gone();
        }
        if pod.phase == Some(Phase::Failed) {
            return self.finish(Verdict::Failed, history.causes().to_vec());
        }
        let decisive = ranking::decisive(history.causes(), |cause| cause.counts_at(&self.plan), self.now);
        if let Some(verdict) = decisive {
            return self.finish(verdict, history.causes().to_vec());
        }
        self.is_late();
    }

    /// The container ended. Some ends are not its own.
    fn ended(&mut self, ended: Ended) {
        let place = Place { container: Some(CONTAINER.to_owned()), ..self.place() };
        if exit_code::is_node_trouble(&ended) {
            let said = ended.message.as_deref().unwrap_or_default();
            let why = crate::gate::diagnose::container_start::without_layers(said);
            let message = format!("the container could not be started by its node: {why}");
            return self.finish(Verdict::Platform, vec![Cause::new(Code::SandboxFailed, place, message, self.now)]);
        }
        if exit_code::is_the_nodes(&ended) {
            let message = format!(
                "the node lost track of the container, so its real exit code is unknown ({})",
                exit_code::in_words(&ended)
            );
            return self.finish(Verdict::Platform, vec![Cause::new(Code::PodDisrupted, place, message, self.now)]);
        }
        if exit_code::never_ran(&ended) {
            let why = ended.message.as_deref().map_or_else(
                || exit_code::in_words(&ended),
                |why| crate::gate::diagnose::container_start::without_layers(why).to_owned(),
            );
            let mut cause =
                Cause::new(Code::StartFailed, place, format!("the container could not be started: {why}"), self.now);
            cause.exit_status = Some(ended.exit_code);
            return self.finish(Verdict::Failed, vec![cause]);
        }
        self.end = Some(PodEnd::Exited(ended));
    }

    fn is_late(&mut self) {
        if self.end.is_some() || self.now < self.plan.wait_period {
            return;
        }
        if let Some(trouble) = &self.trouble {
            let cause = timeout::observation_cause(Source::Pods, Some(trouble), self.now);
            return self.finish(Verdict::Inconclusive, vec![cause]);
        }
        let Some(history) = &self.history else {
            let message = "the pod was created, but its state could not be read afterwards".to_owned();
            let cause = Cause::new(Code::StaleData, Place::default(), message, self.now);
            return self.finish(Verdict::Inconclusive, vec![cause]);
        };
        let standing = history.causes().to_vec();
        let has = |verdict| standing.iter().any(|cause: &Cause| cause.code.row().verdict == verdict);
        match [Verdict::Failed, Verdict::Platform].into_iter().find(|verdict| has(*verdict)) {
            Some(verdict) => self.finish(verdict, standing),
            None => self.late("its time ran out"),
        }
    }

    fn late(&mut self, why: &str) {
        let doing = match self.stage() {
            Stage::Running => "was still running".to_owned(),
            Stage::Ended => "was ended".to_owned(),
            Stage::Waiting => {
                let state = self.history.as_ref().map(|history| pod_summary::state(history).to_string());
                format!("had not started ({})", state.unwrap_or_default())
            }
        };
        let message = format!("the container {doing} when {why}, after {} s", self.plan.wait_period.as_secs_f64());
        let place = Place { container: Some(CONTAINER.to_owned()), ..self.place() };
        self.finish(Verdict::TimedOut, vec![Cause::new(Code::NotEnded, place, message, self.now)]);
    }

    /// Returns true where the kubelet refuses the image because it would run as root: its words in `state.waiting.message`
    /// name the field (`container has runAsNonRoot and image will run as root`).
    fn may_not_be_root(&self) -> bool {
        let names_it = |state: &ContainerState| matches!(state, ContainerState::Waiting { message: Some(message), .. } if message.contains("runAsNonRoot"));
        self.state().is_some_and(names_it)
    }

    fn finish(&mut self, verdict: Verdict, causes: Vec<Cause>) {
        if self.end.is_some() {
            return;
        }
        let mut findings = ranking::rank(causes, verdict);
        if self.security == Security::Restricted && self.may_not_be_root() {
            for finding in findings.iter_mut().filter(|finding| finding.code == Code::StartFailed) {
                ROOT_ADVICE.clone_into(&mut finding.next_step);
            }
        }
        self.end = Some(PodEnd::Unrun { verdict, findings });
    }
}

/// Images that run as root are many, and the refusal of one is easily fixed.
const ROOT_ADVICE: &str = "Use an image with a numeric `USER` other than 0, or let it run as root: `--security root`, in a gate `smoke: {security: root}`.";

/// The end of a run whose pod the API server refused to create.
#[must_use]
pub fn refused(namespace: &str, words: &str) -> PodEnd {
    let is_about_rights = words.contains("cannot create resource");
    let (code, message) = if is_about_rights {
        (Code::Forbidden, format!("this identity may not create pods: {words}"))
    } else {
        let reading = admission::read(words, namespace);
        (admission::cause_of(words), format!("the pod cannot be created: {}", reading.words))
    };
    let mut cause = Cause::new(code, Place::default(), message, Duration::ZERO);
    if is_about_rights {
        "Add this rule to the Role: `{apiGroups: [\"\"], resources: [\"pods\"], verbs: [\"create\", \"get\", \"list\", \"watch\", \"delete\"]}`"
            .clone_into(&mut cause.next_step);
    } else if let Some(advice) = admission::read(words, namespace).advice {
        cause.next_step = advice;
    }
    cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: words.to_owned() });
    PodEnd::Unrun { verdict: code.row().verdict, findings: vec![cause.into_finding()] }
}

/// The end of a run whose pod's name is taken. `words` are the API server's (409 `AlreadyExists`).
#[must_use]
pub fn taken(namespace: &str, name: &str, words: &str) -> PodEnd {
    let message = format!("pod {name} already exists in namespace {namespace}, and it is not this run's");
    let mut cause = Cause::new(Code::PodExists, Place::default(), message, Duration::ZERO);
    cause.next_step = format!(
        "Leave out `--name` or give another one, or delete the pod that is there: `kubectl delete pod -n {namespace} {name}`"
    );
    cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: words.to_owned() });
    PodEnd::Unrun { verdict: Code::PodExists.row().verdict, findings: vec![cause.into_finding()] }
}

/// Returns the order as rules read it: they look at a gate's plan.
fn plan_of(order: &PodOrder, namespace: &str) -> Plan {
    let mut plan = Plan::new("run", &order.image, namespace);
    plan.wait_period = order.timeout;
    plan.grace.clone_from(&order.grace);
    plan
}

#[cfg(test)]
mod tests;
