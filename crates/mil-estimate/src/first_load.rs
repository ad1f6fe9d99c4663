//! How long the first load takes, as far as public measurements carry: not far.
//!
//! Core ML compiles a model's segments for the Neural Engine when it is first loaded on a device, and keeps
//! the result. The few published times (`data/first_load.tsv`) range over more than a factor of ten per byte
//! of weights, so there is no model here: only the drivers, and the range that the reports span at this size.

use std::sync::LazyLock;

use serde::Serialize;

use crate::segments::{Segment, Weights, distinct_bytes};
use crate::table::{self, Row};
use crate::target::{Confidence, Device};

/// What decides how long the first load takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstLoad {
    /// Ops that are compiled for the Neural Engine.
    pub ane_ops: usize,
    /// Segments that are: one compile each.
    pub ane_segments: usize,
    /// Bytes of their weights, as stored.
    pub ane_weight_bytes: u64,
    /// Bytes of all weights of the function, as stored.
    pub weight_bytes: u64,
    /// The most bytes that enter and leave one of the segments.
    pub largest_io_bytes: u64,
    /// Shapes that are compiled: 1, and each enumerated one.
    pub shapes: usize,
    /// Seconds, from the fastest to the slowest published report per byte of weights, times `shapes`; `None`
    /// where nothing is on the Neural Engine. A range of reports, not a prediction.
    pub reported_s: Option<[f64; 2]>,
    /// Always assumed: no model is known.
    pub certainty: Confidence,
}

/// A row of `data/first_load.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    megabytes: f64,
    seconds: f64,
}

impl Report {
    pub(crate) fn parse(row: &Row<'_>) -> Result<Report, String> {
        let report = Report { megabytes: row.need("mb")?, seconds: row.need("seconds")? };
        row.need::<Confidence>("certainty")?;
        if report.megabytes > 0.0 { Ok(report) } else { Err("no size".to_owned()) }
    }
}

pub(crate) const TABLE: &str = include_str!("../data/first_load.tsv");

fn reports() -> &'static [Report] {
    static ROWS: LazyLock<Vec<Report>> = LazyLock::new(|| table::read(TABLE, Report::parse));
    &ROWS
}

/// The drivers of a function's first load at its default shape; `weights` has the constants of each op.
pub(crate) fn drivers(devices: &[Device], segments: &[Segment], weights: &[Weights]) -> FirstLoad {
    let on_ane = || segments.iter().filter(|segment| segment.device == Device::Ane);
    let ane = || devices.iter().zip(weights).filter(|(device, _)| **device == Device::Ane);
    let ane_weight_bytes = distinct_bytes(ane().map(|(_, weights)| weights));
    let ane_ops = ane().count();
    FirstLoad {
        ane_ops,
        ane_segments: on_ane().count(),
        ane_weight_bytes,
        weight_bytes: distinct_bytes(weights.iter()),
        largest_io_bytes: on_ane()
            .map(|segment| segment.live_in_bytes.saturating_add(segment.live_out_bytes))
            .max()
            .unwrap_or(0),
        shapes: 1,
        reported_s: (ane_ops > 0).then(|| reported(ane_weight_bytes)),
        certainty: Confidence::Assumed,
    }
}

impl FirstLoad {
    /// With as many compiles as there are shapes.
    pub(crate) fn with_shapes(mut self, shapes: usize) -> FirstLoad {
        self.shapes = shapes;
        self.reported_s = self.reported_s.map(|seconds| seconds.map(|second| second * shapes as f64));
        self
    }
}

fn reported(bytes: u64) -> [f64; 2] {
    let rates = || reports().iter().map(|report| report.seconds / report.megabytes);
    let megabytes = bytes as f64 / 1e6;
    [rates().fold(f64::INFINITY, f64::min) * megabytes, rates().fold(0.0, f64::max) * megabytes]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_that_of_the_reports() {
        let [low, high] = reported(335_000_000);
        assert!(low < 97.0 && 97.0 < high, "{low} {high}");
        assert!(high > 10.0 * low, "the reports differ by more than a factor of ten");
    }
}
