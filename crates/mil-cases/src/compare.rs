//! Two programs compute the same.

use mil_eval::{EvalOptions, Flavour, align, random_inputs, verify};
use mil_ir::{Graph, Program};
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
        let aligned = def.changes_interface.then(|| align(before, after));
        let (before, after) = aligned.as_ref().map_or((before, after), |(before, after)| (before, after));
        if aligned.is_some() && !takes_the_same(before, after) {
            continue;
        }
        // The rewritten function may have fixed sizes where the original has none.
        let takes = if aligned.is_some() { after } else { before };
        let inputs = flavours.iter().map(|&flavour| random_inputs(takes, None, flavour, 7));
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

/// Inputs of one name can have one shape. Where axes change places, numbers are for a test of their own.
fn takes_the_same(before: &Graph, after: &Graph) -> bool {
    let dims = |graph: &Graph, name: &str| {
        graph.input_named(name).and_then(|value| graph.value(value).ty().dims().map(<[_]>::to_vec))
    };
    let fits = |name: &str| match (dims(before, name), dims(after, name)) {
        (Some(old), Some(new)) => {
            let mut sizes = old.iter().zip(&new).filter_map(|(old, new)| Some((old.fixed()?, new.fixed())));
            old.len() == new.len() && sizes.all(|(old, new)| Some(old) == new)
        }
        _ => true,
    };
    before.root().inputs().iter().all(|&input| fits(before.value(input).name()))
}
