//! The folder of plans: what is a plan, what is wrong with a file, and what a change of it does.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::gate::model::WorkloadKind;
use crashgate::gate::spec::Pin;
use crashgate::serve::Plans;
use crashgate::serve::plans::Change;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(&folder, name, content);
    }
    folder
}

fn write(folder: &TempDir, name: &str, content: &str) {
    fs::write(folder.path().join(name), content).unwrap();
}

fn open(folder: &TempDir) -> Plans {
    Plans::open(folder.path().to_owned(), |_| None).unwrap()
}

/// How long the plan waits, in seconds: what is changed in these stories.
fn waits(plans: &Plans, name: &str) -> Option<u64> {
    let pin = Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() };
    Some(plans.get(name)?.unseen("shop", &pin).wait_period.as_secs())
}

fn problems(plans: &Plans) -> Vec<String> {
    plans.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn each_yaml_file_is_a_plan_by_the_name_of_its_file() {
    let folder = folder(&[
        ("checkout.yaml", "waitPeriod: 2m"),
        ("till.yml", "waitPeriod: 3m"),
        ("v1.2_x.yaml", "waitPeriod: 4m"),
        ("README.md", "not a plan"),
        (".hidden.yaml", "nor: this"),
        ("old.yaml.bak", "nor: this"),
    ]);
    fs::create_dir(folder.path().join("sub.yaml")).unwrap();
    let plans = open(&folder);
    assert_eq!(plans.names(), ["checkout", "till", "v1.2_x"]);
    assert_eq!(problems(&plans), [""; 0]);
    assert_eq!(
        (waits(&plans, "checkout"), waits(&plans, "till"), waits(&plans, "README")),
        (Some(120), Some(180), None)
    );
}

#[test]
fn a_name_that_is_no_plan_is_told_what_there_is() {
    let plans = open(&folder(&[("checkout.yaml", "delay: 5s"), ("till.yaml", "delay: 5s"), ("bad.yaml", "dely: 5s")]));
    assert_eq!(plans.near("chekout"), "did you mean checkout?");
    assert_eq!(plans.near("Till"), "did you mean till?");
    assert_eq!(plans.near("anything-else"), "the plans are checkout, till");
    let said = plans.near("bad");
    assert!(said.starts_with("its file has mistakes: bad.yaml: line 1, column 1: `dely` is not a known key"), "{said}");
    assert_eq!(open(&folder(&[])).near("x"), "there is no plan at all");
}

#[test]
fn a_bad_plan_is_named_and_the_others_serve_on() {
    let folder = folder(&[("good.yaml", "delay: 5s"), ("bad.yaml", "dely: 5s\nwaitPeriod: 1x")]);
    let plans = open(&folder);
    assert_eq!(plans.names(), ["good"]);
    let [problem] = &plans.problems()[..] else { panic!("{:?}", plans.problems()) };
    assert_eq!((problem.file.as_str(), problem.serves_on), ("bad.yaml", false));
    assert!(problem.words.contains("did you mean `delay`?") && problem.words.contains("line 2"), "{problem}");
    assert!(!problem.to_string().contains('\n'));
    write(&folder, "bad.yaml", "delay: 5s");
    assert_eq!(plans.reread(), [Change::Added("bad".to_owned()), Change::Cured("bad.yaml".to_owned())]);
    assert_eq!((plans.names().len(), plans.problems().len()), (2, 0));
}

#[test]
fn a_plan_that_gets_mistakes_goes_on_as_it_was_and_says_so_once() {
    let folder = folder(&[("checkout.yaml", "waitPeriod: 2m")]);
    let plans = open(&folder);
    let before = plans.get("checkout").unwrap();
    write(&folder, "checkout.yaml", "waitPeriod: soon");
    let [Change::Wrong(problem)] = &plans.reread()[..] else { panic!("{:?}", plans.problems()) };
    assert!(problem.serves_on && problem.to_string().ends_with("; the plan goes on as it was before"), "{problem}");
    assert!(Arc::ptr_eq(&before, &plans.get("checkout").unwrap()));
    assert_eq!(plans.reread(), [], "it was said");
    assert_eq!(problems(&plans).len(), 1, "and still holds");
    write(&folder, "checkout.yaml", "waitPeriod: later");
    assert!(
        matches!(&plans.reread()[..], [Change::Wrong(problem)] if problem.serves_on),
        "another mistake, the same plan"
    );
    write(&folder, "checkout.yaml", "waitPeriod: 2m");
    assert_eq!(plans.reread(), [Change::Cured("checkout.yaml".to_owned())]);
}

#[test]
fn a_plan_changes_with_its_meaning_and_goes_with_its_file() {
    let folder = folder(&[("checkout.yaml", "waitPeriod: 2m")]);
    let plans = open(&folder);
    let before = plans.get("checkout").unwrap();
    write(&folder, "checkout.yaml", "# why\nwaitPeriod: 120s");
    assert_eq!(plans.reread(), []);
    assert!(Arc::ptr_eq(&before, &plans.get("checkout").unwrap()));
    write(&folder, "checkout.yaml", "waitPeriod: 3m");
    assert_eq!(plans.reread(), [Change::Changed("checkout".to_owned())]);
    assert_eq!(waits(&plans, "checkout"), Some(180));
    fs::rename(folder.path().join("checkout.yaml"), folder.path().join("till.yaml")).unwrap();
    assert_eq!(plans.reread(), [Change::Removed("checkout".to_owned()), Change::Added("till".to_owned())]);
    assert_eq!(plans.names(), ["till"]);
}

/// As the kubelet writes a `ConfigMap` that is mounted: a folder for each state of it, to which `..data` points.
fn mounted(folder: &Path, state: &str, files: &[(&str, &str)]) {
    let own = folder.join(format!("..{state}"));
    fs::create_dir(&own).unwrap();
    for (name, content) in files {
        fs::write(own.join(name), content).unwrap();
    }
    symlink(format!("..{state}"), folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    for (name, _) in files {
        if folder.join(name).symlink_metadata().is_err() {
            symlink(format!("..data/{name}"), folder.join(name)).unwrap();
        }
    }
}

#[test]
fn a_mounted_config_map_is_read_and_its_swap_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    mounted(folder.path(), "2026_1", &[("checkout.yaml", "waitPeriod: 2m"), ("old.yaml", "delay: 5s")]);
    let plans = open(&folder);
    assert_eq!((plans.names(), problems(&plans).len()), (vec!["checkout".to_owned(), "old".to_owned()], 0));
    mounted(folder.path(), "2026_2", &[("checkout.yaml", "waitPeriod: 4m")]);
    // The kubelet takes the links of lost keys away after the swap: for a moment they point nowhere.
    let changes = plans.reread();
    assert!(
        matches!(&changes[..], [Change::Changed(name), Change::Wrong(lost)] if name == "checkout" && lost.file == "old.yaml"),
        "{changes:?}"
    );
    assert_eq!((waits(&plans, "checkout"), plans.names().len()), (Some(240), 2));
    fs::remove_file(folder.path().join("old.yaml")).unwrap();
    assert_eq!(plans.reread(), [Change::Removed("old".to_owned())]);
    assert_eq!(problems(&plans), [""; 0]);
}

#[test]
fn two_files_of_one_name_are_a_problem_and_neither_is_chosen() {
    let folder = folder(&[("a.yaml", "waitPeriod: 2m"), ("a.yml", "waitPeriod: 3m")]);
    let plans = open(&folder);
    assert_eq!(plans.get("a"), None);
    assert!(problems(&plans)[0].contains("a.yaml and a.yml are both there"), "{:?}", problems(&plans));
    fs::remove_file(folder.path().join("a.yml")).unwrap();
    plans.reread();
    assert_eq!(waits(&plans, "a"), Some(120));
    write(&folder, "a.yml", "waitPeriod: 3m");
    plans.reread();
    assert_eq!(waits(&plans, "a"), Some(120), "the one that served before");
}

#[test]
fn what_cannot_be_read_is_a_problem_that_waits_for_nothing() {
    let folder = folder(&[("good.yaml", "delay: 5s"), ("my plan.yaml", "delay: 5s"), ("bytes.yaml", "a\u{1}")]);
    fs::write(folder.path().join("large.yaml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    symlink("/dev/zero", folder.path().join("endless.yaml")).unwrap();
    let pipe = folder.path().join("pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    symlink("nowhere", folder.path().join("dangling.yaml")).unwrap();
    let plans = open(&folder);
    assert_eq!(plans.names(), ["good"]);
    let all = problems(&plans).join("\n");
    for part in [
        "my plan.yaml: this cannot be the name of a plan",
        "bytes.yaml: line 1, column 2: this is not YAML",
        "large.yaml: this is larger than 1 MiB",
        "endless.yaml: this is no file",
        "pipe.yaml: this is no file",
        "dangling.yaml: it cannot be read",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
}

#[test]
fn there_are_no_more_plans_than_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..1002 {
        write(&folder, &format!("p{number:04}.yaml"), "delay: 5s");
    }
    let plans = open(&folder);
    assert_eq!(plans.names().len(), 1000);
    assert_eq!(problems(&plans), ["the folder of plans: it has more than 1000 plans, and p1000.yaml is not read"]);
}

#[test]
fn a_folder_that_cannot_be_read_is_an_error_at_first_and_a_problem_later() {
    let gone = folder(&[("checkout.yaml", "waitPeriod: 2m")]);
    let path = gone.path().to_owned();
    let plans = open(&gone);
    drop(gone);
    assert!(Plans::open(path, |_| None).is_err());
    assert!(matches!(&plans.reread()[..], [Change::Wrong(problem)] if problem.serves_on && problem.file.is_empty()));
    assert_eq!((plans.reread(), waits(&plans, "checkout")), (Vec::new(), Some(120)));
    assert!(problems(&plans)[0].starts_with("the folder of plans: it cannot be read"));
    assert_eq!(
        problems(&open(&folder(&[])))[0],
        "the folder of plans: it has no plan (fix: put gate files into it whose names end with .yaml)"
    );
}

#[test]
fn the_variables_of_a_plan_are_those_of_the_server() {
    let folder = folder(&[("checkout.yaml", "waitPeriod: ${WAIT}")]);
    let plans = Plans::open(folder.path().to_owned(), |name| (name == "WAIT").then(|| "7m".to_owned())).unwrap();
    assert_eq!(waits(&plans, "checkout"), Some(420));
}

#[tokio::test(start_paused = true)]
async fn the_folder_is_looked_at_again_and_again() {
    let folder = folder(&[("checkout.yaml", "waitPeriod: 2m")]);
    let plans = Arc::new(open(&folder));
    let following = tokio::spawn(Arc::clone(&plans).follow(Duration::from_secs(5)));
    write(&folder, "checkout.yaml", "waitPeriod: 9m");
    let changed = async {
        while waits(&plans, "checkout") != Some(540) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_hours(1), changed).await.unwrap();
    following.abort();
}
