//! No circle of files, and no use that runs upward. What the folders are for is said in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::imports::{Graph, Sources, graph};

/// The floors of `src/`, the ground floor first: a file may use files of its own floor and of those before it. The
/// longest beginning that fits a file's path says which floor it is on.
const FLOORS: &[&[&str]] = &[
    &["gate/statistics/"],
    &["text/"],
    &["gate/model/"],
    &["gate/spec/", "gate/memory/"],
    &["gate/result/"],
    &["gate/observation.rs"],
    &["gate/diagnose/"],
    &["gate/state/"],
    &["gate/evaluate/"],
    &["gate/run/"],
    &["gate/"],
    &["manifest/"],
    &["recording/"],
    &["cluster/api/", "cluster/signals.rs"],
    &["metrics/"],
    &["cluster/watch/"],
    &["cluster/run/"],
    &["cluster/drive/"],
    &["feed/"],
    &["cluster/"],
    &["sandbox/"],
    &["trial/"],
    &["report/"],
    &["serve/"],
    &["cli/"],
    &["lib.rs"],
    &["main.rs"],
];

/// Uses that break the rules and are known. The list may only shrink: it is exact, so that what is cured must go.
const KNOWN: &[(&str, &str)] = &[];

#[test]
fn no_file_uses_a_file_that_uses_it_or_one_of_a_higher_floor() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    read_below(&src, &src, &mut sources);
    let graph = graph(&sources);
    assert!(graph.len() > 150 && graph.values().flatten().count() > 700, "the sources are read: {}", graph.len());
    let said = violations(&graph, FLOORS, KNOWN);
    assert!(said.is_empty(), "{said}");
}

/// Returns what is wrong with these uses, a line for each, and with the list of those that are known to be.
fn violations(graph: &Graph, floors: &[&[&str]], known: &[(&str, &str)]) -> String {
    let known: BTreeSet<Use> = known.iter().map(|(file, used)| ((*file).to_owned(), (*used).to_owned())).collect();
    let mut rest = graph.clone();
    for (file, used) in &known {
        rest.entry(file.clone()).or_default().remove(used);
    }
    let mut said = String::new();
    for file in graph.keys().filter(|file| floor(file, floors).is_none()) {
        let _ = writeln!(said, "src/{file} is on no floor: say in FLOORS what it may use");
    }
    for (file, used) in upward(&rest, floors) {
        let _ = writeln!(said, "src/{file} uses src/{used}, which is on a higher floor");
    }
    for (file, used) in in_circles(&rest) {
        let _ = writeln!(said, "src/{file} uses src/{used}, which uses it in turn, by whatever detour");
    }
    for (file, used) in &known {
        // Put back alone, it must break a rule.
        let mut with = rest.clone();
        let there = graph.get(file).is_some_and(|uses| uses.contains(used));
        with.entry(file.clone()).or_default().insert(used.clone());
        let one = (file.clone(), used.clone());
        if !there || !(upward(&with, floors).contains(&one) || in_circles(&with).contains(&one)) {
            let _ = writeln!(said, "src/{file} may use src/{used}, or does not: take it off the list KNOWN");
        }
    }
    said
}

/// A file, and the one that it uses.
type Use = (String, String);

fn floor(file: &str, floors: &[&[&str]]) -> Option<usize> {
    let fits = |floor: &&[&str]| floor.iter().filter(|start| file.starts_with(**start)).map(|start| start.len()).max();
    let best = floors.iter().enumerate().filter_map(|(number, floor)| Some((fits(floor)?, number))).max();
    best.map(|(_, number)| number)
}

fn upward(graph: &Graph, floors: &[&[&str]]) -> BTreeSet<Use> {
    let is_higher = |file: &str, used: &str| floor(used, floors) > floor(file, floors);
    uses(graph).filter(|(file, used)| is_higher(file, used)).collect()
}

/// Returns every use that is part of a circle: a way leads back from the file that it leads to.
fn in_circles(graph: &Graph) -> BTreeSet<Use> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|file| (file, reached_from(graph, file))).collect();
    let leads_back = |(file, used): &Use| reached.get(used).is_some_and(|files| files.contains(file));
    uses(graph).filter(leads_back).collect()
}

fn uses(graph: &Graph) -> impl Iterator<Item = Use> {
    graph.iter().flat_map(|(file, used)| used.iter().map(|used| (file.clone(), used.clone())))
}

fn reached_from<'a>(graph: &'a Graph, file: &'a String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        open.extend(graph.get(file).into_iter().flatten().filter(|used| reached.insert(*used)));
    }
    reached
}

