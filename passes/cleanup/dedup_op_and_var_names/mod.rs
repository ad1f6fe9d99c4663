use std::collections::{HashMap, HashSet};

use mil_ir::{BlockId, Graph, Name, ValueId};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};

pass! {
    /// Gives every op and every value of a function a name of its own.
    ///
    /// Ops and values are counted apart. The first one keeps its name, the next ones become `name_1`,
    /// `name_2` and so on; inputs and outputs of the function keep theirs in any case.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> z = exp(x = x)[name = string("same")];
    ///     tensor<fp32, [2]> y = relu(x = z)[name = string("same")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> z = exp(x = x)[name = string("same")];
    ///     tensor<fp32, [2]> y = relu(x = z)[name = string("same_1")];
    /// } -> (y);
    /// ```
    pub struct DedupOpAndVarNames;
    id: "dedup_op_and_var_names",
    numerics: Exact,
    aliases: [Alias::plain("common::dedup_op_and_var_names")],
    statistics: [renamed: "ops and values renamed"],
}

impl Pass for DedupOpAndVarNames {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let fixed: HashSet<ValueId> =
            graph.root().inputs().iter().copied().chain(graph.root().outputs()).collect();
        let mut values = Names::default();
        let mut ops = Names::default();
        values.taken.extend(fixed.iter().map(|&value| graph.value(value).name().clone()));
        for op in graph.walk().collect::<Vec<_>>() {
            ops.later.extend(graph.op(op).name().cloned());
            let blocks = graph.op(op).blocks().iter().flat_map(|&block| graph.block(block).inputs());
            let defined = graph.op(op).results().iter().chain(blocks);
            values.later.extend(defined.map(|&value| graph.value(value).name().clone()));
        }
        let mut renamer = Renamer { fixed, values, ops };
        renamer.block(graph, Graph::ROOT, cx);
        Ok(())
    }
}

/// Names that stand, and those that still come.
#[derive(Default)]
struct Names {
    taken: HashSet<Name>,
    later: HashSet<Name>,
    /// The last number that a name was given.
    numbers: HashMap<Name, u64>,
}

impl Names {
    /// Takes a name; gives a new one if it is taken already.
    fn unique(&mut self, name: &Name) -> Option<Name> {
        if self.taken.insert(name.clone()) {
            return None;
        }
        let number = self.numbers.entry(name.clone()).or_default();
        loop {
            *number += 1;
            let numbered = Name::from(format!("{name}_{number}"));
            if !self.later.contains(&numbered) && self.taken.insert(numbered.clone()) {
                return Some(numbered);
            }
        }
    }
}

struct Renamer {
    fixed: HashSet<ValueId>,
    values: Names,
    ops: Names,
}

impl Renamer {
    /// In program order, with the blocks of an op before itself.
    fn block(&mut self, graph: &mut Graph, block: BlockId, cx: &mut PassCx<'_>) {
        for value in graph.block(block).inputs().to_vec() {
            self.value(graph, value, cx);
        }
        let ops: Vec<_> = graph.block(block).ops().collect();
        for op in ops {
            for inner in graph.op(op).blocks().to_vec() {
                self.block(graph, inner, cx);
            }
            if let Some(name) = graph.op(op).name().cloned()
                && let Some(unique) = self.ops.unique(&name)
                && cx.spend()
            {
                graph.rename_op(op, Some(unique));
                cx.count("renamed", 1);
            }
            for value in graph.op(op).results().to_vec() {
                self.value(graph, value, cx);
            }
        }
    }

    fn value(&mut self, graph: &mut Graph, value: ValueId, cx: &mut PassCx<'_>) {
        if self.fixed.contains(&value) {
            return;
        }
        let name = graph.value(value).name().clone();
        if let Some(unique) = self.values.unique(&name)
            && cx.spend()
        {
            graph.rename_value(value, unique);
            cx.count("renamed", 1);
        }
    }
}
