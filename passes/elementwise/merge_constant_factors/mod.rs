use mil_ir::OpId;
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::product;

pass! {
    /// Makes one product with a constant of two in a row.
    ///
    /// Floats of up to 65,536 elements, whose products are finite and not below the normal numbers of the element
    /// type; the constant must not grow by it. The first product must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     fp32 c = const()[name = string("c"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [2, 3]> z = mul(x = x, y = c)[name = string("z")];
    ///     tensor<fp32, [3]> g = const()[name = string("g"), val = tensor<fp32, [3]>([0x1p+0, 0x1p+1, 0x1p+2])];
    ///     tensor<fp32, [2, 3]> y = mul(x = z, y = g)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<fp32, [3]> y_y_0 = const()[name = string("y_y_0"), val = tensor<fp32, [3]>([0x1p-1, 0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [2, 3]> y = mul(x = x, y = y_y_0)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MergeConstantFactors;
    id: "merge_constant_factors",
    numerics: Rounding,
    patterns: [
        /// `mul` by a constant, then `mul` by another
        factors(mul),
    ],
}

/// Elements of a constant that is no weight.
const MOST: usize = 65_536;

fn factors(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let (second, first, _) = rw.with_constant(end)?;
    let mut m = Match::ending(end);
    let inner = m.definition(rw, first, &["mul"])?;
    let (first, x, _) = rw.with_constant(inner)?;
    let is_float = |tensor: &Tensor| matches!(tensor.dtype(), DType::Fp16 | DType::Fp32);
    let alike = is_float(&first) && first.dtype() == second.dtype() && rw.dtype(x)? == first.dtype();
    No::unless(alike, "these are not floats of one type")?;
    No::unless(first.len().max(second.len()) <= MOST, "a constant is large")?;
    let factor = product(&first, &second)?;
    m.closed(rw)?;
    let new = rw.like(end)?.set("x", x).set("y", factor);
    m.replace(rw, new)
}
