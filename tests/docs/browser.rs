//! The HTML report in a real browser: see `tests/browser/README.md`. Not run without being asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a command to its end; what it says is shown where it fails.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// The browser, and the folder of what drives it, which is filled from the network once.
pub fn tools() -> (PathBuf, PathBuf) {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-1");
    if !tools.join("node_modules").exists() {
        run(Command::new("npm").args(["install", "--prefix"]).arg(&tools).args(["playwright-core", "axe-core"]));
    }
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|name| {
        let paths = std::env::var_os("PATH")?;
        std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.exists())
    });
    (chromium.expect("Chromium is installed"), tools)
}

#[ignore = "needs Node, npm, Chromium and the network: cargo test --test it -- --ignored browser"]
#[test]
fn the_html_report_looks_right_and_is_accessible_in_a_browser() {
    let (chromium, tools) = tools();
    let mut check = Command::new("node");
    check.args(["tests/browser/check.mjs", env!("CARGO_BIN_EXE_crashgate")]);
    run(check.arg(chromium).arg(&tools).arg(tools.join("out")));
}
