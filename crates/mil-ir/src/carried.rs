//! Fields that this version does not know.

use std::collections::BTreeMap;

/// Unknown fields of one message and of those messages inside it that are no entities of their own.
///
/// The bytes are wire format, exactly as read. The writer appends them to the message that the entity
/// becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Of the message itself.
    pub own: Vec<u8>,
    /// Of messages inside, by field number and place.
    pub children: BTreeMap<(u32, CarriedKey), Carried>,
}

/// Which of the messages in a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CarriedKey {
    /// The n-th of a repeated field; 0 for a singular one.
    Index(usize),
    /// The value under this key of a map field.
    Key(String),
}

impl Carried {
    /// Nothing at all.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.children.is_empty()
    }

    /// `None` where there is nothing: what entities store.
    pub fn boxed(self) -> Option<Box<Carried>> {
        (!self.is_empty()).then(|| Box::new(self))
    }

    /// Takes the fields of the message at this place out.
    pub fn take(&mut self, field: u32, key: CarriedKey) -> Carried {
        self.children.remove(&(field, key)).unwrap_or_default()
    }

    /// Puts the fields of the message at this place in.
    pub fn put(&mut self, field: u32, key: CarriedKey, child: Carried) {
        if !child.is_empty() {
            self.children.insert((field, key), child);
        }
    }
}
