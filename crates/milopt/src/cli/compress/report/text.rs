//! The report as text.

use serde_json::Value;

use super::super::calls::decibels;
use super::super::sweep::{self, snr_text};
use super::{Report, all_together, bytes, field, form, snr};
use crate::words;

/// A table, then what was left alone by its reasons, then what is to be said of the whole.
pub(in super::super) fn text(report: &Report) -> String {
    let mut text = String::new();
    if !report.sweep.is_empty() {
        text.push_str(&sweep::text(&report.sweep, report.weight_bytes_before));
    }
    if !report.weights.is_empty() {
        text.push_str(&table(&report.weights));
        text.push_str(&left_alone(&report.weights));
    }
    if let Some(found) = &report.allocation {
        let proof = if found.is_optimal { "no choice is better" } else { "a better choice is not ruled out" };
        let by = if found.by_sensitivity { "the samples" } else { "the weights" };
        text.push_str(&format!(
            "allocation: {} of {}, {} expected by {by}; {proof} of {} forms of {}\n",
            words::bytes(found.size),
            words::bytes(report.weight_bytes_before),
            snr_text(found.expected_snr_db),
            found.forms,
            words::count(found.weights, "weight"),
        ));
    }
    if let Some(judged) = &report.rounding {
        text.push_str(&format!(
            "rounding: {} from the samples, {} plainly, on {} of the {} calls: {} stays\n",
            snr_text(judged.compensated_snr_db),
            snr_text(judged.plain_snr_db),
            judged.judged,
            judged.calls,
            if judged.is_compensated { "what is from the samples" } else { "plain rounding" },
        ));
    }
    for output in &report.outputs {
        text.push_str(&format!("output {}: {} on the samples\n", output.name, snr_text(output.snr_db)));
    }
    for line in &report.placement {
        text.push_str(&format!("placement: {line}\n"));
    }
    text
}

fn table(weights: &[Value]) -> String {
    let done = || weights.iter().filter(|weight| weight.get("bytes_before").is_some());
    let width = |key: &str, title: &str| {
        done().map(|weight| field(weight, key).chars().count()).fold(title.len(), usize::max)
    };
    let (names, types) = (width("weight", "weight"), width("type", "type"));
    let calibrated = done().any(|weight| weight.get("layer_error").is_some());
    let head = if calibrated { "     layer" } else { "" };
    let mut text = format!(
        "{:<names$}  {:<types$} {:>20} {:>5} {:>9}{head}  form\n",
        "weight", "type", "size", "bits", "SNR"
    );
    for weight in done() {
        let snr = snr(weight).map_or(String::new(), snr_text);
        let bits =
            weight.get("bits").and_then(Value::as_f64).map_or(String::new(), |bits| format!("{bits:.2}"));
        let layer = if calibrated { format!(" {:>9}", layer(weight)) } else { String::new() };
        text.push_str(&format!(
            "{:<names$}  {:<types$} {:>20} {bits:>5} {snr:>9}{layer}  {}\n",
            field(weight, "weight"),
            field(weight, "type"),
            words::bytes_change(bytes(weight, "bytes_before"), bytes(weight, "bytes_after")),
            form(weight),
        ));
    }
    if calibrated {
        text.push_str("layer: by how much less the layer's results differ than with plain rounding\n");
    }
    let all = all_together(weights);
    if all.is_finite() {
        text.push_str(&format!("all weights together: {all:.1} dB\n"));
    }
    text
}

/// How much less the results of the layer differ than with plain rounding.
fn layer(weight: &Value) -> String {
    let number = |key: &str| weight.get(key).and_then(Value::as_f64);
    match number("layer_error_plain").zip(number("layer_error")) {
        Some((plain, found)) if plain > 0.0 => format!("{:+.1} dB", decibels(plain, found).max(0.0)),
        Some(_) => "+0.0 dB".to_owned(),
        None => "-".to_owned(),
    }
}

fn left_alone(weights: &[Value]) -> String {
    let mut reasons: Vec<(&str, usize, &str)> = Vec::new();
    for weight in weights {
        for key in ["skipped", "not_calibrated"] {
            let reason = field(weight, key);
            match reasons.iter_mut().find(|(known, ..)| *known == reason) {
                _ if reason.is_empty() => {}
                Some((_, count, _)) => *count += 1,
                None => reasons.push((reason, 1, field(weight, "weight"))),
            }
        }
    }
    let mut text = String::new();
    for (reason, count, first) in reasons {
        let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let is_skip = weights.iter().any(|weight| field(weight, "skipped") == reason);
        let what = if is_skip { "left alone" } else { "rounded plainly" };
        text.push_str(&format!("{what}: {first}{others}: {reason}\n"));
    }
    text
}
