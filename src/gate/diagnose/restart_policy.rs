//! Whether the kubelet restarts a container that ended with some exit code.

use crate::gate::model::{Container, RestartPolicy, RestartRule, Role};

/// The restart policy in force for a container, its rules aside. `pod_policy` is the pod's.
#[must_use]
pub fn policy(container: &Container, pod_policy: RestartPolicy) -> RestartPolicy {
    if container.role == Role::Sidecar { RestartPolicy::Always } else { container.restart_policy.unwrap_or(pod_policy) }
}

/// True where the kubelet restarts the container after an end with this exit code.
///
/// The order is the kubelet's: the first of the container's rules whose exit codes fit, then the container's own policy,
/// then the pod's. Rules count only beside a policy of the container's own, as the API demands.
#[must_use]
pub fn follows(container: &Container, pod_policy: RestartPolicy, exit_code: i32) -> bool {
    let rule = container.restart_policy.and_then(|_| container.restart_rules.iter().find(|rule| fits(rule, exit_code)));
    if rule.is_some_and(|rule| rule.restarts) {
        return true;
    }
    match policy(container, pod_policy) {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => exit_code != 0,
        RestartPolicy::Never => false,
    }
}

fn fits(rule: &RestartRule, exit_code: i32) -> bool {
    rule.exit_codes.contains(&exit_code) != rule.all_but
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::follows;
    use crate::gate::model::{Container, Probes, RestartPolicy, RestartRule, Role};

    fn container(policy: Option<RestartPolicy>, rules: Vec<RestartRule>) -> Container {
        Container {
            name: "app".to_owned(),
            role: Role::App,
            image: String::new(),
            restart_policy: policy,
            restart_rules: rules,
            memory_limit: None,
            requests: BTreeMap::new(),
            resize: None,
            in_place: None,
            probes: Probes::default(),
            status: None,
        }
    }

    #[test]
    fn the_first_rule_that_fits_goes_before_the_policies() {
        use RestartPolicy::{Always, Never, OnFailure};
        let restart = |all_but, codes: &[i32]| RestartRule { restarts: true, all_but, exit_codes: codes.to_vec() };
        let other = |codes: &[i32]| RestartRule { restarts: false, all_but: false, exit_codes: codes.to_vec() };
        let table = [
            (None, vec![], Always, [true, true, true]),
            (None, vec![], OnFailure, [false, true, true]),
            (None, vec![], Never, [false, false, false]),
            (Some(Never), vec![], Always, [false, false, false]),
            (Some(OnFailure), vec![], Never, [false, true, true]),
            (Some(Never), vec![restart(false, &[42])], Always, [false, false, true]),
            (Some(Never), vec![restart(true, &[0, 42])], Always, [false, true, false]),
            (Some(OnFailure), vec![restart(false, &[0])], Never, [true, true, true]),
            (Some(Never), vec![other(&[42]), restart(false, &[42])], Always, [false, false, false]),
            (None, vec![restart(false, &[42])], Never, [false, false, false]),
        ];
        for (own, rules, pods, expected) in table {
            let container = container(own, rules);
            let follow = [0, 1, 42].map(|code| follows(&container, pods, code));
            assert_eq!(follow, expected, "{own:?} {:?} in a pod of policy {pods:?}", container.restart_rules);
        }
        let sidecar = Container { role: Role::Sidecar, ..container(Some(Always), vec![]) };
        assert!(follows(&sidecar, Never, 0));
    }
}
