//! Reading why no node takes a pod: the scheduler's one long sentence, summed up by what keeps how many nodes away.

use crate::gate::model::{Pod, Role};

/// What keeps some nodes from taking the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Obstacle<'a> {
    /// On so many nodes; `None` where the scheduler does not count.
    nodes: Option<u32>,
    kind: Kind<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind<'a> {
    /// Too little of a resource is free.
    Short(&'a str),
    /// A taint that the pod does not tolerate, where it is named.
    Taint(&'a str),
    Selector,
    PodAffinity,
    AntiAffinity,
    Spread,
    Cordoned,
    TooManyPods,
    Ports,
    VolumeElsewhere,
    TooManyVolumes,
    Other(&'a str),
}

/// The scheduler's refusal in plain words: `none of the 5 nodes takes the pod: too little cpu on 3 of them (it asks for
/// 64), …`. Where the sentence is of an unknown shape, it is quoted.
#[must_use]
pub fn in_words(said: &str, pod: &Pod) -> String {
    let Some((total, obstacles)) = read(said) else {
        let said = without_preemption(said);
        return if said.is_empty() {
            "no node can run the pod".to_owned()
        } else {
            format!("no node can run the pod: {said}")
        };
    };
    let several = obstacles.len() > 1;
    let words: Vec<String> = obstacles
        .iter()
        .map(|obstacle| {
            let place = match obstacle.nodes {
                Some(nodes) if several || nodes != total => format!(" on {nodes} of them"),
                _ => String::new(),
            };
            obstacle.kind.words(pod, &place)
        })
        .collect();
    let nodes = if total == 1 {
        "the only node cannot run the pod".to_owned()
    } else {
        format!("none of the {total} nodes can run the pod")
    };
    format!("{nodes}: {}", words.join(", "))
}

/// What to do about the obstacle that keeps the most nodes away; `None` where it is not known.
#[must_use]
pub fn advice(said: &str, pod: &Pod) -> Option<String> {
    let (_, obstacles) = read(said)?;
    obstacles.iter().find(|obstacle| !matches!(obstacle.kind, Kind::Other(_)))?.kind.advice(pod)
}

/// The count of nodes, and the obstacles, the most common first.
fn read(said: &str) -> Option<(u32, Vec<Obstacle<'_>>)> {
    let (count, rest) = without_preemption(said).strip_prefix("0/")?.split_once(" nodes are available: ")?;
    let total = count.parse().ok()?;
    let mut obstacles: Vec<Obstacle<'_>> = parts(rest).map(obstacle).collect();
    obstacles.sort_by_key(|obstacle| std::cmp::Reverse(obstacle.nodes));
    Some((total, obstacles))
}

/// The scheduler's words without what preemption would not help either.
#[must_use]
pub fn without_preemption(said: &str) -> &str {
    let end = [" preemption: ", " no new claims to deallocate"].iter().filter_map(|part| said.find(part)).min();
    said[..end.unwrap_or(said.len())].trim_end_matches([' ', '.', ','])
}

/// The parts of an enumeration; a comma in braces or brackets belongs to a part.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |c| {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(|part| part.trim().trim_end_matches('.'))
    .filter(|part| !part.is_empty())
}

fn obstacle(part: &str) -> Obstacle<'_> {
    let (nodes, rest) = match part.split_once(' ') {
        Some((count, rest)) if count.parse::<u32>().is_ok() => (count.parse().ok(), rest),
        _ => (None, part),
    };
    let rest = rest.strip_prefix("node(s) ").unwrap_or(rest);
    Obstacle { nodes, kind: kind(rest) }
}

fn kind(words: &str) -> Kind<'_> {
    if let Some(resource) = words.strip_prefix("Insufficient ") {
        return Kind::Short(resource);
    }
    if words.contains("taint") {
        let named = words.split_once('{').map(|(_, rest)| rest.trim_end_matches('}').trim().trim_end_matches(':'));
        return Kind::Taint(named.unwrap_or_default());
    }
    let says = |phrase: &str| words.contains(phrase);
    if says("node affinity/selector") || says("node selector") || says("nodeSelector") {
        Kind::Selector
    } else if says("volume node affinity") {
        Kind::VolumeElsewhere
    } else if says("anti-affinity") {
        Kind::AntiAffinity
    } else if says("pod affinity") {
        Kind::PodAffinity
    } else if says("topology spread") {
        Kind::Spread
    } else if says("were unschedulable") {
        Kind::Cordoned
    } else if says("Too many pods") {
        Kind::TooManyPods
    } else if says("free ports") {
        Kind::Ports
    } else if says("max volume count") {
        Kind::TooManyVolumes
    } else {
        Kind::Other(words)
    }
}

