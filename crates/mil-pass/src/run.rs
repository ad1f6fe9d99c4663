//! Running a pipeline: verification, rollback, fuel, cancellation, reports.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mil_ir::verify::{Report, Violation};
use mil_ir::{Checkpoint, Interface, Name, Opset, Program, Revision};

use crate::clock::Stopwatch;
use crate::context::{CachedShapes, Sites};
use crate::samples::{Sample, Samples};
use crate::{
    Configured, Entry, Instrument, PassCx, PassError, PassEvent, PassReport, Pipeline, RunReport, Scope,
};

/// Drives pipelines over programs.
///
/// After each pass the ops that it touched and their users are verified; the whole program is verified at the
/// end. Only violations that the program did not have at first fail a pass. A pass that fails, panics or
/// breaks a rule is undone, and the run ends with an error; the passes before it stay done.
pub struct Runner {
    verify: bool,
    verified: Option<Report>,
    fuel: Option<u64>,
    cancel: Option<Arc<AtomicBool>>,
    sites: Option<Arc<Sites>>,
    instruments: Vec<Box<dyn Instrument>>,
    samples: Samples,
    handed: Vec<Arc<dyn Any + Send + Sync>>,
}

/// Why a run ended early. The program is as it was before the pass.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A pass failed.
    #[error("pass {id} failed")]
    Pass {
        /// Its id.
        id: String,
        /// Why.
        #[source]
        source: PassError,
    },
    /// A pass panicked: a fault in the pass.
    #[error("pass {id} panicked: {message}; this is a fault in the pass, and the program is unchanged by it")]
    Panic {
        /// Its id.
        id: String,
        /// The panic's message.
        message: String,
    },
    /// What a pass left behind breaks rules that held before.
    #[error("pass {id} left an invalid program: {}", listed(.violations))]
    Invalid {
        /// Its id.
        id: String,
        /// The new violations.
        violations: Vec<Violation>,
    },
    /// An instrument objected, for example because the numbers changed.
    #[error("pass {id}: {message}")]
    Objection {
        /// Its id.
        id: String,
        /// Why.
        message: String,
    },
}

/// In words, with its sources: what `main` prints of an error that it returns.
impl std::fmt::Debug for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&mil_ir::error_chain(self))
    }
}

impl Default for Runner {
    fn default() -> Runner {
        Runner {
            verify: true,
            verified: None,
            fuel: None,
            cancel: None,
            sites: None,
            instruments: Vec::new(),
            samples: Samples::default(),
            handed: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("verify", &self.verify)
            .field("fuel", &self.fuel)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// Verifies, without instruments.
    pub fn new() -> Runner {
        Runner::default()
    }

    /// Whether to verify after each pass and at the end.
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Runner {
        self.verify = verify;
        self
    }

    /// What [`mil_ops::verify_program`] says of the program that is to be run, where that is known: it is not
    /// asked again.
    #[must_use]
    pub fn verified(mut self, report: Report) -> Runner {
        self.verified = Some(report);
        self
    }

    /// Stops rewriting, not running, after so many rewrites: for bisection.
    #[must_use]
    pub fn fuel(mut self, rewrites: u64) -> Runner {
        self.fuel = Some(rewrites);
        self
    }

    /// A flag that ends the run with [`PassError::Cancelled`] once it is set.
    #[must_use]
    pub fn cancel(mut self, flag: Arc<AtomicBool>) -> Runner {
        self.cancel = Some(flag);
        self
    }

    /// Calls for passes that ask for samples of this name.
    #[must_use]
    pub fn samples(mut self, name: impl Into<String>, calls: Vec<Sample>) -> Runner {
        self.samples.insert(name.into(), calls);
        self
    }

    /// Something for the passes that ask for a value of this type ([`PassCx::handed`]).
    #[must_use]
    pub fn hand(mut self, value: impl Any + Send + Sync) -> Runner {
        self.handed.push(Arc::new(value));
        self
    }

    /// Rewrites around these ops only, and around what a pass makes of them. Passes over whole programs do as
    /// they please.
    #[must_use]
    pub fn only_at(mut self, sites: Sites) -> Runner {
        self.sites = Some(Arc::new(sites));
        self
    }

    /// With one more instrument.
    #[must_use]
    pub fn instrument(mut self, instrument: impl Instrument + 'static) -> Runner {
        self.instruments.push(Box::new(instrument));
        self
    }

    /// Runs a pipeline.
    pub fn run(mut self, pipeline: &Pipeline, program: &mut Program) -> Result<RunReport, RunError> {
        let before = self.verified.take();
        let before = self.verify.then(|| before.unwrap_or_else(|| mil_ops::verify_program(program)));
        let known = before.as_ref().map(|report| violations(program, report)).unwrap_or_default();
        let ops = op_count(program);
        let mut state = State {
            interface: Arc::new(program.interface.clone()),
            runner: &mut self,
            known,
            ops,
            shapes: None,
            report: RunReport::default(),
            last: "none".into(),
        };
        state.entries(&pipeline.entries, &|from| pipeline.entries[from..].to_vec(), program)?;
        let State { known, mut report, last, .. } = state;
        report.verified = before;
        if self.verify && report.changed() {
            let after = mil_ops::verify_program(program);
            let new: Vec<Violation> = violations(program, &after).difference(&known).cloned().collect();
            if !new.is_empty() {
                return Err(RunError::Invalid { id: last, violations: new });
            }
            report.verified = Some(after);
        }
        for instrument in &mut self.instruments {
            instrument.finished(&mut report);
        }
        Ok(report)
    }
}

struct State<'a> {
    runner: &'a mut Runner,
    known: BTreeSet<Violation>,
    /// How many there are now.
    ops: usize,
    interface: Arc<Interface>,
    shapes: Option<CachedShapes>,
    report: RunReport,
    last: String,
}

/// What is needed to undo a pass, and to tell whether it changed anything.
struct Snapshot {
    graphs: BTreeMap<(Name, Opset), Checkpoint>,
    revisions: BTreeMap<(Name, Opset), Revision>,
    /// All of it, for a pass that may change more than the graphs. Weights are shared.
    program: Option<Box<Program>>,
}

impl State<'_> {
    /// Runs entries. `rest` gives what remains of the run from one of them on, for the reproducer.
    fn entries(
        &mut self,
        entries: &[Entry],
        rest: &dyn Fn(usize) -> Vec<Entry>,
        program: &mut Program,
    ) -> Result<bool, RunError> {
        let mut changed = false;
        for (i, entry) in entries.iter().enumerate() {
            match entry {
                Entry::Pass(pass) => {
                    let rest = Pipeline { entries: rest(i) }.to_string();
                    changed |= self.pass(pass, &rest, program)?;
                }
                Entry::Fixpoint { entries: inner, max } => {
                    let mut round = 0;
                    loop {
                        // The rest of this round, its beginning as that of the next, then what follows the
                        // fixpoint.
                        let left = max.saturating_sub(round);
                        let inner_rest = |from: usize| {
                            let entries = [&inner[from..], &inner[..from]].concat();
                            let mut all = vec![Entry::Fixpoint { entries, max: left }];
                            all.extend(rest(i + 1));
                            all
                        };
                        if left == 0 || !self.entries(inner, &inner_rest, program)? {
                            break;
                        }
                        changed = true;
                        round += 1;
                    }
                    if round == *max && *max > 0 {
                        let text = Pipeline { entries: vec![entry.clone()] }.to_string();
                        self.report.unfinished.push(text);
                    }
                }
            }
        }
        Ok(changed)
    }

