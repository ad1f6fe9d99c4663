use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::DType;

pass! {
    /// Removes casts that change nothing, and makes one cast of two in a row.
    ///
    /// Two casts become one, or none, if that gives the same bits for every input: the first must keep every
    /// value of its operand's type, and the second must not tell the type between from the original one.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     string single = const()[name = string("single"), val = string("fp32")];
    ///     string half = const()[name = string("half"), val = string("fp16")];
    ///     tensor<fp32, [2]> z = cast(dtype = single, x = x)[name = string("z")];
    ///     tensor<fp16, [2]> w = cast(dtype = half, x = z)[name = string("w")];
    ///     tensor<fp16, [2]> y = relu(x = w)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct CastOptimization;
    id: "cast_optimization",
    numerics: Exact,
    aliases: [Alias::plain("common::cast_optimization")],
    patterns: [
        /// `cast` to the type that the value has
        same_type(cast),
        /// `cast`, then `cast`
        pair(cast),
    ],
}

fn same_type(rw: &mut Rewrite<'_>, cast: OpId) -> Matched {
    let x = rw.input(cast, "x")?;
    No::unless(rw.dtype(x)? == target(rw, cast)?, "the cast changes the type")?;
    rw.replace_with_existing(cast, &[x], &[])
}

fn pair(rw: &mut Rewrite<'_>, second: OpId) -> Matched {
    // A cast moves no work into a loop that was not there: this one runs in the place of `second`.
    let first = rw.definition_anywhere(rw.input(second, "x")?, &["cast"])?;
    let x = rw.input(first, "x")?;
    let (from, between, to) = (rw.dtype(x)?, target(rw, first)?, target(rw, second)?);
    if !is_skippable(from, between, to) {
        return Err(No::miss(format!("{from} to {between} to {to} is not {from} to {to} for every value")));
    }
    if from == to {
        return rw.replace_with_existing(second, &[x], &[first]);
    }
    let new = rw.like(second)?.set("x", x);
    rw.replace(second, new, &[first])
}

fn target(rw: &Rewrite<'_>, cast: OpId) -> Result<DType, No> {
    DType::from_name(rw.call(cast)?.string("dtype")?).ok_or(No::miss("the target type is not known"))
}

/// Casting by way of `between` gives the same as casting at once, for every value of `from`.
fn is_skippable(from: DType, between: DType, to: DType) -> bool {
    // An int32 that fp32 rounds is beyond fp16, and is not zero.
    if from == DType::Int32 && between == DType::Fp32 && matches!(to, DType::Fp16 | DType::Bool) {
        return true;
    }
    if !keeps_values(from, between) {
        return false;
    }
    match (from.int_range(), to.int_range()) {
        // Out of range, integers wrap and floats saturate.
        (Some((low, high)), Some((min, max))) => !between.is_float() || (min <= low && high <= max),
        _ => true,
    }
}

/// Every value of `from` is one of `to`.
fn keeps_values(from: DType, to: DType) -> bool {
    if from == to || from == DType::Bool {
        return true;
    }
    // Integers up to this magnitude are exact.
    let exact = |dtype| match dtype {
        DType::Fp16 => Some(1_i128 << 11),
        DType::Fp32 => Some(1 << 24),
        DType::Fp64 => Some(1 << 53),
        _ => None,
    };
    match (from.int_range(), to.int_range()) {
        (Some((low, high)), Some((min, max))) => min <= low && high <= max,
        (Some((low, high)), None) => exact(to).is_some_and(|limit| -limit <= low && high <= limit),
        (None, _) => {
            matches!((from, to), (DType::Fp16, DType::Fp32 | DType::Fp64) | (DType::Fp32, DType::Fp64))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DType::*;

    #[test]
    fn pairs_that_may_be_skipped() {
        assert!(is_skippable(Fp16, Fp32, Fp16));
        assert!(is_skippable(Int8, Fp16, Fp32));
        assert!(is_skippable(Int32, Fp32, Fp16));
        assert!(is_skippable(Fp16, Fp32, Int32));
        assert!(is_skippable(Bool, Fp16, Int32));
    }

    #[test]
    fn pairs_that_may_not() {
        assert!(!is_skippable(Fp32, Fp16, Fp32), "fp16 rounds");
        assert!(!is_skippable(Fp32, Bool, Fp16), "bool keeps only zero apart");
        assert!(!is_skippable(Int32, Int8, Uint8), "int8 wraps");
        assert!(!is_skippable(Int32, Fp32, Int32), "fp32 rounds integers beyond 2^24");
        assert!(!is_skippable(Int8, Fp16, Uint8), "a negative float saturates, a negative integer wraps");
    }
}
