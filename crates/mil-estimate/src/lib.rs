//! Where Core ML would run each op of an ML Program, and why.
//!
//! Core ML asks each of its backends which ops it can run, estimates a time for each op on each of them, and
//! takes the cheapest path through the program. [`estimate`] does the same without a device, in three layers
//! that can be used alone:
//!
//! 1. [`legality`]: which backends can run an op with these types, shapes, attributes and constants on this
//!    chip and system, and if not the Neural Engine (ANE), why;
//! 2. [`cost`]: how long the planner believes the op to take on each of them;
//! 3. [`placement`]: the cheapest path, with what it costs to enter a backend and to change to another one.
//!
//! What the layers know about chips, systems and ops is data (`data/*.tsv`), each row with its source and
//! with how sure it is ([`Confidence`]). The estimator says so where it does not know: an op gets no device
//! ([`Device::Unknown`]) if its place changes within what is known about costs.
//!
//! "Supported" is not "placed": most ops of a small model could run on the ANE and stay on the CPU, because
//! the time they would save is shorter than the switch. And an estimate is a plan, as Core ML's own is, not a
//! measurement.
//!
//! This crate reads programs and changes nothing. It does no I/O.
//!
//! ```
//! use mil_estimate::{Target, estimate, report};
//! use mil_ir::{Function, Graph, Interface, Program, Release};
//!
//! let mut program = Program::new(Interface::default());
//! program.functions.insert("main".into(), Function::new(Release::IOS17.opset(), Graph::new(vec![])));
//! let target = Target::new("M4", "27", "cpu-and-ne")?;
//! let found = estimate(&program, &target);
//! assert_eq!(found.functions["main"].summary.ops, 0);
//! println!("{}", report(&found, false));
//! # Ok::<(), mil_estimate::TargetError>(())
//! ```

mod advice;
mod blockers;
pub mod cost;
#[cfg(test)]
mod data;
mod devices;
mod estimate;
mod facts;
mod first_load;
mod fixes;
mod forms;
mod history;
pub mod legality;
mod operands;
pub mod placement;
mod plan;
mod reasons;
mod refit;
mod rewrites;
mod risk;
mod score;
mod segments;
mod shapes;
mod show;
mod summary;
mod table;
mod target;
mod words;

pub use advice::{Advice, advice};
pub use blockers::Blocker;
pub use devices::{DeviceEstimate, DeviceFamily, DeviceRisk, DeviceRow, devices};
pub use estimate::{Estimate, FunctionEstimate, Intervals, Millis, OpEstimate, estimate, estimate_with};
pub use facts::{OpFacts, OperandFacts, TensorFacts};
pub use first_load::FirstLoad;
pub use fixes::{Answer, Fix, answers};
pub use forms::{FormRisk, form_risks};
pub use history::{OffAne, Record, Regression, Series, Subject as RecordSubject, history};
pub use legality::Reason;
pub use operands::{OperandEstimate, Port};
pub use plan::{DevicePlan, PlanError, PlannedOp};
pub use refit::{Contradiction, Evidence, Fitted, Standing};
pub use rewrites::{Rewrite, Rewrites, Totals};
pub use risk::Risk;
pub use score::{Disagreement, Score, score};
pub use segments::{Island, Segment};
pub use shapes::{FlexibleShape, ShapeEstimate};
pub use show::{
    Comparison, FunctionComparison, Moved, Origin, Version, compare, devices_html, devices_report,
    devices_swift, escaped, history_github, history_junit, history_report, history_svg, html, report,
    report_with, svg,
};
pub use summary::Summary;
pub use target::{Backend, Chip, Confidence, Device, Os, Platform, Target, TargetError, Units};
