//! What `crashgate validate` says of manifests, good and bad: exit codes, places, sentences, remedies.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crashgate::manifest::Key;
use tempfile::TempDir;

/// How a run ended.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn crashgate(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crashgate"))
        .args(arguments)
        .current_dir(folder)
        .env("SET_VERSION", "v7")
        .env_remove("UNSET_VERSION")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who refuses its input early closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Validates a file of this content.
fn validate(content: impl AsRef<[u8]>) -> Run {
    validate_with(content, &[])
}

fn validate_with(content: impl AsRef<[u8]>, flags: &[&str]) -> Run {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("gate.yaml"), content).unwrap();
    crashgate(folder.path(), &[&["validate", "-f", "gate.yaml"], flags].concat(), b"")
}

/// The gate with a line more.
fn gate_with(line: &str) -> String {
    format!("app: checkout\nversion: v1\nnamespace: shop\n{line}\n")
}

#[test]
fn a_comma_too_many_in_a_selector_is_refused() {
    let run = validate_with(gate_with(""), &["--selector", "app=checkout,version=v1,,"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.starts_with("error: a comma in `--selector` has nothing before or after it\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_bracket_that_is_never_closed_is_blamed_where_it_is_opened() {
    for (line, bracket, remedy) in [
        ("ignoreContainers: [a, b", '[', "write `[one, two]`"),
        ("grace: {ImagePull: 30s", '{', "write `{key: value, key: value}`"),
        ("ignoreContainers: [\"a]\", 'b]' # ]", '[', "write `[one, two]`"),
    ] {
        let column = line.find(bracket).unwrap() + 1;
        for text in [format!("app: web\n{line}\nversion: v1\nnamespace: shop\n"), format!("app: web\n{line}\n")] {
            let run = validate(&text);
            assert_eq!(run.code, Some(2));
            let place = format!("gate.yaml:2:{column}: a `{bracket}` is opened and not closed properly\n");
            assert!(run.stderr.starts_with(&place), "{}", run.stderr);
            assert!(run.stderr.contains(remedy), "{}", run.stderr);
        }
    }
}

/// Asserts that the content is refused with this one problem and nothing else.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, problem: &str) {
    let run = validate(content);
    assert_eq!(run.stderr, format!("{problem}\n"));
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
}

#[test]
fn a_good_gate_is_told_on_one_line() {
    let run = validate(gate_with("waitPeriod: 2m"));
    assert_eq!(run.stdout, "checkout v1 in shop: pods app=checkout,version=v1; delay 10s; wait 2m; stable 30s\n");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn every_key_is_understood_in_a_file_by_its_example() {
    let mut text = String::new();
    for key in Key::ALL {
        let mut keys = vec![Key::App, Key::Version, Key::Namespace];
        // These mean nothing without metrics.
        keys.extend(matches!(key, Key::Stable | Key::WatchFor).then_some(Key::Metrics));
        keys.extend((!keys.contains(&key)).then_some(key));
        let lines: Vec<String> = keys.into_iter().map(Key::example).collect();
        writeln!(text, "---\n{}", lines.join("\n")).unwrap();
    }
    let run = validate(text);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(run.stdout.lines().count(), Key::ALL.len());
}

#[test]
fn every_key_of_another_shape_is_a_usage_error_with_its_line_and_a_remedy() {
    let mut text = String::new();
    for key in Key::ALL {
        writeln!(text, "{}: {{[x]: y}}", key.name()).unwrap();
    }
    let run = validate(text);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    for (index, key) in Key::ALL.into_iter().enumerate() {
        let begin = format!("gate.yaml:{}:", index + 1);
        let block = run.stderr.split("\n\n").find(|block| block.starts_with(&begin));
        let block = block.unwrap_or_else(|| panic!("nothing on {}: {}", key.name(), run.stderr));
        assert!(block.contains(&format!("`{}`", key.name())) && block.contains("\n  fix: "), "{block}");
    }
}

#[test]
fn every_flag_is_in_the_help_with_its_sentence() {
    for subcommand in ["check", "validate", "replay"] {
        let run = crashgate(Path::new("."), &[subcommand, "--help"], b"");
        let plain = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for key in Key::ALL {
            let Some(flag) = key.flag() else { continue };
            let line = format!("{flag} <{}> {}", key.value_name(), key.help());
            assert!(plain.contains(&line), "{subcommand} lacks: {line}");
        }
    }
}

#[test]
fn the_short_flags_are_those_of_kubectl() {
    let flags = ["validate", "--app", "a", "--version", "v1", "-n", "shop", "-l", "app=a,tier!=cache"];
    let run = crashgate(Path::new("."), &flags, b"");
    assert_eq!(run.stdout, "a v1 in shop: pods app=a,tier!=cache; delay 10s; wait 1m; stable 30s\n");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn only_what_is_delivered_in_steps_is_gated_until_it_is_promoted() {
    refused(
        gate_with("workload: sts/db\nuntil: promoted"),
        "gate.yaml:5:8: `until` is `promoted`, and statefulset/db is of a kind that is never promoted\n  \
         5 | until: promoted\n    |        ^^^^^^^^\n  \
         fix: leave out `until`: a gate of a StatefulSet passes once the whole rollout is healthy. Only a workload that is \
         delivered in steps is promoted",
    );
    refused(
        gate_with("until: rolled-out"),
        "gate.yaml:4:8: `until` is `rolled-out`, which is neither `step` nor `promoted`\n  \
         4 | until: rolled-out\n    |        ^^^^^^^^^^\n  \
         fix: write `step` (healthy at the present step) or `promoted` (the new revision has become the stable one)",
    );
    let run = validate(gate_with("workload: cloneset/cart\nuntil: promoted"));
    assert!(run.stderr.contains("cloneset/cart is of a kind that is never promoted"), "{}", run.stderr);
    for good in ["sts/db\nuntil: step", "rollout/web\nuntil: promoted", "canary/web\nuntil: promoted"] {
        let run = validate(gate_with(&format!("workload: {good}")));
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{good}");
    }
    // Which workloads the labels find is known in the cluster alone.
    let run = validate_with(gate_with("maxRestarts: 0"), &["--until", "promoted"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(run.stdout.ends_with("; until promoted\n"), "{}", run.stdout);
}

#[test]
fn a_promotion_that_nothing_in_the_manifests_can_have_is_a_usage_error() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: shop}\nspec: {template: {spec: \
                    {containers: [{name: a, image: 'x:v1'}]}}}\n";
    let run = validate_with(manifest, &["--until", "promoted"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        run.stderr,
        "error: `--until` is `promoted`, and no workload of the manifests is of a kind that is ever promoted\n  \
         fix: leave out `--until`: a gate of such a workload passes once the whole rollout is healthy\n"
    );
    let run = validate_with(manifest, &["--until", "step"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_workload_without_a_name_or_app_label_is_refused_though_a_flag_pins_it() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: shop}\nspec: {template: {metadata: \
                    {labels: {version: v1}}, spec: {containers: [{name: a, image: 'x:v1'}]}}}\n";
    let run = validate_with(manifest, &["--workload", "deployment/x"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("has neither a `metadata.name` nor an app label"), "{}", run.stderr);
    assert!(run.stderr.contains("fix: add one of them, or give `--app checkout`"), "{}", run.stderr);
    let run = validate_with(manifest, &["--workload", "deployment/x", "--app", "x"]);
    assert_eq!(
        run.stdout,
        "x v1 in shop: pinned to deployment/x; delay 10s; wait 60s; stable 30s\n".replace("60s", "1m")
    );
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    refused(
        gate_with("waitPeroid: 60s"),
        "gate.yaml:4:1: `waitPeroid` is not a known key of a gate\n  4 | waitPeroid: 60s\n    | ^^^^^^^^^^\n  fix: did you mean `waitPeriod`?",
    );
    let far = validate(gate_with("colour: red"));
    assert!(far.stderr.contains("the keys of a gate are app, version, namespace, delay"), "{}", far.stderr);
}

#[test]
fn a_missing_key_is_told_with_the_line_to_add() {
    refused(
        "# a gate\nversion: v1\nnamespace: shop\n",
        "gate.yaml:2:1: the gate has no `app`\n  2 | version: v1\n    | ^^^^^^^\n  fix: add `app: checkout`, or give `--app checkout`",
    );
}

#[test]
fn a_duplicate_key_names_the_first() {
    refused(
        gate_with("app: web"),
        "gate.yaml:4:1: `app` is given twice, first on line 1\n  4 | app: web\n    | ^^^\n  fix: keep the one that is meant and remove the other",
    );
}

#[test]
fn tabs_are_shown_and_named() {
    refused(
        gate_with("grace:\n\tConfig: 5s"),
        "gate.yaml:5:1: the line is indented with a tab, which YAML does not allow\n  5 | →Config: 5s\n    | ^\n  fix: indent with spaces",
    );
}

#[test]
fn an_open_quote_is_found_where_it_opens() {
    refused(
        "app: 'checkout'\nversion: \"v1\nnamespace: shop\n",
        "gate.yaml:2:10: a quote is opened and never closed\n  2 | version: \"v1\n    |          ^\n  fix: close it with the same quote",
    );
}

#[test]
fn a_duration_without_a_unit_is_told_with_the_unit() {
    refused(
        gate_with("waitPeriod: 60"),
        "gate.yaml:4:13: `waitPeriod` is `60`, which names no unit\n  4 | waitPeriod: 60\n    |             ^^\n  fix: write `60s`",
    );
}

#[test]
fn a_negative_duration_is_refused() {
    refused(
        gate_with("delay: -1s"),
        "gate.yaml:4:8: `delay` is `-1s`, and no duration can be negative\n  4 | delay: -1s\n    |        ^^^\n  fix: write `1s`",
    );
}

#[test]
fn an_unset_variable_is_named() {
    refused(
        "app: checkout\nversion: ${UNSET_VERSION}\nnamespace: shop\n",
        "gate.yaml:2:10: the environment variable `UNSET_VERSION` is not set\n  2 | version: ${UNSET_VERSION}\n    |          ^^^^^^^^^^^^^^^^\n  fix: set it before the gate runs, or give a default: `${UNSET_VERSION:-default}`",
    );
    let set = validate("app: checkout\nversion: ${SET_VERSION}\nnamespace: ${UNSET_VERSION:-shop}\n");
    assert!(set.stdout.starts_with("checkout v7 in shop:"), "{}", set.stderr);
}

/// One bad line each: the column, a piece of the sentence, a piece of the remedy.
const BAD_LINES: [(&str, usize, &str, &str); 28] = [
    ("delay: 0s", 8, "zero leaves no time", "a number and a unit"),
    ("waitPeriod: 25h", 13, "24h at most", "a shorter time"),
    ("stableFor: soon", 12, "`soon`, which is not a duration", "as in `30s`"),
    ("stableFor: 5", 12, "names no unit", "write `5s`"),
    ("delay: [10s]", 8, "`delay` is a list, and must be a single value", "`delay: 10s`"),
    ("delay:", 1, "`delay` has no value", "remove the key"),
    ("delay: ~", 8, "is `~`, which is YAML for no value", "in quotes"),
    ("maxRestarts: many", 14, "not a whole number", "digits only"),
    ("maxRestarts: 1.0", 14, "`1.0`, which is not a whole number", "digits only"),
    ("workload: checkout", 11, "names no kind", "`deployment/checkout`"),
    ("workload: deploymet/checkout", 11, "not a kind of workload", "did you mean `deployment/checkout`?"),
    ("workload: pod/checkout", 11, "not a kind of workload", "deployment, statefulset, daemonset"),
    ("selector: 'app in'", 11, "cannot be read as a label requirement", "`key in (a,b)`"),
    ("selector: ''", 11, "would match every pod", "at least one label"),
    ("selector: app=a_", 11, "cannot be the value of a label", "at most 63"),
    ("labels: {tier: x}", 10, "not a label that `labels` knows", "the labels are app, version"),
    ("labels: {app: -x}", 15, "cannot be the key of a label", "as the pods have it"),
    ("labels: {}", 1, "`labels` is empty", "remove it"),
    ("labels: app", 9, "`labels` is a text, and must be a map", "`labels: {app:"),
    ("replicas: 0", 11, "a gate over no pods proves nothing", "1 or more"),
    ("minReady: 0%", 11, "a gate over no pods proves nothing", "`1%` to `100%`"),
    ("minReady: 101%", 11, "not a share from 1% to 100%", "`1%` to `100%`"),
    ("minReady: most", 11, "neither a share nor a number", "`1%` to `100%`"),
    ("grace: {Imagepull: 1s}", 9, "not a cause that `grace` knows", "did you mean `ImagePull`?"),
    ("grace: {Sunshine: 1s}", 9, "not a cause that `grace` knows", "ImagePull, Registry, Config, Unschedulable"),
    ("grace: {Config: 5}", 17, "`grace.Config` is `5`, which names no unit", "write `5s`"),
    ("ignoreContainers: []", 1, "`ignoreContainers` is empty", "[istio-proxy]"),
    ("ignoreContainers: [Istio]", 20, "cannot be the name of a container", "lower-case letters"),
];

#[test]
fn every_bad_value_is_told_with_its_place_and_its_remedy() {
    for (line, column, sentence, remedy) in BAD_LINES {
        let run = validate(gate_with(line));
        assert_eq!(run.code, Some(2), "{line}");
        let (first, rest) = run.stderr.split_once('\n').unwrap();
        assert!(first.starts_with(&format!("gate.yaml:4:{column}: ")), "{line}: {first}");
        assert!(first.contains(sentence), "{line}: {first}");
        let fix = rest.rsplit_once("  fix: ").unwrap().1;
        assert!(fix.contains(remedy), "{line}: {fix}");
        assert!(!rest.contains("problems"), "{line}: one problem only: {}", run.stderr);
    }
}

#[test]
fn names_that_no_object_can_have_are_refused() {
    refused(
        "app: checkout\nversion: v1\nnamespace: Shop_1\n",
        "gate.yaml:3:12: `Shop_1` in `namespace` cannot be the name of a namespace\n  3 | namespace: Shop_1\n    |            ^^^^^^\n  fix: write at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
    );
    let label = validate("app: checkout\nversion: 1.0+build\nnamespace: shop\n");
    assert!(label.stderr.contains("gate.yaml:2:10: `version` is `1.0+build`, which is not a valid label value"));
    let pinned = validate("app: checkout\nversion: 1.0+build\nnamespace: shop\nworkload: deploy/checkout\n");
    assert_eq!(pinned.code, Some(0), "a pinned gate needs no label: {}", pinned.stderr);
}

#[test]
fn unquoted_versions_stay_as_they_are_written_and_null_is_refused() {
    for version in ["1.10", "007", "1e3", "0x10", "yes"] {
        let run = validate(format!("app: checkout\nversion: {version}\nnamespace: shop\n"));
        assert!(run.stdout.starts_with(&format!("checkout {version} in shop: ")), "{version}: {}", run.stdout);
    }
    refused(
        "app: checkout\nversion: null\nnamespace: shop\n",
        "gate.yaml:2:10: `version` is `null`, which is YAML for no value at all\n  2 | version: null\n    |          ^^^^\n  fix: write \"null\" in quotes if it is meant as a string",
    );
}

#[test]
fn all_problems_of_all_documents_are_told_in_order() {
    let run = validate(
        "app: checkout\nversion: ${UNSET_VERSION}\ndelay: 10\ncolour: red\n---\napp: [a\n---\napp: web\nnamespace: shop\nreplicas: 0\n---\n",
    );
    assert_eq!(run.code, Some(2));
    let heads: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("gate.yaml:")).collect();
    assert_eq!(
        heads,
        [
            "gate.yaml:1:1: the gate has no `namespace`",
            "gate.yaml:2:10: the environment variable `UNSET_VERSION` is not set",
            "gate.yaml:3:8: `delay` is `10`, which names no unit",
            "gate.yaml:4:1: `colour` is not a known key of a gate",
            "gate.yaml:6:6: a `[` is opened and not closed properly",
            "gate.yaml:8:1: the gate has no `version`",
            "gate.yaml:10:11: `replicas` is 0, and a gate over no pods proves nothing",
            "gate.yaml:11:1: a document between `---` lines is empty",
        ]
    );
    assert!(run.stderr.ends_with("\n8 problems\n"), "{}", run.stderr);
}

#[test]
fn an_alias_bomb_is_one_message() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let list = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{list}]").unwrap();
    }
    let run = validate(bomb);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with("gate.yaml:5:"), "{}", run.stderr);
    assert!(
        run.stderr.contains("the file expands to more than 200000 values, which no gate needs\n"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr.matches("fix: ").count(), 1, "{}", run.stderr);
}

#[test]
fn too_large_a_file_is_refused_unread_and_so_is_too_much_on_stdin() {
    let folder = TempDir::new().unwrap();
    fs::File::create(folder.path().join("gate.yaml")).unwrap().set_len(20 << 20).unwrap();
    let run = crashgate(folder.path(), &["validate", "-f", "gate.yaml"], b"");
    let sentence = "this is larger than 1 MiB, and no gate is";
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stderr,
        format!("gate.yaml: {sentence}\n  fix: give the gate's manifest; check the path given with `-f`\n")
    );
    let run = crashgate(folder.path(), &["validate", "-f", "-"], &vec![b'#'; 20 << 20]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with(&format!("<stdin>: {sentence}\n")), "{}", run.stderr);
}

#[test]
fn a_file_without_a_gate_is_told_why() {
    let remedy = "fix: write a gate (`app`, `version`, `namespace`), or give the manifest of a Deployment, StatefulSet, DaemonSet, Job, Rollout or CloneSet";
    for (content, sentence) in [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("# nothing\n", "the file holds nothing but comments"),
        ("---\n", "every document of the file is empty"),
        (
            "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: ConfigMap\n",
            "the file holds no gate and no workload, only ConfigMap, Service",
        ),
    ] {
        refused(content, &format!("gate.yaml: {sentence}\n  {remedy}"));
    }
}

#[test]
fn what_is_no_gate_at_all_is_one_message() {
    refused(
        "checkout",
        "gate.yaml:1:1: this document is a text, and a gate is a map of keys\n  1 | checkout\n    | ^^^^^^^^\n  fix: write it as `key: value` lines, beginning with `app: checkout`",
    );
    let list = validate("- app: checkout\n");
    assert!(list.stderr.contains("gate.yaml:1:1: this document is a list"), "{}", list.stderr);
    assert!(!list.stderr.contains("problems"), "{}", list.stderr);
}

#[test]
fn what_cannot_be_read_is_one_message() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("gates")).unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for (path, message) in [
        ("nowhere.yaml", "nowhere.yaml: there is no such file\n  fix: check the path"),
        ("gates", "gates: this is a directory\n  fix: name the files in it"),
        (
            "file/gate.yaml",
            "file/gate.yaml: a part of the path before the last one is not a directory\n  fix: check the path",
        ),
    ] {
        let run = crashgate(folder.path(), &["validate", "-f", path], b"");
        assert_eq!(run.code, Some(2), "{path}");
        assert!(run.stderr.starts_with(message), "{path}: {}", run.stderr);
        assert_eq!(run.stderr.matches("fix: ").count(), 1, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_told_so_unless_root_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gate.yaml");
    fs::write(&path, gate_with("")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Permissions do not hold root back; then the file must simply be good.
    let readable = fs::File::open(&path).is_ok();
    let run = crashgate(folder.path(), &["validate", "-f", "gate.yaml"], b"");
    if readable {
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    } else {
        assert_eq!(run.code, Some(2));
        assert!(run.stderr.starts_with("gate.yaml: the file may not be read by this user\n  fix: "), "{}", run.stderr);
    }
}

#[test]
fn binary_junk_is_one_message() {
    for (junk, sentence) in [
        (&b"\x7fELF\x02\x01\xff\xfe\x00"[..], "gate.yaml: this is not text: byte 7 is not UTF-8\n"),
        (&b"app: x\n\x00\x01\x02"[..], "gate.yaml:2:1: this is not YAML: it holds the control character U+0000\n"),
        (&b"\xff\xfea\x00p\x00"[..], "gate.yaml: this is not text: byte 1 is not UTF-8\n"),
    ] {
        let run = validate(junk);
        assert_eq!(run.code, Some(2));
        assert!(run.stderr.starts_with(sentence), "{}", run.stderr);
        assert_eq!(run.stderr.matches("fix: ").count(), 1, "{}", run.stderr);
    }
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    for content in [
        gate_with("\"\\e[2J\\e]0;title\\a\": 1"),
        gate_with("workload: \"pod\\u202E/\\e[31mred\""),
        gate_with("selector: \"\\r\\n::error::x\""),
        "app: x\u{1b}[31m\n".to_owned(),
    ] {
        let run = validate(&content);
        assert_eq!(run.code, Some(2), "{content}");
        let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!run.stderr.contains(hostile), "{:?}", run.stderr);
        assert!(!run.stderr.lines().any(|line| line.starts_with("::")), "{:?}", run.stderr);
    }
}

#[test]
fn stdin_is_a_source_and_is_called_so() {
    let folder = TempDir::new().unwrap();
    let run = crashgate(folder.path(), &["validate", "-f", "-"], gate_with("").as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let run = crashgate(folder.path(), &["validate", "-f", "-"], gate_with("delay: 5").as_bytes());
    assert!(run.stderr.starts_with("<stdin>:4:8: `delay` is `5`"), "{}", run.stderr);
    let run = crashgate(folder.path(), &["validate", "-f", "-", "-f", "-"], gate_with("").as_bytes());
    assert!(run.stderr.contains("`-f -` is given twice"), "{}", run.stderr);
}

#[test]
fn flags_make_a_gate_and_win_over_a_file() {
    let folder = TempDir::new().unwrap();
    let flags = ["validate", "--app", "web", "--version", "1.10", "-n", "shop", "--grace", "Config=1s,Quota=2m"];
    let run = crashgate(folder.path(), &flags, b"");
    assert_eq!(
        run.stdout,
        "web 1.10 in shop: pods app=web,version=1.10; delay 10s; wait 1m; stable 30s; grace Config 1s; grace Quota 2m\n"
    );
    let run = validate_with(gate_with("waitPeriod: 60"), &["--wait-period", "3m", "--workload", "deploy/web"]);
    assert_eq!(run.stdout, "checkout v1 in shop: pinned to deployment/web; delay 10s; wait 3m; stable 30s\n");
    let run = validate_with("app: web\nversion: ${UNSET_VERSION}\n", &["--version", "v2", "--namespace", "shop"]);
    assert!(run.stdout.starts_with("web v2 in shop: "), "{}", run.stderr);
}

#[test]
fn a_bad_flag_is_named_with_the_same_words() {
    let folder = TempDir::new().unwrap();
    let mut arguments = vec!["validate", "--app", "web", "--version", "v1", "-n", "shop"];
    arguments.extend(["--delay", "-1s", "--wait-period", "60", "--replicas", "0", "--min-ready", "120%"]);
    arguments.extend(["--grace", "ImagePull", "--labels", "tier=x"]);
    let run = crashgate(folder.path(), &arguments, b"");
    assert_eq!(run.code, Some(2));
    let heads: Vec<&str> = run.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(
        heads,
        [
            "`--delay` is `-1s`, and no duration can be negative",
            "`--wait-period` is `60`, which names no unit",
            "`tier` is not a label that `--labels` knows",
            "`--replicas` is 0, and a gate over no pods proves nothing",
            "`--min-ready` is `120%`, which is not a share from 1% to 100%",
            "`ImagePull` in `--grace` has no `=`",
        ]
    );
}

#[test]
fn without_a_gate_the_two_ways_are_told() {
    let folder = TempDir::new().unwrap();
    let run = crashgate(folder.path(), &["validate"], b"");
    assert_eq!(run.code, Some(2));
    assert_eq!(
        run.stderr,
        "error: nothing says which gate is meant\n  fix: give a file with `-f gate.yaml`, or `--app`, `--version` and `--namespace`\n"
    );
    let run = crashgate(folder.path(), &["validate", "--app", "web", "-n", "shop"], b"");
    assert!(
        run.stderr.starts_with("error: the gate has no `version`\n  fix: give `--version v2.3.1`, or a file"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_flag_for_one_gate_is_refused_over_several() {
    let two = format!("{}---\n{}", gate_with(""), gate_with(""));
    for flag in ["--app", "--version", "--workload", "--selector"] {
        let value = if flag == "--workload" { "deploy/x" } else { "x" };
        let run = validate_with(&two, &[flag, value]);
        assert_eq!(run.code, Some(2));
        assert!(
            run.stderr.starts_with(&format!("error: `{flag}` is given for one gate, and the manifests have 2\n")),
            "{}",
            run.stderr
        );
    }
    let run = validate_with(&two, &["--namespace", "other", "--stable-for", "0s"]);
    assert_eq!(run.stdout.matches(" in other: ").count(), 2, "{}", run.stderr);
}

#[test]
fn crashgates_own_version_and_the_apps_do_not_clash() {
    let folder = TempDir::new().unwrap();
    let run = crashgate(folder.path(), &["--version"], b"");
    assert_eq!(run.stdout, format!("crashgate {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn workload_manifests_are_told_what_they_lack() {
    let run = validate(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{image: 'registry:5000/web'}]}}}\n",
    );
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("gate.yaml:3:18: the Deployment has no `metadata.namespace`"), "{}", run.stderr);
    assert!(run.stderr.contains("the image `registry:5000/web` has neither tag nor digest"), "{}", run.stderr);
    let old = validate("apiVersion: extensions/v1beta1\nkind: Deployment\n");
    assert!(old.stderr.contains("fix: write `apiVersion: apps/v1`"), "{}", old.stderr);
    let half = validate("kind: Deployment\napp: x\n");
    assert!(half.stderr.starts_with("gate.yaml:1:7: a Kubernetes manifest has both"), "{}", half.stderr);
}

/// A Deployment `web` in `shop` with this pod template.
fn deployment_of(template: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  template: {template}\n"
    )
}

#[test]
fn the_version_is_that_of_the_apps_own_container() {
    let version = |template: &str, flags: &[&str]| {
        let run = validate_with(deployment_of(template), flags);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout.split(' ').nth(1).unwrap().to_owned()
    };
    let proxy = "{name: proxy, image: 'mesh/proxy:v9'}";
    let both = |app: &str| format!("{{spec: {{containers: [{proxy}, {app}]}}}}");
    assert_eq!(version(&both("{name: web, image: 'shop/server:v2'}"), &[]), "v2", "called as the workload");
    assert_eq!(version(&both("{name: main, image: 'registry:5000/shop/web:v2'}"), &[]), "v2", "its repository is");
    let init = "{spec: {initContainers: [{name: proxy, image: 'mesh/proxy:v9', restartPolicy: Always}], containers: [{name: x, image: 'shop/y:v2'}]}}";
    assert_eq!(version(init, &[]), "v2", "the only one that is no sidecar");
    let unclear = both("{name: main, image: 'shop/server:v2'}");
    assert_eq!(version(&unclear, &["--ignore-containers", "proxy"]), "v2");
    assert_eq!(version(&unclear, &["--version", "v2"]), "v2");
    let annotated =
        unclear.replace("{spec", "{metadata: {annotations: {kubectl.kubernetes.io/default-container: main}}, spec");
    assert_eq!(version(&annotated, &[]), "v2");
    let run = validate(deployment_of(&unclear));
    assert_eq!(run.code, Some(2));
    for word in [
        "gate.yaml:5:55: it is unclear which of the containers `proxy` (`mesh/proxy:v9`), `main` (`shop/server:v2`)",
        "fix: give `--version`",
    ] {
        assert!(run.stderr.contains(word), "{word}: {}", run.stderr);
    }
}

#[test]
fn a_version_flag_that_the_templates_label_contradicts_is_refused() {
    let labelled =
        deployment_of("{metadata: {labels: {version: v1}}, spec: {containers: [{name: web, image: 'shop/web:v2'}]}}");
    let run = validate_with(&labelled, &["--version", "v2"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("`--version` is `v2`, and the label version of the pod template `v1`"),
        "{}",
        run.stderr
    );
    let run = validate_with(&labelled, &["--version", "v2", "--labels", "version=shop.example/version"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let run = validate_with(&labelled, &["--labels", "version=shop.example/version"]);
    assert!(
        run.stdout.contains("web v2 in shop"),
        "the label that was named is not there: {}{}",
        run.stdout,
        run.stderr
    );
}

#[test]
fn containers_that_could_not_be_compared_are_refused() {
    for (template, problem) in [
        (
            "{metadata: {labels: {version: v1}}}",
            "5:13: the Deployment has no container in `spec.template.spec.containers`",
        ),
        ("{spec: {containers: []}}", "the Deployment has no container in"),
        ("{spec: {containers: [{image: 'a:1'}]}}", "5:34: a container of the pod template has no `name`"),
        ("{spec: {containers: [{name: a}]}}", "a container of the pod template has no `image`"),
        ("{spec: {containers: [{name: a, image: ''}]}}", "a container of the pod template has no `image`"),
        ("{spec: {containers: [{name: a, image: 'a:${TAG}'}]}}", "`a:${TAG}` is a variable"),
    ] {
        let run = validate_with(deployment_of(template), &["--version", "v1"]);
        assert_eq!(run.code, Some(2), "{template}");
        assert!(run.stderr.contains(problem), "{template}: {}", run.stderr);
    }
}

#[test]
fn a_kind_with_a_pod_template_that_cannot_be_gated_is_named() {
    let containers = "{containers: [{name: a, image: 'a:1'}]}";
    for (api_version, kind, spec) in [
        // Other projects have kinds of the names that are gated.
        ("x.example/v1", "Rollout", format!("{{template: {{spec: {containers}}}}}")),
        ("x.example/v1", "Rollout", "{workloadRef: {apiVersion: apps/v1, kind: Deployment, name: a}}".to_owned()),
        ("x.example/v1", "CloneSet", format!("{{template: {{spec: {containers}}}}}")),
        ("flagger.app/v1beta1", "Canary", format!("{{template: {{spec: {containers}}}}}")),
        ("apps.kruise.io/v1beta1", "StatefulSet", format!("{{template: {{spec: {containers}}}}}")),
        ("serving.knative.dev/v1", "Service", format!("{{template: {{spec: {containers}}}}}")),
        ("v1", "ReplicationController", format!("{{template: {{spec: {containers}}}}}")),
        ("ray.io/v1", "RayCluster", format!("{{workerGroupSpecs: [{{}}, {{template: {{spec: {containers}}}}}]}}")),
        ("x.example/v1", "Batch", format!("{{jobTemplate: {{spec: {{template: {{spec: {containers}}}}}}}}}")),
        ("x.example/v1", "Fleet", format!("{{workloadTemplate: {{deploymentTemplate: {{spec: {containers}}}}}}}")),
        (
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            format!("{{leaderWorkerTemplate: {{workerTemplate: {{spec: {containers}}}}}}}"),
        ),
        ("kubeflow.org/v1", "TFJob", format!("{{tfReplicaSpecs: {{Worker: {{template: {{spec: {containers}}}}}}}}}")),
        ("argoproj.io/v1alpha1", "Workflow", "{templates: [{name: a, container: {image: 'a:1'}}]}".to_owned()),
    ] {
        let manifest = format!(
            "{}---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n",
            deployment_of("{spec: {containers: [{name: web, image: 'shop/web:v2'}]}}")
        );
        let run = validate(&manifest);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{kind}");
        let sentence = format!(
            "gate.yaml:8:7: `{kind}` (`{api_version}`) has a pod template, and is a kind that cannot be gated yet"
        );
        assert!(run.stderr.contains(&sentence), "{kind}: {}", run.stderr);
        assert!(run.stderr.contains("fix: gate its pods by their labels"), "{}", run.stderr);
    }
}

#[test]
fn kinds_without_pods_and_what_runs_later_are_passed_over() {
    let containers = "{containers: [{name: a, image: 'a:1'}]}";
    let template = format!("{{template: {{spec: {containers}}}}}");
    let hooked = |annotation: &str| format!("{{name: a, namespace: shop, annotations: {{{annotation}}}}}");
    let plain = "{name: a, namespace: shop}".to_owned();
    let owned = |kind: &str| {
        format!("{{name: a, namespace: shop, ownerReferences: [{{kind: {kind}, name: b, controller: true}}]}}")
    };
    let others = [
        ("v1", "Service", &plain, "{selector: {app: web}}".to_owned()),
        ("batch/v1", "CronJob", &plain, format!("{{jobTemplate: {{spec: {template}}}}}")),
        (
            "argoproj.io/v1alpha1",
            "CronWorkflow",
            &plain,
            "{workflowSpec: {templates: [{container: {image: a}}]}}".to_owned(),
        ),
        (
            "argoproj.io/v1alpha1",
            "AnalysisTemplate",
            &plain,
            format!("{{metrics: [{{provider: {{job: {{spec: {template}}}}}}}]}}"),
        ),
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            &plain,
            format!("{{rules: [{{validate: {{pattern: {{spec: {template}}}}}}}]}}"),
        ),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            &plain,
            "{scaleTargetRef: {kind: Deployment, name: web}}".to_owned(),
        ),
        ("v1", "Pod", &hooked("helm.sh/hook: test"), containers.to_owned()),
        ("v1", "Pod", &owned("ReplicaSet"), containers.to_owned()),
        ("apps/v1", "ReplicaSet", &owned("Deployment"), template.clone()),
        ("batch/v1", "Job", &owned("CronJob"), template.clone()),
        ("batch/v1", "Job", &hooked("helm.sh/hook: 'test, post-delete'"), template.clone()),
        ("batch/v1", "Job", &hooked("argocd.argoproj.io/hook: SyncFail"), template.clone()),
        (
            "batch/v1",
            "Job",
            &hooked("helm.sh/hook: pre-install, helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded'"),
            template.clone(),
        ),
    ];
    let web = deployment_of("{spec: {containers: [{name: web, image: 'shop/web:v2'}]}}");
    for (api_version, kind, metadata, spec) in others {
        let manifest =
            format!("{web}---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n");
        let run = validate(&manifest);
        assert_eq!(
            (run.code, run.stdout.lines().count()),
            (Some(0), 1),
            "{kind} {metadata}: {}{}",
            run.stdout,
            run.stderr
        );
    }
    // A ReplicaSet of nobody stands for itself.
    let manifest = format!("{web}---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {plain}\nspec: {template}\n");
    let run = validate(&manifest);
    assert!(run.stdout.lines().count() == 2 && run.stdout.contains("pinned to replicaset/a"), "{}", run.stdout);
}

#[test]
fn a_bare_pod_in_a_manifest_is_refused_and_not_left_out() {
    let run = validate(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {containers: [{name: a, image: 'a:1'}]}\n",
    );
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("gate.yaml:2:7: a Pod without an owner cannot be gated by its manifest"),
        "{}",
        run.stderr
    );
}

#[test]
fn every_item_of_a_list_is_gated_or_named() {
    let item = |name: &str| {
        format!(
            "metadata: {{name: {name}, namespace: shop}}, spec: {{template: {{spec: {{containers: [{{name: a, image: 'a:1'}}]}}}}}}"
        )
    };
    // The API server leaves apiVersion and kind out of a typed list.
    let typed =
        format!("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- {{{}}}\n- {{{}}}\n", item("one"), item("two"));
    let run = validate(&typed);
    assert_eq!((run.code, run.stdout.lines().count()), (Some(0), 2), "{}", run.stderr);
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: apps/v1, kind: Deployment, {}}}\n- {{{}}}\n- {{apiVersion: serving.knative.dev/v1, kind: Service, {}}}\n",
        item("one"),
        item("two"),
        item("three")
    );
    let run = validate(&list);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("gate.yaml:5:3: an item of this List has neither `apiVersion` nor `kind`"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("gate.yaml:6:46: `Service` (`serving.knative.dev/v1`)"), "{}", run.stderr);
}

