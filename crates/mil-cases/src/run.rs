//! One run of a pass on the text of a program.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use mil_ir::{Graph, OpId, Program, text};
use mil_pass::{Instrument, PassDef, Pipeline, Registry, RunReport, Runner};

/// What a pass made of a program.
#[derive(Debug)]
pub struct Outcome {
    /// The program before it.
    pub before: Program,
    /// The program after it.
    pub after: Program,
    /// What it did.
    pub report: RunReport,
    /// Why patterns did not match, as `pattern: reason`.
    pub misses: BTreeSet<String>,
}

/// Runs a pass on a function, or several. `options` is empty, or `{key=value}` as in a pipeline.
pub fn run(def: &PassDef, options: &str, functions: &str, registry: &Registry) -> Result<Outcome, String> {
    let before = parse(functions)?;
    let pipeline = Pipeline::parse(&format!("{}{options}", def.id), registry);
    let pipeline = pipeline.map_err(|error| error.to_string())?;
    let (mut after, misses) = (before.clone(), Misses::default());
    let report = Runner::new().instrument(misses.clone()).run(&pipeline, &mut after);
    let report = report.map_err(|error| with_sources(&error))?;
    let misses = misses.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Outcome { before, after, report, misses })
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What begins the interface of a program, where a case states it.
const MODEL: &str = "model {\n";

/// A function, or several, as a whole program, with the interface that may stand behind them.
pub(crate) fn parse(functions: &str) -> Result<Program, String> {
    let (functions, model) = functions.split_at(model(functions).unwrap_or(functions.len()));
    let text = format!("program(1.3)\n{{\n{functions}\n}}\n{model}");
    text::parse(&text).map_err(|error| format!("{error}\n{text}"))
}

/// Where the interface begins.
pub(crate) fn model(text: &str) -> Option<usize> {
    let starts = text.starts_with(MODEL).then_some(0);
    starts.or_else(|| text.find(&format!("\n{MODEL}")).map(|at| at + 1))
}

/// The functions of a program as cases hold them: without what stands around them, but where it is asked for
/// with the interface.
pub(crate) fn print(program: &Program, interface: bool) -> String {
    let text = text::print(program, &text::PrintOptions::apple().inline_all());
    let start = text.find("    func").unwrap_or(0);
    let end = text.rfind('}').unwrap_or(text.len());
    let functions = text[start..end].lines();
    let functions =
        functions.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    if !interface {
        return functions;
    }
    let full = text::print(program, &text::PrintOptions::default());
    functions + &full[model(&full).unwrap_or(full.len())..]
}

/// Collects misses.
#[derive(Clone, Default)]
struct Misses(Arc<Mutex<BTreeSet<String>>>);

impl Instrument for Misses {
    fn wants_misses(&self) -> bool {
        true
    }

    fn missed(&mut self, _: &'static PassDef, pattern: &'static str, _: &Graph, _: OpId, reason: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(format!("{pattern}: {reason}"));
    }
}
