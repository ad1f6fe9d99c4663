//! Passes, pipelines and their instrumentation.
//!
//! A [`Pass`] rewrites a program. It is declared once, by [`pass!`]: id, documentation, options, statistics,
//! numerics class and named patterns end up in one [`PassDef`], which the command line, the option parser,
//! the generated reference and the reports read. A [`Pipeline`] is a list of passes with one grammar for text
//! and JSON. A [`Runner`] drives it: it verifies what a pass touched, rolls a failing or panicking pass back,
//! counts, meters fuel and calls [`Instrument`]s.
//!
//! Most passes are sets of [`Pattern`]s: functions that look at one op and either rewrite around it or say
//! [`No`] with the reason. [`PassCx::rewrite`] drives them by a work list, so that work is near-linear in the
//! size of the graph.

mod clock;
mod context;
mod declare;
mod drive;
mod grammar;
mod grammar_error;
mod guards;
mod instrument;
mod matching;
mod options;
mod pass;
mod pass_macro;
mod pipeline;
mod registry;
mod report;
mod rewrite;
mod run;
mod samples;
mod similar;

pub use mil_ops::Numerics;

pub use context::{PassCx, Sites};
pub use declare::{Alias, OptionDef, PassDef, PatternDef, Scope, StatisticDef};
pub use drive::Pattern;
pub use grammar_error::{GrammarError, GrammarFault};
pub use guards::{Side, is_close};
pub use instrument::{Instrument, PassEvent};
pub use matching::Match;
pub use options::{OptionMap, OptionValue, Options};
pub use pass::{Declared, Matched, No, Pass, PassError};
pub use pipeline::{Configured, Entry, Pipeline};
pub use registry::Registry;
pub use report::{PassReport, RunReport};
pub use rewrite::Rewrite;
pub use run::{RunError, Runner};
pub use samples::Sample;
pub use similar::Unknown;

// What `pass!` names, so that a crate which declares passes needs no other dependency.
#[doc(hidden)]
pub use mil_ir::Graph;
#[doc(hidden)]
pub use serde_json::Value as OptionJson;
