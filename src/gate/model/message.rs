//! The message of a Kubernetes Event, without what changes each time it is sent.

/// The message without the parts that change at each try: the leading remarks of the controller and the pod's name,
/// which is made up anew each time.
#[must_use]
pub fn essence(message: &str) -> &str {
    let message = message.strip_prefix("(combined from similar events): ").unwrap_or(message);
    let message = message.strip_prefix("Error creating: ").unwrap_or(message);
    let message = message.split_once(" failed error: ").map_or(message, |(_, rest)| rest);
    match message.strip_prefix("pods \"").and_then(|rest| rest.split_once("\" is forbidden: ")) {
        Some((_, rest)) => rest,
        None => message,
    }
}
