//! Reading why a container could not be started: the runtime's words, and what to change.

use crate::gate::model::Container;

/// The runtime's phrase for a program that this processor cannot run. The kernel's `ENOEXEC` is behind it.
const WRONG_FORMAT: &str = "exec format error";

/// The runtime's words without the layers through which they came.
#[must_use]
pub fn without_layers(message: &str) -> &str {
    const LAYERS: [&str; 2] = ["unable to start container process: ", "OCI runtime create failed: "];
    LAYERS.iter().find_map(|layer| message.split_once(layer)).map_or(message, |(_, rest)| rest).trim()
}

/// True where these words, of the runtime or of a log, say that the program is not for this processor.
#[must_use]
pub fn says_wrong_format(text: &str) -> bool {
    text.to_ascii_lowercase().contains(WRONG_FORMAT)
}

/// What a wrong format means. `architecture` is the node's, where it is known.
#[must_use]
pub fn wrong_format(architecture: Option<&str>) -> String {
    let node = architecture.map_or_else(String::new, |architecture| format!(", and its node is {architecture}"));
    format!("its program is built for another processor architecture, or is a script without `#!`{node}")
}

/// What to do about a wrong format of this container's image.
#[must_use]
pub fn wrong_format_advice(image: &str, node: Option<&str>) -> String {
    let node = node.unwrap_or("NODE");
    format!(
        "Build {image} for the node's architecture (`docker buildx build --platform …`): `kubectl get node {node} -L kubernetes.io/arch`"
    )
}

/// What to do about the start that failed with these words; `None` where they say nothing that is known.
#[must_use]
pub fn advice(said: &str, container: &Container, node: Option<&str>) -> Option<String> {
    let Container { name, image, .. } = container;
    let text = said.to_lowercase();
    let says = |phrase: &str| text.contains(phrase);
    if says(WRONG_FORMAT) {
        return Some(wrong_format_advice(image, node));
    }
    if says("runasnonroot") {
        return Some(format!(
            "Give the image a `USER` other than root, or set `securityContext.runAsUser` of container {name}."
        ));
    }
    if says("no command specified") {
        return Some(format!("Set `command:` of container {name}, or give {image} an `ENTRYPOINT`."));
    }
    let file = program(said).map_or_else(|| "what it starts".to_owned(), |program| format!("`{program}`"));
    if says("no such file") || says("executable file not found") {
        return Some(format!("Correct `command:` of container {name}, or put {file} into {image}."));
    }
    if says("permission denied") {
        return Some(format!("Make {file} executable in {image}, or correct `command:` of container {name}."));
    }
    None
}

/// The program that could not be started: `exec: "/app/x": …`.
fn program(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("exec: \"")?;
    Some(rest.split_once('"')?.0).filter(|program| !program.is_empty() && !program.contains('`'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{advice, program, says_wrong_format, without_layers, wrong_format};
    use crate::gate::model::{Container, Probes, Role};

    #[test]
    fn a_wrong_format_is_known_by_its_words() {
        assert!(says_wrong_format("standard_init_linux.go: exec user process caused: Exec Format Error"));
        assert!(!says_wrong_format("permission denied"));
        assert_eq!(
            wrong_format(Some("arm64")),
            "its program is built for another processor architecture, or is a script without `#!`, and its node is arm64"
        );
        assert!(wrong_format(None).ends_with("without `#!`"));
    }

    #[test]
    fn a_program_is_named_where_its_name_can_be_quoted() {
        assert_eq!(program("exec: \"/app/x\": no such file"), Some("/app/x"));
        for none in ["exec: \"\": no such file", "exec: \"a`b\": no such file", "exec: nothing"] {
            assert_eq!(program(none), None, "{none}");
        }
    }

    #[test]
    fn each_failed_start_has_its_remedy() {
        let container = Container {
            name: "app".to_owned(),
            role: Role::App,
            image: "shop/app:1".to_owned(),
            restart_policy: None,
            memory_limit: None,
            requests: BTreeMap::new(),
            restart_rules: Vec::new(),
            resize: None,
            in_place: None,
            probes: Probes::default(),
            status: None,
        };
        let layered = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/app/x\": stat /app/x: no such file or directory";
        let table = [
            (layered, Some("Correct `command:` of container app, or put `/app/x` into shop/app:1.")),
            (
                "exec: \"server\": executable file not found in $PATH",
                Some("Correct `command:` of container app, or put `server` into shop/app:1."),
            ),
            (
                "exec: \"/app/x\": permission denied",
                Some("Make `/app/x` executable in shop/app:1, or correct `command:` of container app."),
            ),
            (
                "exec /app/x: exec format error",
                Some(
                    "Build shop/app:1 for the node's architecture (`docker buildx build --platform …`): `kubectl get node node1 -L kubernetes.io/arch`",
                ),
            ),
            (
                "container has runAsNonRoot and image will run as root",
                Some("Give the image a `USER` other than root, or set `securityContext.runAsUser` of container app."),
            ),
            (
                "failed to generate container spec: no command specified",
                Some("Set `command:` of container app, or give shop/app:1 an `ENTRYPOINT`."),
            ),
            ("something new", None),
        ];
        for (said, remedy) in table {
            assert_eq!(advice(said, &container, Some("node1")).as_deref(), remedy, "{said}");
        }
        assert_eq!(without_layers(layered), "exec: \"/app/x\": stat /app/x: no such file or directory");
    }
}
