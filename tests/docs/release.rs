//! What a release consists of: its files, their names and checksums, and what package managers and the workflow make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::release_host::{BINARY, VERSION, binaries, name, packaging, release, script, targets};

/// The SHA-256 checksum of a file of the release.
fn sum(file: &str) -> String {
    let output = Command::new("sha256sum").arg(release().join(file)).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// What is in an archive: mode, owner and path of each file.
fn listed(archive: &Path) -> BTreeMap<String, String> {
    let output = Command::new("tar").arg("-tvzf").arg(archive).output().unwrap();
    assert!(output.status.success(), "{}", archive.display());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[5].to_owned(), format!("{} {}", words[0], words[1]))
        })
        .collect()
}

fn file_names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn repository() -> &'static str {
    env!("CARGO_PKG_REPOSITORY")
}

#[test]
fn a_release_has_an_archive_for_every_target_and_a_checksum_for_every_file() {
    let mut expected: BTreeSet<String> = targets().iter().map(|target| name(target) + ".tar.gz").collect();
    expected.extend(["SHA256SUMS", "install.sh", "krew.yaml", "crashgate.rb"].map(str::to_owned));
    expected.extend(["amd64", "arm64"].map(|architecture| format!("crashgate_{VERSION}_{architecture}.deb")));
    assert_eq!(file_names(release()), expected);
    let sums = fs::read_to_string(release().join("SHA256SUMS")).unwrap();
    let summed: BTreeSet<String> = sums.lines().map(|line| line.split_once("  ").unwrap().1.to_owned()).collect();
    expected.remove("SHA256SUMS");
    assert_eq!(summed, expected);
    let verified =
        Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(release()).output();
    assert!(verified.unwrap().status.success());
    assert_eq!(fs::read("install.sh").unwrap(), fs::read(release().join("install.sh")).unwrap());
}

#[test]
fn an_archive_holds_the_program_its_pages_completions_and_licences_in_one_folder_and_belongs_to_nobody() {
    for target in targets() {
        let folder = name(&target);
        let files = listed(&release().join(format!("{folder}.tar.gz")));
        let program = if target.contains("windows") { "crashgate.exe" } else { "crashgate" };
        for file in [
            program,
            "README.md",
            "CHANGELOG.md",
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "man/crashgate.1",
            "man/crashgate-check.1",
            "completions/crashgate.bash",
            "completions/_crashgate",
            "completions/crashgate.fish",
        ] {
            let mode = if file == program { "-rwxr-xr-x 0/0" } else { "-rw-r--r-- 0/0" };
            assert_eq!(files.get(&format!("{folder}/{file}")).map(String::as_str), Some(mode), "{target}: {file}");
        }
        assert!(files.keys().all(|path| path.starts_with(&format!("{folder}/"))), "{files:?}");
        assert!(files.values().all(|owner| owner.ends_with(" 0/0")), "{files:?}");
    }
}

#[test]
fn the_same_binaries_make_the_same_release_wherever_and_whenever_it_is_packed() {
    let folder = tempfile::tempdir().unwrap();
    let (from, out) = (folder.path().join("somewhere else"), folder.path().join("out of it"));
    binaries(&from);
    let mask = "umask 077; exec packaging/release.sh \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", mask, "sh"]).args([&from, &out]).env("SOURCE_DATE_EPOCH", "1750000000");
    let made = command.env("TZ", "Asia/Tokyo").env("LC_ALL", "C.UTF-8").env_remove("GITHUB_REPOSITORY").output();
    assert!(made.unwrap().status.success());
    let sums = |folder: &Path| fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    assert_eq!(sums(&out), sums(release()));
}

#[test]
fn a_release_with_a_binary_that_is_missing_or_of_another_version_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    binaries(folder.path());
    let out = folder.path().join("out");
    let native = folder.path().join("x86_64-unknown-linux-musl/crashgate");
    script(&native, "echo crashgate 0.0.9");
    let (made, _, said) = packaging("release.sh", &[folder.path(), &out]);
    assert!(!made && said.contains("the binary says `crashgate 0.0.9`, not `crashgate"), "{said}");
    binaries(folder.path());
    fs::remove_file(folder.path().join("aarch64-apple-darwin/crashgate")).unwrap();
    let (made, _, said) = packaging("release.sh", &[folder.path(), &out]);
    assert!(!made && said.contains("aarch64-apple-darwin/crashgate"), "{said}");
    assert!(!out.join("SHA256SUMS").exists(), "what is not whole has no checksums");
    let (made, _, said) =
        packaging("archive.sh", &[&native, Path::new("riscv64-unknown-linux-musl"), folder.path(), &out]);
    assert!(!made && said.contains("riscv64-unknown-linux-musl is not in packaging/targets"), "{said}");
}

