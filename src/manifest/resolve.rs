//! What the objects of a text say of each other: a rollout whose pod template stands in another object, and objects that
//! steer the rollout of another one.

use super::left_out::Why;
use super::objects::{self, Object, Template};
use super::references::{self, Reference};

/// Finds what the objects of a text say of each other: the template of a workload that has none itself, which leaves the
/// object that lends it out; and whether what steers a rollout is beside its workload.
pub(super) fn resolve(objects: &mut [Object<'_>]) {
    let mut lent: Vec<(usize, String)> = Vec::new();
    for place in 0..objects.len() {
        let Object::Workload { kind, root, template } = &objects[place] else { continue };
        if !matches!(template, Template::Lent(_)) {
            continue;
        }
        let Some(reference) = Reference::read(root, &["workloadRef"]) else { continue };
        let borrower = objects::name(kind.kind(), root);
        let lender = objects.iter().enumerate().find_map(|(other, object)| match object {
            Object::Workload { kind, root, .. } if reference.names(kind.kind(), root) => Some((other, *root)),
            Object::LeftOut(kind, root, _) if reference.names(kind, root) => Some((other, *root)),
            _ => None,
        });
        let found = lender.map(|(_, root)| root);
        lent.extend(lender.map(|(other, _)| (other, borrower)));
        if let Object::Workload { template, .. } = &mut objects[place] {
            *template = Template::Lent(found);
        }
    }
    for (place, borrower) in lent {
        if let Object::Workload { kind, root, .. } = objects[place] {
            objects[place] = Object::LeftOut(kind.kind(), root, Why::LendsTemplate(borrower));
        }
    }
    for place in 0..objects.len() {
        let Object::LeftOut(_, root, Why::Steers { .. }) = &objects[place] else { continue };
        let Some(target) = references::target(root) else { continue };
        let gated = objects
            .iter()
            .any(|object| matches!(object, Object::Workload { kind, root, .. } if target.names(kind.kind(), root)));
        let why = Why::Steers { target: target.words(), is_gated: gated };
        if let Object::LeftOut(_, _, old) = &mut objects[place] {
            *old = why;
        }
    }
}
