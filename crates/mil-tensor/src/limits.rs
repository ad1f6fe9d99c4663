//! The sizes that bound memory and depth, in one place.
//!
//! This crate's unit tests are built with tiny ones, so that a few elements cross every border;
//! the tests in `tests/` run with the real ones.

/// Results of at most so many bytes are evaluated at once and held in memory: small parameters are
/// never chains of expressions.
pub const EAGER_BYTES: usize = limit(64 << 10, 24);

/// Expressions nest at most so deep. An operand that is at the limit is evaluated first
/// ([`Tensor::materialized`](crate::Tensor::materialized)), so that neither the stack nor the
/// scratch memory grows with the length of a chain.
pub const MAX_DEPTH: usize = 8;

/// Bytes that a streaming reader asks for at once.
pub(crate) const CHUNK: usize = limit(8 << 20, 96);

/// Bytes of its operand that one level of an expression holds at a time.
pub(crate) const TILE: usize = limit(2 << 20, 64);

/// Bytes of wide elements that stay in a core's own cache until they are packed.
pub(crate) const PLAIN: usize = limit(32 << 10, 64);

/// Bytes of a computed tensor that a streaming reader asks for at once: some for each core.
pub(crate) const COMPUTED_CHUNK: usize = limit(2 << 20, 96);

/// Bytes that a strided reader reads at once, unless they go straight to their place.
pub(crate) const BLOCK: usize = limit(256 << 10, 40);

/// Bytes of stored data that are cheaper to read over than to skip with another read.
pub(crate) const GAP: usize = limit(4 << 10, 8);

/// The same for data that must be computed.
pub(crate) const COMPUTED_GAP: usize = limit(64, 4);

/// Numbers that are converted at a time, on the stack.
pub(crate) const LANES: usize = limit(256, 8);

const fn limit(real: usize, in_unit_tests: usize) -> usize {
    if cfg!(test) { in_unit_tests } else { real }
}