/// The files of this repository that packaging/version.sh reads, in a folder, with a change.
fn elsewhere(change: impl Fn(&str, String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("packaging")).unwrap();
    for file in ["Cargo.toml", "CHANGELOG.md", "packaging/version.sh"] {
        let text = change(file, fs::read_to_string(file).unwrap());
        fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

fn version(folder: &Path, tag: Option<&str>, here: Option<(&str, &str)>) -> (bool, String) {
    let mut command = Command::new("sh");
    command.arg(folder.join("packaging/version.sh")).args(tag);
    command.env_remove("GITHUB_REPOSITORY").env_remove("GITHUB_SERVER_URL");
    if let Some((server, repository)) = here {
        command.env("GITHUB_SERVER_URL", server).env("GITHUB_REPOSITORY", repository);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), text)
}

#[test]
fn a_tag_must_be_the_version_that_the_changelog_tells_of_in_the_repository_that_is_named() {
    let tag = format!("v{VERSION}");
    let heading = format!("# Changelog\n\n## {VERSION}\n\nThe first one.\n");
    let ready = elsewhere(|file, text| if file == "CHANGELOG.md" { heading.clone() } else { text });
    assert_eq!(version(ready.path(), None, None), (true, format!("{VERSION}\n")));
    let (server, project) = repository().split_at(repository().find("/crashgate").unwrap());
    let home = Some((server, &project[1..]));
    assert_eq!(version(ready.path(), Some(&tag), home), (true, format!("{VERSION}\n")));
    for (tag, here, said_of_it) in [
        ("v9.9.9", home, "the tag is v9.9.9, but Cargo.toml says"),
        (VERSION, home, "the tag is"),
        ("v0.1.0-rc.1", home, "the tag is"),
        (tag.as_str(), Some((server, "somebody/else")), "set it, run `UPDATE_PAGES=1 cargo test release`"),
    ] {
        let (holds, said) = version(ready.path(), Some(tag), here);
        assert!(!holds && said.contains(said_of_it), "{tag}: {said}");
    }
    for unready in ["## Unreleased\n", "## 0.1.00\n", "# 0.1.0\n"] {
        let unready = elsewhere(|file, text| if file == "CHANGELOG.md" { unready.to_owned() } else { text });
        let (holds, said) = version(unready.path(), Some(&tag), home);
        assert!(!holds && said.contains("CHANGELOG.md has no section"), "{said}");
    }
    // Versions of dependencies are none of the program's.
    let none = elsewhere(|_, text| text.replace(&format!("version = \"{VERSION}\"\n"), ""));
    let (holds, said) = version(none.path(), None, None);
    assert!(!holds && said.contains("Cargo.toml has no version"), "{said}");
}

#[test]
fn a_template_with_something_that_cannot_be_filled_in_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template");
    for (text, filled) in [
        ("version @VERSION@ of @REPOSITORY@", Some(format!("version {VERSION} of {}\n", repository()))),
        ("@SHA256:install.sh@ @SHA256:install.sh@", Some(format!("{0} {0}\n", sum("install.sh")))),
        ("@SHA256:nothing.tar.gz@", None),
        ("@VERSON@", None),
        ("@SHA512:install.sh@", None),
    ] {
        fs::write(&template, text).unwrap();
        let (done, out, said) = packaging("fill-in.sh", &[&template, release()]);
        assert_eq!(done.then_some(out), filled, "{said}");
    }
}

