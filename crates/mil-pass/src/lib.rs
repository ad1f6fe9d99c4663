//! Passes, pipelines and their instrumentation.
//!
//! A [`Pass`] rewrites a program. It is declared once, by [`pass!`]: id, documentation, options, statistics, numerics
//! class and named patterns end up in one [`PassDef`], which the command line, the option parser, the generated
//! reference and the reports read. A [`Pipeline`] is a list of passes with one grammar for text and JSON. A
//! [`Runner`] drives it: it verifies what a pass touched, rolls a failing or panicking pass back, counts, meters fuel
//! and calls [`Instrument`]s.
//!
//! Most passes are sets of [`Pattern`]s: functions that look at one op and either rewrite around it or return a
//! [`Miss`] with the reason. [`PassCx::rewrite`] drives them by a work list, so that work is near-linear in
//! the size of the graph.

mod clock;
mod context;
mod declare;
mod grammar;
mod instrument;
mod pass;
mod pipeline;
mod report;
mod rewrite;
mod run;

pub use context::PassCx;
pub use declare::{Alias, Numerics, OptionDef, PassDef, PatternDef, StatisticDef};
pub use grammar::GrammarError;
pub use instrument::{Instrument, PassEvent};
pub use pass::{Declared, Miss, NoOptions, Pass, PassError};
pub use pipeline::{Entry, Pipeline, Registry};
pub use report::{PassReport, RunReport};
pub use rewrite::{Pattern, Rewrite};
pub use run::{RunError, Runner, Violations};

#[doc(hidden)]
pub use {serde, serde_json};
