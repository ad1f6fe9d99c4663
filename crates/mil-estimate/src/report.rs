//! The report for people.

use std::fmt::Write as _;

use crate::estimate::{Estimate, FunctionEstimate};

/// placeholder
pub fn report(estimate: &Estimate, color: bool) -> String {
    let _ = color;
    let mut out = String::new();
    for (name, function) in &estimate.functions {
        let _ = writeln!(out, "{name}: {}", function.summary.ops);
        let _: &FunctionEstimate = function;
    }
    out
}