/// What krew knows of a plugin's manifest.
mod krew {
    use super::{BTreeMap, Deserialize};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub struct Plugin {
        pub api_version: String,
        pub kind: String,
        pub metadata: BTreeMap<String, String>,
        pub spec: Spec,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub struct Spec {
        pub version: String,
        pub homepage: String,
        pub short_description: String,
        pub description: String,
        pub caveats: String,
        pub platforms: Vec<Platform>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Platform {
        pub selector: BTreeMap<String, BTreeMap<String, String>>,
        pub uri: String,
        pub sha256: String,
        pub files: Vec<BTreeMap<String, String>>,
        pub bin: String,
    }
}

#[test]
fn krew_gets_the_archive_of_every_platform_with_its_checksum_and_what_it_takes_out_of_it() {
    let plugin: krew::Plugin = serde_yaml::from_str(&fs::read_to_string(release().join("krew.yaml")).unwrap()).unwrap();
    assert_eq!(
        (plugin.api_version.as_str(), plugin.kind.as_str()),
        ("krew.googlecontainertools.github.com/v1alpha2", "Plugin")
    );
    assert_eq!((plugin.metadata["name"].as_str(), plugin.spec.version), ("crashgate", format!("v{VERSION}")));
    assert_eq!(plugin.spec.homepage, repository());
    assert!(plugin.spec.short_description.len() <= 50, "as the index of krew asks for");
    assert!(plugin.spec.description.contains("kubectl crashgate check ") && !plugin.spec.caveats.is_empty());
    let mut seen = Vec::new();
    for platform in &plugin.spec.platforms {
        let (folder, archive) = platform.uri.rsplit_once('/').unwrap();
        assert_eq!(folder, format!("{}/releases/download/v{VERSION}", repository()));
        assert_eq!(platform.sha256, sum(archive), "{archive}");
        let target = archive.strip_prefix(&format!("crashgate-v{VERSION}-")).unwrap().strip_suffix(".tar.gz").unwrap();
        let labels = &platform.selector["matchLabels"];
        let (system, machine) = (labels["os"].as_str(), labels["arch"].as_str());
        assert!(target.contains(&system.replace("windows", "pc-windows")), "{target}: {system}");
        assert!(target.starts_with(if machine == "amd64" { "x86_64-" } else { "aarch64-" }), "{target}: {machine}");
        let files = listed(&release().join(archive));
        for file in &platform.files {
            assert_eq!(file["to"], ".");
            let end = file["from"].strip_prefix("*/").unwrap();
            let fits = |path: &&String| match end.strip_suffix('*') {
                Some(start) => path.split_once('/').unwrap().1.starts_with(start),
                None => path.split_once('/').unwrap().1 == end,
            };
            assert!(files.keys().any(|path| fits(&path)), "{end} is not in {archive}");
        }
        assert!(platform.files.iter().any(|file| file["from"] == format!("*/{}", platform.bin)));
        seen.push(target.to_owned());
    }
    assert_eq!(seen, targets());
}

#[test]
fn as_a_plugin_of_kubectl_it_calls_itself_so_in_every_usage_line() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("kubectl-crashgate");
    std::os::unix::fs::symlink(BINARY, &plugin).unwrap();
    let say = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).env_remove("GITHUB_ACTIONS").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), said)
    };
    for (arguments, code, usage) in [
        (&["--help"][..], 0, "Usage: kubectl crashgate "),
        (&["check", "--help"], 0, "Usage: kubectl crashgate check [OPTIONS]"),
        (&["explain", "--help"], 0, "Usage: kubectl crashgate explain "),
        (&["check", "--bogus"], 2, "Usage: kubectl crashgate check "),
        (&[], 2, "Usage: kubectl crashgate "),
    ] {
        let (ended, said) = say(&plugin, arguments);
        assert_eq!(ended, code, "{said}");
        assert!(said.contains(usage), "{said}");
        let (ended, said) = say(Path::new(BINARY), arguments);
        assert_eq!(ended, code, "{said}");
        assert!(said.contains(&usage.replace("kubectl ", "")), "{said}");
    }
    assert_eq!(say(&plugin, &["--version"]), (0, format!("crashgate {VERSION}\n")));
    let gate = "manifests/rehearsal.yaml";
    let (ended, said) = say(&plugin, &["replay", "tests/recordings/crash-loop.ndjson", "-f", gate]);
    assert!(ended == 1 && said.contains("CrashLoop"), "{said}");
}

