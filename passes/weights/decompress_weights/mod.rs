use std::collections::HashSet;

use mil_ir::{At, Graph, Literal, NewOp, OpId};
use mil_ops::eval::{self, EvalOptions};
use mil_ops::{Trait, is_known};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

use crate::compression::decompressed_value;

pass! {
    /// Puts plain constants in the place of compressed weights.
    ///
    /// Every `constexpr_*` op becomes a `const` of what it stands for, to the bit what the program computed with;
    /// the elements are computed when they are written. What only it used goes. The program grows by what was
    /// saved.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> w = constexpr_affine_dequantize()[axis = int32(0), name = string("w"), quantized_data = tensor<int8, [2]>([1, -2]), scale = fp32(0x1p-1), zero_point = int8(0)];
    ///     tensor<fp32, [2]> y = add(x = x, y = w)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> w = const()[name = string("w"), val = tensor<fp32, [2]>([0x1p-1, -0x1p+0])];
    ///     tensor<fp32, [2]> y = add(x = x, y = w)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DecompressWeights {
        /// Names of the weights to decompress, or of their ops; none: all.
        pub weights: Vec<String> = Vec::new(),
    }
    id: "decompress_weights",
    numerics: Exact,
    aliases: [Alias::plain("compression::WeightDecompressor")],
    statistics: [decompressed: "`constexpr_*` ops replaced by constants"],
}

impl Pass for DecompressWeights {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let mut options = EvalOptions::default();
        options.reproducible = true;
        let opset = cx.opset().clone();
        // Program order: what a compressed weight is made of, which may itself be one, comes before it.
        let ops: Vec<OpId> = graph.walk().filter(|&op| is_compressed(graph, op)).collect();
        let wanted = self.wanted(graph, &ops);
        for op in ops.into_iter().filter(|op| wanted.contains(op)) {
            cx.check_cancelled()?;
            if !cx.spend() {
                break;
            }
            let lazy = graph.op(op).result().and_then(|value| decompressed_value(graph, value));
            let tensors =
                match lazy.map(|tensor| Ok(vec![tensor])).or_else(|| eval::fold(graph, op, &opset, &options))
                {
                    Some(Ok(tensors)) => tensors,
                    Some(Err(error)) => {
                        return Err(PassError::Refused(format!(
                            "{} cannot be decompressed: {error}",
                            graph.label(op)
                        )));
                    }
                    None => {
                        let label = graph.label(op);
                        return Err(PassError::Refused(format!(
                            "{label} cannot be decompressed: it is too large"
                        )));
                    }
                };
            let parts: Vec<OpId> =
                graph.op(op).values().filter_map(|value| graph.definition(value)).collect();
            let results = graph.op(op).results().to_vec();
            for (value, tensor) in results.into_iter().zip(tensors) {
                let name = graph.value(value).name().clone();
                let hidden = graph.fresh_name(&format!("{name}_compressed"));
                graph.rename_value(value, hidden);
                let constant = graph.insert(NewOp::constant(name, Literal::tensor(tensor)), At::Before(op));
                graph.inherit_origins(constant, &[op]);
                let replacement = graph.op(constant).results()[0];
                graph.replace_uses(value, replacement);
            }
            graph.erase(op)?;
            erase_unused(graph, parts)?;
            cx.count("decompressed", 1);
        }
        Ok(())
    }
}

impl DecompressWeights {
    /// The ops that are named, with those that they are made of; all where none is.
    fn wanted(&self, graph: &Graph, ops: &[OpId]) -> HashSet<OpId> {
        let is_named = |op: &OpId| {
            let found = graph.op(*op);
            let results = found.results().iter().map(|&value| graph.value(value).name());
            let mut names = results.chain(found.name());
            self.weights.is_empty() || names.any(|name| self.weights.iter().any(|wanted| **wanted == **name))
        };
        let mut stack: Vec<OpId> = ops.iter().copied().filter(is_named).collect();
        let mut wanted = HashSet::new();
        while let Some(op) = stack.pop() {
            if wanted.insert(op) {
                let parts = graph.op(op).values().filter_map(|value| graph.definition(value));
                stack.extend(parts.filter(|&part| is_compressed(graph, part)));
            }
        }
        wanted
    }
}

fn is_compressed(graph: &Graph, op: OpId) -> bool {
    mil_ops::def(graph.op(op).kind()).is_some_and(|def| def.is(Trait::Constexpr)) && is_known(graph, op)
}

/// Erases constants that nothing uses.
fn erase_unused(graph: &mut Graph, ops: Vec<OpId>) -> Result<(), PassError> {
    for op in ops {
        let is_unused = graph.op(op).results().iter().all(|&value| graph.is_unused(value));
        if graph.is_live(op) && graph.op(op).kind() == "const" && is_unused && is_known(graph, op) {
            graph.erase(op)?;
        }
    }
    Ok(())
}
