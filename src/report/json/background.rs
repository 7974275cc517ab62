//! What stands behind a verdict, in the types of the contract.

use super::contract::{
    ChangedJson, OlderRevisionJson, ServingJson, SmokeJson, TemplateChangeJson, TemplateChangesJson,
};
use crate::gate::result::Changed;
use crate::report::background::{Background, OlderRevision, Proved, TemplateChange};
use crate::text::Untrusted;

pub(super) fn serving(background: &Background) -> Vec<ServingJson> {
    let serving = background.serving.iter().map(|serving| ServingJson {
        workload: serving.workload.visible(),
        older: serving.older.iter().map(older).collect(),
    });
    serving.collect()
}

fn older(revision: &OlderRevision) -> OlderRevisionJson {
    OlderRevisionJson {
        version: revision.version.as_ref().map(Untrusted::visible),
        name: revision.name.visible(),
        ready_pods: revision.ready,
    }
}

pub(super) fn changes(background: &Background) -> Vec<TemplateChangesJson> {
    let changes = background.changes.iter().map(|changes| TemplateChangesJson {
        workload: changes.workload.visible(),
        from: older(&changes.from),
        changes: changes.changes.iter().map(change).collect(),
    });
    changes.collect()
}

fn change(change: &TemplateChange) -> TemplateChangeJson {
    TemplateChangeJson {
        container: change.container.as_ref().map(Untrusted::visible),
        part: change.part.visible(),
        how: match change.how {
            Changed::Added => ChangedJson::Added,
            Changed::Removed => ChangedJson::Removed,
            Changed::Changed => ChangedJson::Changed,
        },
        before: change.before.as_ref().map(Untrusted::visible),
        after: change.after.as_ref().map(Untrusted::visible),
    }
}

pub(super) fn smoke(proved: &Proved) -> Option<SmokeJson> {
    let (image, ran_seconds) = proved.smoke.as_ref()?;
    Some(SmokeJson { image: image.visible(), ran_seconds: *ran_seconds })
}