#[test]
fn the_formula_for_homebrew_has_the_checksum_of_each_archive_and_installs_what_is_in_it() {
    let formula = fs::read_to_string(release().join("crashgate.rb")).unwrap();
    let quoted = |word: &str| -> Vec<String> {
        let lines = formula.lines().filter_map(|line| line.trim().strip_prefix(&format!("{word} \"")));
        lines.map(|line| line.trim_end_matches('"').to_owned()).collect()
    };
    assert_eq!((quoted("version"), quoted("homepage")), (vec![VERSION.to_owned()], vec![repository().to_owned()]));
    let (addresses, sums) = (quoted("url"), quoted("sha256"));
    assert_eq!((addresses.len(), sums.len()), (4, 4), "all but Windows");
    let mut archive = String::new();
    for (address, expected) in addresses.iter().zip(sums) {
        archive = address.rsplit_once('/').unwrap().1.to_owned();
        assert!(address.starts_with(&format!("{}/releases/download/v{VERSION}/", repository())), "{address}");
        assert_eq!(expected, sum(&archive));
    }
    let files = listed(&release().join(&archive));
    for path in ["crashgate", "completions/crashgate.bash", "completions/_crashgate", "completions/crashgate.fish"] {
        assert!(formula.contains(&format!(".install \"{path}\"")), "{path}");
        assert!(files.keys().any(|file| file.ends_with(&format!("/{path}"))), "{path}");
    }
    // It opens as often as it ends.
    let opened = formula.lines().filter(|line| {
        let line = line.trim();
        line.ends_with(" do") || line.starts_with("def ") || line.starts_with("class ")
    });
    assert_eq!(opened.count(), formula.lines().filter(|line| line.trim() == "end").count());
}

#[test]
fn a_debian_package_has_its_three_parts_and_every_file_where_debian_looks() {
    for (architecture, target) in [("amd64", "x86_64-unknown-linux-musl"), ("arm64", "aarch64-unknown-linux-musl")] {
        let package = release().join(format!("crashgate_{VERSION}_{architecture}.deb"));
        let folder = tempfile::tempdir().unwrap();
        let ar = |arguments: &[&str]| {
            let output = Command::new("ar").args(arguments).arg(&package).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(ar(&["t"]), "debian-binary\ncontrol.tar.gz\ndata.tar.gz\n", "in this order, says the format");
        ar(&["x"]);
        assert_eq!(fs::read_to_string(folder.path().join("debian-binary")).unwrap(), "2.0\n");
        let mut tar = Command::new("tar");
        let control = tar.args(["-xzOf", "control.tar.gz", "./control"]).current_dir(folder.path()).output().unwrap();
        let control = String::from_utf8(control.stdout).unwrap();
        for (field, value) in
            [("Package", "crashgate"), ("Version", VERSION), ("Architecture", architecture), ("Homepage", repository())]
        {
            assert!(control.lines().any(|line| line == format!("{field}: {value}")), "{control}");
        }
        assert!(!control.contains("Depends:"), "it is static");
        assert!(control.lines().all(|line| line.len() <= 100 && !line.trim().is_empty()), "{control}");
        let files = listed(&folder.path().join("data.tar.gz"));
        for (path, mode) in [
            ("./usr/bin/crashgate", "-rwxr-xr-x 0/0"),
            ("./usr/share/man/man1/crashgate-check.1.gz", "-rw-r--r-- 0/0"),
            ("./usr/share/bash-completion/completions/crashgate", "-rw-r--r-- 0/0"),
            ("./usr/share/zsh/vendor-completions/_crashgate", "-rw-r--r-- 0/0"),
            ("./usr/share/fish/vendor_completions.d/crashgate.fish", "-rw-r--r-- 0/0"),
            ("./usr/share/doc/crashgate/copyright", "-rw-r--r-- 0/0"),
        ] {
            assert_eq!(files.get(path).map(String::as_str), Some(mode), "{target}: {path}");
        }
    }
}

/// `cargo binstall` fills these in; see its documentation of the keys.
#[test]
fn cargo_binstall_finds_the_archive_of_every_target_and_the_program_in_it() {
    let manifest = cargo_metadata();
    let binstall = &manifest["metadata"]["binstall"];
    assert_eq!(binstall["pkg-fmt"], "tgz");
    let asked = targets().into_iter().map(|target| (target.clone(), target)).chain(
        ["x86_64", "aarch64"]
            .map(|machine| (format!("{machine}-unknown-linux-gnu"), format!("{machine}-unknown-linux-musl"))),
    );
    for (target, served) in asked {
        let keys = binstall["overrides"].get(&target).unwrap_or(binstall);
        let fill_in = |key: &str| {
            let ending = if target.contains("windows") { ".exe" } else { "" };
            [
                ("repo", repository()),
                ("name", "crashgate"),
                ("bin", "crashgate"),
                ("version", VERSION),
                ("target", &target),
                ("binary-ext", ending),
            ]
            .iter()
            .fold(keys[key].as_str().unwrap().to_owned(), |text, (name, value)| {
                text.replace(&format!("{{ {name} }}"), value)
            })
        };
        let (address, inside) = (fill_in("pkg-url"), fill_in("bin-dir"));
        assert_eq!(address, format!("{}/releases/download/v{VERSION}/{}.tar.gz", repository(), name(&served)));
        let files = listed(&release().join(name(&served) + ".tar.gz"));
        assert!(files.contains_key(&inside), "{inside}");
    }
}

fn cargo_metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"])
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"][0].clone()
}

