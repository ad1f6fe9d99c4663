//! Ids of the entities of one graph. They display as in logs: `op12`, `v7`, `block0`.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// Position in a side table; smaller than [`crate::Graph::bound`].
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id!(
    /// An op of a graph. Ops and values share one numbering.
    OpId, "op"
);
id!(
    /// A value of a graph. Ops and values share one numbering.
    ValueId, "v"
);
id!(
    /// A block of a graph.
    BlockId, "block"
);
