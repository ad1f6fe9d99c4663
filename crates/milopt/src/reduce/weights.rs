//! Constants of one number in the place of weights.

use mil_ir::{Graph, Literal, Name, OpId, Program};
use mil_tensor::Tensor;

use super::Search;

/// Numbers that are tried, the plainest first.
const NUMBERS: [f32; 3] = [0.0, 1.0, 0.5];

impl<K> Search<K> {
    /// Makes weights of floats constants of one number: all at once where that will do, else one by one.
    pub(super) fn weights<E>(&mut self) -> Result<(), E>
    where
        K: FnMut(&Program) -> Result<bool, E>,
    {
        for function in self.names() {
            let Some(graph) = self.graph(&function) else { continue };
            let all: Vec<OpId> = graph.walk().filter(|&op| varied(graph, op).is_some()).collect();
            let groups = std::iter::once(&all[..]).chain(all.chunks(1)).filter(|group| !group.is_empty());
            for group in groups {
                for number in NUMBERS {
                    if self.attempt(plain(&self.best, &function, group, number))? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The floats of a `const` op that are not all alike.
fn varied(graph: &Graph, op: OpId) -> Option<Tensor> {
    let tensor = graph.op(op).result().and_then(|value| graph.const_tensor(value))?;
    let differs = tensor.dtype().is_float() && tensor.len() > 1 && tensor.splat_value().ok()?.is_none();
    differs.then_some(tensor)
}

/// A program in which those of these constants that vary are of one number; `None` where none does.
fn plain(program: &Program, function: &Name, ops: &[OpId], number: f32) -> Option<Program> {
    let mut candidate = program.clone();
    let graph = candidate.graph_mut(function)?;
    let mut is_changed = false;
    for &op in ops {
        let Some(old) = graph.is_live(op).then(|| varied(graph, op)).flatten() else { continue };
        let new = Tensor::splat(old.shape(), number).cast(old.dtype()).ok()?;
        graph.set_attribute(op, "val", Some(Literal::tensor(new)));
        is_changed = true;
    }
    is_changed.then_some(candidate)
}