#[test]
fn the_crate_holds_all_that_the_build_reads_and_no_tests() {
    let output =
        Command::new(env!("CARGO")).args(["package", "--list", "--allow-dirty", "--offline", "--locked"]).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed: BTreeSet<PathBuf> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| PathBuf::from(line.replace('\\', "/"))).collect();
    for file in ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/main.rs", "src/lib.rs"]
    {
        assert!(listed.contains(Path::new(file)), "{file}");
    }
    let of_tests = |path: &&PathBuf| ["tests", "fuzz", "ci-examples"].iter().any(|folder| path.starts_with(folder));
    assert_eq!(listed.iter().find(of_tests), None);
    // What is compiled in from a file.
    let included = regex::Regex::new(r#"include_(?:str|bytes)!\(\s*"([^"]+)"\s*,?\s*\)"#).unwrap();
    let mut read = 0;
    for file in listed.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let text = fs::read_to_string(file).unwrap();
        for found in included.captures_iter(&text) {
            let path = file.parent().unwrap().join(&found[1]).canonicalize().unwrap();
            let path = path.strip_prefix(Path::new(".").canonicalize().unwrap()).unwrap().to_owned();
            assert!(listed.contains(&path), "{} reads {}, which is not in the crate", file.display(), path.display());
            read += 1;
        }
    }
    assert!(read >= 3, "{read}");
    // A registry takes 10 MiB.
    let size: u64 = listed.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum();
    assert!(size < 8 << 20, "{size}");
}

#[test]
fn the_image_of_a_release_holds_its_binary_for_both_platforms_and_ends_as_the_other_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = folder.path().join("certificates");
    fs::write(&certificates, "certificates").unwrap();
    let context = folder.path().join("context");
    let lay_out = |release: &Path| {
        let mut command = Command::new("packaging/image.sh");
        let output = command.args([release, &context]).env("CA_CERTIFICATES", &certificates).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (done, said) = lay_out(release());
    assert!(done, "{said}");
    let file = fs::read_to_string(context.join("Dockerfile")).unwrap();
    // Every file that is copied is there, for each platform that Docker fills in.
    for platform in ["amd64", "arm64"] {
        for line in file.lines().filter(|line| line.starts_with("COPY ")) {
            let from = line.split(' ').find(|word| !word.starts_with("COPY") && !word.starts_with("--")).unwrap();
            assert!(context.join(from.replace("${TARGETARCH}", platform)).is_file(), "{platform}: {line}");
        }
    }
    let (_, own) = file.split_once("\nENV ").unwrap();
    let built = fs::read_to_string("Dockerfile").unwrap();
    let (_, other) = built.split_once("\nENV ").unwrap();
    assert_eq!(own, other);
    assert!(file.contains("\nFROM scratch\n") && !file.contains("RUN "), "two platforms are built on one machine");
    // What was tampered with on the way does not get in.
    let tampered = folder.path().join("tampered");
    fs::create_dir(&tampered).unwrap();
    for file in file_names(release()) {
        fs::copy(release().join(&file), tampered.join(&file)).unwrap();
    }
    let archive = name("aarch64-unknown-linux-musl") + ".tar.gz";
    fs::copy(release().join(name("x86_64-unknown-linux-musl") + ".tar.gz"), tampered.join(archive)).unwrap();
    let (done, said) = lay_out(&tampered);
    assert!(!done && said.contains("did NOT match"), "{said}");
}