#[test]
fn the_schema_is_printed_as_it_is_committed() {
    let run = crashgate(Path::new("."), &["schema"], b"");
    assert_eq!(run.code, Some(0));
    assert_eq!(run.stdout, fs::read_to_string("manifests/gate.schema.json").unwrap());
}

#[test]
fn the_example_manifests_are_gates_and_have_the_schemas_keys() {
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string("manifests/gate.schema.json").unwrap()).unwrap();
    let known = schema["properties"].as_object().unwrap();
    for (file, gates) in [("gate.yaml", 1), ("rehearsal.yaml", 1), ("multi.yaml", 3)] {
        let path = format!("manifests/{file}");
        // They have no version to fall back on.
        let folder = tempfile::tempdir().unwrap();
        let given = fs::read_to_string(&path).unwrap().replace("${VERSION}", "${SET_VERSION}");
        fs::write(folder.path().join(file), given).unwrap();
        let run = crashgate(folder.path(), &["validate", "-f", file], b"");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout.lines().count(), gates, "{file}");
        let documents: Vec<serde_json::Value> = serde_yaml::from_multiple(&fs::read_to_string(&path).unwrap()).unwrap();
        for document in documents {
            let keys = document.as_object().unwrap();
            assert!(keys.keys().all(|key| known.contains_key(key)), "{file}");
            for required in schema["required"].as_array().unwrap() {
                assert!(keys.contains_key(required.as_str().unwrap()), "{file}: {required}");
            }
        }
    }
    let tour = fs::read_to_string("manifests/gate.yaml").unwrap();
    for key in known.keys() {
        assert!(tour.contains(&format!("{key}:")), "the full tour shows `{key}`");
    }
}

