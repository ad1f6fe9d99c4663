mod folded;

use folded::Folded;
use mil_ir::{Graph, OpId, Operand};
use mil_ops::eval::{self, EvalOptions};
use mil_ops::{Shapes, Trait, is_known};
use mil_pass::{Alias, OptionMap, Pass, PassCx, PassError, pass};
use mil_tensor::Tensor;
use serde_json::Value;

pass! {
    /// Computes ops whose operands are all constant, and arithmetic on shapes whose result is known.
    ///
    /// The op's own kernel computes, with the rounding that the program itself would have had. What would
    /// take more than `max_bytes` stays as it is, as does what would make the program larger by more than
    /// twice as much; what only folded ops use is dropped. Sizes are followed through `shape`, `gather`,
    /// `concat` and their like: one size of a flexible tensor may be known. `constexpr_*` ops are compressed
    /// weights and are never folded.
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
        let mut folded = Folded::new(self.max_bytes.saturating_mul(2));
        for op in ops {
            cx.check_cancelled()?;
            let sizes = shapes.as_ref().and_then(|shapes| known_sizes(graph, op, shapes));
            if sizes.is_none() && !is_constant(graph, op, &folded) {
                continue;
            }
            if self.too_large(graph, op, &folded) {
                cx.count("over_budget", 1);
                continue;
            }
            let tensors = match sizes {
                Some(sizes) => vec![sizes],
                None => match eval::fold_with(graph, op, cx.opset(), &options, |value| {
                    folded.tensor(value).cloned()
                }) {
                    Some(Ok(tensors)) => tensors,
                    _ => continue,
                },
            };
            let beyond = |tensor: &Tensor| {
                self.max_elements.is_some_and(|max| tensor.rank() > 0 && tensor.len() as f64 > max)
            };
            let bytes = tensors.iter().filter_map(|tensor| tensor.dtype().byte_len(tensor.len())).sum();
            let fits = tensors.len() == graph.op(op).results().len() && folded.has_room(bytes);
            if !fits || tensors.iter().any(beyond) {
                cx.count("over_budget", 1);
                continue;
            }
            if !cx.spend() {
                break;
            }
            folded.add(graph, op, tensors);
            cx.count("folded", 1);
        }
        folded.put_into(graph)?;
        Ok(())
    }
}

/// An op that is not already a constant, compressed or not, and takes nothing but constants.
fn is_constant(graph: &Graph, op: OpId, folded: &Folded) -> bool {
    let found = graph.op(op);
    let compressed = || mil_ops::def(found.kind()).is_none_or(|def| def.is(Trait::Constexpr));
    let is_known = |operand: &Operand| {
        graph.literal(operand).is_some()
            || operand.value().is_some_and(|value| folded.tensor(value).is_some())
    };
    is_candidate(graph, op) && !compressed() && found.operands().all(is_known)
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
    shapes.tensor(graph, result)
}

impl ConstElimination {
    /// Known before anything is computed, where the types tell.
    fn too_large(&self, graph: &Graph, op: OpId, folded: &Folded) -> bool {
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
        bytes > self.max_bytes || !folded.has_room(bytes)
    }
}