impl Kind<'_> {
    /// What is in the way, and where: `place` is empty or begins with a blank.
    fn words(&self, pod: &Pod, place: &str) -> String {
        match self {
            Self::Short(resource) => match asked(pod, resource) {
                Some(amount) => format!("too little {resource}{place} (the pod asks for {amount})"),
                None => format!("too little {resource}{place}"),
            },
            Self::Taint("") => format!("taints that it does not tolerate{place}"),
            Self::Taint(taint) => {
                format!("the taint {taint}, which it does not tolerate,{place}").trim_end_matches(',').to_owned()
            }
            Self::Selector => format!("labels that do not fit its nodeSelector or node affinity{place}"),
            Self::PodAffinity => format!("no pod that its pod affinity requires{place}"),
            Self::AntiAffinity => format!("pods that its anti-affinity excludes{place}"),
            Self::Spread => format!("its topology spread constraints{place}"),
            Self::Cordoned => format!("cordoned{place}"),
            Self::TooManyPods => format!("the maximum number of pods{place}"),
            Self::Ports => format!("its host ports are taken{place}"),
            Self::VolumeElsewhere => format!("its volume is bound to another node or zone{place}"),
            Self::TooManyVolumes => format!("the maximum number of attached volumes{place}"),
            Self::Other(said) => format!("{said}{place}"),
        }
    }

    fn advice(&self, pod: &Pod) -> Option<String> {
        Some(match self {
            Self::Short(resource) => {
                let now = asked(pod, resource).map_or_else(String::new, |amount| format!(" (now {amount})"));
                format!(
                    "Lower `resources.requests.{resource}`{now}, or add a node with that much free. Current use: `kubectl describe nodes`"
                )
            }
            Self::Taint("") => "Add tolerations to the pod template, or remove the taints from nodes: `kubectl describe nodes`".to_owned(),
            Self::Taint(taint) => format!(
                "Add a toleration for {} to the pod template, or remove the taint from a node: `kubectl describe nodes`",
                taint.split(':').next().unwrap_or(taint)
            ),
            Self::Selector => {
                "Correct `nodeSelector` or `affinity.nodeAffinity`, or label a node. Existing labels: `kubectl get nodes --show-labels`".to_owned()
            }
            Self::PodAffinity | Self::AntiAffinity => {
                "Loosen `affinity` of the pod template, or add nodes: `kubectl get nodes`".to_owned()
            }
            Self::Spread => "Loosen `topologySpreadConstraints`, or add nodes: `kubectl get nodes`".to_owned(),
            Self::Cordoned => "Run `kubectl uncordon` for a node that may be used again; see `kubectl get nodes`.".to_owned(),
            Self::TooManyPods => "Add a node, or remove pods that are not needed: `kubectl get pods -A`".to_owned(),
            Self::Ports => "Remove `hostPort`, or run fewer of these pods than there are nodes.".to_owned(),
            Self::VolumeElsewhere | Self::TooManyVolumes => {
                "Free a node in the volume's zone, or move the volume. Where it is bound: `kubectl get pv -o wide`".to_owned()
            }
            Self::Other(_) => return None,
        })
    }
}