fn read_below(folder: &Path, src: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_below(&path, src, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(src).unwrap().to_str().unwrap().replace('\\', "/");
            sources.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// What would be said of these sources, all but `lib.rs` on the floors of their names: `a` below `b` below `c`.
fn said_of(sources: &[(&str, &str)], known: &[(&str, &str)]) -> Vec<String> {
    let sources = sources.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let floors: [&[&str]; 4] = [&["a"], &["b"], &["c"], &["lib.rs"]];
    violations(&graph(&sources), &floors, known).lines().map(str::to_owned).collect()
}

const LIB: (&str, &str) = ("lib.rs", "pub mod a; pub mod b; pub mod c;");

#[test]
fn imports_that_run_downward_break_nothing() {
    let a = (
        "a.rs",
        "//! See [`crate::b`] and [B](crate::b::B).\n/// As crate::c::C does.\npub struct A; /* crate::b::B */",
    );
    let b = ("b/mod.rs", "mod deep;\npub use deep::B;\nuse crate::a::A;\nfn say() { \"crate::c::C\"; }");
    let deep = ("b/deep.rs", "use crate::a::A; pub struct B(A);");
    let c = ("c.rs", "use crate::{a::A, b::B};\nfn c() { let b: crate::b::B; }");
    assert_eq!(said_of(&[LIB, a, b, deep, c], &[]), [""; 0]);
}

#[test]
fn a_use_that_runs_upward_is_named_however_it_is_written() {
    let b = ("b.rs", "pub struct B; pub mod inner { pub fn f() {} }");
    let c = ("c/mod.rs", "mod deep; pub use deep::Deep;");
    let deep = ("c/deep.rs", "pub struct Deep;");
    for a in [
        "use crate::b::B;",
        "use crate::{b::{self, B as Other}};",
        "use super::b::B;",
        "use crate::b; fn a() -> b::B { b::B }",
        "use crate::b as other; fn a() { vec![other::B]; }",
        "fn a() { crate::b::inner::f(); }",
        "pub use crate::b; fn a(b: b::B) {}",
        "mod deep { use super::super::b::B; }",
        "#[cfg(not(test))] use crate::b::B;",
        "#[cfg(test)] mod tests { fn t() {} } use crate::b::*; fn a() -> B { B }",
        "macro_rules! m { () => { $crate::b::B } }",
        "impl Into<crate::b::B> for u8 {}",
    ] {
        let said = said_of(&[LIB, ("a.rs", a), b, c, deep], &[]);
        assert_eq!(said, ["src/a.rs uses src/b.rs, which is on a higher floor"], "{a}");
    }
    let said = said_of(
        &[LIB, ("a.rs", "fn a() { crate::m!(1); }"), ("b.rs", "#[macro_export] macro_rules! m {}"), c, deep],
        &[],
    );
    assert_eq!(said, ["src/a.rs uses src/b.rs, which is on a higher floor"], "a macro is seen where it is defined");
    let said = said_of(&[LIB, ("a.rs", "use crate::c::Deep;"), b, c, deep], &[]);
    assert_eq!(said, ["src/a.rs uses src/c/deep.rs, which is on a higher floor"], "a re-export is seen through");
}

#[test]
fn a_circle_of_files_is_named_use_by_use() {
    let a = ("a/mod.rs", "mod one; mod three; mod two; use one::One;");
    let (one, two) =
        (("a/one.rs", "use super::two::Two; pub struct One;"), ("a/two.rs", "pub struct Two(super::three::T);"));
    let three = ("a/three.rs", "use crate::a::one::One; pub struct T;");
    let said = said_of(&[("lib.rs", "mod a;"), a, one, two, three], &[]);
    let expected = [("one", "two"), ("three", "one"), ("two", "three")];
    let line =
        |(file, used)| format!("src/a/{file}.rs uses src/a/{used}.rs, which uses it in turn, by whatever detour");
    assert_eq!(said, expected.map(line), "and a/mod.rs, which nobody uses, is in none");

    let parent = ("a/mod.rs", "mod one; use one::One; pub struct Parent;");
    let child = ("a/one.rs", "use super::Parent; pub struct One;");
    assert_eq!(said_of(&[("lib.rs", "mod a;"), parent, child], &[]).len(), 2, "a folder and its file");
}

#[test]
fn what_only_tests_compile_is_passed_over() {
    let b = ("b.rs", "pub struct B;");
    let tests = ("a/tests.rs", "use crate::b::B;");
    for a in [
        "#[cfg(test)] mod tests;",
        "#[cfg(test)] mod tests { use crate::b::B; }",
        "#[cfg(all(test, unix))] mod tests { use crate::b::B; }",
        "#[cfg(test)] use crate::b::{B}; #[cfg(test)] const X: crate::b::B = crate::b::B {};",
        "#[test] #[cfg(test)] fn t() -> crate::b::B { crate::b::B }",
    ] {
        let said = said_of(&[("lib.rs", "mod a; mod b;"), ("a/mod.rs", a), tests, b], &[]);
        assert_eq!(said, [""; 0], "{a}");
    }
}

#[test]
fn the_list_of_known_violations_is_exact() {
    let sources = [LIB, ("a.rs", "use crate::b::B;"), ("b.rs", "pub struct B;"), ("c.rs", "use crate::b::B;")];
    assert_eq!(said_of(&sources, &[("a.rs", "b.rs")]), [""; 0]);
    let said = said_of(&sources, &[("a.rs", "b.rs"), ("a.rs", "c.rs"), ("c.rs", "b.rs")]);
    assert_eq!(said.len(), 2, "one that is not there, and one that breaks nothing: {said:?}");
    let outside = said_of(&[("lib.rs", "mod d;"), ("d.rs", "")], &[]);
    assert_eq!(outside, ["src/d.rs is on no floor: say in FLOORS what it may use"]);
}
