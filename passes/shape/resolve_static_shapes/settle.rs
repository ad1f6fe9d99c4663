//! Types and constants that follow from the shapes of inputs.

use std::collections::BTreeSet;

use mil_ir::{BlockId, Dim, FunctionInterface, Graph, OpId, Opset, Shape, Type, TypeKind, ValueId};
use mil_ops::eval::{self, EvalOptions};
use mil_ops::{Call, Shapes, Trait, infer, is_known, refine_type};
use mil_pass::{PassCx, PassError};
use mil_tensor::Tensor;

use super::lists;
use crate::constants::replace_result;

/// Elements of the largest constant that is made where nothing asks for its elements: a table of positions is
/// worth it, an image is not.
const MOST_BYTES: usize = 64 << 20;

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub folded: u64,
    pub sized: u64,
}

/// Makes types as exact as they can be said, and folds what depends on sizes alone: in program order, so that
/// each op sees what the ones before it became.
pub(super) fn settle(
    graph: &mut Graph,
    opset: &Opset,
    features: Option<&FunctionInterface>,
    cx: &mut PassCx<'_>,
) -> Result<Done, PassError> {
    let mut done = Done::default();
    // Variables of loops whose size changes from round to round, as it turned out.
    let mut varying: BTreeSet<(OpId, usize)> = BTreeSet::new();
    loop {
        let start = graph.checkpoint();
        let mut walk = Walk { opset, features, varying: &varying, done: Done::default() };
        // What a block gives is seen by its op, which stands before it.
        while walk.round(graph, cx)? {}
        let found = mistaken(graph, &varying);
        if found.is_empty() {
            done.folded += walk.done.folded;
            done.sized += walk.done.sized;
            return Ok(done);
        }
        graph.roll_back(start);
        varying.extend(found);
    }
}

struct Walk<'a> {
    opset: &'a Opset,
    features: Option<&'a FunctionInterface>,
    varying: &'a BTreeSet<(OpId, usize)>,
    done: Done,
}

