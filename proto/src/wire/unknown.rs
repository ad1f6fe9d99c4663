//! The fields of a message that the schema does not have.

/// Unknown fields of a message and of the messages in it: a sparse tree beside the decoded message.
///
/// Only messages with unknown fields, and those on the way to them, have a node. The entry of a map counts as
/// a message with the key as field 1 and the value as field 2; see [`Unknown::map_value`].
///
/// Unknown fields come from the encoded bytes and go back behind the known fields of their message, in their
/// order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// The message's own unknown fields, encoded, one behind the other.
    pub own: Vec<u8>,
    /// Children by field number and key, ascending. None is empty. A list and not a tree map, because nearly
    /// all nodes have one child.
    children: Vec<((u32, ChildKey), Unknown)>,
}

/// Which of a field's messages a child of [`Unknown`] belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChildKey {
    /// The index in a repeated field; 0 for a field that occurs once.
    Index(usize),
    /// The key of a map with strings as keys.
    Text(String),
    /// The key of a map with integers as keys.
    Integer(i64),
}

impl Unknown {
    /// A node with a message's own unknown fields, encoded, and none below.
    #[must_use]
    pub fn new(own: Vec<u8>) -> Self {
        Unknown { own, children: Vec::new() }
    }

    /// Are there no unknown fields, here and below?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.children.is_empty()
    }

    /// The node of the message that field `number` holds at `key`.
    #[must_use]
    pub fn child(&self, number: u32, key: &ChildKey) -> Option<&Unknown> {
        self.find(number, key).map(|(_, child)| child)
    }

    /// The node of the message that a field holds: the `index`-th of a repeated field, or 0.
    #[must_use]
    pub fn at(&self, number: u32, index: usize) -> Option<&Unknown> {
        self.child(number, &ChildKey::Index(index))
    }

    /// The node of the *value* in an entry of a map with strings as keys. Unknown fields of the entry itself
    /// are one level up, in [`child`](Self::child).
    #[must_use]
    pub fn map_value(&self, number: u32, key: &str) -> Option<&Unknown> {
        self.child(number, &ChildKey::Text(key.to_owned()))?.at(2, 0)
    }

    /// The children in ascending order of field number and key.
    pub fn children(&self) -> impl ExactSizeIterator<Item = (u32, &ChildKey, &Unknown)> {
        self.children.iter().map(|((number, key), child)| (*number, key, child))
    }

    /// The children in ascending order of field number and key, with their owners' names.
    pub fn into_children(self) -> impl ExactSizeIterator<Item = (u32, ChildKey, Unknown)> {
        self.children.into_iter().map(|((number, key), child)| (number, key, child))
    }

    /// Puts a child in the place of what was there. An empty one leaves nothing there.
    pub fn insert(&mut self, number: u32, key: ChildKey, child: Unknown) {
        match self.position(number, &key) {
            Ok(index) if child.is_empty() => drop(self.children.remove(index)),
            Ok(index) => self.children[index].1 = child,
            Err(_) if child.is_empty() => {}
            Err(index) => self.children.insert(index, ((number, key), child)),
        }
    }

    /// Puts a child for the value in an entry of a map with strings as keys.
    pub fn insert_map_value(&mut self, number: u32, key: &str, value: Unknown) {
        let key = ChildKey::Text(key.to_owned());
        let mut entry = self.child(number, &key).cloned().unwrap_or_default();
        entry.insert(2, ChildKey::Index(0), value);
        self.insert(number, key, entry);
    }

    /// The child at a place, and its position among the children.
    pub(super) fn find(&self, number: u32, key: &ChildKey) -> Option<(usize, &Unknown)> {
        let index = self.position(number, key).ok()?;
        self.children.get(index).map(|(_, child)| (index, child))
    }

    fn position(&self, number: u32, key: &ChildKey) -> Result<usize, usize> {
        self.children.binary_search_by(|((n, k), _)| n.cmp(&number).then_with(|| k.cmp(key)))
    }

    /// Adds a child without looking for its place. Call [`Self::settle`] at the end.
    pub(super) fn push(&mut self, number: u32, key: ChildKey, child: Unknown) {
        if self.children.is_empty() {
            // Lists grow by powers of two from four; most stay at one.
            self.children.reserve_exact(1);
        }
        self.children.push(((number, key), child));
    }

    pub(super) fn has_children(&self) -> bool {
        !self.children.is_empty()
    }

    /// Puts pushed children in order. Of those with the same key the last counts, as in maps.
    pub(super) fn settle(&mut self) {
        if self.children.len() > 1 {
            self.children.sort_by(|(a, _), (b, _)| a.cmp(b));
            self.children.reverse();
            self.children.dedup_by(|(earlier, _), (kept, _)| earlier == kept);
            self.children.reverse();
        }
        self.children.retain(|(_, child)| !child.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(byte: u8) -> Unknown {
        Unknown::new(vec![byte])
    }

    #[test]
    fn children_are_found_and_replaced() {
        let mut root = Unknown::default();
        root.insert(3, ChildKey::Index(7), leaf(1));
        root.insert(2, ChildKey::Index(0), leaf(2));
        root.insert_map_value(5, "main", leaf(3));
        assert_eq!(root.at(3, 7), Some(&leaf(1)));
        assert_eq!(root.map_value(5, "main"), Some(&leaf(3)));
        assert_eq!(root.children().map(|(number, ..)| number).collect::<Vec<_>>(), [2, 3, 5]);

        root.insert(3, ChildKey::Index(7), Unknown::default());
        root.insert(2, ChildKey::Index(0), Unknown::default());
        root.insert_map_value(5, "main", Unknown::default());
        assert!(root.is_empty());
    }

    #[test]
    fn the_last_of_equal_children_counts() {
        let mut root = Unknown::default();
        for (key, child) in [("b", leaf(1)), ("a", leaf(2)), ("b", leaf(3)), ("a", Unknown::default())] {
            root.push(1, ChildKey::Text(key.into()), child);
        }
        root.settle();
        let left: Vec<_> = root.into_children().collect();
        assert_eq!(left, [(1, ChildKey::Text("b".into()), leaf(3))]);
    }
}
