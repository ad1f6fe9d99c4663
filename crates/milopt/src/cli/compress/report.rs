//! What became of each weight.

use mil_pass::RunReport;
use serde_json::{Value, json};

use crate::cli::compress::field;
use crate::words;

/// What the passes told about weights, with the signal to noise of each in decibels; `null` where nothing is
/// lost.
pub(super) fn weights(reports: &[RunReport]) -> Vec<Value> {
    let passes = reports.iter().flat_map(|report| &report.passes);
    let told = passes.flat_map(|pass| pass.details.iter().map(|detail| (&pass.id, detail.clone())));
    told.map(|(pass, mut detail)| {
        detail["pass"] = json!(pass);
        if let Some(decibels) = snr(&detail) {
            detail["snr_db"] = json!(decibels);
        }
        detail
    })
    .collect()
}

/// Signal to noise in decibels, where it was measured; infinite where nothing is lost.
fn snr(detail: &Value) -> Option<f64> {
    let number = |key: &str| detail.get(key).and_then(Value::as_f64);
    let (signal, noise) = (number("signal")?, number("noise")?);
    Some(if noise == 0.0 { f64::INFINITY } else { 10.0 * (signal / noise).log10() })
}

/// A table, then the weights that were left alone by their reasons.
pub(super) fn text(weights: &[Value]) -> String {
    let done = || weights.iter().filter(|weight| weight.get("bytes_before").is_some());
    let width = |key: &str, title: &str| {
        done().map(|weight| field(weight, key).chars().count()).fold(title.len(), usize::max)
    };
    let (names, types) = (width("weight", "weight"), width("type", "type"));
    let mut text = format!("{:<names$}  {:<types$} {:>20} {:>9}  form\n", "weight", "type", "size", "SNR");
    let bytes = |weight: &Value, key: &str| weight.get(key).and_then(Value::as_u64).unwrap_or(0);
    let (mut signal, mut noise) = (0.0, 0.0);
    for weight in done() {
        let snr = match snr(weight) {
            None => String::new(),
            Some(decibels) if decibels.is_infinite() => "exact".to_owned(),
            Some(decibels) => format!("{decibels:.1} dB"),
        };
        let number = |key: &str| weight.get(key).and_then(Value::as_f64).unwrap_or(0.0);
        (signal, noise) = (signal + number("signal"), noise + number("noise"));
        text.push_str(&format!(
            "{:<names$}  {:<types$} {:>20} {snr:>9}  {}\n",
            field(weight, "weight"),
            field(weight, "type"),
            words::bytes_change(bytes(weight, "bytes_before"), bytes(weight, "bytes_after")),
            field(weight, "form").trim_start_matches("constexpr_"),
        ));
    }
    if noise > 0.0 {
        text.push_str(&format!("all weights together: {:.1} dB\n", 10.0 * f64::log10(signal / noise)));
    }
    let mut reasons: Vec<(&str, usize, &str)> = Vec::new();
    for weight in weights.iter().filter(|weight| weight.get("skipped").is_some()) {
        let reason = field(weight, "skipped");
        match reasons.iter_mut().find(|(known, ..)| *known == reason) {
            Some((_, count, _)) => *count += 1,
            None => reasons.push((reason, 1, field(weight, "weight"))),
        }
    }
    for (reason, count, first) in reasons {
        let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        text.push_str(&format!("left alone: {first}{others}: {reason}\n"));
    }
    text
}
