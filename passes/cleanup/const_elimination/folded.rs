//! What was computed, and the memory that it takes.

use std::collections::HashMap;

use mil_ir::{Graph, GraphError, OpId, ValueId};
use mil_tensor::{Data, Tensor};

use crate::constants::replace_result;

/// Results that are computed but not yet in the graph. One that only folded ops use is dropped with the last
/// of them, and never becomes a constant of the program.
pub(super) struct Folded {
    tensors: HashMap<ValueId, Tensor>,
    /// Uses of constants, computed or the program's own, that are left.
    uses: HashMap<ValueId, usize>,
    /// Ops, each behind those that it uses.
    ops: Vec<OpId>,
    /// Bytes that are held now, more than before.
    bytes: i128,
    most: usize,
}

impl Folded {
    /// With room for so many bytes more than the constants had that are no longer used.
    pub(super) fn new(most: usize) -> Folded {
        Folded { tensors: HashMap::new(), uses: HashMap::new(), ops: Vec::new(), bytes: 0, most }
    }

    pub(super) fn tensor(&self, value: ValueId) -> Option<&Tensor> {
        self.tensors.get(&value)
    }

    /// There is room for so many bytes.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.bytes + bytes as i128 <= self.most as i128
    }

    /// Takes the results of an op, and lets go of operands that nothing else uses.
    pub(super) fn add(&mut self, graph: &Graph, op: OpId, tensors: Vec<Tensor>) {
        for (&value, tensor) in graph.op(op).results().iter().zip(tensors) {
            self.bytes += size(&tensor);
            self.tensors.insert(value, tensor);
            self.drop_unused(graph, value);
        }
        for value in graph.op(op).values() {
            let left = self.uses.entry(value).or_insert_with(|| graph.uses(value).count());
            *left = left.saturating_sub(1);
            self.drop_unused(graph, value);
        }
        self.ops.push(op);
    }

    fn drop_unused(&mut self, graph: &Graph, value: ValueId) {
        if *self.uses.entry(value).or_insert_with(|| graph.uses(value).count()) > 0 {
            return;
        }
        match self.tensors.remove(&value) {
            Some(tensor) => self.bytes -= size(&tensor),
            None => self.bytes -= graph.const_tensor(value).as_ref().map_or(0, size),
        }
    }

    /// Makes constants of the results that something still uses, and erases the ops.
    pub(super) fn put_into(mut self, graph: &mut Graph) -> Result<(), GraphError> {
        // Last to first: once the users among them are gone, uses that are left are those of others.
        while let Some(op) = self.ops.pop() {
            for value in graph.op(op).results().to_vec() {
                if let Some(tensor) = self.tensors.remove(&value).filter(|_| !graph.is_unused(value)) {
                    replace_result(graph, op, value, tensor);
                }
            }
            graph.erase(op)?;
        }
        Ok(())
    }
}

/// Bytes that a tensor's elements take; one that stands for all counts once.
fn size(tensor: &Tensor) -> i128 {
    match tensor.data() {
        Data::Splat(element) => element.len() as i128,
        _ => tensor.dtype().byte_len(tensor.len()).unwrap_or(0) as i128,
    }
}
