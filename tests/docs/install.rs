//! install.sh, executed as users do: against a host on loopback that serves a release well, badly, or something else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use super::release_host::{Answer, BINARY, Host, VERSION, files, files_of, name, packaging, release, script, targets};

const LINUX: &str = "x86_64-unknown-linux-musl";

/// A machine: where it installs to, and what is on its PATH.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    /// It has another crashgate already.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "tools", "home"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("bin/crashgate"), "the one before").unwrap();
        let machine = Self { folder };
        machine.is("Linux", "x86_64");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `uname` says here.
    fn is(&self, system: &str, machine: &str) {
        let body = format!("case $1 in -s) echo '{system}' ;; -m) echo '{machine}' ;; esac");
        script(&self.path("tools/uname"), &body);
    }

    /// Only these tools are there.
    fn only(&self, tools: &[&str]) -> String {
        let folder = self.path("only");
        fs::create_dir(&folder).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        for tool in tools {
            let mut found = std::env::split_paths(&path).map(|folder| folder.join(tool));
            let found = found.find(|path| path.exists()).unwrap_or_else(|| panic!("{tool} is not there"));
            std::os::unix::fs::symlink(found, folder.join(tool)).unwrap();
        }
        format!("{}:{}", self.path("tools").display(), folder.display())
    }

    fn command(&self, host: &Host, arguments: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.arg("install.sh").arg("--to").arg(self.path("bin")).args(arguments);
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(name);
        }
        let path = format!("{}:{}", self.path("tools").display(), std::env::var("PATH").unwrap());
        command.env("CRASHGATE_RELEASES", host.releases()).env("PATH", path).env("HOME", self.path("home"));
        command.stdin(Stdio::null());
        command
    }

    fn install(&self, host: &Host, arguments: &[&str]) -> (bool, String) {
        told(&self.command(host, arguments).output().unwrap())
    }

    /// What the installed program says of its version.
    fn installed(&self) -> String {
        let output = Command::new(self.path("bin/crashgate")).arg("--version").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Nothing came, and nothing that was there is gone.
    fn is_untouched(&self) {
        assert_eq!(fs::read_to_string(self.path("bin/crashgate")).unwrap(), "the one before");
        assert_eq!(self.left(), ["crashgate"]);
    }

    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("bin")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Whether it ended well, and what it said.
fn told(output: &Output) -> (bool, String) {
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

fn place(file: &str) -> String {
    format!("/releases/download/v{VERSION}/{file}")
}

fn archive(target: &str) -> String {
    name(target) + ".tar.gz"
}

fn bytes(file: &str) -> Vec<u8> {
    fs::read(release().join(file)).unwrap()
}

fn sum(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// A release whose archive for Linux holds this program, with a checksum that is right.
fn release_with(program: &str) -> BTreeMap<String, Answer> {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join(name(LINUX));
    fs::create_dir(&inner).unwrap();
    script(&inner.join("crashgate"), program);
    let packed = folder.path().join(archive(LINUX));
    let tar = Command::new("tar").arg("-czf").arg(&packed).arg("-C").arg(folder.path()).arg(name(LINUX)).status();
    assert!(tar.unwrap().success());
    let sums = format!("{}  {}\n", sum(&packed), archive(LINUX));
    let mut files = files();
    files.insert(place(&archive(LINUX)), Answer::Whole(fs::read(&packed).unwrap()));
    files.insert(place("SHA256SUMS"), Answer::Whole(sums.into_bytes()));
    files
}

#[test]
fn a_release_is_downloaded_verified_and_put_in_place_of_the_one_before() {
    let (machine, host) = (Machine::new(), Host::serve(files()));
    let (done, said) = machine.install(&host, &[]);
    assert!(done, "{said}");
    assert_eq!(machine.installed(), format!("crashgate {VERSION}\n"));
    assert_eq!(machine.left(), ["crashgate"], "nothing else is left");
    assert_eq!(host.asked(), ["SHA256SUMS".to_owned(), archive(LINUX)], "and nothing else is fetched");
    assert!(said.contains(&format!("crashgate {VERSION} is installed: ")), "{said}");
    assert!(said.contains("is not on your PATH yet: export PATH="), "{said}");
}

#[test]
fn every_released_platform_gets_its_own_archive_and_any_other_is_told_how_to_build_one() {
    let mut served = Vec::new();
    for (system, machine_name, target) in [
        ("Linux", "x86_64", LINUX),
        ("Linux", "aarch64", "aarch64-unknown-linux-musl"),
        ("Linux", "arm64", "aarch64-unknown-linux-musl"),
        ("Darwin", "x86_64", "x86_64-apple-darwin"),
        ("Darwin", "arm64", "aarch64-apple-darwin"),
        ("MINGW64_NT-10.0-20348", "x86_64", "x86_64-pc-windows-msvc"),
    ] {
        let (machine, host) = (Machine::new(), Host::serve(files()));
        machine.is(system, machine_name);
        let (done, said) = machine.install(&host, &[]);
        assert!(done, "{system} {machine_name}: {said}");
        assert_eq!(host.asked()[1], archive(target));
        let program = if target.contains("windows") { "crashgate.exe" } else { "crashgate" };
        assert!(machine.left().contains(&program.to_owned()), "{:?}", machine.left());
        served.push(target.to_owned());
    }
    for (system, machine_name) in
        [("FreeBSD", "amd64"), ("Linux", "riscv64"), ("Linux", "i686"), ("MINGW64_NT-10.0", "aarch64"), ("", "")]
    {
        let (machine, host) = (Machine::new(), Host::serve(files()));
        machine.is(system, machine_name);
        let (done, said) = machine.install(&host, &[]);
        assert!(!done && said.contains(&format!("no release for {system} on {machine_name}")), "{said}");
        assert!(said.contains("cargo install --locked --git "), "{said}");
        machine.is_untouched();
        assert!(host.asked().is_empty());
    }
    served.dedup();
    assert_eq!(served, targets());
}

#[test]
fn whatever_is_not_what_the_release_says_is_refused_and_nothing_is_changed() {
    let sums = || String::from_utf8(bytes("SHA256SUMS")).unwrap();
    let line = |sums: &str| sums.lines().find(|line| line.ends_with(&archive(LINUX))).unwrap().to_owned();
    let mut tampered = bytes(&archive(LINUX));
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    let other = sums().replace(&line(&sums()), &format!("{}  {}", "0".repeat(64), archive(LINUX)));
    let without = sums().replace(&(line(&sums()) + "\n"), "");
    let twice = format!("{}{}\n", sums(), line(&sums()));
    let no_sum = sums().replace(&line(&sums()), &format!("none  {}", archive(LINUX)));
    let is_not = "is not what the release says";
    let no_checksum = "SHA256SUMS of release v0.1.0 has no checksum for";
    let whole = |text: String| Some(Answer::Whole(text.into_bytes()));
    for (what, file, answer, said_of_it) in [
        ("a tampered archive", archive(LINUX), Some(Answer::Whole(tampered)), is_not),
        ("another archive", archive(LINUX), Some(Answer::Whole(bytes(&archive("x86_64-apple-darwin")))), is_not),
        ("a login page", archive(LINUX), whole("<html>Log in</html>".to_owned()), is_not),
        ("a tampered checksum", "SHA256SUMS".to_owned(), whole(other), is_not),
        ("a checksum that is missing", "SHA256SUMS".to_owned(), whole(without), no_checksum),
        ("two checksums", "SHA256SUMS".to_owned(), whole(twice), no_checksum),
        ("no checksum at all", "SHA256SUMS".to_owned(), whole(no_sum), no_checksum),
        ("an empty file of checksums", "SHA256SUMS".to_owned(), whole(String::new()), no_checksum),
        ("no file of checksums", "SHA256SUMS".to_owned(), None, "could not be downloaded"),
        ("no archive", archive(LINUX), None, "could not be downloaded"),
        ("half an archive", archive(LINUX), Some(Answer::Half(bytes(&archive(LINUX)))), "could not be downloaded"),
        ("half of the checksums", "SHA256SUMS".to_owned(), Some(Answer::Half(bytes("SHA256SUMS"))), "could not be"),
    ] {
        let mut files = files();
        match answer {
            Some(answer) => files.insert(place(&file), answer),
            None => files.remove(&place(&file)),
        };
        for tool in ["curl", "wget"] {
            let (machine, host) = (Machine::new(), Host::serve(files.clone()));
            let path = machine.only(&[TOOLS, &[tool]].concat());
            let (done, said) = told(&machine.command(&host, &[]).env("PATH", path).output().unwrap());
            assert!(!done && said.contains(said_of_it), "{what}, {tool}: {said}");
            let advice = said.lines().last().unwrap();
            assert!(advice.starts_with("  ") && advice.ends_with(['.', '?']), "{what}: {said}");
            machine.is_untouched();
        }
    }
}

/// What install.sh needs beside something to download with.
const TOOLS: &[&str] =
    &["awk", "cat", "chmod", "cut", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "sh", "sha256sum", "tar", "tr"];

#[test]
fn wget_does_where_curl_is_missing_and_whatever_else_is_missing_is_named() {
    for (tools, missing) in
        [(vec!["curl"], None), (vec!["wget"], None), (vec![], Some("neither curl nor wget is installed"))]
    {
        let (machine, host) = (Machine::new(), Host::serve(files()));
        let path = machine.only(&[TOOLS, &tools].concat());
        for arguments in [&[][..], &["--version", "latest"]] {
            let (done, said) = told(&machine.command(&host, arguments).env("PATH", &path).output().unwrap());
            assert_eq!(done, missing.is_none(), "{tools:?}: {said}");
            assert!(missing.is_none_or(|missing| said.contains(missing)), "{said}");
        }
        match missing {
            Some(_) => machine.is_untouched(),
            None => assert_eq!(machine.installed(), format!("crashgate {VERSION}\n")),
        }
    }
    let (machine, host) = (Machine::new(), Host::serve(files()));
    let tools: Vec<&str> = TOOLS.iter().copied().filter(|tool| *tool != "sha256sum").chain(["curl"]).collect();
    let path = machine.only(&tools);
    let (done, said) = told(&machine.command(&host, &[]).env("PATH", &path).output().unwrap());
    assert!(!done && said.contains("so the download cannot be verified"), "{said}");
    machine.is_untouched();
    assert!(host.asked().is_empty(), "what cannot be verified is not fetched");
}

#[test]
fn a_binary_that_does_not_run_or_is_another_version_is_not_put_in_place() {
    for (program, said_of_it) in [
        ("exit 1", "does not run on this machine"),
        ("exec /nonexistent/loader", "does not run on this machine"),
        ("echo crashgate 9.9.9", "says that it is `crashgate 9.9.9`"),
    ] {
        let (machine, host) = (Machine::new(), Host::serve(release_with(program)));
        let (done, said) = machine.install(&host, &[]);
        assert!(!done && said.contains(said_of_it), "{said}");
        machine.is_untouched();
    }
}

#[test]
fn the_version_is_the_installers_own_or_the_one_that_is_asked_for_or_the_latest() {
    let host = Host::serve(files());
    for arguments in [&[][..], &["--version", VERSION], &["--version", "v0.1.0"], &["--version", "latest"]] {
        let machine = Machine::new();
        let (done, said) = machine.install(&host, arguments);
        assert!(done, "{arguments:?}: {said}");
        assert_eq!(machine.installed(), format!("crashgate {VERSION}\n"));
    }
    let (machine, before) = (Machine::new(), host.asked().len());
    for (version, said_of_it) in [
        ("9.9.9", "could not be downloaded"),
        ("../../x", "is no version"),
        ("newest", "is no version"),
        ("", "--version needs a value"),
    ] {
        let (done, said) = machine.install(&host, &["--version", version]);
        assert!(!done && said.contains(said_of_it), "{version}: {said}");
        machine.is_untouched();
    }
    assert_eq!(host.asked().len(), before + 1, "what is no version is not asked for");
    let mut none = files();
    none.insert(place("SHA256SUMS"), Answer::Whole(b"0  other.tar.gz\n".to_vec()));
    let (done, said) = machine.install(&Host::serve(none), &["--version", "latest"]);
    assert!(!done && said.contains(&format!("has no archive for {LINUX}")), "{said}");
    machine.is_untouched();
}

#[test]
fn a_checksum_of_the_users_own_must_hold_as_well() {
    let host = Host::serve(files());
    let right = sum(&release().join(archive(LINUX)));
    for (pinned, version, is_right) in [
        (right.clone(), VERSION, true),
        (right.to_uppercase(), VERSION, true),
        ("0".repeat(64), VERSION, false),
        (right[..63].to_owned(), VERSION, false),
        (right, "latest", false),
    ] {
        let machine = Machine::new();
        let (done, said) = machine.install(&host, &["--version", version, "--sha256", &pinned]);
        assert_eq!(done, is_right, "{pinned}: {said}");
        if !is_right {
            machine.is_untouched();
        }
    }
}

#[test]
fn an_address_without_encryption_needs_a_checksum_of_the_users_own_but_for_loopback() {
    let (machine, host) = (Machine::new(), Host::serve(files()));
    // Nobody is asked: no such host can be.
    for address in ["http://releases.invalid/releases", "http://127.0.0.1:80@releases.invalid/releases"] {
        let (done, said) = machine.install(&host, &["--releases", address]);
        assert!(!done && said.contains("is not encrypted, so a checksum from there proves nothing"), "{said}");
        let (done, said) = machine.install(&host, &["--releases", address, "--sha256", &"0".repeat(64)]);
        assert!(!done && said.contains("could not be downloaded"), "{said}");
    }
    for address in ["ftp://releases.invalid", "releases.invalid", "file:///releases"] {
        let (done, said) = machine.install(&host, &["--releases", address]);
        assert!(!done && said.contains("is no address of releases"), "{said}");
    }
    machine.is_untouched();
}

#[test]
fn a_folder_that_cannot_be_made_or_written_to_is_named() {
    let (machine, host) = (Machine::new(), Host::serve(files()));
    fs::write(machine.path("file"), "").unwrap();
    // Not even root writes to /proc.
    for (folder, said_of_it) in [
        (machine.path("file/bin").display().to_string(), "cannot be made"),
        ("/proc/crashgate".to_owned(), "cannot be made"),
        ("/proc".to_owned(), "cannot be written to"),
    ] {
        let (done, said) = machine.install(&host, &["--to", &folder]);
        assert!(!done && said.contains(&format!("the folder {folder} {said_of_it}")), "{said}");
        assert!(said.contains("Choose another one with --to FOLDER."), "{said}");
    }
    let (done, said) = told(&machine.command(&host, &["--to", "/.local/bin"]).env_remove("HOME").output().unwrap());
    assert!(!done && said.contains("HOME is not set"), "{said}");
    assert!(host.asked().is_empty());
    machine.is_untouched();
    // A new one is made, and found if it is on the PATH.
    let new = machine.path("new/bin");
    let path = format!("{}:{}", std::env::var("PATH").unwrap(), new.display());
    let mut command = machine.command(&host, &["--to", new.to_str().unwrap()]);
    let (done, said) = told(&command.env("PATH", path).output().unwrap());
    assert!(done && new.join("crashgate").exists() && !said.contains("not on your PATH"), "{said}");
}

#[test]
fn provenance_is_verified_where_it_is_asked_for_and_its_absence_is_no_yes() {
    let host = Host::serve(files());
    for (gh, expected) in [
        (Some("exit 0"), "attested"),
        (Some("echo no attestations found >&2; exit 1"), "there is no proof that the workflow of crashgate/crashgate"),
        (None, "--attestation needs gh"),
    ] {
        let machine = Machine::new();
        let path = machine.only(&[TOOLS, &["curl"]].concat());
        let asked = machine.path("asked");
        if let Some(gh) = gh {
            script(&machine.path("tools/gh"), &format!("echo \"$@\" > '{}'\n{gh}", asked.display()));
        }
        let (done, said) = told(&machine.command(&host, &["--attestation"]).env("PATH", path).output().unwrap());
        assert_eq!(done, gh == Some("exit 0"), "{said}");
        assert!(said.contains(expected), "{said}");
        if gh.is_some() {
            let asked = fs::read_to_string(asked).unwrap();
            assert!(asked.starts_with("attestation verify ") && asked.contains(&archive(LINUX)), "{asked}");
            assert!(asked.ends_with(" --repo crashgate/crashgate\n"), "{asked}");
        }
        if !done {
            machine.is_untouched();
        }
    }
}

#[test]
fn an_install_that_is_ended_half_way_leaves_nothing_behind() {
    let mut files = files();
    files.insert(place(&archive(LINUX)), Answer::Stalled(bytes(&archive(LINUX))));
    let (machine, host) = (Machine::new(), Host::serve(files));
    let mut command = machine.command(&host, &[]);
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while host.asked().len() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "it downloads");
        std::thread::yield_now();
    }
    // As a CI system ends a job: all of its processes.
    let ended = Command::new("kill").args(["-TERM", "--", &format!("-{}", child.id())]).status().unwrap();
    assert!(ended.success());
    assert!(!child.wait().unwrap().success());
    machine.is_untouched();
}

#[test]
fn help_is_given_and_an_option_that_is_none_is_named() {
    let (machine, host) = (Machine::new(), Host::serve(files()));
    let (done, said) = machine.install(&host, &["--help"]);
    assert!(done, "{said}");
    let script = fs::read_to_string("install.sh").unwrap();
    for option in ["--version", "--to", "--releases", "--sha256", "--attestation"] {
        assert!(said.contains(&format!("  {option} ")) && script.lines().nth(4).unwrap().contains(option), "{said}");
    }
    for arguments in [&["--bogus"][..], &["extra"], &["--to"]] {
        let (done, said) = machine.install(&host, arguments);
        assert!(!done && said.contains("See `sh install.sh --help`."), "{said}");
    }
    machine.is_untouched();
    assert!(Path::new(BINARY).exists() && host.asked().is_empty());
}

/// The blocks of a page for a shell, where the host that stands for the release page is this one.
fn shell_blocks(page: &str, host: &Host) -> Vec<String> {
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```shell\n").skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned());
    let releases = format!("{}/releases", env!("CARGO_PKG_REPOSITORY"));
    blocks.map(|block| block.replace(&releases, &host.releases())).collect()
}

#[test]
fn what_the_pages_say_on_installing_is_what_happens() {
    let host = Host::serve(files());
    let blocks = ["README.md", "docs/install.md"].map(|page| shell_blocks(page, &host));
    assert_eq!(blocks[1].len(), 2);
    for block in blocks.iter().flatten() {
        assert!(block.contains(&host.releases()), "{block}");
        let machine = Machine::new();
        let mut command = Command::new("sh");
        command.args(["-ec", block]).current_dir(machine.path("home")).env("HOME", machine.path("home"));
        command.env("CRASHGATE_RELEASES", host.releases()).env_remove("http_proxy").env_remove("HTTP_PROXY");
        let (done, said) = told(&command.output().unwrap());
        assert!(done, "{block}: {said}");
        assert!(said.contains(&format!("crashgate {VERSION}")), "{said}");
    }
    // The second one verifies: with another archive it ends before anything is unpacked.
    let mut tampered = files();
    tampered.insert(place(&archive(LINUX)), Answer::Whole(bytes(&archive("x86_64-apple-darwin"))));
    let host = Host::serve(tampered);
    let folder = tempfile::tempdir().unwrap();
    let block = shell_blocks("docs/install.md", &host).remove(1);
    let (done, said) = told(&Command::new("sh").args(["-ec", &block]).current_dir(folder.path()).output().unwrap());
    assert!(!done && said.contains("FAILED"), "{said}");
    assert!(!folder.path().join(name(LINUX)).exists());
}

#[test]
fn the_page_names_every_file_of_a_release_every_target_and_every_option() {
    let page = fs::read_to_string("docs/install.md").unwrap();
    for target in targets() {
        assert!(page.contains(&format!("`{target}`")), "{target}");
    }
    for entry in fs::read_dir(release()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let general = file.replace(&format!("v{VERSION}"), "vVERSION").replace(VERSION, "VERSION");
        let general = targets().iter().fold(general, |name, target| name.replace(target, "TARGET"));
        let general = general.replace("amd64.deb", "ARCHITECTURE.deb").replace("arm64.deb", "ARCHITECTURE.deb");
        assert!(page.contains(&format!("`{general}`")), "{general}");
    }
    let help = Command::new("sh").args(["install.sh", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for option in help.lines().filter_map(|line| line.strip_prefix("  --")) {
        let option = option.split_whitespace().next().unwrap();
        assert!(page.contains(&format!("`--{option}")), "--{option}");
    }
}

