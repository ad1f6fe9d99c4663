//! Holding passes to their numerics class while they run.

use mil_eval::{EvalOptions, Flavour, Numerics, align, random_inputs, verify};
use mil_ir::{Function, FunctionInterface, Graph, Program};
use mil_pass::{Instrument, PassEvent, PassReport, RunReport};

/// Evaluates each function before and after every pass that changed it, on random inputs of several flavours,
/// and fails a pass whose results change more than its class allows.
///
/// Of a pass that changes the interface, what both interfaces have is compared ([`align`]); that other
/// numbers come out then may be what it was asked for, such as a scale, and is no failure. What the
/// interpreter cannot run is not compared. The report's notes say so, and how many passes were verified.
#[derive(Debug)]
pub struct VerifyNumerics {
    seed: u64,
    before: Option<Program>,
    verified: usize,
    compared: Compared,
}

impl VerifyNumerics {
    /// With random inputs that start at this seed.
    pub fn new(seed: u64) -> VerifyNumerics {
        VerifyNumerics { seed, before: None, verified: 0, compared: Compared::default() }
    }
}

impl Default for VerifyNumerics {
    fn default() -> VerifyNumerics {
        VerifyNumerics::new(1)
    }
}

impl Instrument for VerifyNumerics {
    fn before_pass(&mut self, _: &PassEvent<'_>, program: &Program) {
        self.before = Some(program.clone());
    }

    fn after_pass(
        &mut self,
        event: &PassEvent<'_>,
        program: &Program,
        report: &PassReport,
    ) -> Result<(), String> {
        let Some(before) = self.before.take().filter(|_| report.changed) else { return Ok(()) };
        if event.def.changes_interface {
            let aligned = aligned(&before, program);
            let compared = aligned
                .map(|(before, after)| compare_programs(&before, &after, event.def.numerics, self.seed));
            match compared {
                Some(Ok(compared)) => {
                    self.verified += usize::from(compared.elements > 0);
                    self.compared.merge(compared);
                }
                Some(Err(error)) => {
                    self.compared.note(format!("pass {} changes the interface: {error}", event.id));
                }
                None => self.compared.note(format!(
                    "pass {} changes the shapes of the interface: its numbers are not compared",
                    event.id
                )),
            }
            return Ok(());
        }
        let compared = compare_programs(&before, program, event.def.numerics, self.seed)?;
        self.verified += usize::from(compared.elements > 0);
        self.compared.merge(compared);
        Ok(())
    }

    fn finished(&mut self, report: &mut RunReport) {
        report.notes.append(&mut self.compared.notes);
        let passes = if self.verified == 1 { "1 pass" } else { &format!("{} passes", self.verified) };
        report.notes.push(match self.compared.worst_db {
            _ if !report.changed() => "no pass changed anything: there are no numbers to verify".to_owned(),
            _ if self.verified == 0 => "no numbers were verified".to_owned(),
            worst if worst.is_finite() => format!("{passes} verified on random inputs, worst {worst:.0} dB"),
            _ => format!("{passes} verified on random inputs, no result differs"),
        });
    }
}

/// The functions that two programs have, with the interfaces of the first; `None` where one cannot have it.
fn aligned(before: &Program, after: &Program) -> Option<(Program, Program)> {
    let (mut before, mut after) = (before.clone(), after.clone());
    for (name, old) in &mut before.functions {
        let Some(new) = after.functions.get_mut(name) else { continue };
        let (Some(old), Some(new)) = (old.graph_mut(), new.graph_mut()) else { continue };
        (*old, *new) = align(old, new)?;
    }
    Some((before, after))
}

/// What [`compare_programs`] compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Elements of outputs and states, over all inputs.
    pub elements: usize,
    /// The lowest signal-to-noise ratio of an output or state, in dB; infinite where nothing differs.
    pub worst_db: f64,
    /// What could not be compared.
    pub notes: Vec<String>,
}

impl Default for Compared {
    fn default() -> Compared {
        Compared { elements: 0, worst_db: f64::INFINITY, notes: Vec::new() }
    }
}