impl Walk<'_> {
    /// Goes through the graph once; `true` if another round may find more.
    fn round(&mut self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<bool, PassError> {
        let shapes = Shapes::of(graph, self.opset, self.features);
        let mut options = EvalOptions::default();
        options.reproducible = true;
        options.limits.value_bytes = MOST_BYTES;
        let ops: Vec<OpId> = graph.walk().collect();
        let has_blocks = ops.iter().any(|&op| !graph.op(op).blocks().is_empty());
        let before = (self.done.folded, self.done.sized);
        for op in ops {
            cx.check_cancelled()?;
            if !graph.is_live(op) || graph.op(op).kind() == "const" {
                continue;
            }
            if graph.op(op).kind() == "while_loop" {
                self.enter_loop(graph, op);
                continue;
            }
            self.retype(graph, op, &shapes);
            if let Some(tensors) = self.computed(graph, op, &shapes, &options) {
                if !cx.spend() {
                    return Ok(false);
                }
                put(graph, op, tensors)?;
                self.done.folded += 1;
            }
        }
        self.done.sized += lists::settle(graph);
        let changed = before != (self.done.folded, self.done.sized);
        Ok(changed && (has_blocks || shapes_may_say_more(graph)))
    }

    /// Types of results, as they follow from those of the operands.
    fn retype(&mut self, graph: &mut Graph, op: OpId, shapes: &Shapes) {
        let Ok(call) = Call::of(graph, op, self.opset) else { return };
        let Ok(inferred) = infer(&call.with_shapes(shapes)) else { return };
        let results = graph.op(op).results().to_vec();
        for (value, inferred) in results.into_iter().zip(inferred) {
            self.refine(graph, value, &inferred);
        }
    }

    /// A type becomes more exact; what is not a number stays unknown.
    fn refine(&mut self, graph: &mut Graph, value: ValueId, inferred: &Type) {
        let declared = graph.value(value).ty();
        let Some(refined) = refine_type(declared, inferred) else { return };
        let Some(tensor) = refined.as_tensor().filter(|_| declared.carried().is_none()) else { return };
        let Some(dims) = tensor.shape.dims() else { return };
        let written = |dim: &Dim| match dim {
            Dim::Symbolic(_) => Dim::UNKNOWN,
            known => known.clone(),
        };
        let shape = Shape::Ranked(dims.iter().map(written).collect());
        let mut tensor = tensor.clone();
        if let Some(old) = declared.as_tensor() {
            tensor.attributes = old.attributes.clone();
            if old.shape == shape {
                return;
            }
        }
        tensor.shape = shape;
        graph.retype(value, Type::new(TypeKind::Tensor(tensor)));
        self.done.sized += 1;
    }

    /// Variables of a loop have the sizes that they start with, unless these turn out to change.
    fn enter_loop(&mut self, graph: &mut Graph, op: OpId) {
        let starts: Vec<Type> = match graph.op(op).argument("loop_vars") {
            Some(operands) => operands.iter().map(|operand| graph.operand_type(operand).clone()).collect(),
            None => return,
        };
        let blocks: Vec<BlockId> = graph.op(op).blocks().to_vec();
        for (at, ty) in starts.iter().enumerate() {
            if self.varying.contains(&(op, at)) {
                continue;
            }
            let inputs: Vec<ValueId> =
                blocks.iter().filter_map(|&block| graph.block(block).inputs().get(at).copied()).collect();
            for value in inputs.into_iter().chain(graph.op(op).results().get(at).copied()) {
                self.refine(graph, value, ty);
            }
        }
    }

    /// The results of an op that takes only constants, or whose sizes are known.
    fn computed(
        &self,
        graph: &Graph,
        op: OpId,
        shapes: &Shapes,
        options: &EvalOptions,
    ) -> Option<Vec<Tensor>> {
        let found = graph.op(op);
        let def = mil_ops::def(found.kind())?;
        if !is_known(graph, op) || def.is(Trait::Constexpr) || found.results().is_empty() {
            return None;
        }
        if found.kind() == "shape" {
            let sizes = graph.param_type(op, "x")?.fixed_shape()?;
            let value = found.result()?;
            let sizes: Vec<f64> = sizes.into_iter().map(|size| size as f64).collect();
            let dtype = graph.value(value).ty().dtype()?;
            return Tensor::from_f64s(dtype, &[sizes.len()], &sizes).ok().map(|tensor| vec![tensor]);
        }
        if let Some(tensor) = found.result().and_then(|value| shapes.tensor(graph, value)) {
            return Some(vec![tensor]);
        }
        let tensors = eval::fold(graph, op, self.opset, options)?.ok()?;
        (tensors.len() == found.results().len()).then_some(tensors)
    }
}

/// Puts constants in the place of an op, under the names of its results.
fn put(graph: &mut Graph, op: OpId, tensors: Vec<Tensor>) -> Result<(), PassError> {
    let operands: Vec<OpId> = graph.op(op).values().filter_map(|value| graph.definition(value)).collect();
    for (value, tensor) in graph.op(op).results().to_vec().into_iter().zip(tensors) {
        if !graph.is_unused(value) {
            replace_result(graph, op, value, tensor);
        }
    }
    graph.erase(op)?;
    for operand in operands {
        let unused = |graph: &Graph| graph.op(operand).results().iter().all(|&value| graph.is_unused(value));
        if graph.is_live(operand) && graph.op(operand).kind() == "const" && unused(graph) {
            graph.erase(operand)?;
        }
    }
    Ok(())
}

/// Variables of loops whose size was taken to stay, and does not.
fn mistaken(graph: &Graph, varying: &BTreeSet<(OpId, usize)>) -> Vec<(OpId, usize)> {
    let mut found = Vec::new();
    for op in graph.walk().filter(|&op| graph.op(op).kind() == "while_loop") {
        let &[_, body] = graph.op(op).blocks() else { continue };
        let body = graph.block(body);
        for (at, (&input, output)) in body.inputs().iter().zip(body.outputs()).enumerate() {
            let (input, output) = (graph.value(input).ty(), graph.value(output).ty());
            // A size that the body leaves open may be another one after a round.
            if input.dims() != output.dims() && !varying.contains(&(op, at)) {
                found.push((op, at));
            }
        }
    }
    found
}

/// Sizes are left open, which what was folded may decide.
fn shapes_may_say_more(graph: &Graph) -> bool {
    let open = |value: &ValueId| {
        graph.value(*value).ty().dims().is_some_and(|dims| dims.iter().any(|dim| dim.fixed().is_none()))
    };
    graph.walk().any(|op| graph.op(op).results().iter().any(open))
}
