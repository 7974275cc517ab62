//! What the end of a container means: exit codes and signals in words.

use super::node_trouble;
use crate::gate::model::Ended;

/// The code by which shells and runtimes report death by signal `n`: 128 + n.
const SIGNAL_BASE: i32 = 128;

/// True where the kernel killed it for memory (`reason: OOMKilled`). Exit code 137 alone does not say so.
#[must_use]
pub fn is_out_of_memory(ended: &Ended) -> bool {
    ended.reason.as_deref() == Some("OOMKilled")
}

/// True where its process never ran: the runtime could not start it.
#[must_use]
pub fn never_ran(ended: &Ended) -> bool {
    matches!(ended.reason.as_deref(), Some("StartError" | "ContainerCannotRun"))
}

/// True where the kubelet made the end up, for a container that it could not find any more.
#[must_use]
pub fn is_made_up(ended: &Ended) -> bool {
    ended.reason.as_deref() == Some("ContainerStatusUnknown")
}

/// True where the end is not the app's: the kubelet or the runtime lost sight of the container (a node reboot, a runtime
/// restart), and made up exit code 255 or 137 with the reason `Unknown` or `ContainerStatusUnknown`; or the node was not
/// able to start it.
#[must_use]
pub fn is_the_nodes(ended: &Ended) -> bool {
    is_made_up(ended)
        || (ended.exit_code == 255 && ended.reason.as_deref() == Some("Unknown"))
        || is_node_trouble(ended)
}

/// True where the process never ran, in words that speak of the node and not of the image or the command.
#[must_use]
pub fn is_node_trouble(ended: &Ended) -> bool {
    never_ran(ended) && ended.message.as_deref().is_some_and(node_trouble::is_meant)
}

/// The end in a few words: `exit code 1`, `OOMKilled (exit code 137)`, `exit code 139 (SIGSEGV: …)`.
#[must_use]
pub fn in_words(ended: &Ended) -> String {
    let code = ended.exit_code;
    if is_out_of_memory(ended) {
        return format!("OOMKilled (exit code {code})");
    }
    if never_ran(ended) {
        return format!("{} (exit code {code})", ended.reason.as_deref().unwrap_or_default());
    }
    match meaning(ended) {
        Some(meaning) => format!("exit code {code} ({meaning})"),
        None => format!("exit code {code}"),
    }
}

/// Returns what the end says beyond the number of its exit code, where it says something.
fn meaning(ended: &Ended) -> Option<String> {
    let signal = ended.signal.filter(|signal| *signal > 0).or_else(|| signal_of(ended.exit_code));
    match signal {
        // That of a lack of memory has been told by its reason.
        Some(9) => Some(format!("{}, not by its memory limit", in_words_of_signal(9))),
        Some(signal) => Some(in_words_of_signal(signal)),
        None => meaning_of(ended.exit_code),
    }
}

/// Returns what an exit code means by itself; `None` where the program alone knows.
#[must_use]
pub fn meaning_of(exit_code: i32) -> Option<String> {
    match exit_code {
        126 => Some("the command was found but cannot be executed".to_owned()),
        127 => Some("command not found".to_owned()),
        _ => signal_of(exit_code).map(in_words_of_signal),
    }
}

fn in_words_of_signal(signal: i32) -> String {
    match signal {
        1 => "SIGHUP".to_owned(),
        2 => "SIGINT".to_owned(),
        3 => "SIGQUIT".to_owned(),
        4 => "SIGILL: an instruction that this processor does not have".to_owned(),
        6 => "SIGABRT: the program aborted itself".to_owned(),
        7 => "SIGBUS: an invalid memory access".to_owned(),
        8 => "SIGFPE: a division by zero or the like".to_owned(),
        9 => "SIGKILL: killed from outside".to_owned(),
        11 => "SIGSEGV: an invalid memory access".to_owned(),
        13 => "SIGPIPE: it wrote to a pipe that nobody reads".to_owned(),
        15 => "SIGTERM: it was asked to end".to_owned(),
        other => format!("signal {other}"),
    }
}

fn signal_of(exit_code: i32) -> Option<i32> {
    let signal = exit_code.checked_sub(SIGNAL_BASE)?;
    (1..=64).contains(&signal).then_some(signal)
}

#[cfg(test)]
mod tests {
    use super::{in_words, is_the_nodes};
    use crate::gate::model::Ended;

    fn ended(exit_code: i32, reason: &str) -> Ended {
        Ended {
            exit_code,
            signal: None,
            reason: Some(reason.to_owned()),
            message: None,
            container_id: None,
            started_at: None,
            finished_at: None,
            ran_seconds: None,
        }
    }

    #[test]
    fn exit_codes_are_read_by_their_meaning() {
        let table = [
            (0, "Completed", "exit code 0"),
            (1, "Error", "exit code 1"),
            (126, "Error", "exit code 126 (the command was found but cannot be executed)"),
            (127, "Error", "exit code 127 (command not found)"),
            (128, "StartError", "StartError (exit code 128)"),
            (134, "Error", "exit code 134 (SIGABRT: the program aborted itself)"),
            (137, "OOMKilled", "OOMKilled (exit code 137)"),
            (137, "Error", "exit code 137 (SIGKILL: killed from outside, not by its memory limit)"),
            (139, "Error", "exit code 139 (SIGSEGV: an invalid memory access)"),
            (143, "Error", "exit code 143 (SIGTERM: it was asked to end)"),
            (1, "OOMKilled", "OOMKilled (exit code 1)"),
            (255, "Error", "exit code 255"),
        ];
        for (code, reason, words) in table {
            assert_eq!(in_words(&ended(code, reason)), words);
        }
        let signalled = |signal| in_words(&Ended { signal: Some(signal), ..ended(1, "Error") });
        assert_eq!(signalled(11), "exit code 1 (SIGSEGV: an invalid memory access)");
        assert_eq!(signalled(0), "exit code 1", "no signal at all");
        assert_eq!(in_words(&ended(192, "Error")), "exit code 192 (signal 64)");
        assert_eq!(in_words(&ended(193, "Error")), "exit code 193", "there are 64 signals");
        assert_eq!(in_words(&ended(i32::MIN, "Error")), "exit code -2147483648");
    }

    #[test]
    fn ends_that_the_kubelet_made_up_are_not_the_apps() {
        assert!(is_the_nodes(&ended(255, "Unknown")));
        assert!(is_the_nodes(&ended(137, "ContainerStatusUnknown")));
        assert!(!is_the_nodes(&ended(255, "Error")), "an app may exit with 255");
        assert!(!is_the_nodes(&ended(137, "Error")));
    }
}
