//! Bounds that keep a hostile text from doing harm.

/// What a text may ask for. Beyond it, parsing ends in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the text. Default: 1 GiB.
    pub bytes: usize,
    /// Levels of blocks, types, literals and unknown fields in one another. Default: 64; more than 256 are
    /// never allowed, as the parser descends by recursion.
    pub depth: usize,
    /// Memory of the program, as estimated while parsing: this many bytes plus [`Limits::memory_factor`]
    /// times the text. Default: 64 MiB.
    pub memory: usize,
    /// See [`Limits::memory`]. Default: 16.
    pub memory_factor: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 1 << 30, depth: 64, memory: 64 << 20, memory_factor: 16 }
    }
}

impl Limits {
    /// Levels that are allowed whatever the caller says.
    pub(super) fn safe_depth(&self) -> usize {
        self.depth.min(256)
    }
}
