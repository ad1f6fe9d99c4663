//! Activations as integers: pairs of `quantize` and `dequantize` around ops.

use std::collections::BTreeMap;

use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{No, OptionValue, Rewrite};
use mil_tensor::{DType, Tensor};
use serde_json::{Value, json};

use super::config::LinearConfig;

/// The least and largest number of values, by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges(pub BTreeMap<String, (f64, f64)>);

impl OptionValue for Ranges {
    fn read(value: &Value) -> Result<Ranges, String> {
        let expected = || "an object of {\"rmin\": number, \"rmax\": number} by the names of values";
        let given = value.as_object().ok_or_else(expected)?;
        let range = |(name, value): (&String, &Value)| {
            let bound = |key: &str| value.get(key).and_then(Value::as_f64).filter(|bound| bound.is_finite());
            let (least, most) = bound("rmin").zip(bound("rmax")).ok_or_else(expected)?;
            Ok((name.clone(), (least, most)))
        };
        given.iter().map(range).collect::<Result<_, String>>().map(Ranges)
    }

    fn write(&self) -> Value {
        let range = |(name, (least, most)): (&String, &(f64, f64))| {
            (name.clone(), json!({"rmin": least, "rmax": most}))
        };
        Value::Object(self.0.iter().map(range).collect())
    }
}

/// Scale and zero point for a range of numbers.
pub(super) struct Affine {
    scale: Tensor,
    zero_point: Option<Tensor>,
    dtype: DType,
}

impl Affine {
    /// For numbers of a type.
    pub(super) fn new((least, most): (f64, f64), config: &LinearConfig, of: DType) -> Result<Affine, No> {
        let eight = matches!(config.dtype, DType::Int8 | DType::Uint8);
        No::unless(eight, "activations are quantized to 8 bits")?;
        No::unless(least <= most, "the least number is larger than the largest")?;
        let signed = config.dtype == DType::Int8;
        let (low, high) = if signed { (-128.0, 127.0) } else { (0.0, 255.0) };
        let (scale, zero) = if config.symmetric {
            (least.abs().max(most.abs()) / 127.0, if signed { 0.0 } else { 127.0 })
        } else {
            let (least, most) = (least.min(0.0), most.max(0.0));
            let scale = (most - least) / 255.0;
            let zero = if scale > 0.0 { (low - least / scale).round_ties_even() } else { low };
            (scale, zero.clamp(low, high))
        };
        let mut scale = Tensor::from_f64s(of, &[], &[scale])?;
        let held = scale.item_f64().unwrap_or(0.0);
        No::unless(held.is_finite(), "the scale is not finite in the type of the value")?;
        if held == 0.0 {
            // All numbers are zero, whatever the scale.
            scale = Tensor::from_f64s(of, &[], &[1.0])?;
        }
        let zero_point = match (config.symmetric, signed) {
            (true, true) => None,
            _ => Some(Tensor::from_f64s(config.dtype, &[], &[zero])?),
        };
        Ok(Affine { scale, zero_point, dtype: config.dtype })
    }

    /// Inserts `quantize` and `dequantize` of a value before an op; answers what comes back.
    pub(super) fn pair(&self, rw: &mut Rewrite<'_>, value: ValueId, before: OpId) -> Result<ValueId, No> {
        let name = rw.graph().value(value).name().to_string();
        let with_parameters = |rw: &mut Rewrite<'_>, op: &str, mut new: NewOp| {
            let scale = rw.tensor(&format!("{name}_{op}_scale"), self.scale.clone(), before);
            new = new.with("scale", scale);
            if let Some(zero_point) = &self.zero_point {
                let zero = rw.tensor(&format!("{name}_{op}_zero_point"), zero_point.clone(), before);
                new = new.with("zero_point", zero);
            }
            new
        };
        let new = NewOp::new("quantize").named(format!("{name}_quantized")).with("input", value);
        let new = with_parameters(rw, "quantize", new);
        let dtype = Tensor::string(self.dtype.to_string());
        let dtype = rw.tensor(&format!("{name}_quantize_dtype"), dtype, before);
        let quantized = rw.emit_one(new.with("output_dtype", dtype), before)?;
        let new = NewOp::new("dequantize").named(format!("{name}_dequantized")).with("input", quantized);
        let new = with_parameters(rw, "dequantize", new);
        rw.emit_one(new, before)
    }
}
