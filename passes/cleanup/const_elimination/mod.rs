use mil_ir::{At, Graph, Literal, NewOp, OpId};
use mil_ops::eval::{self, EvalOptions};
use mil_ops::{Shapes, Trait, is_known};
use mil_pass::{Alias, OptionMap, Pass, PassCx, PassError, pass};
use mil_tensor::Tensor;
use serde_json::Value;

pass! {
    /// Computes ops whose operands are all constant, and arithmetic on shapes whose result is known.
    ///
    /// The op's own kernel computes, with the rounding that the program itself would have had. What would take more than
    /// `max_bytes` stays as it is. Sizes are followed through `shape`, `gather`, `concat` and their like: one size of a flexible
    /// tensor may be known. `constexpr_*` ops are compressed weights and are never folded.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> c = const()[name = string("c"), val = tensor<fp32, [2]>([0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [2]> d = square(x = c)[name = string("d")];
    ///     tensor<fp32, [2]> y = add(x = x, y = d)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> c = const()[name = string("c"), val = tensor<fp32, [2]>([0x1p+0, 0x1p+1])];
    ///     tensor<fp32, [2]> d = const()[name = string("d"), val = tensor<fp32, [2]>([0x1p+0, 0x1p+2])];
    ///     tensor<fp32, [2]> y = add(x = x, y = d)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ConstElimination {
        /// Bytes that one op's results may have.
        pub max_bytes: usize = 64 << 20,
        /// Elements that one result may have; `null`: as many as `max_bytes` allows. A scalar always may.
        pub max_elements: Option<f64> = None,
    }
    id: "const_elimination",
    numerics: Exact,
    aliases: [Alias { id: "common::const_elimination", adapt }],
    statistics: [
        folded: "ops replaced by constants",
        over_budget: "constant ops left alone because their results are too large",
    ],
}

/// coremltools: `skip_const_by_size`, a number of elements, also as text.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    if let Some(size) = options.remove("skip_const_by_size") {
        let number = match &size {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        options.insert(
            "max_elements".into(),
            number.ok_or_else(|| format!("skip_const_by_size: expected a number, not {size}"))?.into(),
        );
    }
    Ok(options)
}

impl Pass for ConstElimination {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let mut options = EvalOptions::default();
        options.reproducible = true;
        options.limits.value_bytes = self.max_bytes;
        // Program order: the operands of an op are folded before it.
        let ops: Vec<OpId> = graph.walk().collect();
        let asks = ops.iter().any(|&op| &**graph.op(op).kind() == "shape");
        let shapes = asks.then(|| cx.shapes(graph));
        for op in ops {
            cx.check_cancelled()?;
            let size = shapes.as_ref().and_then(|shapes| known_sizes(graph, op, shapes));
            if size.is_none() && !is_constant(graph, op) {
                continue;
            }
            if self.too_large(graph, op) {
                cx.count("over_budget", 1);
                continue;
            }
            let tensors = match size {
                Some(sizes) => vec![sizes],
                None => match eval::fold(graph, op, cx.opset(), &options) {
                    Some(Ok(tensors)) => tensors,
                    _ => continue,
                },
            };
            let results = graph.op(op).results().to_vec();
            let beyond = |tensor: &Tensor| {
                self.max_elements.is_some_and(|max| tensor.rank() > 0 && tensor.len() as f64 > max)
            };
            if tensors.len() != results.len() || tensors.iter().any(beyond) {
                cx.count("over_budget", 1);
                continue;
            }
            if !cx.spend() {
                return Ok(());
            }
            for (value, tensor) in results.into_iter().zip(tensors) {
                if graph.is_unused(value) {
                    continue;
                }
                let name = graph.value(value).name().clone();
                let hidden = graph.fresh_name(&format!("{name}_folded"));
                graph.rename_value(value, hidden);
                let constant = graph.insert(NewOp::constant(name, Literal::tensor(tensor)), At::Before(op));
                let replacement = graph.op(constant).results()[0];
                graph.replace_uses(value, replacement);
            }
            graph.erase(op)?;
            cx.count("folded", 1);
        }
        Ok(())
    }
}

/// An op that is not already a constant, compressed or not, and takes nothing but constants.
fn is_constant(graph: &Graph, op: OpId) -> bool {
    let found = graph.op(op);
    let compressed = || mil_ops::def(found.kind()).is_none_or(|def| def.is(Trait::Constexpr));
    is_candidate(graph, op)
        && !compressed()
        && found.operands().all(|operand| graph.literal(operand).is_some())
}

fn is_candidate(graph: &Graph, op: OpId) -> bool {
    graph.is_live(op)
        && is_known(graph, op)
        && graph.op(op).kind() != "const"
        && !graph.op(op).results().is_empty()
}

/// The result of arithmetic on shapes, where all of it is known.
fn known_sizes(graph: &Graph, op: OpId, shapes: &Shapes) -> Option<Tensor> {
    let &[result] = is_candidate(graph, op).then(|| graph.op(op).results())? else { return None };
    let numbers: Vec<f64> = shapes.numbers(result)?.into_iter().map(|number| number as f64).collect();
    let ty = shapes.ty(graph, result);
    Tensor::from_f64s(ty.dtype()?, &ty.fixed_shape()?, &numbers).ok()
}

impl ConstElimination {
    /// Known before anything is computed, where the types tell.
    fn too_large(&self, graph: &Graph, op: OpId) -> bool {
        let sizes = graph.op(op).results().iter().map(|&value| {
            let ty = graph.value(value).ty();
            let elements = ty.fixed_shape()?.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim))?;
            Some((elements, ty.dtype()?.byte_len(elements)?))
        });
        let mut bytes = 0_usize;
        for (elements, size) in sizes.flatten() {
            bytes = bytes.saturating_add(size);
            if elements != 1 && self.max_elements.is_some_and(|max| elements as f64 > max) {
                return true;
            }
        }
        bytes > self.max_bytes
    }
}