#[test]
fn a_smoke_run_is_understood_and_its_mistakes_are_told() {
    let run = validate(gate_with("smoke: {image: 'shop/smoke:${SET_VERSION}', command: [./smoke], timeout: 2m}"));
    assert!(run.stdout.contains("smoke run of shop/smoke:v7 within 2m"), "{}{}", run.stdout, run.stderr);
    for (line, problem) in [
        ("smoke: {timeout: 1m}", "`smoke` names no image"),
        ("smoke: shop/smoke:1", "`smoke` is a text, and must be a map"),
        ("smoke: {image: a, comand: [b]}", "did you mean `command`?"),
        ("smoke: {image: a, command: b c}", "`smoke.command` is a text, and must be a list of strings"),
        ("smoke: {image: a, timeout: 5}", "write `5s`"),
        ("smoke: {image: a, security: lax}", "restricted, root, unset"),
        ("smoke: {image: '${UNSET_VERSION}'}", "UNSET_VERSION"),
        ("smoke:", "`smoke` is empty"),
    ] {
        let run = validate(gate_with(line));
        assert_eq!((run.code, run.stderr.matches("gate.yaml:").count()), (Some(2), 1), "{line}: {}", run.stderr);
        assert!(run.stderr.contains(problem), "{line}: {}", run.stderr);
    }
    let manifest = gate_with("smoke: {image: a, timeout: 1m}");
    let run = validate_with(&manifest, &["--smoke", "image=b", "--smoke", "security=root"]);
    assert!(run.stdout.contains("smoke run of b within 1m"), "{}{}", run.stdout, run.stderr);
    let run = validate_with(&manifest, &["--smoke", "none"]);
    assert!(run.code == Some(0) && !run.stdout.contains("smoke"), "{}{}", run.stdout, run.stderr);
}