    fn pass(&mut self, entry: &Configured, rest: &str, program: &mut Program) -> Result<bool, RunError> {
        let (id, def) = (entry.id(), entry.def());
        let event = PassEvent { def, id, index: self.report.passes.len(), rest };
        for instrument in &mut self.runner.instruments {
            instrument.before_pass(&event, program);
        }
        let snapshot = Snapshot::of(program, def.scope);
        let mut report = PassReport { id: id.to_owned(), ops_before: self.ops, ..PassReport::default() };
        let start = Stopwatch::start();
        let result = self.attempt(entry, program, &mut report);
        report.seconds = start.seconds();
        let result = result.and_then(|()| {
            let start = Stopwatch::start();
            let verified = self.verify(id, &snapshot, program);
            report.verify_seconds = start.seconds();
            verified
        });
        report.changed = snapshot.differs(program);
        report.ops_after = if report.changed { op_count(program) } else { self.ops };
        let result = result.and_then(|()| {
            for instrument in &mut self.runner.instruments {
                instrument
                    .after_pass(&event, program, &report)
                    .map_err(|message| RunError::Objection { id: id.to_owned(), message })?;
            }
            Ok(())
        });
        if let Err(error) = result {
            snapshot.restore(program);
            for instrument in &mut self.runner.instruments {
                instrument.pass_failed(&event, program, &error);
            }
            return Err(error);
        }
        program.graphs_mut().for_each(|(_, _, graph)| graph.forget_edits());
        if *self.interface != program.interface {
            (self.interface, self.shapes) = (Arc::new(program.interface.clone()), None);
        }
        let changed = report.changed;
        self.ops = report.ops_after;
        self.report.passes.push(report);
        self.last = id.to_owned();
        Ok(changed)
    }

