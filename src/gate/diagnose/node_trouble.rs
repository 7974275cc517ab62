//! Words of the kubelet and the runtime that speak of their node: a disk that is full, a runtime that went away, a sandbox
//! that is gone. What they kept from starting is neither the image's fault nor the app's.

/// Phrases that only a node in trouble makes the kubelet or the runtime say, in lower case.
const PHRASES: &[&str] = &[
    // The kubelet is slow or has only just started.
    "context deadline exceeded",
    "deadlineexceeded",
    "context canceled",
    "services have not yet been read at least once",
    "name is reserved",
    "is reserved for",
    // The disk of the node.
    "no space left on device",
    "disk quota exceeded",
    "input/output error",
    "structure needs cleaning",
    // The runtime, or its shim, went away.
    "containerd.sock",
    "crio.sock",
    "cri-dockerd.sock",
    "docker.sock",
    "code = unavailable",
    "transport is closing",
    "error reading from server: eof",
    "unexpected eof",
    "ttrpc: closed",
    "shim disconnected",
    "connection reset by peer",
    "broken pipe",
    // The sandbox went away.
    "no running task found",
    "sandbox container task",
    "failed to find sandbox",
    "failed to get sandbox",
    "sandbox not found",
    "is not running: sandbox",
    "in a non running state",
    "failed to get network namespace",
    "error joining network namespace",
    // The kernel and its control groups.
    "too many open files",
    "cgroup deleted",
    "waiting for systemd",
    "connection closed by user",
    "message recipient disconnected",
    // What the node keeps of images.
    "error unpacking image",
    "failed to extract layer",
    "content digest",
    "nvidia-container-cli: initialization error",
];

/// Phrases that mean the node only side by side, in lower case.
const TOGETHER: &[[&str; 2]] = &[
    ["failed to sync", "cache"],
    ["cannot allocate memory", "cgroup"],
    ["cannot allocate memory", "fork/exec"],
    ["cannot allocate memory", "shim"],
    ["cannot allocate memory", "mkdir"],
    ["resource temporarily unavailable", "fork/exec"],
    ["read-only file system", "/var/lib/"],
    ["read-only file system", "/run/"],
    ["lstat /proc/", "/ns/"],
    ["/sys/fs/cgroup", "no such file or directory"],
];

/// True where the words are those of a node in trouble, which the app can do nothing about.
#[must_use]
pub fn is_meant(message: &str) -> bool {
    let text = message.to_lowercase();
    let ends_with_eof = text.trim_end_matches(['.', ' ']).ends_with(": eof");
    ends_with_eof
        || PHRASES.iter().any(|phrase| text.contains(phrase))
        || TOGETHER.iter().any(|phrases| phrases.iter().all(|phrase| text.contains(phrase)))
}

#[cfg(test)]
mod tests {
    use super::is_meant;

    #[test]
    fn the_nodes_trouble_is_told_from_the_apps() {
        let node = [
            "failed to create containerd container: mkdir /var/lib/containerd/x: no space left on device",
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory\"",
            "rpc error: code = Unknown desc = error reading from server: EOF",
            "failed to create containerd task: failed to start shim: EOF",
            "failed to get sandbox container task: no running task found: task 12ab not found: not found",
            "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: unable to apply cgroup configuration: mkdir /sys/fs/cgroup/memory/kubepods/x: cannot allocate memory",
            "services have not yet been read at least once, cannot construct envvars",
            "failed to sync secret cache: timed out waiting for the condition",
            "OCI runtime create failed: container_linux.go: starting container process caused: process_linux.go: lstat /proc/4711/ns/ipc: no such file or directory",
            "fork/exec /usr/bin/runc: resource temporarily unavailable",
            "failed to create fsnotify watcher: too many open files",
            "failed to mount /var/lib/containerd/tmp: read-only file system",
            "error unpacking image: failed to extract layer sha256:1: x",
        ];
        for words in node {
            assert!(is_meant(words), "{words}");
        }
        let app = [
            "exec: \"/app/x\": stat /app/x: no such file or directory",
            "exec: \"server\": executable file not found in $PATH",
            "exec /app/x: exec format error",
            "exec: \"/app/x\": permission denied",
            "error during container init: error mounting \"/etc/x\" to rootfs at \"/app/x\": read-only file system",
            "container init was OOM-killed (memory limit too low?)",
            "container has runAsNonRoot and image will run as root",
            "failed to generate container spec: no command specified",
            "configmap \"checkout\" not found",
            "unable to find user app: no matching entries in passwd file",
            "failed to sync with the stars",
            "",
        ];
        for words in app {
            assert!(!is_meant(words), "{words}");
        }
    }
}