/// How much of a resource the pod's containers ask for: `64`, `500m + 100m`.
fn asked(pod: &Pod, resource: &str) -> Option<String> {
    let amounts: Vec<&str> = pod
        .containers
        .iter()
        .filter(|container| container.role != Role::Init)
        .filter_map(|container| container.requests.get(resource).map(String::as_str))
        .collect();
    (!amounts.is_empty()).then(|| amounts.join(" + "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{advice, in_words};
    use crate::gate::model::{Container, Pod, Probes, ResourceVersion, RestartPolicy, Role};

    fn pod() -> Pod {
        let container = |name: &str, cpu: &str| Container {
            name: name.to_owned(),
            role: Role::App,
            image: String::new(),
            restart_policy: None,
            memory_limit: None,
            requests: BTreeMap::from([("cpu".to_owned(), cpu.to_owned())]),
            restart_rules: Vec::new(),
            resize: None,
            in_place: None,
            probes: Probes::default(),
            status: None,
        };
        Pod {
            name: "p".to_owned(),
            namespace: "shop".to_owned(),
            uid: "u".to_owned(),
            resource_version: ResourceVersion::default(),
            labels: BTreeMap::new(),
            controller: None,
            created: None,
            deleting: false,
            hook: false,
            main_container: None,
            phase: None,
            reason: None,
            message: None,
            node: None,
            restart_policy: RestartPolicy::Always,
            ready: None,
            in_place_ready: None,
            scheduled: None,
            disruption: None,
            sandbox_ready: None,
            resize: crate::gate::model::PodResize::Settled,
            claims: Vec::new(),
            containers: vec![container("app", "64"), container("proxy", "100m")],
        }
    }

    #[test]
    fn the_scheduler_is_summed_up() {
        let table = [
            (
                "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
                "the only node cannot run the pod: too little cpu (the pod asks for 64 + 100m)",
            ),
            (
                "0/6 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {gpu: a,b}, 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/6 nodes are available: 6 Preemption is not helpful.",
                "none of the 6 nodes can run the pod: labels that do not fit its nodeSelector or node affinity on 3 of them, the taint gpu: a,b, which it does not tolerate, on 2 of them, too little memory on 1 of them",
            ),
            ("0/3 nodes are available: 3 node(s) were unschedulable.", "none of the 3 nodes can run the pod: cordoned"),
            (
                "0/2 nodes are available: 1 Too many pods, 1 node(s) had untolerated taint(s).",
                "none of the 2 nodes can run the pod: the maximum number of pods on 1 of them, taints that it does not tolerate on 1 of them",
            ),
            (
                "0/2 nodes are available: 2 node(s) had something new.",
                "none of the 2 nodes can run the pod: had something new",
            ),
            (
                "0/3 nodes are available: 3 Insufficient cpu, 3 Too many pods.",
                "none of the 3 nodes can run the pod: too little cpu on 3 of them (the pod asks for 64 + 100m), the maximum number of pods on 3 of them",
            ),
            (
                "0/3 nodes are available: 1 node(s) were unschedulable.",
                "none of the 3 nodes can run the pod: cordoned on 1 of them",
            ),
            ("0/2 nodes are available: the moon is full.", "none of the 2 nodes can run the pod: the moon is full"),
            (
                "0/2 nodes are available: 2 node(s) didn't match node selector.",
                "none of the 2 nodes can run the pod: labels that do not fit its nodeSelector or node affinity",
            ),
            (
                "0/2 nodes are available: 2 node(s) didn't match nodeSelector.",
                "none of the 2 nodes can run the pod: labels that do not fit its nodeSelector or node affinity",
            ),
            ("no nodes available to schedule pods", "no node can run the pod: no nodes available to schedule pods"),
            ("", "no node can run the pod"),
        ];
        for (said, words) in table {
            assert_eq!(in_words(said, &pod()), words);
        }
    }

    #[test]
    fn the_advice_is_about_what_keeps_most_nodes_away() {
        let said = "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) had untolerated taint {dedicated: db}.";
        assert!(advice(said, &pod()).is_some_and(|advice| advice.contains("toleration for dedicated ")));
        let said = "0/4 nodes are available: 4 Insufficient cpu.";
        assert!(advice(said, &pod()).is_some_and(|advice| advice.contains("`resources.requests.cpu` (now 64 + 100m)")));
        assert_eq!(advice("0/2 nodes are available: 2 node(s) had something new.", &pod()), None);
        assert_eq!(advice("something else", &pod()), None);
        let said = "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) had something new.";
        assert!(advice(said, &pod()).is_some_and(|advice| advice.contains("resources.requests.cpu")), "what is known");
    }
}
