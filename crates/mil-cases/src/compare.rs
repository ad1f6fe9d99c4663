//! Two programs compute the same.

use mil_eval::{EvalOptions, Flavour, align, random_inputs, verify};
use mil_ir::{Graph, Name, Program, Type};
use mil_pass::PassDef;

/// Both programs give the same on random inputs of every flavour, as far as the pass's numerics class says.
/// What a pass changes of the interface itself is left out ([`align`]).
pub(crate) fn compare(def: &PassDef, original: &Program, program: &Program) -> Result<(), String> {
    let class = def.numerics;
    let flavours = if class.is_lossy() { &[Flavour::Normal, Flavour::Negative][..] } else { &Flavour::ALL };
    let options = EvalOptions::default().reproducible();
    for (name, old) in &original.functions {
        let new = program.functions.get(name).ok_or_else(|| format!("function {name} is gone"))?;
        let (Some(before), Some(after)) = (old.graph(), new.graph()) else {
            return Err(format!("function {name} has no graph for its opset"));
        };
        // What moves between states and inputs shows over several calls: that is for a test of its own.
        if states(before) != states(after) {
            continue;
        }
        let aligned = match def.changes_interface {
            true => match align(before, after) {
                Some(aligned) => Some(aligned),
                // Where axes change places, numbers are for a test of their own.
                None => continue,
            },
            false => None,
        };
        let (before, after) = aligned.as_ref().map_or((before, after), |(before, after)| (before, after));
        let inputs = flavours.iter().map(|&flavour| random_inputs(before, None, flavour, 7));
        let inputs = inputs.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        let report = verify((before, &old.opset), (after, &new.opset), class, &inputs, &options);
        let report = report.map_err(|error| error.to_string())?;
        if report.failed > 0 {
            return Err(format!("the original cannot be evaluated for {} inputs", report.failed));
        }
        if let Some(found) = report.broken().next() {
            return Err(format!("{found:?} of {:?} inputs", flavours[found.input]));
        }
    }
    Ok(())
}

fn states(graph: &Graph) -> Vec<(&Name, &Type)> {
    let inputs = graph.root().inputs().iter().map(|&input| graph.value(input));
    inputs.filter(|input| input.ty().as_state().is_some()).map(|input| (input.name(), input.ty())).collect()
}
