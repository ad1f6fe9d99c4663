//! What differs between two constants, in numbers.

use mil_ir::{Literal, LiteralData};
use serde::Serialize;

use crate::diff::Change;
use crate::diff::pairs::is_float;

/// A constant whose elements differ.
#[derive(Clone, Debug, Serialize)]
pub struct WeightChange {
    /// Name, or the op and its parameter.
    pub name: String,
    /// Type in the first graph.
    pub from: String,
    /// Type in the second.
    pub to: String,
    /// Bytes as stored.
    pub bytes: Change<u64>,
    /// Largest absolute difference of two elements; `None` where they cannot be compared.
    pub max_error: Option<f64>,
    /// Signal to noise in dB, the first as the signal; `None` where they cannot be compared or are equal.
    pub snr_db: Option<f64>,
    /// Sums of the squares of the first, and of the difference.
    #[serde(skip)]
    pub(super) energies: (f64, f64),
}

/// Elements up to which differing constants are compared one by one.
const COMPARED: usize = 1 << 26;

/// The difference of two constants in numbers; `None` for what is not a tensor of floats.
pub(super) fn weight_change(name: &str, a: &Literal, b: &Literal) -> Option<WeightChange> {
    let (LiteralData::Tensor(x), LiteralData::Tensor(y)) = (&a.data, &b.data) else { return None };
    if !is_float(Some(x.dtype())) && !is_float(Some(y.dtype())) && x.len().max(y.len()) <= 8 {
        return None;
    }
    let bytes = |tensor: &mil_tensor::Tensor| tensor.byte_len().unwrap_or(0) as u64;
    let mut change = WeightChange {
        name: name.to_owned(),
        from: a.ty.to_string(),
        to: b.ty.to_string(),
        bytes: Change { before: bytes(x), after: bytes(y) },
        max_error: None,
        snr_db: None,
        energies: (0.0, 0.0),
    };
    if x.shape() == y.shape()
        && x.len() <= COMPARED
        && let (Ok(x), Ok(y)) = (x.to_f64s(), y.to_f64s())
    {
        let (mut max, mut signal, mut noise) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (x, y) in x.iter().zip(&y) {
            max = max.max((x - y).abs());
            signal += x * x;
            noise += (x - y) * (x - y);
        }
        change.max_error = Some(max);
        change.energies = (signal, noise);
        change.snr_db = decibels(signal, noise);
    }
    Some(change)
}

/// Signal to noise; `None` where either is nothing.
pub(super) fn decibels(signal: f64, noise: f64) -> Option<f64> {
    Some(10.0 * (signal / noise).log10()).filter(|db| db.is_finite())
}