fn workflow() -> Value {
    serde_yaml::from_str(&fs::read_to_string(".github/workflows/release.yml").unwrap()).unwrap()
}

#[test]
fn the_workflow_builds_every_target_and_calls_the_scripts_that_are_tested_here() {
    let workflow = workflow();
    let jobs = workflow["jobs"].as_object().unwrap();
    let matrix = jobs["build"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let built: Vec<&str> = matrix.iter().map(|entry| entry["target"].as_str().unwrap()).collect();
    assert_eq!(built, targets());
    let steps = |job: &str| {
        let steps = jobs[job]["steps"].as_array().unwrap();
        steps.iter().filter_map(|step| step["run"].as_str().or(step["uses"].as_str())).collect::<Vec<_>>().join("\n")
    };
    for (job, called) in [
        ("check", "packaging/version.sh \"$GITHUB_REF_NAME\""),
        ("check", "cargo package --locked"),
        ("build", "packaging/build.sh \"$TARGET\""),
        ("package", "packaging/sbom.sh dist"),
        ("package", "packaging/release.sh binaries dist"),
        ("package", "sh install.sh --releases"),
        ("attest", "actions/attest-build-provenance@"),
        ("image", "packaging/image.sh dist context"),
        ("image", "--platform linux/amd64,linux/arm64"),
        ("publish", "gh release create \"$GITHUB_REF_NAME\" dist/*"),
    ] {
        assert!(steps(job).contains(called), "{job}: {called}");
    }
    // Nothing is published that was not checked, built, packed and attested before; by hand nothing is published at all.
    let needs = |job: &str| jobs[job]["needs"].as_str().unwrap_or_default().to_owned();
    for (job, before) in [
        ("build", "check"),
        ("package", "build"),
        ("attest", "package"),
        ("publish", "attest"),
        ("image", "attest"),
        ("crate", "publish"),
    ] {
        assert_eq!(needs(job), before, "{job}");
    }
    assert_eq!(jobs["attest"]["if"], "${{ github.ref_type == 'tag' }}");
    let toolchain = workflow["env"]["RUSTUP_TOOLCHAIN"].as_str().unwrap();
    assert!(toolchain.starts_with(env!("CARGO_PKG_RUST_VERSION")) && toolchain.matches('.').count() == 2);
    for script in file_names(Path::new("packaging")).iter().filter(|file| Path::new(file).extension().is_some()) {
        let path = format!("packaging/{script}");
        let text: String =
            fs::read_to_string(".github/workflows/release.yml").unwrap() + &scripts("packaging").concat();
        assert!(text.matches(script.as_str()).count() >= 1, "{path} is called by nothing");
    }
}

fn scripts(folder: &str) -> Vec<String> {
    let names = file_names(Path::new(folder));
    let scripts = names.iter().filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "sh"));
    scripts
        .map(|name| {
            let text = fs::read_to_string(Path::new(folder).join(name)).unwrap();
            // Not what it says of itself.
            text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

/// What the workflow may do to the project, job by job: no more than its steps need.
#[test]
fn every_job_of_the_workflow_has_the_rights_that_it_needs_and_no_others() {
    let workflow = workflow();
    assert_eq!(workflow["permissions"], serde_json::json!({"contents": "read"}));
    let rights: BTreeMap<&String, &Value> = workflow["jobs"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, job)| job.get("permissions").map(|rights| (name, rights)))
        .collect();
    let expected = serde_json::json!({
        "attest": {"attestations": "write", "contents": "read", "id-token": "write"},
        "image": {"contents": "read", "packages": "write"},
        "publish": {"contents": "write"},
    });
    assert_eq!(serde_json::to_value(rights).unwrap(), expected);
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        assert!(job["timeout-minutes"].is_u64(), "{name}");
        for step in job["steps"].as_array().unwrap() {
            // A value that somebody else chose comes through the environment: it cannot become a command.
            assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{name}: {step}");
            if step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@")) {
                assert_eq!(step["with"]["persist-credentials"], false, "{name}");
            }
        }
    }
}

