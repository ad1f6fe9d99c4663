use std::collections::HashSet;

use mil_ir::{Graph, Name, OpId, Program, ValueId};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

use super::names::{sanitize_signatures, sanitized, unique};

pass! {
    /// Gives every value and op a name that the format has.
    ///
    /// As `sanitize_io_names`, for all values, those of inner blocks included, and for the labels of ops,
    /// where the prefix is `op_`.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> @"a/1" = relu(x = x)[name = string("a/1")];
    ///     tensor<fp32, [2]> @"3" = exp(x = @"a/1")[name = string("3")];
    /// } -> (@"3");
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> a_1 = relu(x = x)[name = string("a_1")];
    ///     tensor<fp32, [2]> var_3 = exp(x = a_1)[name = string("op_3")];
    /// } -> (var_3);
    /// ```
    pub struct SanitizeNames;
    id: "sanitize_names",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    aliases: [Alias::plain("mil_backend::sanitize_name_strings")],
    statistics: [
        renamed: "inputs, outputs and states renamed",
        values: "other values renamed",
        labels: "ops whose labels changed",
    ],
}

impl Pass for SanitizeNames {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let renamed = sanitize_signatures(program, cx)?;
        cx.count("renamed", renamed);
        cx.each_graph(program, |graph, cx| {
            values(graph, cx);
            labels(graph, cx);
            Ok(())
        })
    }
}

fn values(graph: &mut Graph, cx: &mut PassCx<'_>) {
    let inputs = graph.blocks().flat_map(|block| graph.block(block).inputs());
    let all = inputs.chain(graph.walk().flat_map(|op| graph.op(op).results())).copied();
    let faulty: Vec<(ValueId, String)> =
        all.filter_map(|value| Some((value, sanitized(graph.value(value).name(), "var_")?))).collect();
    for (value, new) in faulty {
        if !cx.spend() {
            return;
        }
        let name = graph.fresh_name(&new);
        graph.rename_value(value, name);
        cx.count("values", 1);
    }
}

fn labels(graph: &mut Graph, cx: &mut PassCx<'_>) {
    let mut taken: HashSet<Name> = graph.walk().filter_map(|op| graph.op(op).name().cloned()).collect();
    let faulty: Vec<(OpId, String)> =
        graph.walk().filter_map(|op| Some((op, sanitized(graph.op(op).name()?, "op_")?))).collect();
    for (op, new) in faulty {
        if !cx.spend() {
            return;
        }
        let name = unique(&new, |candidate| taken.contains(candidate));
        taken.insert(name.clone());
        graph.rename_op(op, Some(name));
        cx.count("labels", 1);
    }
}
