//! The ranks of values, as far as they are known.

use std::collections::HashMap;

/// The rank of each value by its name.
pub(super) struct Ranks(pub(super) HashMap<String, u64>);

impl Ranks {
    pub(super) fn of(&self, value: &str) -> Option<u64> {
        self.0.get(value).copied()
    }
}
