//! What a source holds: every object of its collection, as it was told last.

use std::collections::HashMap;

use crate::gate::Fact;
use crate::gate::model::Object;

/// The objects of one collection.
#[derive(Debug, Default)]
pub struct Mirror {
    objects: HashMap<String, Object>,
}

/// What a fact did to a collection, and what there was before: who hears of a part of it must know whether the object was
/// in that part.
#[derive(Debug)]
pub enum Change {
    /// All of it was told.
    Whole,
    /// An object was told, and this is what had been told of it before.
    Object(Option<Object>),
    /// Nothing of the objects.
    None,
}

impl Mirror {
    /// Takes in a fact. An object of a list that says nothing new is put in the place of the listed one: whoever holds the
    /// old one already then sees at once that it is the same.
    pub fn take(&mut self, fact: &mut Fact) -> Change {
        match fact {
            Fact::Listed { objects, .. } => {
                let mut known = std::mem::take(&mut self.objects);
                for object in objects.iter_mut() {
                    let same = known.remove(object.uid()).filter(|known| is_same(known, object));
                    if let Some(same) = same {
                        *object = same;
                    }
                    self.objects.insert(object.uid().to_owned(), object.clone());
                }
                Change::Whole
            }
            Fact::Seen(object) => Change::Object(self.objects.insert(object.uid().to_owned(), Object::clone(object))),
            Fact::Gone { uid, .. } => Change::Object(self.objects.remove(uid)),
            _ => Change::None,
        }
    }

    /// Every object.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }
}

/// True where two tellings say the same, and neither is newer.
fn is_same(known: &Object, told: &Object) -> bool {
    let (known_version, version) = (known.resource_version(), told.resource_version());
    known == told && !known_version.is_older_than(version) && !version.is_older_than(known_version)
}
