//! What a rewrite promises about numbers.

/// How the results of a program may change under a rewrite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numerics {
    /// The same bits, NaN-ness and signed zeros included.
    Exact,
    /// Rounding only: no more than what rounding each constant and each value of the original the other way
    /// would do. The interpreter's `verify` says how that is measured.
    Rounding,
    /// A declared loss, for example by compression or a cast to fp16.
    Lossy {
        /// Signal to noise that remains in every output, in dB; minus infinity where nothing of the numbers
        /// is kept, only their types and shapes.
        min_snr_db: f64,
    },
}

impl Numerics {
    /// More than rounding is lost.
    pub fn is_lossy(self) -> bool {
        matches!(self, Numerics::Lossy { .. })
    }
}
