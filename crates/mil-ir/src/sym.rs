//! Integer expressions over the symbols of flexible inputs.

use std::fmt;
use std::sync::Arc;

/// An integer expression; equal expressions compare equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SymExpr(Arc<str>);

impl SymExpr {
    /// A symbol on its own.
    pub fn symbol(name: &str) -> SymExpr {
        SymExpr(name.into())
    }
}

impl fmt::Display for SymExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
