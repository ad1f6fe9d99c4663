//! Holding passes to their numerics class while they run.

use mil_eval::{EvalOptions, Flavour, NumericsClass, random_inputs, verify};
use mil_ir::Program;
use mil_pass::{Instrument, Numerics, PassEvent, PassReport};

/// Evaluates each function before and after every pass that changed it, on random inputs of several flavours, and fails a pass
/// whose results change more than its class allows.
///
/// Passes that change the interface are not compared. What the interpreter cannot run is reported once and not compared.
#[derive(Debug)]
pub struct VerifyNumerics {
    /// Where the random inputs start.
    pub seed: u64,
    /// Signal to noise that a lossy pass must keep, in dB.
    pub lossy_db: f64,
    before: Option<Program>,
    notes: Vec<String>,
}

impl Default for VerifyNumerics {
    fn default() -> VerifyNumerics {
        VerifyNumerics { seed: 1, lossy_db: 20.0, before: None, notes: Vec::new() }
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
        let Some(before) = self.before.take().filter(|_| report.changed && !event.def.changes_interface)
        else {
            return Ok(());
        };
        let class = match event.def.numerics {
            Numerics::Exact => NumericsClass::Exact,
            Numerics::Rounding => NumericsClass::Rounding,
            Numerics::Lossy => NumericsClass::Lossy { min_snr_db: self.lossy_db },
        };
        let notes = compare_programs(&before, program, class, self.seed)?;
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(())
    }
}

/// Evaluates every function of two programs on the same random inputs. An error names the output that changed too much; the
/// notes say what could not be compared.
pub fn compare_programs(
    before: &Program,
    after: &Program,
    class: NumericsClass,
    seed: u64,
) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    let flavours: &[Flavour] = match class {
        NumericsClass::Lossy { .. } => &[Flavour::Normal, Flavour::Negative],
        _ => &Flavour::ALL,
    };
    for (name, old) in &before.functions {
        let (Some(old_graph), Some(new)) = (old.graph(), after.functions.get(name)) else { continue };
        let Some(new_graph) = new.graph() else { continue };
        let interface = before.interface.function(name);
        let inputs: Result<Vec<_>, _> = flavours
            .iter()
            .zip(seed..)
            .map(|(&flavour, seed)| random_inputs(old_graph, interface, flavour, seed))
            .collect();
        let inputs = match inputs {
            Ok(inputs) => inputs,
            Err(error) => {
                notes.push(format!("function {name} is not compared: {error}"));
                continue;
            }
        };
        let check = |options: EvalOptions| {
            verify((old_graph, &old.opset), (new_graph, &new.opset), class, &inputs, &options)
        };
        // Computing in a fixed order is the same whatever the machine, and some ten times slower: it has the last word.
        let found = check(EvalOptions::default()).and_then(|report| match report.holds() {
            true => Ok(report),
            false => check(EvalOptions::default().reproducible()),
        });
        match found {
            Ok(report) => {
                if let Some(found) = report.broken().next() {
                    let worst = found.worst.map_or_else(String::new, |(at, old, new)| {
                        format!("; worst at element {at}: {old:e} became {new:e}")
                    });
                    return Err(format!(
                        "output {} of function {name} changes more than the class {class:?} allows, for {:?} inputs, in {} \
                         elements{worst}",
                        found.output, flavours[found.input], found.wrong
                    ));
                }
                if report.failed == inputs.len() {
                    notes.push(format!("function {name} is not compared: it cannot be evaluated"));
                }
            }
            Err(error) => return Err(format!("function {name} no longer evaluates: {error}")),
        }
    }
    Ok(notes)
}
