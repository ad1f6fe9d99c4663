//! What became of the weights: as text, as JSON, and as a page.

mod html;
mod plot;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};

use mil_pass::RunReport;
use serde::Serialize;
use serde_json::{Value, json};

use super::allocate::Found;
use super::calls::{Fidelity, decibels};
use super::rounding::Judged;
use super::sweep::Point;
use crate::cli::Outcome;

pub(super) use text::text;

/// What there is to say.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) input: PathBuf,
    /// What was written.
    pub(super) output: Option<PathBuf>,
    pub(super) weight_bytes_before: u64,
    pub(super) weight_bytes_after: u64,
    /// What the passes told about each weight.
    pub(super) weights: Vec<Value>,
    /// How closely outputs follow the original on the samples.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) outputs: Vec<Fidelity>,
    /// How rounding from samples did beside plain rounding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rounding: Option<Judged>,
    /// How forms were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allocation: Option<Found>,
    /// What other settings would make of the model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sweep: Vec<Point>,
    /// What the chosen forms mean for where the model runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) placement: Vec<String>,
    pub(super) seconds: f64,
}

impl Report {
    /// Writes it in the form that the name of the file says: `.html`, `.json`, or text.
    pub(super) fn write(&self, path: &Path) -> Outcome {
        let content = match path.extension().and_then(|end| end.to_str()) {
            Some("html" | "htm") => html::page(self),
            Some("json") => format!("{}\n", serde_json::to_string_pretty(self)?),
            _ => text(self),
        };
        Ok(mil_package::write_file(path, |mut file| file.write_all(content.as_bytes()))?)
    }
}

/// What the passes told about weights, with the signal to noise of each in decibels, `null` where nothing is
/// lost, and how many bits an element takes.
pub(super) fn told(reports: &[RunReport]) -> Vec<Value> {
    let passes = reports.iter().flat_map(|report| &report.passes);
    let told = passes.flat_map(|pass| pass.details.iter().map(|detail| (&pass.id, detail.clone())));
    told.filter(|(_, detail)| detail.get("weight").is_some())
        .map(|(pass, mut detail)| {
            detail["pass"] = json!(pass);
            if let Some(decibels) = snr(&detail) {
                detail["snr_db"] = json!(decibels);
            }
            if let Some(bits) = bits(&detail) {
                detail["bits"] = json!(bits);
            }
            detail
        })
        .collect()
}

/// Bits of an element as it is stored, tables and scales included.
fn bits(detail: &Value) -> Option<f64> {
    let bytes = detail.get("bytes_after").and_then(Value::as_u64)?;
    let shape = field(detail, "type").split_once('[')?.1.trim_end_matches([']', '>']);
    let sizes = shape.split(',').map(|size| size.trim().parse::<f64>());
    let elements: f64 = sizes.product::<Result<f64, _>>().ok()?;
    let bits = 8.0 * bytes as f64 / elements;
    bits.is_finite().then(|| (bits * 100.0).round() / 100.0)
}

/// Signal to noise of a weight in decibels, where it was measured; infinite where nothing is lost.
fn snr(detail: &Value) -> Option<f64> {
    let number = |key: &str| detail.get(key).and_then(Value::as_f64);
    let (signal, noise) = (number("signal")?, number("noise")?);
    Some(decibels(signal, noise))
}

/// Signal to noise of all weights together.
pub(super) fn all_together(weights: &[Value]) -> f64 {
    let sum = |key: &str| weights.iter().filter_map(|weight| weight.get(key).and_then(Value::as_f64)).sum();
    decibels(sum("signal"), sum("noise"))
}

/// An object's field as text.
fn field<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// An object's field as a number of bytes.
fn bytes(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// How a weight is stored, in words: `4 bit palette`, `int8`, …
fn form(weight: &Value) -> &str {
    field(weight, "form").trim_start_matches("constexpr_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_count_all_that_is_stored() {
        let detail = json!({"type": "fp16[64, 32]", "bytes_after": 1024 + 256});
        assert_eq!(bits(&detail), Some(5.0));
        assert_eq!(bits(&json!({"type": "?", "bytes_after": 8})), None);
        assert_eq!(bits(&json!({"type": "fp16[0]", "bytes_after": 8})), None);
    }
}