    fn attempt(
        &mut self,
        entry: &Configured,
        program: &mut Program,
        report: &mut PassReport,
    ) -> Result<(), RunError> {
        let (id, pass) = (entry.id(), entry.pass());
        let mut cx = PassCx {
            def: entry.def(),
            function: Name::default(),
            opset: Opset::new(""),
            interface: self.interface.clone(),
            shapes: &mut self.shapes,
            sound: self.runner.verify && self.known.is_empty(),
            disabled: entry.disabled().iter().copied().collect(),
            statistics: BTreeMap::new(),
            details: Vec::new(),
            fuel: &mut self.runner.fuel,
            rewrites: &mut self.report.rewrites,
            cancel: self.runner.cancel.clone(),
            samples: &self.runner.samples,
            handed: &self.runner.handed,
            sites: self.runner.sites.clone(),
            made_from: 0,
            instruments: &mut self.runner.instruments,
        };
        // What a panic can leave half done is the program, which the caller rolls back.
        let outcome = catch_unwind(AssertUnwindSafe(|| match entry.def().scope {
            Scope::Graph => cx.each_graph(program, |graph, cx| pass.run_on_graph(graph, cx)),
            Scope::Program => pass.run(program, &mut cx),
        }));
        report.statistics =
            std::mem::take(&mut cx.statistics).into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        report.details = std::mem::take(&mut cx.details);
        match outcome {
            Ok(result) => result.map_err(|source| RunError::Pass { id: id.to_owned(), source }),
            Err(payload) => {
                let message = payload
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                    .unwrap_or_else(|| "no message".to_owned());
                Err(RunError::Panic { id: id.to_owned(), message })
            }
        }
    }

    /// Looks at what the pass touched, and at the interface. Only what was sound before is a fault of the
    /// pass.
    fn verify(&self, id: &str, snapshot: &Snapshot, program: &Program) -> Result<(), RunError> {
        if !self.runner.verify || !snapshot.differs(program) {
            return Ok(());
        }
        let mut report = mil_ir::verify::verify_signatures(program);
        for (function, opset, graph) in program.graphs() {
            let touched = match snapshot.graphs.get(&(function.clone(), opset.clone())) {
                Some(&checkpoint) => graph.touched_since(checkpoint),
                None => graph.walk().collect(),
            };
            debug_assert_eq!(graph.check(), Vec::<String>::new(), "pass {id}");
            let mut found = mil_ir::verify::verify_ops(graph, &touched);
            found.extend(mil_ops::verify_ops(graph, opset, touched));
            report.extend(found.in_graph(function, opset));
        }
        let new: BTreeSet<Violation> =
            report.violations.into_iter().filter(|found| !self.known.contains(found)).collect();
        if new.is_empty() {
            return Ok(());
        }
        Err(RunError::Invalid { id: id.to_owned(), violations: new.into_iter().collect() })
    }
}

impl Snapshot {
    fn of(program: &Program, scope: Scope) -> Snapshot {
        let place = |function: &Name, opset: &Opset| (function.clone(), opset.clone());
        let graphs = program.graphs();
        Snapshot {
            graphs: graphs.map(|(name, opset, graph)| (place(name, opset), graph.checkpoint())).collect(),
            revisions: revisions(program),
            program: (scope == Scope::Program).then(|| Box::new(program.clone())),
        }
    }

    fn differs(&self, program: &Program) -> bool {
        self.program.as_ref().is_some_and(|before| !same_shell(before, program))
            || self.revisions != revisions(program)
    }

    fn restore(self, program: &mut Program) {
        if let Some(before) = self.program {
            *program = *before;
            return;
        }
        for (function, opset, graph) in program.graphs_mut() {
            if let Some(&checkpoint) = self.graphs.get(&(function.clone(), opset.clone())) {
                graph.roll_back(checkpoint);
            }
        }
    }
}

/// The state of each graph.
fn revisions(program: &Program) -> BTreeMap<(Name, Opset), Revision> {
    let graphs = program.graphs();
    graphs.map(|(function, opset, graph)| ((function.clone(), opset.clone()), graph.revision())).collect()
}

/// All but the graphs is equal.
fn same_shell(a: &Program, b: &Program) -> bool {
    a.version == b.version
        && a.doc == b.doc
        && a.attributes == b.attributes
        && a.interface == b.interface
        && a.carried == b.carried
        && a.functions.len() == b.functions.len()
        && a.functions.iter().zip(&b.functions).all(|((a_name, a), (b_name, b))| {
            a_name == b_name
                && a.opset == b.opset
                && a.attributes == b.attributes
                && a.carried == b.carried
                && a.specializations.keys().eq(b.specializations.keys())
        })
}

/// Everything that is wrong with a program of which the verifier says this, but for what only its file must
/// keep.
fn violations(program: &Program, report: &Report) -> BTreeSet<Violation> {
    let mut found = report.violations.clone();
    // Where something else is wrong, shapes were not followed; a pass that mends it did not make what they
    // show.
    if !report.is_clean() {
        found.extend(mil_ops::verify_shapes(program).violations);
    }
    found.into_iter().filter(|found| !mil_ops::FILE_RULES.contains(&found.code)).collect()
}

fn listed(violations: &[Violation]) -> String {
    violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("; ")
}

/// Ops of all functions, `const` not counted.
fn op_count(program: &Program) -> usize {
    program
        .graphs()
        .map(|(_, _, graph)| graph.walk().filter(|&op| &**graph.op(op).kind() != "const").count())
        .sum()
}
