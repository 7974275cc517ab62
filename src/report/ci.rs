//! Whether a CI system shows what is written here.

/// Variables that say so on their own, set by systems that do not set `CI`, or that may be told not to.
const NAMES: [&str; 11] = [
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "BUILDKITE",
    "CIRCLECI",
    "TF_BUILD",
    "TEAMCITY_VERSION",
    "TRAVIS",
    "CODEBUILD_BUILD_ID",
    "bamboo_buildKey",
    "BITBUCKET_BUILD_NUMBER",
];

/// True in a job of a CI system: `CI` is set, as nearly all of them do, or the variable of one that does not. Where stdout
/// leads tells nothing there: Jenkins collects the output of a step in a file, others in a pipe.
pub(super) fn is_ci(env: &dyn Fn(&str) -> Option<String>) -> bool {
    let says_so = |name: &str| {
        env(name).is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "" | "false" | "0" | "no" | "off"))
    };
    says_so("CI") || NAMES.into_iter().any(says_so)
}

#[cfg(test)]
mod tests {
    use super::{NAMES, is_ci};

    #[test]
    fn every_system_is_known_by_one_variable() {
        let with =
            |name: &'static str, value: &'static str| is_ci(&move |asked| (asked == name).then(|| value.to_owned()));
        for name in NAMES.into_iter().chain(["CI"]) {
            assert!(with(name, "true") && with(name, "1") && with(name, "https://ci.example.com/"), "{name}");
            assert!(!with(name, "") && !with(name, "false") && !with(name, "False"), "{name}");
        }
        assert!(!with("HOME", "true"));
    }
}
