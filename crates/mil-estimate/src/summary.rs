//! A function in numbers.

use serde::Serialize;

/// A function in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Ops that some device runs.
    pub ops: usize,
    /// Those on the Neural Engine.
    pub ane_ops: usize,
    /// Their share of all ops.
    pub ane_share: f64,
    /// Runs of one device in program order.
    pub segments: usize,
    /// The least number of runs that an order which keeps all dependences could have; a greedy upper bound of
    /// it.
    pub segments_reordered: usize,
    /// Changes between devices in program order.
    pub switches: usize,
    /// What the planner believes the whole to cost, switches included.
    pub cost_ms: f64,
    /// Ops that could run on the Neural Engine.
    pub ane_supported: usize,
    /// Ops whose device is `unknown`.
    pub unknown_ops: usize,
    /// Ops that rest on numbers of other chips, systems or ops.
    pub assumed_ops: usize,
    /// Ops at which another device costs the same.
    pub tied_ops: usize,
    /// The least and the most that `cost_ms` may be, by what is known about the constants of this chip.
    pub cost_interval_ms: [f64; 2],
    /// The program computes in fp32 throughout, which the Neural Engine does not: it needs `add_fp16_cast`
    /// first.
    pub needs_fp16_cast: bool,
}