impl Compared {
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn merge(&mut self, other: Compared) {
        self.elements += other.elements;
        self.worst_db = self.worst_db.min(other.worst_db);
        other.notes.into_iter().for_each(|note| self.note(note));
    }
}

/// Evaluates every function of two programs on the same random inputs: three calls in a row where there are
/// states, which are compared, too.
///
/// # Errors
///
/// If an output or a state changes more than its class allows, with its name; if one is lost.
pub fn compare_programs(
    before: &Program,
    after: &Program,
    class: Numerics,
    seed: u64,
) -> Result<Compared, String> {
    let mut all = Compared::default();
    for (name, old) in &before.functions {
        let new = after.functions.get(name).ok_or_else(|| format!("function {name} is lost"))?;
        all.merge(compare_functions(name, old, new, before.interface.function(name), class, seed)?);
    }
    Ok(all)
}

/// An op draws numbers that depend on how many ops run before it.
pub fn draws(graph: &Graph) -> bool {
    graph.walk().any(|op| {
        graph.op(op).kind().starts_with("random_")
            && graph.constant(op, "seed").and_then(|seed| seed.item_i64()).is_none_or(|seed| seed < 0)
    })
}

fn compare_functions(
    name: &str,
    old: &Function,
    new: &Function,
    interface: Option<&FunctionInterface>,
    class: Numerics,
    seed: u64,
) -> Result<Compared, String> {
    let mut compared = Compared::default();
    let (Some(old_graph), Some(new_graph)) = (old.graph(), new.graph()) else {
        compared.note(format!("function {name} is not compared: it has no graph for its opset"));
        return Ok(compared);
    };
    if draws(old_graph) {
        compared
            .note(format!("function {name} is not compared: it draws random numbers that no seed decides"));
        return Ok(compared);
    }
    // What is lost has a bound only where numbers are of ordinary size.
    let flavours: &[Flavour] =
        if class.is_lossy() { &[Flavour::Normal, Flavour::Negative] } else { &Flavour::ALL };
    let inputs: Result<Vec<_>, _> = flavours
        .iter()
        .zip(seed..)
        .map(|(&flavour, seed)| random_inputs(old_graph, interface, flavour, seed))
        .collect();
    let inputs = match inputs {
        Ok(inputs) => inputs,
        Err(error) => {
            compared.note(format!("function {name} is not compared: {error}"));
            return Ok(compared);
        }
    };
    if let Err(error) =
        mil_eval::Evaluator::of_graph(old_graph, &old.opset, name.into(), None, EvalOptions::default())
    {
        compared.note(format!("function {name} is not compared: {error}"));
        return Ok(compared);
    }
    let check = |options: EvalOptions| {
        verify((old_graph, &old.opset), (new_graph, &new.opset), class, &inputs, &options)
    };
    // Computing in a fixed order is the same whatever the machine, and some ten times slower: it has the last
    // word.
    let found = check(EvalOptions::default()).and_then(|report| match report.holds() {
        true => Ok(report),
        false => check(EvalOptions::default().reproducible()),
    });
    let report = found.map_err(|error| format!("function {name} no longer evaluates: {error}"))?;
    if let Some(found) = report.broken().next() {
        let how = match (&found.comparison.mismatch, found.worst) {
            (Some(mismatch), _) => format!(": {mismatch}"),
            (None, Some((at, old, new))) => {
                format!(" in {} elements; worst at element {at}: {old:e} became {new:e}", found.wrong)
            }
            (None, None) => format!(" in {} elements", found.wrong),
        };
        let flavour = flavours.get(found.input).map_or(String::new(), |flavour| format!("{flavour:?}"));
        return Err(format!(
            "{} of function {name} changes more than the class {class:?} allows, for {flavour} inputs{how}",
            found.place
        ));
    }
    if report.failed > 0 {
        let which = if report.failed == inputs.len() {
            "is not compared".to_owned()
        } else {
            format!("is compared on {} of {} inputs only", inputs.len() - report.failed, inputs.len())
        };
        compared
            .note(format!("function {name} {which}: {}", report.failure.as_deref().unwrap_or("it fails")));
    }
    (compared.elements, compared.worst_db) = (report.elements(), report.worst_db());
    Ok(compared)
}
