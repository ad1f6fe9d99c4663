//! A grid of settings, and which of them no other beats.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use super::allocate::Bench;
use super::apply::apply;
use super::calls::{fidelity, worst};
use super::report::{all_together, told};
use super::settings::Setting;
use super::steps::{How, pipeline};
use crate::cli::Failure;
use crate::{inspect, words};

/// What a setting makes of a model.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Point {
    /// The setting.
    pub(super) setting: String,
    /// Bytes of all weights.
    pub(super) weight_bytes: u64,
    /// Signal to noise of all weights together, in decibels.
    pub(super) weights_snr_db: f64,
    /// The least signal to noise of an output on the samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_snr_db: Option<f64>,
    /// No other setting is both smaller and closer.
    pub(super) is_on_frontier: bool,
    /// What trying it took.
    pub(super) seconds: f64,
}

impl Point {
    /// What decides: the outputs where there are samples, else the weights.
    pub(super) fn snr_db(&self) -> f64 {
        self.output_snr_db.unwrap_or(self.weights_snr_db)
    }
}

/// All settings, the smallest first.
pub(super) fn sweep(bench: &Bench<'_>, settings: &[Setting]) -> Result<Vec<Point>, Failure> {
    let reference = bench.calls.map(|calls| calls.outputs(bench.program)).transpose()?;
    let mut points = Vec::new();
    for setting in settings {
        let start = Instant::now();
        let mut copy = bench.program.clone();
        let how = How { measure: true, twice: false, ..bench.how.clone() };
        let json = pipeline(&[setting.for_all()], &how, &Value::Null)?;
        let report = apply(&json, &mut copy, bench.calls, None, bench.registry)?;
        let output_snr_db = match (&reference, bench.calls) {
            (Some(reference), Some(calls)) => worst(&fidelity(reference, &calls.outputs(&copy)?)),
            _ => None,
        };
        points.push(Point {
            setting: setting.name.clone(),
            weight_bytes: inspect::weights(&copy).bytes,
            weights_snr_db: all_together(&told(std::slice::from_ref(&report))),
            output_snr_db,
            is_on_frontier: false,
            seconds: start.elapsed().as_secs_f64(),
        });
    }
    points.sort_by(|a, b| a.weight_bytes.cmp(&b.weight_bytes).then(b.snr_db().total_cmp(&a.snr_db())));
    let mut best = f64::NEG_INFINITY;
    for point in &mut points {
        point.is_on_frontier = point.snr_db() > best;
        best = best.max(point.snr_db());
    }
    Ok(points)
}

/// A table; what is on the frontier has a mark.
pub(super) fn text(points: &[Point], before: u64) -> String {
    let width = points.iter().map(|point| point.setting.chars().count()).max().unwrap_or(0).max(7);
    let outputs = points.iter().any(|point| point.output_snr_db.is_some());
    let head = if outputs { "  outputs" } else { "" };
    let mut text = format!("  {:<width$} {:>9} {:>8} {:>9}{head}\n", "setting", "weights", "of all", "SNR");
    for point in points {
        let part = 100.0 * point.weight_bytes as f64 / before.max(1) as f64;
        let outputs = point.output_snr_db.map(|snr| format!("  {:>7}", snr_text(snr))).unwrap_or_default();
        text.push_str(&format!(
            "{} {:<width$} {:>9} {part:>7.1}% {:>9}{outputs}\n",
            if point.is_on_frontier { "*" } else { " " },
            point.setting,
            words::bytes(point.weight_bytes),
            snr_text(point.weights_snr_db),
        ));
    }
    text.push_str("* no other setting is both smaller and closer\n");
    text
}

/// A signal to noise ratio as people read it.
pub(super) fn snr_text(decibels: f64) -> String {
    match decibels {
        _ if decibels == f64::INFINITY => "exact".to_owned(),
        _ if decibels == f64::NEG_INFINITY => "lost".to_owned(),
        _ => format!("{decibels:.1} dB"),
    }
}
