//! Quantized values.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod canonicalize_quantized_lut_pattern;
mod dequantize_quantize_pair_elimination;
mod dequantize_to_constexpr;
mod int_op_canonicalization;
mod merge_affine_dequantize_with_consecutive_ops;
mod normalize_quantized_binary_scale;
mod nullify_redundant_quantization_zero_point;
mod reorder_lut_per_channel_scale;
pub use canonicalize_quantized_lut_pattern::CanonicalizeQuantizedLutPattern;
pub use dequantize_quantize_pair_elimination::DequantizeQuantizePairElimination;
pub use dequantize_to_constexpr::DequantizeToConstexpr;
pub use int_op_canonicalization::IntOpCanonicalization;
pub use merge_affine_dequantize_with_consecutive_ops::MergeAffineDequantizeWithConsecutiveOps;
pub use normalize_quantized_binary_scale::NormalizeQuantizedBinaryScale;
pub use nullify_redundant_quantization_zero_point::NullifyRedundantQuantizationZeroPoint;
pub use reorder_lut_per_channel_scale::ReorderLutPerChannelScale;

use mil_ir::OpId;
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use crate::constants::fits;

/// The constants of a `quantize` or `dequantize`.
struct Affine {
    scale: Tensor,
    /// `None` for 0 everywhere.
    zero_point: Option<Tensor>,
    /// `None` where all elements share the scale.
    axis: Option<usize>,
}

impl Affine {
    fn new(rw: &Rewrite<'_>, op: OpId) -> Result<Affine, No> {
        let scale = rw.constant(op, "scale")?;
        let zero_point = rw.optional_constant(op, "zero_point")?;
        let axis = match scale.len() {
            1 => None,
            _ => Some(rw.call(op)?.axis("axis", rw.rank(rw.input(op, "input")?)?)?),
        };
        let zero_point = match zero_point {
            Some(given) if !given.is_splat_of(0.0)? => Some(given),
            _ => None,
        };
        Ok(Affine { scale, zero_point, axis })
    }

    /// Guard: quantizing what was dequantized gives the same integers.
    fn undoes(&self, rw: &Rewrite<'_>, dequantize: OpId, quantize: OpId) -> Result<(), No> {
        let other = Affine::new(rw, quantize)?;
        let integers = rw.dtype(rw.input(dequantize, "input")?)? == rw.dtype(rw.result(quantize)?)?;
        No::unless(integers, "the integers have different types")?;
        No::unless(same(&self.scale, &other.scale)?, "the scales differ")?;
        let zero_points = match (&self.zero_point, &other.zero_point) {
            (None, None) => true,
            (Some(a), Some(b)) => same(a, b)?,
            _ => false,
        };
        No::unless(zero_points, "the zero points differ")?;
        No::unless(self.axis == other.axis, "the axes differ")?;
        // The largest product must stay finite and the smallest precise, or the quotient is another integer.
        let dtype = self.scale.dtype();
        let smallest = if dtype == DType::Fp16 { 2_f64.powi(-14) } else { f64::from(f32::MIN_POSITIVE) };
        let safe = self.scale.all(|scale| scale.abs() >= smallest && fits(255.0 * scale, dtype))?;
        No::unless(safe, "a scale is zero, tiny or too large")
    }
}

/// Two constants have the same elements.
fn same(a: &Tensor, b: &Tensor) -> Result<bool, No> {
    Ok(a.dtype() == b.dtype()
        && a.len() == b.len()
        && a.reshaped(&[a.len()])?.content_eq(&b.reshaped(&[b.len()])?)?)
}