/// The files that name the project's address, a version or the checksum of install.sh.
fn places() -> Vec<PathBuf> {
    let mut open: Vec<PathBuf> =
        ["install.sh", "action.yml", "README.md", "ci-examples", "docs", "manifests"].map(PathBuf::from).to_vec();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if fs::read_to_string(&path).is_ok() {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What stands where a version of crashgate is named: `v0.1.0`, an image, a package, the default of an input.
const VERSIONED: &str =
    r"(crashgate[@:_-]v?|download/v|--tag v|default: |\nversion=)\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)[.\d]*)?";

/// The text with what was said of another version, at another address, said of this one.
fn brought_up_to_date(text: &str, old_repository: &str, checksum: &str) -> String {
    let versioned = regex::Regex::new(VERSIONED).unwrap();
    let text = text.replace(old_repository, repository());
    let text = versioned.replace_all(&text, format!("${{1}}{VERSION}"));
    let summed = regex::Regex::new(r"[0-9a-f]{64}  install\.sh").unwrap();
    summed.replace_all(&text, format!("{checksum}  install.sh")).into_owned()
}

/// One place says where the project is and which version this is: Cargo.toml. `UPDATE_PAGES=1` lets all others follow.
#[test]
fn every_place_names_this_version_this_repository_and_this_installer() {
    let installer = fs::read_to_string("install.sh").unwrap();
    let old = installer.lines().find_map(|line| line.strip_prefix("repository=")).unwrap().to_owned();
    let targets = targets().join(" ");
    assert!(installer.contains(&format!("\ntargets=\"{targets}\"\n")), "install.sh offers what is built");
    let installer = brought_up_to_date(&installer, &old, "");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("install.sh"), &installer).unwrap();
    let sum = Command::new("sha256sum").arg(folder.path().join("install.sh")).output().unwrap();
    let checksum = String::from_utf8(sum.stdout).unwrap().split(' ').next().unwrap().to_owned();
    let (mut named, mut pinned) = (0, 0);
    for path in places() {
        let text = fs::read_to_string(&path).unwrap();
        let expected =
            if path.ends_with("install.sh") { installer.clone() } else { brought_up_to_date(&text, &old, &checksum) };
        named += expected.matches(repository()).count();
        pinned += expected.matches(&format!("{checksum}  install.sh")).count();
        if std::env::var_os("UPDATE_PAGES").is_some() {
            fs::write(&path, expected).unwrap();
        } else {
            assert_eq!(text, expected, "{}: UPDATE_PAGES=1 cargo test release", path.display());
        }
    }
    assert!(named >= 12 && pinned == 7, "{named}, {pinned}");
}

#[test]
fn whatever_names_a_version_or_an_address_follows() {
    let old = "https://git.example.com/old/place";
    let sum = "f".repeat(64);
    for (text, expected) in [
        ("\nversion=0.0.9\n", format!("\nversion={VERSION}\n")),
        ("uses: OWNER/crashgate@v0.0.9\n", format!("uses: OWNER/crashgate@v{VERSION}\n")),
        ("image: registry.example.com/crashgate:0.0.9\n", format!("image: registry.example.com/crashgate:{VERSION}\n")),
        ("    default: 0.0.9-rc.1\n", format!("    default: {VERSION}\n")),
        ("releases/download/v0.0.9/install.sh", format!("releases/download/v{VERSION}/install.sh")),
        ("name=crashgate-v0.0.9-x86_64-unknown", format!("name=crashgate-v{VERSION}-x86_64-unknown")),
        ("./crashgate_0.0.9_amd64.deb", format!("./crashgate_{VERSION}_amd64.deb")),
        ("repository=https://git.example.com/old/place", format!("repository={}", repository())),
        (
            "echo \"0000000000000000000000000000000000000000000000000000000000000000  install.sh\"",
            format!("echo \"{sum}  install.sh\""),
        ),
        // Versions of others are theirs, and so is that of an app.
        (
            "cimg/base:2024.02 alpine:3.22 actions/checkout@v6.0.2",
            "cimg/base:2024.02 alpine:3.22 actions/checkout@v6.0.2".into(),
        ),
        ("crashgate check --app shop --version 2.3.1", "crashgate check --app shop --version 2.3.1".into()),
    ] {
        assert_eq!(brought_up_to_date(text, old, &sum), expected);
    }
}
