use std::collections::HashSet;

use mil_ir::{At, Graph, OpId, TypeKind};
use mil_ops::{Trait, effects};
use mil_pass::{Pass, PassCx, PassError, pass};
use mil_tensor::DType;

pass! {
    /// Moves what follows from inputs alone and is not for the Neural Engine to the start of the function.
    ///
    /// Integers, masks, sines and cosines of positions are often computed in the middle, where they cut a
    /// segment in two, although they need nothing of it. They and what they need go before everything else, as
    /// long as nothing heavier than elementwise arithmetic and moves is among that. Only the order changes.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<int32, [2]> i) {
    ///     tensor<fp32, [2]> a = relu(x = x)[name = string("a")];
    ///     tensor<int32, [2]> j = add(x = i, y = int32(1))[name = string("j")];
    ///     tensor<fp32, [2]> b = cast(dtype = string("fp32"), x = j)[name = string("b")];
    ///     tensor<fp32, [2]> y = mul(x = a, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<int32, [2]> i) {
    ///     tensor<int32, [2]> j = add(x = i, y = int32(1))[name = string("j")];
    ///     tensor<fp32, [2]> b = cast(dtype = string("fp32"), x = j)[name = string("b")];
    ///     tensor<fp32, [2]> a = relu(x = x)[name = string("a")];
    ///     tensor<fp32, [2]> y = mul(x = a, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct HoistIntegers;
    id: "hoist_integers",
    numerics: Exact,
    statistics: [moved: "ops moved"],
}

/// Ops that some or all chips lack for the Neural Engine, whatever their types.
const REFUSED: &[&str] =
    &["acos", "asin", "atanh", "band_part", "cos", "cosh", "cumsum", "mod", "one_hot", "sin", "sinh", "tan"];

impl Pass for HoistIntegers {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let ops: Vec<OpId> = graph.root().ops().collect();
        let mut light: HashSet<OpId> = HashSet::new();
        for &op in &ops {
            if is_light(graph, op, &light) {
                light.insert(op);
            }
        }
        // Last to first: what a moved op needs is moved with it.
        let mut chosen: HashSet<OpId> = HashSet::new();
        for &op in ops.iter().rev() {
            let needed = graph
                .op(op)
                .results()
                .iter()
                .any(|&value| graph.users(value).any(|user| chosen.contains(&user)));
            let wanted =
                is_refused(graph, op) && graph.op(op).values().any(|value| !is_constant(graph, value));
            if light.contains(&op) && (needed || (wanted && cx.is_site(op))) {
                chosen.insert(op);
            }
        }
        let is_const = |op: OpId| graph.op(op).kind() == "const";
        let Some(first) = ops.iter().copied().find(|&op| !chosen.contains(&op) && !is_const(op)) else {
            return Ok(());
        };
        let moved: Vec<OpId> =
            ops.into_iter().filter(|&op| chosen.contains(&op) && graph.is_before(first, op)).collect();
        for op in moved {
            if graph.op(op).kind() != "const" {
                if !cx.spend() {
                    return Ok(());
                }
                cx.count("moved", 1);
            }
            graph.move_op(op, At::Before(first))?;
        }
        Ok(())
    }
}

/// The op can move to the start, with what it needs: nothing but inputs, constants and light arithmetic.
fn is_light(graph: &Graph, op: OpId, light: &HashSet<OpId>) -> bool {
    let kind = graph.op(op).kind().as_str();
    let is_cheap = kind == "const"
        || mil_ops::def(kind).is_some_and(|def| def.is(Trait::Elementwise))
        || MOVES.contains(&kind)
        || REFUSED.contains(&kind);
    is_cheap
        && graph.op(op).blocks().is_empty()
        && effects(graph, op).is_pure()
        && graph.op(op).values().all(|value| graph.definition(value).is_none_or(|op| light.contains(&op)))
}

/// Ops that move elements and compute nothing.
const MOVES: &[&str] = &[
    "concat",
    "expand_dims",
    "gather",
    "gather_along_axis",
    "gather_nd",
    "reshape",
    "slice_by_index",
    "slice_by_size",
    "split",
    "squeeze",
    "stack",
    "tile",
    "transpose",
];

/// The Neural Engine takes it on no chip, or not on all.
fn is_refused(graph: &Graph, op: OpId) -> bool {
    let values = graph.op(op).values().filter(|&value| !is_constant(graph, value));
    let mut types = values.chain(graph.op(op).results().iter().copied()).map(|value| graph.value(value).ty());
    graph.op(op).kind() != "const"
        && (REFUSED.contains(&graph.op(op).kind().as_str())
            || types.any(|ty| matches!(ty.kind(), TypeKind::Tensor(tensor) if !tensor.dtype.is_float() || tensor.dtype == DType::Fp64)))
}

fn is_constant(graph: &Graph, value: mil_ir::ValueId) -> bool {
    graph.definition(value).is_some_and(|op| graph.op(op).kind() == "const")
}
