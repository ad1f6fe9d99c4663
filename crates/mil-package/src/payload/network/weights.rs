//! Weights of layers: one form each, as many as the parameters say, quantised soundly.

use mil_proto::payload::WeightParams;
use mil_proto::payload::quantization_params::QuantizationType;

use super::super::rule::{Checked, require};

const CODE: &str = "layer-weights";

/// How weights are stored, and how many there are where that can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Empty,
    Float(u64),
    Half(u64),
    /// Raw bytes with quantisation.
    Quantized,
    /// Signed bytes with quantisation.
    Int8,
    /// Several forms at once.
    Mixed,
}

impl Form {
    pub(super) fn of(weights: Option<&WeightParams>) -> Form {
        let Some(weights) = weights else { return Form::Empty };
        let filled = [
            !weights.float_value.is_empty(),
            !weights.float16_value.is_empty(),
            !weights.raw_value.is_empty(),
            !weights.int8_raw_value.is_empty(),
        ];
        let quantized = weights.quantization.is_some();
        match filled {
            [true, false, false, false] => Form::Float(weights.float_value.len() as u64),
            [false, true, false, false] => Form::Half(weights.float16_value.len() as u64 / 2),
            [false, false, true, false] if quantized => Form::Quantized,
            [false, false, false, true] if quantized => Form::Int8,
            // Raw bytes that nothing says how to read count as none.
            [false, false, _, _] if filled != [false, false, true, true] => Form::Empty,
            _ => Form::Mixed,
        }
    }

    fn is_float(self) -> bool {
        matches!(self, Form::Float(_))
    }

    fn is_half(self) -> bool {
        matches!(self, Form::Half(_))
    }
}

/// None of the weights is stored in several forms.
pub(super) fn not_mixed(forms: &[Form]) -> Checked {
    require(!forms.contains(&Form::Mixed), CODE, "weights are stored in several forms at once")
}

/// Floats are of one precision; what is quantised goes with any.
pub(super) fn one_precision(forms: &[Form]) -> Checked {
    let both = forms.iter().any(|form| form.is_float()) && forms.iter().any(|form| form.is_half());
    require(!both, CODE, "weights of fp32 and of fp16 are mixed")
}

/// So many weights, with one scale for all or one for each channel.
pub(super) fn count(weights: Option<&WeightParams>, wanted: u64, channels: u64, what: &str) -> Checked {
    match Form::of(weights) {
        Form::Float(count) | Form::Half(count) => {
            require(count == wanted, CODE, format!("{what}: {count} weights, where {wanted} are needed"))
        }
        Form::Quantized => quantized(weights, wanted, channels, what),
        Form::Empty | Form::Int8 => require(false, CODE, format!("{what}: there are no weights")),
        Form::Mixed => not_mixed(&[Form::Mixed]),
    }
}

fn quantized(weights: Option<&WeightParams>, wanted: u64, channels: u64, what: &str) -> Checked {
    let Some((weights, quantization)) = weights.and_then(|w| Some((w, w.quantization.as_ref()?))) else {
        return Ok(());
    };
    let bits = quantization.number_of_bits;
    require((1..=8).contains(&bits), CODE, format!("{what}: quantised to {bits} bits"))?;
    let bytes = wanted.checked_mul(bits).map(|bits| bits.div_ceil(8));
    let enough = bytes.is_some_and(|bytes| weights.raw_value.len() as u64 >= bytes);
    require(enough, CODE, format!("{what}: {} bytes for {wanted} weights", weights.raw_value.len()))?;
    let fits = match &quantization.quantization_type {
        None => false,
        Some(QuantizationType::LinearQuantization(linear)) => {
            let (scales, biases) = (linear.scale.len() as u64, linear.bias.len() as u64);
            (scales == 1 || scales == channels) && (biases == 0 || biases == scales)
        }
        Some(QuantizationType::LookupTableQuantization(table)) => table.float_value.len() == 1 << bits,
    };
    require(fits, CODE, format!("{what}: scales, biases or the table do not fit"))
}

/// What dynamic quantisation to int8 needs.
pub(super) fn dynamic_int8(weights: Option<&WeightParams>, has_bias: bool) -> Checked {
    require(!has_bias, CODE, "dynamic quantisation goes without bias")?;
    let quantization = weights.and_then(|weights| weights.quantization.as_ref());
    let linear =
        quantization.filter(|quantization| quantization.number_of_bits == 8).and_then(|quantization| {
            match &quantization.quantization_type {
                Some(QuantizationType::LinearQuantization(linear)) => Some(linear),
                _ => None,
            }
        });
    let fits = Form::of(weights) == Form::Int8
        && linear.is_some_and(|linear| linear.scale.len() == 1 && linear.bias.is_empty());
    require(fits, CODE, "dynamic quantisation needs int8 weights with one scale and no bias")
}

/// A matrix and a bias whose emptiness nobody looks at.
pub(super) fn inner_product(
    weights: Option<&WeightParams>,
    bias: Option<&WeightParams>,
    (inputs, outputs): (u64, u64),
) -> Checked {
    let forms = [Form::of(weights), bias.map_or(Form::Empty, |bias| Form::of(Some(bias)))];
    not_mixed(&forms)?;
    one_precision(&forms)?;
    let counted = |form: Form| !matches!(form, Form::Empty | Form::Int8);
    if counted(forms[0]) {
        count(weights, inputs.saturating_mul(outputs), outputs, "weights")?;
    }
    if counted(forms[1]) {
        count(bias, outputs, 1, "bias")?;
    }
    Ok(())
}
