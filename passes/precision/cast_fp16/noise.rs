//! How much an array differs from another, and what rounding to fp16 makes of one.

use half::f16;
use mil_eval::{Array, EvalValue};
use mil_ops::eval::Stored;
use mil_tensor::DType;

/// The largest finite number of fp16.
pub(super) const LARGEST: f64 = 65504.0;

/// What samples do not show may be twice as large as what they do.
const HEADROOM: f64 = 2.0;

/// Relative rounding of fp16: the noise of one rounding is a third of its square.
const HALF_A_UNIT: f64 = 1.0 / 2048.0;

/// As good as wrong.
pub(super) const WRONG: f64 = 1e12;

/// The power of a signal, and that of what differs from it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Power {
    signal: f64,
    noise: f64,
    wrong: bool,
}

impl Power {
    /// Adds what one array says of another that should be equal to it.
    pub(super) fn compare(&mut self, wanted: &EvalValue, got: &EvalValue) {
        let (EvalValue::Array(wanted), EvalValue::Array(got)) = (wanted, got) else { return };
        if wanted.shape() != got.shape() {
            self.wrong = true;
            return;
        }
        let (Ok(a), Ok(b)) = (wanted.reals::<f64>(), got.reals::<f64>()) else {
            self.compare_exactly(wanted, got);
            return;
        };
        if !wanted.dtype().is_float() {
            self.compare_exactly(wanted, got);
            return;
        }
        for (&wanted, &got) in a.iter().zip(b.iter()) {
            if wanted == got || wanted.is_nan() {
                self.signal += if wanted.is_finite() { wanted * wanted } else { 0.0 };
            } else if wanted.is_finite() && got.is_finite() {
                self.signal += wanted * wanted;
                self.noise += (wanted - got) * (wanted - got);
            } else {
                self.wrong = true;
            }
        }
    }

    /// Integers and booleans are equal or not.
    fn compare_exactly(&mut self, wanted: &Array, got: &Array) {
        let (Ok(a), Ok(b)) = (wanted.longs(), got.longs()) else { return };
        self.signal += a.len() as f64;
        self.noise += a.iter().zip(&b).filter(|(a, b)| a != b).count() as f64;
    }

    /// Noise over signal.
    pub(super) fn ratio(&self) -> f64 {
        match (self.wrong, self.noise == 0.0) {
            (true, _) => WRONG,
            (false, true) => 0.0,
            (false, false) => (self.noise / self.signal.max(1e-300)).min(WRONG),
        }
    }

    /// Signal over noise, in dB.
    pub(super) fn db(&self) -> f64 {
        -10.0 * self.ratio().log10()
    }
}

/// The elements of an array of fp32; `None` for one of another type.
pub(super) fn elements(array: &Array) -> Option<Vec<f64>> {
    (array.dtype() == DType::Fp32).then(|| array.reals::<f64>().ok())?.map(std::borrow::Cow::into_owned)
}

fn like(array: &Array, values: Vec<f64>) -> Option<Array> {
    Array::from_vec(array.shape(), values.into_iter().map(|value| value as f32).collect()).ok()
}

/// Some elements are within the range of fp16, but not by much: other inputs may take them beyond.
pub(super) fn comes_close<'a>(arrays: impl Iterator<Item = &'a Array>) -> bool {
    let is_close = |value: &f64| value.abs() <= LARGEST && value.abs() * HEADROOM > LARGEST;
    arrays.filter_map(elements).any(|elements| elements.iter().any(is_close))
}

/// An array with what comes close to the end of fp16 beyond it, if it is one of fp16.
pub(super) fn strict(array: Array) -> Array {
    let is_close = |value: f64| value.is_finite() && value.abs() * HEADROOM > LARGEST;
    let moved = match array.reals::<f64>() {
        Ok(values) if array.dtype() == DType::Fp16 && values.iter().any(|&value| is_close(value)) => {
            let beyond = |&value: &f64| if is_close(value) { f64::INFINITY.copysign(value) } else { value };
            let values: Vec<f32> = values.iter().map(beyond).map(|value| value as f32).collect();
            Array::new(DType::Fp16, array.shape(), f32::pack(values)).ok()
        }
        _ => None,
    };
    moved.unwrap_or(array)
}

/// An array with its elements rounded to fp16, and held as fp32. What comes close to the end of its range is
/// beyond it.
pub(super) fn rounded(array: &Array) -> Option<Array> {
    let round = |value: f64| match value.is_finite() && value.abs() * HEADROOM > LARGEST {
        true => f64::INFINITY.copysign(value),
        false => f16::from_f64(value).to_f64(),
    };
    like(array, elements(array)?.into_iter().map(round).collect())
}

/// An array with each element moved by a unit of fp16 in a direction of its own, always the same.
pub(super) fn shaken(array: &Array) -> Option<Array> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let shake = |value: f64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        value * (1.0 + if state >> 63 == 0 { HALF_A_UNIT } else { -HALF_A_UNIT })
    };
    like(array, elements(array)?.into_iter().map(shake).collect())
}

/// How much of the noise of [`shaken`] arrives.
pub(super) fn gain(noise: f64) -> f64 {
    noise / (HALF_A_UNIT * HALF_A_UNIT)
}
