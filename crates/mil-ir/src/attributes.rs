//! Attributes: few per op, so a sorted vector instead of a tree, whose smallest node would take the memory of
//! eleven.

use std::collections::BTreeMap;

use crate::{Literal, Name};

/// Literals by name, sorted by it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Vec<(Name, Literal)>);

impl Attributes {
    /// None.
    pub const fn new() -> Attributes {
        Attributes(Vec::new())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of them.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Literal> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// One of them, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Literal> {
        self.place(key).ok().map(|at| &mut self.0[at].1)
    }

    /// There is one of this name.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Adds one, or replaces it; answers what it was.
    pub fn insert(&mut self, key: Name, value: Literal) -> Option<Literal> {
        match self.place(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                // Most ops have one.
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Removes one.
    pub fn remove(&mut self, key: &str) -> Option<Literal> {
        self.place(key).ok().map(|at| self.0.remove(at).1)
    }

    /// All, sorted by name.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }

    /// The names, sorted.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Name> + ExactSizeIterator {
        self.0.iter().map(|(key, _)| key)
    }

    /// The literals, sorted by name.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Literal> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// The literals, to be changed.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Literal> + ExactSizeIterator {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Gives back memory that nothing is in.
    pub(crate) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }

    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(name, _)| name.as_str().cmp(key))
    }
}

/// The iterator of [`Attributes`].
pub type Iter<'a> =
    std::iter::Map<std::slice::Iter<'a, (Name, Literal)>, fn(&(Name, Literal)) -> (&Name, &Literal)>;

impl<'a> IntoIterator for &'a Attributes {
    type Item = (&'a Name, &'a Literal);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

impl IntoIterator for Attributes {
    type Item = (Name, Literal);
    type IntoIter = std::vec::IntoIter<(Name, Literal)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<BTreeMap<Name, Literal>> for Attributes {
    fn from(map: BTreeMap<Name, Literal>) -> Attributes {
        Attributes(map.into_iter().collect())
    }
}

/// Of several with the same name the last stays.
impl FromIterator<(Name, Literal)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (Name, Literal)>>(items: I) -> Attributes {
        items.into_iter().collect::<BTreeMap<_, _>>().into()
    }
}

impl<const N: usize> From<[(Name, Literal); N]> for Attributes {
    fn from(items: [(Name, Literal); N]) -> Attributes {
        items.into_iter().collect()
    }
}
