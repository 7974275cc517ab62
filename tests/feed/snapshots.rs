//! The feed of every recording, as it is read.

use super::recordings;
use crate::cli::crashgate;

#[test]
fn every_recording_is_told_as_it_was() {
    for (name, path) in recordings() {
        let output = crashgate(&["watch", "--replay", path.to_str().unwrap()]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots/feeds" }, {
            insta::assert_snapshot!(name, told);
        });
    }
}