/// A job of a pipeline from nothing to its verdict, with the time that each step takes. `CRASHGATE_STOPWATCH` names the
/// program that is released, such as a build of packaging/build.sh, and has the times told.
#[test]
fn a_job_of_a_pipeline_downloads_verifies_installs_and_gates_by_the_stopwatch() {
    let program = std::env::var_os("CRASHGATE_STOPWATCH").map(PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let files = match &program {
        None => files(),
        Some(program) => {
            let (from, out) = (folder.path().join("binaries"), folder.path().join("out"));
            for target in targets() {
                fs::create_dir_all(from.join(&target)).unwrap();
                let ending = if target.contains("windows") { ".exe" } else { "" };
                fs::copy(program, from.join(&target).join(format!("crashgate{ending}"))).unwrap();
            }
            let (made, _, said) = packaging("release.sh", &[&from, &out]);
            assert!(made, "{said}");
            files_of(&out)
        }
    };
    let mut log = String::new();
    let mut timed = |what: &str, command: &mut Command, expected: i32| {
        let began = Instant::now();
        let output = command.output().unwrap();
        let seconds = began.elapsed().as_secs_f64();
        std::fmt::Write::write_fmt(&mut log, format_args!("{seconds:7.2} s  exit code {expected}  {what}\n")).unwrap();
        let (_, said) = told(&output);
        assert_eq!(output.status.code(), Some(expected), "{what}: {said}");
        said
    };

    let (machine, host) = (Machine::new(), Host::serve(files.clone()));
    let (bin, home) = (machine.path("bin"), machine.path("home"));
    let address = format!("{}/download/v{VERSION}/install.sh", host.releases());
    let sh = |script: &str| {
        let mut command = machine.command(&host, &[]);
        let mut shell = Command::new("sh");
        shell.args(["-ec", script]).current_dir(&home);
        for (name, value) in command.env("NO_PROXY", "127.0.0.1").get_envs() {
            value.map(|value| shell.env(name, value));
        }
        shell
    };
    timed("download install.sh", &mut sh(&format!("curl -fsSLO '{address}'")), 0);
    let checksum = sum(Path::new("install.sh"));
    timed("verify install.sh", &mut sh(&format!("echo '{checksum}  install.sh' | sha256sum -c")), 0);
    let install = format!("sh install.sh --to '{}'", bin.display());
    timed("download, verify, try and install crashgate", &mut sh(&install), 0);
    let gate = |recording: &str, app: &str| {
        let mut command = Command::new(bin.join("crashgate"));
        command.args(["check", "--app", app, "--version", "v1", "--namespace", &format!("rec-{recording}")]);
        command.args(["--delay", "1s", "--stable-for", "5s", "--rehearse"]);
        command.arg(format!("tests/recordings/{recording}.ndjson")).stdin(Stdio::null());
        command
    };
    let said =
        timed("gate a version that crashes (a recording, in its own time)", &mut gate("crash-loop", "payments"), 1);
    assert!(said.contains("CrashLoop"), "{said}");
    let said = timed("gate a healthy version (a recording, in its own time)", &mut gate("healthy", "checkout"), 0);
    assert!(said.contains("HEALTHY"), "{said}");

    let mut tampered = files;
    let Some(Answer::Whole(bytes)) = tampered.get_mut(&place(&archive(LINUX))) else { panic!("the archive is there") };
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let (machine, host) = (Machine::new(), Host::serve(tampered));
    let said = timed("refuse an archive with one bit flipped", &mut machine.command(&host, &[]), 1);
    assert!(said.contains("is not what the release says"), "{said}");
    machine.is_untouched();
    if program.is_some() {
        std::io::Write::write_all(&mut std::io::stderr(), format!("\n{log}").as_bytes()).unwrap();
    }
}
